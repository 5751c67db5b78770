"""Whether vectors have the properties that the article derives for its model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simsearch.model.correlation import pearson, spearman
from simsearch.trainer.equations import Equations

#: Pairs of words taken at random, among so many of the most frequent.
RANDOM_PAIRS, FREQUENT = 20_000, 10_000


def measure(vectors: NDArray[np.float32], system: Equations) -> dict[str, float]:
    """Return figures of the vectors (words x dimensions), the most frequent word first.

    - `norms`: Spearman's correlation of |w|^2 and -log P(w), equations 24-26
    - `left_out`: correlation of the inner products of pairs that were left out of the fit and their targets, 0 where
      none were
    - `independent`: mean |cosine| of words taken at random, which have little to do with each other; independent words
      are orthogonal
    """
    words, values = system.held_out
    inner = np.einsum("ij,ij->i", vectors[words[:, 0]], vectors[words[:, 1]])
    chance = np.random.default_rng(1)
    pairs = chance.integers(0, min(FREQUENT, len(vectors)), (RANDOM_PAIRS, 2))
    a, b = vectors[pairs[pairs[:, 0] != pairs[:, 1]].T]
    cosines = np.einsum("ij,ij->i", a, b) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-12)
    return {
        "norms": round(spearman((vectors**2).sum(axis=1), system.norms), 4),
        "left_out": round(pearson(inner, values[:, 0]), 4),
        "independent": round(float(np.abs(cosines).mean()), 4),
    }
