"""A model on disk: a folder of plain arrays and texts under a manifest with their checksums."""

from __future__ import annotations

import glob
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.errors import SimsearchError

FORMAT = 1
MANIFEST = "manifest.json"
ARRAYS = ("vectors", "scales", "lookup", "whitening", "character_vectors", "character_scales", "mean")
TEXTS = ("words", "characters", "dictionary")
#: Types of the arrays that are not float32.
TYPES = {"vectors": np.int8, "character_vectors": np.int8, "lookup": np.uint32}
#: No vector is as long.
LONGEST = 1e6
#: What a manifest must hold.
FIELDS: dict[str, type] = {
    "id": str,
    "dimensions": int,
    "words": int,
    "total": int,
    "characters": int,
    "unknown_norm": float,
    "files": dict,
    "training": dict,
}


class ModelNotFound(SimsearchError):
    """There is no model at {path}: give a folder that `simsearch train` wrote, or the id of a known model, or base."""

    path: str


class ModelNotStored(ModelNotFound):
    """The model {path} is not on this machine: copy its folder, from where it was trained, to {place}, or give an
    index that needs it another model by `simsearch reindex`.
    """

    place: str


class ModelDamaged(SimsearchError):
    """The model file {path} is damaged ({reason}): copy the model again, or train it again."""

    path: str
    reason: str


class ModelFormatUnknown(SimsearchError):
    """The model {path} has format {found}, this simsearch reads format {known}: install a matching simsearch."""

    path: str
    found: Any
    known: int


class Stored(NamedTuple):
    """A model folder as read: the manifest, and each file by its name."""

    path: Path
    manifest: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    texts: dict[str, bytes]


def left_over(folder: Path) -> Path | None:
    """Return where a model is that a kill took out of its place before the new one came, or None."""
    pattern = f".{glob.escape(folder.name)}.old.*/{glob.escape(folder.name)}/{MANIFEST}"
    return next((path.parent for path in folder.resolve().parent.glob(pattern)), None)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return a model's manifest.

    Raises `ModelNotFound`, `ModelDamaged` where it is no JSON, `ModelFormatUnknown`.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise ModelNotFound(path=str(folder)) from None
    except (ValueError, OSError, RecursionError) as error:
        raise ModelDamaged(path=str(path), reason=str(error)) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise ModelFormatUnknown(path=str(folder), found=found, known=FORMAT)
    for name, kind in FIELDS.items():
        if not isinstance(manifest.get(name), kind):
            raise ModelDamaged(path=str(path), reason=f"it has no {name}")
    if set(manifest["files"]) != {*(f"{name}.npy" for name in ARRAYS), *(f"{name}.txt" for name in TEXTS)}:
        raise ModelDamaged(path=str(path), reason="its files are not those of a model")
    if not all(isinstance(described, dict) for described in manifest["files"].values()):
        raise ModelDamaged(path=str(path), reason="it does not describe its files")
    if not (0 < manifest["total"] < 2**63 and 0 <= manifest["unknown_norm"] <= LONGEST):
        raise ModelDamaged(path=str(path), reason="its figures are none of a model")
    return manifest


def read(folder: Path, manifest: dict[str, Any]) -> Stored:
    """Read the files of a checked model folder; the large array stays on disk until rows are asked for."""
    arrays: dict[str, NDArray[Any]] = {}
    for name in ARRAYS:
        path = folder / f"{name}.npy"
        try:
            arrays[name] = np.load(path, allow_pickle=False, mmap_mode="r" if name == "vectors" else None)
        except (OSError, ValueError) as error:
            raise ModelDamaged(path=str(path), reason=str(error)) from error
    n, d, c = manifest["words"], manifest["dimensions"], manifest["characters"]
    shapes = {"vectors": (n, d), "scales": (n,), "lookup": (2, n), "whitening": (d, d), "mean": (d,)}
    shapes |= {"character_vectors": (c, d), "character_scales": (c,)}
    for name, shape in shapes.items():
        path, array, kind = folder / f"{name}.npy", arrays[name], np.dtype(TYPES.get(name, np.float32))
        if (array.shape, array.dtype) != (shape, kind):
            raise ModelDamaged(path=str(path), reason=f"it holds no {shape} numbers of type {kind}")
        if kind == np.float32 and not np.isfinite(array).all():
            raise ModelDamaged(path=str(path), reason="a number is infinite or none at all")
    texts = {name: (folder / f"{name}.txt").read_bytes() for name in TEXTS}
    return Stored(folder, manifest, arrays, texts)
