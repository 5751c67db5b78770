"""Documents into an index, and questions to it: one engine interface, one ranker."""

from simsearch.indexer.conditions import Condition
from simsearch.indexer.hits import Hit
from simsearch.indexer.index import Index, open_index

__all__ = ["Condition", "Hit", "Index", "open_index"]
