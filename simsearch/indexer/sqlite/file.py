"""Opening and creating the file of the embedded engine."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import apsw
import sqlite_vec

from simsearch.errors import SimsearchError
from simsearch.indexer.conditions import moment
from simsearch.indexer.errors import IndexFormatUnknown, IndexNotFound
from simsearch.indexer.sqlite.schema import FORMAT, TABLES, VECTORS
from simsearch.indexer.sqlite.transaction import told

#: How long a writer waits for another process's batch, in ms.
BUSY_TIMEOUT = 60_000
#: Bytes of the file that may be read without copying, until something is written.
MAPPED = 1 << 30
#: What is no fault of a file: others write to it, or the disk is full.
NOT_THE_FILE = (apsw.BusyError, apsw.FullError, apsw.IOError)


class IndexUnreadable(SimsearchError):
    """The file {path} is no simsearch index ({reason}): name another with --index, or move it away and index again."""

    path: str
    reason: str


def connect(path: Path) -> apsw.Connection:
    """Open an index file that exists.

    Raises `IndexNotFound`, `IndexUnreadable`, `IndexFormatUnknown`, `IndexBusy`, `IndexFailed`.
    """
    if not os.path.exists(path):
        raise IndexNotFound(url=str(path))
    if not os.path.isfile(path):
        raise IndexUnreadable(path=str(path), reason="it is not a file")
    try:
        connection = _open(path, apsw.SQLITE_OPEN_READWRITE)
        if not rows(connection, "SELECT 1 FROM sqlite_master"):
            raise IndexNotFound(url=str(path))
        found = dict(rows(connection, "SELECT name, value FROM about"))
    except NOT_THE_FILE:
        with told(path):
            raise
    except apsw.Error as error:
        raise IndexUnreadable(path=str(path), reason=str(error)) from error
    if found.get("format") != FORMAT:
        connection.close()  # and leaves no log beside the file
        raise IndexFormatUnknown(url=str(path), found=found.get("format"), known=FORMAT)
    return connection


def create(path: Path, model: str, dimensions: int) -> apsw.Connection:
    """Create an index file for a model, or open the one that another process has just created.

    Raises `IndexUnreadable` where the place cannot be written or holds something else, `IndexBusy`, `IndexFailed`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = _open(path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
        _log_ahead(connection)
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("SELECT 1 FROM sqlite_master").fetchall():
            connection.execute(TABLES)
            connection.execute(VECTORS.format(dimensions=dimensions))
            about = {"format": FORMAT, "model": model, "dimensions": dimensions, "passages": 0, "words": 0}
            connection.executemany("INSERT INTO about VALUES (?, ?)", about.items())
        connection.execute("COMMIT")
    except NOT_THE_FILE:
        with told(path):
            raise
    except (OSError, apsw.Error) as error:
        raise IndexUnreadable(path=str(path), reason=str(error)) from error
    return connection


def _log_ahead(connection: apsw.Connection) -> None:
    """Switch to WAL mode, for good; SQLite itself does not wait here for others who do the same."""
    deadline = time.monotonic() + BUSY_TIMEOUT / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def rows(connection: apsw.Connection, select: str, *values: Any) -> list[Any]:
    """Return all rows of a query as tuples."""
    return connection.execute(select, values).fetchall()


def models(connection: apsw.Connection) -> dict[str, str]:
    """Return the id of the model of an index, and of the one that is just taking its place, where there is one."""
    return dict(rows(connection, "SELECT name, value FROM about WHERE name IN ('model', 'successor')"))


def unmap(connection: apsw.Connection) -> None:
    """Read by copying from now on: who writes reads all over the file, and what is mapped counts as his memory."""
    connection.execute("PRAGMA mmap_size = 0")


def _open(path: Path, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags)
    connection.set_busy_timeout(BUSY_TIMEOUT)
    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    connection.enable_load_extension(False)
    connection.create_scalar_function("moment", _moment, 1, deterministic=True)
    # FULL: a batch that was acknowledged survives a power cut, not only a crash.
    # A larger log is written back less often, and pages that change in every batch only once.
    connection.execute(f"PRAGMA synchronous = FULL; PRAGMA mmap_size = {MAPPED}; PRAGMA wal_autocheckpoint = 8000")
    return connection


def _moment(*values: Any) -> float | None:
    return moment(values[0])
