"""Which stored documents came from a folder in which they are no more."""

from __future__ import annotations

import os
from collections.abc import Collection, Container, Iterator
from pathlib import Path, PurePosixPath

from simsearch.corpus.sources import home_of, spelt
from simsearch.indexer.engine import Engine
from simsearch.indexer.enrichment import storable_id

#: Between the file and the number of a line in the source of what is not alone in its file.
LINE = ", line "


def gone(engine: Engine, folder: Path, seen: Container[str], unread: Collection[str]) -> Iterator[str]:
    """Yield the ids of documents from files of a folder that a reading of it has not `seen`.

    `unread` are the names, the folder's own first, of files and folders that could not be read: what came from them
    stays. So does what was never read from this folder, whatever its id.
    """
    home, root, names = home_of(folder), spelt(folder.resolve().name), set(unread)
    for id, source in engine.sources():
        if id not in seen:
            file = _file(id, source, home, root)
            if file and names.isdisjoint({file, *map(str, PurePosixPath(file).parents)}):
                yield id


def _file(id: str, source: str, home: str, root: str) -> str:
    """Return the name of the file in the folder that a document came from; nothing if it came from elsewhere.

    A folder may have been moved since, or be a fresh copy: then the id says what it was, and no file is there any more.
    """
    path, _, line = source.rpartition(LINE)
    if not path or not line.isdecimal():
        path, line = source, ""
    given = id.removesuffix(f":{line}") if line else id
    # By its file, which may have been read alone, or as part of another folder; else a line gives its own.
    named = f"/{path}".endswith(f"/{given}")
    if not path.startswith(home):
        return given if named and given.startswith(f"{root}/") and _is_gone(path) else ""
    name = f"{root}/{path.removeprefix(home)}"
    ours = given == name if named else line or id == storable_id(name)
    return name if ours else ""


def _is_gone(path: str) -> bool:
    """Tell whether there is no such file; what cannot be looked at may be there."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False
