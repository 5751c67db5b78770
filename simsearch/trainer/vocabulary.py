"""The words that get a vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simsearch.trainer.errors import EmptyCorpus, VocabularyTooSmall
from simsearch.trainer.words import LINE_END, Corpus

#: Marks the words that are left out.
RARE = -2


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words frequent enough, and the corpus in their numbers."""

    #: Most frequent first, ties by the word itself.
    words: list[str]
    counts: NDArray[np.int64]
    #: Ranks of the words of all texts, LINE_END after each line, rare words left out.
    tokens: NDArray[np.int32]


def select(corpus: Corpus, min_count: int) -> Vocabulary:
    """Keep the words that occur `min_count` times or more; rarer ones take no place in the text."""
    if not corpus.words:
        raise EmptyCorpus(documents=corpus.documents)
    # Shifted by one, because bincount takes no negative numbers.
    counts = np.bincount(corpus.tokens + 1, minlength=len(corpus.words) + 1)[1:]
    kept = np.flatnonzero(counts >= min_count).tolist()
    if len(kept) < 2:
        raise VocabularyTooSmall(words=len(kept), distinct=len(corpus.words), min_count=min_count)
    kept.sort(key=lambda number: (-counts[number], corpus.words[number]))
    ranks = np.full(len(corpus.words) + 1, RARE, np.int32)
    ranks[kept] = np.arange(len(kept))
    ranks[LINE_END] = LINE_END
    tokens = ranks[corpus.tokens]
    return Vocabulary([corpus.words[number] for number in kept], counts[kept].astype(np.int64), tokens[tokens != RARE])
