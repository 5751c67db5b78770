"""What an index says about its model: words that it does not know, vectors that it does not give."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

import numpy as np

from simsearch.indexer.index import Index
from simsearch.model.model import unit
from simsearch.model.quantisation import quantise_unit, restore_unit

#: A word that stands in so many passages could be learnt from them; fewer say too little of it.
LEARNABLE = 10
#: Retraining pays from this share of the words on: below it, sentences hardly change.
PAYS = 0.02
#: And from so many words on: fewer are no corpus.
CORPUS = 1_000_000
#: Documents whose vectors are computed anew, and how near, as a cosine, they are to be.
SAMPLE, SAME = 200, 0.99


class Vocabulary(NamedTuple):
    """The words of an index, each counted once a passage, numbers left out."""

    total: int
    unknown: int  #: words that the model knows by their characters only, or not at all
    learnable: int  #: those of them that are frequent enough to be learnt
    most_frequent: list[tuple[str, int]]  #: unknown words with the number of passages that hold them

    @property
    def retraining_pays(self) -> bool:
        """Tell whether a model trained on these texts would know notably more of their words."""
        return self.total >= CORPUS and self.learnable >= PAYS * self.total


def vocabulary(index: Index, k: int = 20) -> Vocabulary:
    """Count the known and unknown words of an index, and list the k most frequent unknown ones."""
    counted = [(word, passages) for word, passages in index.engine.words() if not word.isnumeric()]
    counts = np.array([passages for _, passages in counted], np.int64)
    unknown = counts * ~index.model.knows_words([word for word, _ in counted])
    order = np.argsort(-unknown, kind="stable")[:k].tolist()
    return Vocabulary(
        total=int(counts.sum()),
        unknown=int(unknown.sum()),
        learnable=int(unknown[unknown >= LEARNABLE].sum()),
        most_frequent=[counted[place] for place in order if unknown[place]],
    )


def strangers(index: Index) -> tuple[int, list[str]]:
    """Return how many documents were looked at, and the ids of those whose vector the model does not give."""
    stored = index.engine.vectors(SAMPLE)
    passages = index.engine.passages(list(stored))
    found = []
    for name, vector in stored.items():
        words = list(chain.from_iterable(passage.words.split(" ") for passage in passages.get(name, [])))
        rows = index.model.table.rows(words)
        whole = unit(index.model.sums(rows, [len(rows)]))
        # One engine cuts vectors at the ends and others do not, so both are cut before they are compared.
        was, given = (unit(restore_unit(quantise_unit(row))) for row in (vector[None], whole))
        if float((was @ given.T)[0, 0]) < SAME:
            found.append(name)
    return len(stored), found
