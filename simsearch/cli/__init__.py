"""The command line: parse, call a plain function, show."""

from simsearch.cli import (  # noqa: F401 - each module registers its command
    compare,
    config,
    delete,
    doctor,
    index,
    keywords,
    query,
    similar,
    status,
    train,
    words,
)
from simsearch.cli.main import app, run

__all__ = ["app", "run"]
