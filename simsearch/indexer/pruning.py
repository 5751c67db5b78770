"""Which stored documents came from a folder in which they are no more."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator
from pathlib import Path, PurePosixPath

from simsearch.indexer.engine import Engine

#: Between the name of a file and the number of a line in the source of what is not alone in its file.
LINE = ", line "


def gone(engine: Engine, folder: Path, seen: Container[str], unread: Collection[str]) -> Iterator[str]:
    """Yield the ids of documents from files of a folder that a reading of it has not `seen`.

    `unread` are the names, the folder's own first, of files and folders that could not be read: what came from them
    stays. So does what was never read from this folder, whatever its id.
    """
    for id, source in engine.sources():
        file = _file(id, source, folder)
        if file and id not in seen and not {file, *map(str, PurePosixPath(file).parents)} & set(unread):
            yield id


def _file(id: str, source: str, folder: Path) -> str:
    """Return the name of the file in the folder that a document came from; nothing if it came from elsewhere."""
    root = folder.resolve().name
    name, line, _ = source.rpartition(LINE)
    if line:
        return name if name.startswith(f"{root}/") else ""
    inside = id.removeprefix(f"{root}/")
    if inside == id or not f"/{source}".endswith(f"/{inside}"):
        return ""
    elsewhere = Path(source).is_absolute() and not Path(source).resolve().is_relative_to(folder.resolve())
    return "" if elsewhere else id
