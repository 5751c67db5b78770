"""The embedded engine: one SQLite file."""

from simsearch.indexer.sqlite.engine import SqliteEngine

__all__ = ["SqliteEngine"]
