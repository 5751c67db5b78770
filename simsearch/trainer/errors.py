"""What can be wrong with a corpus or with the settings of a training."""

from __future__ import annotations

from simsearch.errors import SimsearchError


class TrainingError(SimsearchError):
    """Training failed."""


class InvalidSetting(TrainingError):
    """The setting {name} is {value}; it must be {rule}."""


class EmptyCorpus(TrainingError):
    """The {documents} texts given hold no words; give a source with Chinese text in it."""


class VocabularyTooSmall(TrainingError):
    """Only {words} of the {distinct} words in the texts occur {min_count} times or more, and vectors need two
    at least; give more text, or a smaller min_count.
    """


class NoPairs(TrainingError):
    """No two words stand close together in one line: there is nothing to learn from; give whole sentences."""


class WorkerDied(TrainingError):
    """A worker process died while it cut texts into words: memory ran out, or the script that trains lacks
    `if __name__ == "__main__":`; train with processes=1.
    """
