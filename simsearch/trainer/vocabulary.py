"""The words that get a vector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simsearch.trainer.errors import EmptyCorpus, VocabularyTooSmall
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
    #: A file of int32: the ranks of the words of all texts, LINE_END after each line, rare words left out.
    tokens: Path


def select(corpus: Corpus, min_count: int, tokens: Path) -> Vocabulary:
    """Keep the words that occur `min_count` times or more; rarer ones take no place in the text."""
    if not corpus.words:
        raise EmptyCorpus(documents=corpus.documents)
    kept = np.flatnonzero(corpus.counts >= min_count).tolist()
    if len(kept) < 2:
        raise VocabularyTooSmall(words=len(kept), distinct=len(corpus.words), min_count=min_count)
    kept.sort(key=lambda number: (-corpus.counts[number], corpus.words[number]))
    ranks = np.full(len(corpus.words) + 1, RARE, np.int32)
    ranks[kept] = np.arange(len(kept))
    ranks[LINE_END] = LINE_END
    with open(tokens, "wb") as file:
        for some in pieces(corpus.tokens):
            ranked = ranks[some]
            file.write(ranked[ranked != RARE].data)
    return Vocabulary([corpus.words[number] for number in kept], corpus.counts[kept], tokens)


def pieces(tokens: Path) -> Iterator[NDArray[np.int32]]:
    """Yield the numbers of a file, some at a time."""
    at = 0
    while len(some := np.fromfile(tokens, np.int32, AT_ONCE, offset=at)):
        at += some.nbytes
        yield some
