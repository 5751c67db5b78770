"""Keywords of texts: tags for people, and the article's equation 43."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.model.word_table import WordTable

#: How much the nearness to the whole text counts beside a word's information.
NEARNESS = 6.0
#: How much the last word of a text loses against the first.
POSITION = 0.3


class Keyword(NamedTuple):
    """A word and how well it stands for the text."""

    word: str
    score: float


def tags(
    table: WordTable, rows: NDArray[np.intp], lengths: NDArray[np.intp], sums: NDArray[np.float32], k: int
) -> list[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """Return the rows and scores of at most k tags for each of n texts, the best first.

    `rows` are the texts' words end to end, `lengths` (n) their numbers of words, `sums` (n x d) the sums of
    their vectors. A word scores tf x (-log p + 6 cos(text, word)), less the later it first occurs.
    """
    texts = np.repeat(np.arange(len(lengths)), lengths)
    places = np.flatnonzero(table.telling[rows])
    keys = texts[places] * len(table.vectors) + rows[places]
    keys, first, times = np.unique(keys, return_index=True, return_counts=True)
    text, row = np.divmod(keys, len(table.vectors))
    bounds = np.searchsorted(text, np.arange(len(lengths) + 1)).tolist()
    near = np.zeros(len(row), np.float32)
    for whole, (start, end) in zip(sums, pairwise(bounds), strict=True):
        near[start:end] = table.vectors[row[start:end]] @ whole
    near /= np.maximum(table.lengths[row] * np.linalg.norm(sums, axis=1)[text], 1e-12)
    late = (places[first] - (np.cumsum(lengths) - lengths)[text]) / np.maximum(lengths[text], 1)
    scores = times * (table.information[row] + NEARNESS * near) * (1 - POSITION * late)
    best = [start + np.argsort(-scores[start:end])[:k] for start, end in pairwise(bounds)]
    return [(row[of_text], scores[of_text]) for of_text in best]


def article(vectors: NDArray[np.float32], words: list[str], k: int) -> list[Keyword]:
    """Return the k distinct words with the largest <sum of all, word> (equation 43)."""
    distinct = dict(zip(words, vectors @ vectors.sum(axis=0), strict=True))
    best = sorted(distinct.items(), key=lambda item: -item[1])[:k]
    return [Keyword(word, float(score)) for word, score in best]
