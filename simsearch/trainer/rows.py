"""A sparse matrix on disk, which the system keeps in memory as far as there is room: read row by row."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: Bytes of a number.
SIZE = 4


@dataclass(frozen=True, slots=True)
class Rows:
    """Of each row its columns (int32), then for each column one value (float32) or several, one kind after another."""

    path: Path
    #: Row i has the entries starts[i] to starts[i + 1].
    starts: NDArray[np.int64]
    #: Numbers that an entry takes: one for the column, one for each value.
    width: int

    def read(self, first: int, last: int) -> NDArray[np.int32]:
        """Return rows that follow each other, as they are stored: `view(np.float32)` shows the values."""
        start, end = int(self.starts[first]) * self.width, int(self.starts[last]) * self.width
        return np.fromfile(self.path, np.int32, end - start, offset=start * SIZE)

    def pick(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return rows in any order, one after another."""
        if len(rows) and (np.diff(rows) == 1).all():
            return self.read(int(rows[0]), int(rows[-1]) + 1)
        sizes = (self.starts[rows + 1] - self.starts[rows]) * self.width * SIZE
        out = np.empty(int(sizes.sum()) // SIZE, np.int32)
        room, at = out.data.cast("B"), 0
        with open(self.path, "rb", buffering=0) as file:
            for start, size in zip((self.starts[rows] * self.width * SIZE).tolist(), sizes.tolist(), strict=True):
                at += os.preadv(file.fileno(), [room[at : at + size]], start)
        return out
