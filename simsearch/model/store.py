"""The model store: where an index's model is found again, and which folders are known to be whole."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from simsearch.folders import data_folder
from simsearch.model import folder as model_folder

#: The model that comes with the package.
BASE = Path(__file__).parent / "base"


def store_folder() -> Path:
    """Return the store: `SIMSEARCH_MODELS`, or a folder in the user's data folder."""
    given = os.environ.get("SIMSEARCH_MODELS")
    return Path(given) if given else data_folder() / "models"


def find(name: str | os.PathLike[str] | None) -> Path:
    """Return the folder of a model: a path, an id (or its first 8 digits) in the store; None or "base": the base model.

    Raises `ModelNotFound`, or `ModelNotStored` of an id.
    """
    if name is None:
        return BASE
    path = Path(name)
    if os.path.isfile(path / model_folder.MANIFEST):
        return path
    if name == "base":
        return BASE
    stored = store_folder() / str(name) if re.fullmatch("[0-9a-f]{8,16}", str(name)) else None
    if stored:
        if stored.is_dir():  # the whole id, as an index names it
            return stored
        for known in sorted(store_folder().glob(f"{name}*")):
            return known
        if model_folder.read_manifest(BASE)["id"].startswith(str(name)):
            return BASE
    left = None if os.path.exists(path) else model_folder.left_over(path)
    if left is None and stored:
        raise model_folder.ModelNotStored(path=str(name), place=str(stored))
    if left is None:
        raise model_folder.ModelNotFound(path=str(name))
    return left


def stored(id: str) -> Path:
    """Return the folder of the model that an index names: its whole id, and no path.

    Raises `ModelNotStored`.
    """
    place = store_folder() / id
    if re.fullmatch("[0-9a-f]{16}", id):
        if (place / model_folder.MANIFEST).is_file():
            return place
        if model_folder.read_manifest(BASE)["id"] == id:
            return BASE
        if left := model_folder.left_over(place):
            return left
    raise model_folder.ModelNotStored(path=id, place=str(place))


def install(folder: Path, manifest: dict[str, Any]) -> Path:
    """Copy a checked model into the store, once; return where it is."""
    target = store_folder() / str(manifest["id"])
    if not (target / model_folder.MANIFEST).is_file():
        names = [*manifest["files"], model_folder.MANIFEST]
        from simsearch.model.saving import ModelUnwritable, write_folder

        try:
            write_folder(target, {name: (folder / name).read_bytes() for name in names})
        except ModelUnwritable:
            if not (target / model_folder.MANIFEST).is_file():  # else another process was faster
                raise
    return target


def check_once(folder: Path, manifest: dict[str, Any]) -> None:
    """Verify a model's checksums when it is first seen; later only that its files are the same ones.

    What was verified is remembered by size, mtime and inode. Raises `ModelDamaged`.
    """
    key = str(folder.resolve())
    marks = {name: _mark(folder / name) for name in (model_folder.MANIFEST, *manifest["files"])}
    seen = _seen()
    if seen.get(key) == marks:
        return
    from simsearch.model.checksums import check

    check(folder, manifest)
    _remember(seen | {key: marks})


def _mark(path: Path) -> list[int]:
    try:
        found = path.stat()
    except OSError as error:
        raise model_folder.ModelDamaged(path=str(path), reason=error.strerror or str(error)) from error
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _seen() -> dict[str, Any]:
    try:
        seen = json.loads((store_folder() / "verified.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return seen if isinstance(seen, dict) else {}


def _remember(seen: dict[str, Any]) -> None:
    """Keep the record where the store can be written; elsewhere models are verified each time."""
    path = store_folder() / "verified.json"
    part = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({key: marks for key, marks in seen.items() if Path(key).is_dir()}))
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
