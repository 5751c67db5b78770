"""Writing a model folder: all of it or nothing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simsearch.errors import SimsearchError
from simsearch.model.checksums import model_id
from simsearch.model.folder import FORMAT, MANIFEST, left_over
from simsearch.model.quantisation import quantise
from simsearch.model.vocabulary import lookup_of


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
    training: dict[str, Any] = field(default_factory=dict)  #: settings and bill, or what was imported
    pmi: bool = True  #: inner products of `vectors` are PMI


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
        "total": int(tables.counts.sum()),
        "characters": len(tables.characters),
        "unknown_norm": float(tables.unknown_norm),
        "segmenter": {"dictionary": "jieba", "hmm": False, "folding": "t2s, lower, NFKC"},
        "files": listing,
    }
    if not tables.pmi:  # noted only then: what was trained keeps its id, and readers before this mark accept it
        answers["pmi"] = False
    manifest = {"id": model_id(answers), **answers, "training": tables.training}
    files[MANIFEST] = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    write_folder(folder, files)
    return str(manifest["id"])


class ModelUnwritable(SimsearchError):
    """The model cannot be written to {path} ({reason}): check the disk, its space and permissions."""

    path: str
    reason: str


class NotAModel(SimsearchError):
    """There is something else than a model at {path}: give the name of a new folder, or of a model to replace."""

    path: str


def check_target(folder: Path) -> None:
    """Make sure, before hours of work, that a model may be written here.

    Raises `NotAModel`, `ModelUnwritable`.
    """
    try:
        free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
        if not free and not (folder / MANIFEST).is_file():
            raise NotAModel(path=str(folder))
        folder.resolve().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelUnwritable(path=str(folder), reason=error.strerror or str(error)) from error


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write a model into a temporary folder beside the target, flush it to disk, then rename.

    A kill leaves the old model: in its place or, between two renames, where `left_over` finds it.
    Raises `NotAModel`, `ModelUnwritable`.
    """
    check_target(folder)
    try:
        _write_folder(folder.resolve(), files)
    except OSError as error:
        raise ModelUnwritable(path=str(folder), reason=error.strerror or str(error)) from error


def _write_folder(folder: Path, files: dict[str, bytes]) -> None:
    part = folder.with_name(f".{folder.name}.{token_hex(4)}")
    part.mkdir()  # who may read it is for the umask to say
    try:
        for name, data in files.items():
            with open(part / name, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        _sync(part)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
            folder.rename(old / folder.name)
            try:
                part.rename(folder)
            except OSError:
                (old / folder.name).rename(folder)
                raise
            finally:
                _discard(old)
        else:
            part.rename(folder)
        _sync(folder.parent)
        while left := left_over(folder):
            _discard(left.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _discard(folder: Path) -> None:
    """Remove a folder that another process may be removing at the same moment."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _arrays(tables: Tables) -> dict[str, NDArray[Any]]:
    numbers = (tables.vectors, tables.whitening, tables.character_vectors, tables.mean, tables.unknown_norm)
    if not all(np.isfinite(array).all() for array in numbers):
        raise ValueError("a model holds finite numbers only")
    vectors, scales = quantise(tables.vectors)
    character_vectors, character_scales = quantise(tables.character_vectors)
    return {
        "vectors": vectors,
        "scales": scales,
        "lookup": lookup_of(tables.words),
        "whitening": tables.whitening.astype(np.float32),
        "character_vectors": character_vectors,
        "character_scales": character_scales,
        "mean": tables.mean.astype(np.float32),
    }


def _array_bytes(array: NDArray[Any]) -> bytes:
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
