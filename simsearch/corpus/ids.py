"""Ids that have come, millions of them in little memory."""

from __future__ import annotations

import numpy as np

#: Ids that are held apart until they are sorted in among the others.
RECENT = 100_000


class Ids:
    """A set of ids by their hashes, eight bytes each.

    That any two of ten million are taken for one is as likely as 3 in a million.
    """

    def __init__(self, most: int = RECENT) -> None:
        """Take how many are held apart."""
        self._most = most
        self._recent: set[int] = set()
        self._sorted = np.zeros(0, np.int64)

    def __contains__(self, id: object) -> bool:
        value = hash(id)
        place = self._sorted.searchsorted(value)
        return value in self._recent or bool(place < len(self._sorted) and self._sorted[place] == value)

    def add(self, id: str) -> bool:
        """Add an id; tell whether it is new."""
        if id in self:
            return False
        self._recent.add(hash(id))
        if len(self._recent) == self._most:
            recent = np.fromiter(self._recent, np.int64, self._most)
            self._sorted = np.sort(np.concatenate([self._sorted, recent]))
            self._recent.clear()
        return True
