"""The words of a model and how often they were seen, looked up without reading the whole list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

#: Marks a word that is not in the vocabulary.
ABSENT = -1


class Vocabulary:
    """The lines `word TAB count`, most frequent first; a word's place is the number of its line.

    Making a dictionary of 100,000 words takes longer than answering a question, so words are found by binary
    search in a stored list of their checksums.
    """

    def __init__(self, lines: bytes, lookup: NDArray[np.uint32], total: int) -> None:
        """Take the lines, what `lookup_of` gives for their words, and the sum of all counts."""
        self.total = total
        self._lines = lines
        marks = np.flatnonzero(np.frombuffer(lines, np.uint8) <= ord("\n"))  # a tab and a line end in turn
        self._tabs, self._ends = marks[::2], marks[1::2]
        self._starts = np.concatenate([[0], self._ends + 1])
        self._checksums, self._order = lookup

    def __len__(self) -> int:
        return len(self._ends)

    @cached_property
    def words(self) -> list[str]:
        """All words."""
        return self._lines.decode().replace("\n", "\t").split("\t")[:-1:2]

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """The count of each word."""
        return self.seen(np.arange(len(self)))

    def places(self, words: Sequence[str]) -> NDArray[np.intp]:
        """Return the place of each word, `ABSENT` for words that are not in the vocabulary."""
        found = np.full(len(words), ABSENT, np.intp)
        encoded = [word.encode("utf-8", "surrogatepass") for word in words]
        sums = np.fromiter(map(crc32, encoded), np.uint32, len(words))
        near = np.searchsorted(self._checksums, sums)
        # Words of one checksum stand side by side; most have a checksum of their own.
        pending = np.flatnonzero(near < len(self))
        while len(pending):
            pending = pending[self._checksums[near[pending]] == sums[pending]]
            places = self._order[near[pending]]
            starts, tabs = self._starts[places].tolist(), self._tabs[places].tolist()
            same = [
                self._lines[start:tab] == encoded[index]
                for index, start, tab in zip(pending.tolist(), starts, tabs, strict=True)
            ]
            found[pending[same]] = places[same]
            pending = pending[np.logical_not(same)] if pending.size else pending
            near[pending] += 1
            pending = pending[near[pending] < len(self)]
        return found

    def seen(self, places: NDArray[np.intp]) -> NDArray[np.int64]:
        """Return the counts of the words at some places."""
        tabs, ends = self._tabs[places].tolist(), self._ends[places].tolist()
        return np.array([int(self._lines[tab + 1 : end]) for tab, end in zip(tabs, ends, strict=True)], np.int64)


def lookup_of(words: Sequence[str]) -> NDArray[np.uint32]:
    """Return the words' checksums in order, and in a second row the place of each (2 x words)."""
    sums = np.array([crc32(word.encode("utf-8", "surrogatepass")) for word in words], np.uint32)
    order = np.argsort(sums, kind="stable")
    return np.stack([sums[order], order.astype(np.uint32)])
