"""A model of a few words, made in no time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from simsearch.model import Model
from simsearch.model.saving import Tables, save

WORDS = ["咖啡", "绿茶", "睡觉", "银行", "存款", "医生", "学校", "长城", "樱花", "地铁"]


def tiny(folder: Path, seed: int, dimensions: int, known: Sequence[str] = WORDS) -> Model:
    """Return a model of a few words."""
    rng = np.random.default_rng(seed)
    words = ["的", *known]
    tables = Tables(
        words=words,
        counts=np.arange(len(words), 0, -1) * 10,
        vectors=rng.normal(size=(len(words), dimensions)).astype(np.float32),
        whitening=np.eye(dimensions, dtype=np.float32),
        characters="咖啡",
        character_vectors=rng.normal(size=(2, dimensions)).astype(np.float32),
        mean=np.zeros(dimensions, np.float32),
        unknown_norm=1.0,
    )
    save(folder, tables)
    return Model.load(folder)
