"""Why two texts are similar: the inner product of two sums, or its cosine, taken apart into pairs of words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.model.neighbours import By
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


class Counted(NamedTuple):
    """The n distinct words of a text, and for each its vector times as often as it occurs (n x d)."""

    words: list[str]
    vectors: NDArray[np.float64]


def pairs(a: Counted, b: Counted, by: By) -> list[Pair]:
    """Return each word of one text with each of the other, the largest part first.

    The parts add up to the inner product of the texts' sums of vectors, or to its cosine (equation 46).
    """
    parts = a.vectors @ b.vectors.T
    if by == "cosine":
        lengths = float(np.linalg.norm(a.vectors.sum(axis=0)) * np.linalg.norm(b.vectors.sum(axis=0)))
        parts = parts / max(lengths, 1e-12)
    order = np.unravel_index(np.argsort(-parts, axis=None, kind="stable"), parts.shape)
    return [Pair(a.words[i], b.words[j], float(parts[i, j])) for i, j in zip(*order, strict=True)]


def explain(table: WordTable, a: Sequence[str], b: Sequence[str], by: By = "cosine") -> Explanation:
    """Take the similarity of two texts, given as words, apart into pairs of distinct words."""
    rows = table.rows([*a, *b])
    found = pairs(_counted(table, rows[: len(a)]), _counted(table, rows[len(a) :]), by)
    strange = [row for row in np.unique(rows[rows != SILENT]).tolist() if not table.known[row]]
    spoken = [row for row in strange if table.vectors[row].any()]
    return Explanation(
        similarity=math.fsum(pair.part for pair in found),
        pairs=found,
        by_characters=[table.words[row] for row in spoken],
        unknown=[table.words[row] for row in strange if row not in spoken],
    )


def explain_sums(vectors: Mapping[str, NDArray[np.float32]], a: Sequence[str], b: Sequence[str], by: By) -> Explanation:
    """Do the same for plain sums of the vectors of known words, punctuation included: the article's equation 46."""
    one, other = (_counted_plainly(vectors, [word for word in words if word in vectors]) for words in (a, b))
    found = pairs(one, other, by)
    unknown = [word for word in dict.fromkeys([*a, *b]) if word not in vectors and any(map(str.isalnum, word))]
    return Explanation(math.fsum(pair.part for pair in found), found, [], unknown)


def _counted(table: WordTable, rows: NDArray[np.intp]) -> Counted:
    distinct, times = np.unique(rows[rows != SILENT], return_counts=True)
    return Counted([table.words[row] for row in distinct], table.vectors[distinct].astype(np.float64) * times[:, None])


def _counted_plainly(vectors: Mapping[str, NDArray[np.float32]], words: Sequence[str]) -> Counted:
    times = Counter(words)
    rows = [vectors[word].astype(np.float64) * count for word, count in times.items()]
    dimensions = len(next(iter(vectors.values()), ()))
    return Counted(list(times), np.array(rows).reshape(len(rows), dimensions))
