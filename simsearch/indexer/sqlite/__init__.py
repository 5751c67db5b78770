"""The embedded engine: one SQLite file."""

from simsearch.indexer.sqlite.engine import SqliteEngine
from simsearch.indexer.sqlite.file import connect, create

__all__ = ["SqliteEngine", "connect", "create"]
