"""What can be wrong with a corpus or with the settings of a training."""

from __future__ import annotations

from simsearch.errors import SimsearchError


class TrainingError(SimsearchError):
    """Training failed."""


class InvalidSetting(TrainingError):
    """The setting {name} is {value}; it must be {rule}."""


class EmptyCorpus(TrainingError):
    """No words were found (texts read: {documents}); give a source with Chinese text in it."""


class VocabularyTooSmall(TrainingError):
    """Only {words} of the {distinct} words in the texts occur {min_count} times or more, and vectors need two
    at least; give more text, or a smaller --min-count.
    """


class NoPairs(TrainingError):
    """No two words, or hardly any, stand close together in one line: there is nothing to learn from; give whole sentences."""  # noqa: E501


class WorkerDied(TrainingError):
    """A worker process died while it cut texts into words: memory ran out, or the script that trains lacks
    `if __name__ == "__main__":`; a script may also train with processes=1.
    """


class VocabularyTooLarge(TrainingError):
    """Vectors of {dimensions} numbers for {words} words do not fit into {memory} MB of memory; give more, fewer
    dimensions, or a larger --min-count.
    """


class MemoryTooSmall(TrainingError):
    """A training takes {least} MB of memory at least, and {memory} MB were given; give more."""


class TrainingRunning(TrainingError):
    """Another process is training the model {path}; wait until it ends, or give another folder."""


class SettingsDiffer(TrainingError):
    """The training of {path} that was interrupted had other settings ({names}); give the same, or begin anew without resuming."""  # noqa: E501


class StartWithoutPMI(TrainingError):
    """The inner products of the model {model} are no PMI, and a training fits vectors to PMI; start from a model that was trained, such as base."""  # noqa: E501


class DimensionsDiffer(TrainingError):
    """The vectors of the model {model} have {dimensions} numbers, and {wanted} were asked for; ask for as many, or start from another model."""  # noqa: E501


class WorkspaceUnwritable(TrainingError):
    """What a training keeps on disk cannot be written to {path} ({reason}); check the disk, its space and permissions."""  # noqa: E501
