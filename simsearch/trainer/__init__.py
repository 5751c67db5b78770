"""From texts to a model: count which words meet, fit vectors to it, whiten, learn characters, save."""

from simsearch.trainer.bill import Bill
from simsearch.trainer.errors import EmptyCorpus, NoPairs, TrainingError, VocabularyTooSmall, WorkerDied
from simsearch.trainer.settings import Settings
from simsearch.trainer.training import train

__all__ = [
    "Bill",
    "EmptyCorpus",
    "NoPairs",
    "Settings",
    "TrainingError",
    "VocabularyTooSmall",
    "WorkerDied",
    "train",
]
