"""Files that people ask for: each is written whole, or not at all."""

from __future__ import annotations

import fcntl
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from simsearch.errors import SimsearchError


class FileInTheWay(SimsearchError):
    """There is something at {path} already: give another name, or replace a file with --force."""

    path: str


class FileUnwritable(SimsearchError):
    """The file {path} cannot be written ({reason}): check the folder, its space and permissions."""

    path: str
    reason: str


def check(path: Path, force: bool) -> None:
    """Raise `FileInTheWay` where there is a file and not `force`, or what is no file."""
    if os.path.lexists(path) and not (force and path.is_file()):
        raise FileInTheWay(path=str(path))


@contextmanager
def replacing(path: Path, force: bool) -> Iterator[IO[bytes]]:
    """Open a temporary file beside the target, flush it to disk when all is written, then rename.

    Raises what `check` does, and `FileUnwritable`.
    """
    check(path, force)
    path = path.resolve()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _remove_left_overs(path)
        with open(part, "xb") as stream:  # never through a link that somebody has put there
            with suppress(OSError):  # some network drives know no locks
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise FileUnwritable(path=str(path), reason=error.strerror or str(error)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _remove_left_overs(path: Path) -> None:
    """Remove what was left at this path by those who were killed; one that is at work holds a lock."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.[0-9]*.part"):
        with suppress(OSError), open(part, "rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
