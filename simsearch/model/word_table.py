"""A row for each distinct word that was met: its search vector, computed at the first look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simsearch.model.roles import role
from simsearch.model.search_space import SMOOTHING, SearchSpace
from simsearch.model.vocabulary import ABSENT

#: The row of punctuation: no vector, no part in any sum.
SILENT = 0
#: Words that are remembered; beyond this all are forgotten and computed anew when they are met again.
ROOM = 100_000


class WordTable:
    """Words by row, in the order in which they were met; row 0 is silent."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._vocabulary = space.vocabulary
        self._rarest = self._vocabulary.seen(np.array([len(self._vocabulary) - 1]))[0] / self._vocabulary.total
        self.trim(room=0)

    def trim(self, room: int = ROOM) -> None:
        """Forget all words if there are more than `room`; to be called between batches: rows change."""
        if room and len(self.words) <= room:
            return
        self.words: list[str] = [""]
        #: rows x d, the search vector times the word's weight in a sentence. There are rows to spare, which take no
        #: memory until they are used; if they were added as needed, all would be copied, and be there twice meanwhile.
        self.vectors = np.zeros((2 * ROOM, self._space.dimensions), np.float32)
        #: The length of each vector.
        self.lengths = np.zeros(2 * ROOM, np.float32)
        #: -log of a word's probability, a row; a word never seen counts as the rarest one.
        self.information = np.zeros(2 * ROOM, np.float32)
        #: Whether a row is a word of the vocabulary.
        self.known = np.zeros(2 * ROOM, np.bool_)
        self._roles = np.zeros((0, 2), np.int8)
        self._new: list[str] = []
        #: The row of a token; for a word met the first time it is filled by `compute`.
        self.row = _Rows(self).__getitem__

    def rows(self, tokens: Sequence[str]) -> NDArray[np.intp]:
        """Return the row of each token; its vector is there afterwards. Rows hold until `trim`."""
        found = list(map(self.row, tokens))
        self.compute()
        return np.array(found, np.intp)

    def compute(self) -> None:
        """Compute the vectors of the words that `row` has met since the last time."""
        if not self._new:
            return
        new, self._new = self._new, []
        first, end = len(self.words), len(self.words) + len(new)
        self.words += new
        if end > len(self.vectors):
            self._grow(max(end, 2 * len(self.vectors)))

        places = self._vocabulary.places(new)
        known = self.known[first:end] = places != ABSENT
        rows, places = first + np.flatnonzero(known), places[known]
        counts = self._vocabulary.seen(places)
        probability = counts / self._vocabulary.total
        weights = SMOOTHING / (SMOOTHING + probability).astype(np.float32)
        vectors = self._space.known(places, [self.words[row] for row in rows.tolist()], counts)
        self.vectors[rows] = vectors * weights[:, None]
        self.information[rows] = -np.log(probability)
        rows = first + np.flatnonzero(~known)
        self.vectors[rows] = self._space.unknown([self.words[row] for row in rows.tolist()])
        self.information[rows] = -np.log(self._rarest)
        new_vectors = self.vectors[first:end]
        self.lengths[first:end] = np.sqrt(np.einsum("ij,ij->i", new_vectors, new_vectors))

    def roles(self) -> NDArray[np.int8]:
        """Return each row's role in a phrase (`roles.role`) and size in characters (rows x 2); for tags.

        A Latin word is as large as a Chinese character.
        """
        done, end = len(self._roles), len(self.words)
        new = self.words[done:]
        roles = map(role, new, self.information[done:end].tolist())
        sizes = (1 if word.isascii() else min(len(word), 100) for word in new)
        added = np.array([*zip(roles, sizes, strict=True)], np.int8).reshape(-1, 2)
        self._roles = np.concatenate([self._roles, added])
        return self._roles

    def _resolve(self, token: str) -> int:
        if not token[:1].isalnum() and not any(map(str.isalnum, token)):
            return SILENT
        self._new.append(token)
        return len(self.words) + len(self._new) - 1

    def _grow(self, size: int) -> None:
        more = size - len(self.vectors)
        self.vectors = np.vstack([self.vectors, np.empty((more, self._space.dimensions), np.float32)])
        self.lengths = np.append(self.lengths, np.zeros(more, np.float32))
        self.information = np.append(self.information, np.zeros(more, np.float32))
        self.known = np.append(self.known, np.zeros(more, np.bool_))


class _Rows(dict[str, int]):
    """Token -> row, resolved at the first look."""

    def __init__(self, table: WordTable) -> None:
        self._table = table

    def __missing__(self, token: str) -> int:
        row = self[token] = self._table._resolve(token)
        return row
