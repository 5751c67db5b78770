"""The terms of a question: what a passage can earn by each word, or by several in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from simsearch.indexer.engine import Candidates
from simsearch.model.word_table import SILENT, WordTable

#: A word's frequency in the model counts like so many passages beside the collection's own: in a small
#: collection a function word may stand in one passage only, and would pass for a telling one.
PRIOR = 1_000


class Term(NamedTuple):
    """A word of the question, or several in a row, and how much of the question it is."""

    words: tuple[str, ...]
    idf: float  #: in nats, times its occurrences in the question
    share: float  #: of the idf of all terms; the shares add up to 1


def terms_of(table: WordTable, words: Sequence[str], found: Candidates, longest: int = 1) -> list[Term]:
    """Return the distinct terms of up to `longest` words, weighted by their frequencies in the collection.

    `words` is the question, folded and segmented. The idf is Lucene's, log(1 + (N - n + .5) / (n + .5)).
    """
    rows = table.rows(words)
    spoken = [word for word, row in zip(words, rows, strict=True) if row != SILENT]
    expected = 1 - np.exp(-np.exp(-table.information[rows[rows != SILENT]]) * found.average_length)
    frequencies = np.array([found.frequencies.get(word, 0) for word in spoken]) + PRIOR * expected
    idf = np.log1p((found.total + PRIOR - frequencies + 0.5) / (frequencies + 0.5)).tolist()
    weights: dict[tuple[str, ...], float] = {}
    for length in range(1, longest + 1):
        for start in range(len(spoken) - length + 1):
            gram = tuple(spoken[start : start + length])
            weights[gram] = weights.get(gram, 0.0) + sum(idf[start : start + length])
    whole = max(sum(weights.values()), 1e-12)
    return [Term(gram, weight, weight / whole) for gram, weight in weights.items()]
