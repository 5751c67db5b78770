"""What a trained model is and can say: numpy only, no training, no network."""

from simsearch.model.model import Model, WordUnknown

__all__ = ["Model", "WordUnknown"]
