"""The command line: parse, call a plain function, show."""

from simsearch.cli.main import app, run

__all__ = ["app", "run"]
