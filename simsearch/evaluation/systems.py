"""What is compared: a model, and the baselines that somebody asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from simsearch.errors import SimsearchError
from simsearch.evaluation.jieba_baseline import Jieba
from simsearch.evaluation.vectors import OfFile, OfModel, Vectors, read_vectors
from simsearch.model import Model

#: What the model is called beside the baselines.
OURS = "simsearch"


class BaselineNotFound(SimsearchError):
    """There is no baseline {name}: use bm25, jieba, or the name of a file of word vectors (.vec, .txt or .npz)."""

    name: str


class Systems(NamedTuple):
    """A model and the baselines beside it."""

    model: Model
    ours: OfModel  #: the model, as its words and vectors answer
    bm25: bool
    jieba: Jieba | None
    files: dict[str, OfFile]  #: word vectors, by the name of their file

    @property
    def vectors(self) -> dict[str, Vectors]:
        """All that have word vectors, the model first."""
        return {OURS: self.ours, **self.files}


def open_systems(
    model: Model, baselines: Sequence[str], progress: Callable[[str, float, float], None]
) -> tuple[Systems, list[str]]:
    """Return a model with its baselines, and what is to be said about broken lines of their files.

    Raises `BaselineNotFound`, `PackageMissing`, `VectorsUnreadable`.
    """
    names = [name for name in dict.fromkeys(baselines) if name not in ("bm25", "jieba")]
    for name in names:
        if not Path(name).is_file():
            raise BaselineNotFound(name=name)
    jieba = Jieba() if "jieba" in baselines else None
    files, remarks = {}, []
    for name in names:
        files[name], broken = read_vectors(Path(name), model, partial(progress, name))
        if broken:
            remarks.append(f"{broken:,} lines of {name} are not a word and its numbers: left out.")
    return Systems(model, OfModel(model), "bm25" in baselines, jieba, files), remarks
