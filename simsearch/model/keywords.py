"""Keywords of texts: tags for people, and the article's equation 43."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.model.word_table import WordTable

#: Words more probable than exp(-this) are function words and furniture, no tags.
LEAST_INFORMATION = 7.0
#: How much the nearness to the whole text counts beside a word's information.
NEARNESS = 6.0
#: How much the last word of a text loses against the first.
POSITION = 0.3


class Keyword(NamedTuple):
    """A word and how well it stands for the text."""

    word: str
    score: float


def tags(
    table: WordTable, rows: NDArray[np.intp], texts: NDArray[np.intp], sums: NDArray[np.float32], k: int
) -> list[list[Keyword]]:
    """Return at most k tags for each of n texts.

    `rows` are the texts' words end to end, `texts` the text (0 to n - 1, ascending) of each word, `sums`
    (n x d) the texts' vectors. A word scores tf x (-log p + 6 cos(text, word)), less the later it first occurs.
    """
    width = len(table.vectors)
    kept = np.flatnonzero(table.information[rows] >= LEAST_INFORMATION)
    keys, first, times = np.unique(texts[kept] * width + rows[kept], return_index=True, return_counts=True)
    text, row = keys // width, keys % width
    vectors, whole = table.vectors[row], sums[text]
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors) * np.einsum("ij,ij->i", whole, whole))
    near = np.einsum("ij,ij->i", vectors, whole) / np.maximum(lengths, 1e-12)
    starts = np.searchsorted(texts, np.arange(len(sums) + 1))
    late = (kept[first] - starts[text]) / np.maximum(starts[text + 1] - starts[text], 1)
    scores = times * (table.information[row] + NEARNESS * near) * (1 - POSITION * late)
    found: list[list[Keyword]] = [[] for _ in range(len(sums))]
    for index in np.lexsort((-scores, text)):
        best = found[text[index]]
        if len(best) < k and _is_tag(word := table.words[row[index]]):
            best.append(Keyword(word, float(scores[index])))
    return found


def article(vectors: NDArray[np.float32], words: list[str], k: int) -> list[Keyword]:
    """Return the k distinct words with the largest <sum of all, word> (equation 43)."""
    distinct = dict(zip(words, vectors @ vectors.sum(axis=0), strict=True))
    best = sorted(distinct.items(), key=lambda item: -item[1])[:k]
    return [Keyword(word, float(score)) for word, score in best]


def _is_tag(word: str) -> bool:
    return len(word) > 1 and not word.isdecimal() and word[0].isalpha()
