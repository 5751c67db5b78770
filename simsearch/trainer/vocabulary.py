"""The words that get a vector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simsearch.trainer.errors import EmptyCorpus, VocabularyTooSmall
from simsearch.trainer.start import Before
from simsearch.trainer.words import LINE_END, Corpus

#: Marks the words that are left out.
RARE = -2
#: Numbers of a file that are looked at a time.
AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words frequent enough, and the corpus in their numbers."""

    #: Most frequent first, ties by the word itself.
    words: list[str]
    counts: NDArray[np.int64]
    #: How often each occurs in the texts; `counts` may hold what was seen before, too.
    seen: NDArray[np.int64]
    #: A file of int32: the ranks of the words of all texts, LINE_END after each line, rare words left out.
    tokens: Path


def select(corpus: Corpus, min_count: int, tokens: Path, before: Before | None = None) -> Vocabulary:
    """Keep the words that occur `min_count` times or more; rarer ones take no place in the text.

    Words seen before are kept however rare they are, and what was seen before counts, too.
    """
    if not corpus.words:
        raise EmptyCorpus(documents=corpus.documents)
    words, seen, counts = corpus.words, corpus.counts, corpus.counts
    frequent = seen >= min_count
    if before:
        words = list(dict.fromkeys([*words, *before.counts]))
        seen = np.pad(seen, (0, len(words) - len(seen)))
        earlier = np.array([before.counts.get(word, 0) for word in words])
        counts = before.weight * seen + earlier
        frequent = (seen >= min_count) | (earlier > 0)
    kept = np.flatnonzero(frequent).tolist()
    if len(kept) < 2:
        raise VocabularyTooSmall(words=len(kept), distinct=len(words), min_count=min_count)
    kept.sort(key=lambda number: (-counts[number], words[number]))
    ranks = np.full(len(words) + 1, RARE, np.int32)
    ranks[kept] = np.arange(len(kept))
    ranks[LINE_END] = LINE_END
    with open(tokens, "wb") as file:
        for some in pieces(corpus.tokens):
            ranked = ranks[some]
            file.write(ranked[ranked != RARE].data)
    return Vocabulary([words[number] for number in kept], counts[kept], seen[kept], tokens)


def pieces(tokens: Path) -> Iterator[NDArray[np.int32]]:
    """Yield the numbers of a file, some at a time."""
    at = 0
    while len(some := np.fromfile(tokens, np.int32, AT_ONCE, offset=at)):
        at += some.nbytes
        yield some
