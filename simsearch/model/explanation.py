"""Why two texts are similar: the cosine of two sums, taken apart into pairs of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.model.word_table import SILENT, WordTable


class Pair(NamedTuple):
    """A word of one text, a word of the other, and their part in the similarity."""

    a: str
    b: str
    part: float


class Explanation(NamedTuple):
    """The similarity of two texts and its parts, the largest first; the parts add up to it."""

    similarity: float
    pairs: list[Pair]
    by_characters: list[str]  #: words that the model knows by their characters only
    unknown: list[str]  #: words of which it knows not even a character


def explain(table: WordTable, a: Sequence[str], b: Sequence[str]) -> Explanation:
    """Take the similarity of two texts, given as words, apart into pairs of distinct words."""
    rows = table.rows([*a, *b])
    left, times_left = _distinct(rows[: len(a)])
    right, times_right = _distinct(rows[len(a) :])
    left_vectors = table.vectors[left].astype(np.float64) * times_left[:, None]
    right_vectors = table.vectors[right].astype(np.float64) * times_right[:, None]
    lengths = float(np.linalg.norm(left_vectors.sum(axis=0)) * np.linalg.norm(right_vectors.sum(axis=0)))
    parts = left_vectors @ right_vectors.T / max(lengths, 1e-12)
    pairs = [
        Pair(table.words[left[i]], table.words[right[j]], float(parts[i, j]))
        for i, j in zip(*np.unravel_index(np.argsort(-parts, axis=None, kind="stable"), parts.shape), strict=True)
    ]
    strange = [row for row in np.union1d(left, right).tolist() if not table.known[row]]
    spoken = [row for row in strange if table.vectors[row].any()]
    return Explanation(
        similarity=float(parts.sum()),
        pairs=pairs,
        by_characters=[table.words[row] for row in spoken],
        unknown=[table.words[row] for row in strange if row not in spoken],
    )


def _distinct(rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.unique(rows[rows != SILENT], return_counts=True)
