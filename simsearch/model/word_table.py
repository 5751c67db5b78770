"""Rows for words: each distinct word is looked at once, its search vector computed when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from simsearch.model.search_space import SMOOTHING, SearchSpace

#: Unknown words that are remembered; beyond this they are forgotten and computed anew.
ROOM = 65_536
#: The row of punctuation: no vector, no part in any sum.
SILENT = 0


class WordTable:
    """Weighted search vectors in one array: row 0 is silent, then the vocabulary, then unknown words."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.size = len(space.words)
        probability = space.counts / max(int(space.counts.sum()), 1)
        rarest = probability[-1] if self.size else 1.0
        width = 1 + self.size + ROOM
        #: rows x d. Pages that nobody touches cost no memory.
        self.vectors = np.empty((width, space.dimensions), np.float32)
        self.vectors[SILENT] = 0
        #: -log of a word's probability, a row; a word never seen counts as the rarest one.
        self.information = np.full(width, -np.log(rarest), np.float32)
        self.information[SILENT] = 0
        self.information[1 : 1 + self.size] = -np.log(probability)
        self._weights = (SMOOTHING / (SMOOTHING + probability)).astype(np.float32)
        self._row_in_vocabulary = dict(zip(space.words, range(1, 1 + self.size), strict=True))
        self._unknown: list[str] = []
        self._new: list[int] = []
        self._rows = _Rows(self)

    def rows(self, tokens: Sequence[str]) -> NDArray[np.intp]:
        """Return the row of each token; its vector is there afterwards. Rows hold until `trim`."""
        if len(tokens) == 0:
            return np.zeros(0, np.intp)
        found = itemgetter(*tokens)(self._rows)
        if self._new:
            self._compute()
        return np.array(found, np.intp, ndmin=1)

    def known(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell which rows are words of the vocabulary."""
        return (rows > SILENT) & (rows <= self.size)

    def word(self, row: int) -> str:
        """Return the word of a row; the empty string for the silent one."""
        if row == SILENT:
            return ""
        return self.space.words[row - 1] if row <= self.size else self._unknown[row - 1 - self.size]

    def find(self, token: str) -> int | None:
        """Return the row of a word of the vocabulary, or None."""
        return self._row_in_vocabulary.get(token)

    def trim(self) -> None:
        """Forget the unknown words where there are many; to be called between batches."""
        if len(self._unknown) <= ROOM // 2:
            return
        self._unknown.clear()
        for token in [token for token, row in self._rows.items() if row > self.size]:
            del self._rows[token]

    def _resolve(self, token: str) -> int:
        if not any(map(str.isalnum, token)):
            return SILENT
        row = self._row_in_vocabulary.get(token)
        if row is None:
            row = 1 + self.size + len(self._unknown)
            self._unknown.append(token)
        self._new.append(row)
        return row

    def _compute(self) -> None:
        new = np.array(self._new, np.intp)
        self._new.clear()
        if new.max() >= len(self.vectors):
            more = int(new.max()) + ROOM - len(self.vectors)
            self.vectors = np.vstack([self.vectors, np.empty((more, self.space.dimensions), np.float32)])
            self.information = np.append(self.information, np.full(more, self.information[-1], np.float32))
        known = new[new <= self.size] - 1
        self.vectors[known + 1] = self.space.known(known) * self._weights[known, None]
        unknown = new[new > self.size]
        self.vectors[unknown] = self.space.unknown([self.word(int(row)) for row in unknown])


class _Rows(dict[str, int]):
    """Token -> row, resolved at the first look."""

    def __init__(self, table: WordTable) -> None:
        self._table = table

    def __missing__(self, token: str) -> int:
        row = self[token] = self._table._resolve(token)
        return row
