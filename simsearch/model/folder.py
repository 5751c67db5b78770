"""A model on disk: a folder of plain arrays and texts under a manifest with their checksums."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simsearch.errors import SimsearchError
from simsearch.model.quantisation import quantise

FORMAT = 1
MANIFEST = "manifest.json"
ARRAYS = (
    "vectors",
    "scales",
    "whitening",
    "character_vectors",
    "character_scales",
    "mean",
)
TEXTS = ("words", "characters", "dictionary")


class ModelNotFound(SimsearchError):
    """There is no model at {path}: give a folder that `simsearch train` wrote, or the id of a known model."""

    path: str


class ModelDamaged(SimsearchError):
    """The model file {path} is damaged ({reason}): copy the model again, or train it again."""

    path: str
    reason: str


class ModelFormatUnknown(SimsearchError):
    """The model {path} has format {found}, this simsearch reads format {known}: install a matching simsearch."""

    path: str
    found: Any
    known: int


@dataclass(frozen=True)
class Tables:
    """What training yields: n words, d dimensions, c characters."""

    words: list[str]  #: most frequent first
    counts: NDArray[np.int64]
    vectors: NDArray[np.float32]  #: n x d, the article's space
    whitening: NDArray[np.float32]  #: d x d, `vectors @ whitening` is the search space before characters
    characters: str  #: one character a row of `character_vectors`
    character_vectors: NDArray[np.float32]  #: c x d
    mean: NDArray[np.float32]  #: d, of the frequent words in the search space
    unknown_norm: float  #: length given to a word known by its characters only
    dictionary: list[str] = field(default_factory=list)  #: lines of the user dictionary
    training: dict[str, Any] = field(default_factory=dict)  #: settings and bill


@dataclass(frozen=True)
class Stored:
    """A model folder as read: the manifest, and each file by its name."""

    path: Path
    manifest: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    texts: dict[str, str]


def save(folder: Path, tables: Tables) -> str:
    """Write a model folder, replacing what is there only when the new one is complete; return the model id."""
    files = {f"{name}.npy": _array_bytes(array) for name, array in _arrays(tables).items()}
    files["words.txt"] = _lines(f"{word}\t{count}" for word, count in zip(tables.words, tables.counts, strict=True))
    files["characters.txt"] = tables.characters.encode()
    files["dictionary.txt"] = _lines(tables.dictionary)
    listing = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in sorted(files.items())
    }
    answers = {
        "format": FORMAT,
        "dimensions": int(tables.vectors.shape[1]),
        "words": len(tables.words),
        "characters": len(tables.characters),
        "unknown_norm": float(tables.unknown_norm),
        "segmenter": {"dictionary": "jieba", "hmm": False, "folding": "t2s, lower, NFKC"},
        "files": listing,
    }
    model_id = hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()[:16]
    manifest = {"id": model_id, **answers, "training": tables.training}
    files[MANIFEST] = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    write_folder(folder, files)
    return model_id


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write files into a temporary folder beside the target, flush them to disk, then rename."""
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        part.chmod(0o755)
        for name, data in files.items():
            with open(part / name, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        _sync(part)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
            folder.rename(old / folder.name)
            part.rename(folder)
            shutil.rmtree(old)
        else:
            part.rename(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return a model's manifest.

    Raises `ModelNotFound`, `ModelDamaged` where it is no JSON, `ModelFormatUnknown`.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise ModelNotFound(path=str(folder)) from None
    except (ValueError, OSError) as error:
        raise ModelDamaged(path=str(path), reason=str(error)) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise ModelFormatUnknown(path=str(folder), found=found, known=FORMAT)
    return manifest


def check(folder: Path, manifest: dict[str, Any]) -> None:
    """Compare every file with its size and checksum; raises `ModelDamaged`, naming the file."""
    for name, expected in manifest["files"].items():
        path = folder / name
        try:
            if path.stat().st_size != expected["size"]:
                raise ModelDamaged(path=str(path), reason="its size is not the one in the manifest")
            with open(path, "rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise ModelDamaged(path=str(path), reason=error.strerror or str(error)) from error
        if digest != expected["sha256"]:
            raise ModelDamaged(path=str(path), reason="its checksum is not the one in the manifest")


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
    shapes = {"vectors": (n, d), "scales": (n,), "whitening": (d, d), "mean": (d,)}
    shapes |= {"character_vectors": (c, d), "character_scales": (c,)}
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ModelDamaged(path=str(folder / f"{name}.npy"), reason=f"its shape is not {shape}")
    texts = {name: (folder / f"{name}.txt").read_bytes().decode() for name in TEXTS}
    return Stored(folder, manifest, arrays, texts)


def _arrays(tables: Tables) -> dict[str, NDArray[Any]]:
    vectors, scales = quantise(tables.vectors)
    character_vectors, character_scales = quantise(tables.character_vectors)
    return {
        "vectors": vectors,
        "scales": scales,
        "whitening": tables.whitening.astype(np.float32),
        "character_vectors": character_vectors,
        "character_scales": character_scales,
        "mean": tables.mean.astype(np.float32),
    }


def _array_bytes(array: NDArray[Any]) -> bytes:
    if not np.isfinite(array).all():
        raise ValueError("a model holds finite numbers only")
    stream = BytesIO()
    np.save(stream, np.ascontiguousarray(array), allow_pickle=False)
    return stream.getvalue()


def _lines(lines: Any) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
