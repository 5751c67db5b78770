"""Words beside words: related, similar, analogous, and by the length of their vectors."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

By = Literal["inner", "cosine"]


class Neighbour(NamedTuple):
    """A word and how near it is."""

    word: str
    score: float


def related(vectors: NDArray[np.float32], row: int, by: By) -> NDArray[np.float32]:
    """Score every word by its PMI with one word, or by the cosine (article, equation 30)."""
    scores: NDArray[np.float32] = vectors @ vectors[row]
    return scores if by == "inner" else cosines(vectors, vectors[row])


def correlated(vectors: NDArray[np.float32], row: int, context: int) -> NDArray[np.float32]:
    """Score every word by the Pearson correlation of its PMIs with the `context` most frequent words."""
    root = context_root(vectors, context)
    return cosines(vectors @ root, vectors[row] @ root)


def context_root(vectors: NDArray[np.float32], context: int) -> NDArray[np.float32]:
    """Return U (d x d): the cosine of two `v U` is the correlation of their PMIs with the most frequent words.

    With X the frequent words' vectors, centred, X^T X = U U^T (article, equations 33-39). U is an eigen root: where
    the context is small the Gram matrix is singular.
    """
    frequent = vectors[:context].astype(np.float64)
    centred = frequent - frequent.mean(axis=0)
    values, axes = np.linalg.eigh(centred.T @ centred)
    root: NDArray[np.float32] = (axes * np.sqrt(np.maximum(values, 0))).astype(np.float32)
    return root


def cosines(vectors: NDArray[np.float32], direction: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosine of each row with a direction; 0 where either has no length."""
    length = max(float(np.linalg.norm(direction)), 1e-12)
    lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)
    scores: NDArray[np.float32] = (vectors @ direction) / lengths / length
    return scores


def top(words: list[str], scores: NDArray[np.float32], k: int, without: tuple[int, ...] = ()) -> list[Neighbour]:
    """Return the k best words, ties by frequency, some rows left out."""
    scores = scores.copy()
    scores[list(without)] = -np.inf
    k = min(k, len(words) - len(set(without)))
    best = np.argsort(-scores, kind="stable")[:k]
    return [Neighbour(words[row], float(scores[row])) for row in best]
