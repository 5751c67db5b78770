"""Transactions on an index file, and what is told when SQLite refuses one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from simsearch.errors import SimsearchError


class IndexBusy(SimsearchError):
    """Another process has been writing to the index {path} for over a minute: wait for it, or stop it."""

    path: str


class IndexDamaged(SimsearchError):
    """The index {path} is damaged ({reason}): move the file away and index again."""

    path: str
    reason: str


class IndexFailed(SimsearchError):
    """The index {path} cannot be used ({reason}): check the disk and its space; what was stored is kept."""

    path: str
    reason: str


@contextmanager
def transaction(connection: apsw.Connection, path: Path, begin: str) -> Iterator[None]:
    """Do all of it or nothing, on one state of the file.

    Raises `IndexBusy`, `IndexDamaged`, `IndexFailed`.
    """
    try:
        with told(path):
            connection.execute(begin)
            yield
            connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            with suppress(apsw.Error):  # a damaged file cannot even go back
                connection.execute("ROLLBACK")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Tell a user in a sentence what SQLite says.

    Raises `IndexBusy`, `IndexDamaged`, `IndexFailed`.
    """
    try:
        yield
    except apsw.BusyError as error:
        raise IndexBusy(path=str(path)) from error
    except apsw.Error as error:
        damaged = isinstance(error, apsw.CorruptError | apsw.NotADBError | apsw.FormatError)
        raise (IndexDamaged if damaged else IndexFailed)(path=str(path), reason=str(error)) from error
