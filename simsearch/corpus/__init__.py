"""From bytes to words: sources, folding, segmenting, sentences and passages."""

from simsearch.corpus.document import Document, Skipped

__all__ = ["Document", "Skipped"]
