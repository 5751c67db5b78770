"""Where a training starts that builds on a base model: its words, their counts, and its vectors as a prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.model import Model
from simsearch.trainer.settings import Objective, Settings

#: Own texts of so many running words count as much as all the base model's texts.
RUNNING_WORDS = 500_000
#: A word that the base model does not have gets a vector when it is seen this often.
MIN_COUNT = 5


class Before(NamedTuple):
    """How often words were seen before."""

    counts: dict[str, int]
    #: As many occurrences there count as much as one in the texts given.
    weight: int


@dataclass(frozen=True, slots=True)
class Start:
    """For each word of a vocabulary where its vector starts, and how strongly it is held there."""

    #: words x dimensions; zero for words that the base model does not have.
    vectors: NDArray[np.float32]
    holds: NDArray[np.float32]


def default_settings(base: Model) -> Settings:
    """Return the settings of a training that starts from a base model, unless told otherwise."""
    return Settings(dimensions=base.dimensions, min_count=MIN_COUNT)


def seen_before(base: Model) -> Before:
    """Return how often the base model's words were seen in its texts."""
    counts = base.counts.tolist()
    return Before(dict(zip(base.words, counts, strict=True)), max(1, sum(counts) // RUNNING_WORDS))


def start(base: Model, words: Sequence[str], objective: Objective) -> Start:
    """Return where vectors of words start: those of the base model at their vector there, new ones at zero."""
    places = {word: place for place, word in enumerate(base.words)}
    found = np.array([places.get(word, -1) for word in words])
    known = found >= 0
    vectors = np.zeros((len(words), base.dimensions), np.float32)
    vectors[known] = base.vectors[found[known]]
    return Start(vectors, np.where(known, np.float32(objective.hold), np.float32(objective.ridge)))
