"""Models of a few words, which mean nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from simsearch.model import Model
from simsearch.model.saving import Tables, save


def random_model(folder: Path, dimensions: int) -> Model:
    """Save a model with random vectors, and return it."""
    rng = np.random.default_rng(0)
    words = ["的", "咖啡", "睡觉", "银行"]
    tables = Tables(
        words=words,
        counts=np.array([40, 30, 20, 10]),
        vectors=rng.normal(size=(len(words), dimensions)).astype(np.float32),
        whitening=np.eye(dimensions, dtype=np.float32),
        characters="咖啡",
        character_vectors=rng.normal(size=(2, dimensions)).astype(np.float32),
        mean=np.zeros(dimensions, np.float32),
        unknown_norm=1.0,
    )
    save(folder, tables)
    return Model.load(folder)
