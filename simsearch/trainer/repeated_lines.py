"""Lines that come again and again, as menus, footers and copies do: they would pull vectors to themselves."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

#: Shorter lines are a number or a word, and come again by chance.
SHORTEST = 4
#: Stands for a line that is too short to count.
NOT_COUNTED = 0
#: Different lines that are kept in mind at a time, at most: some 60 MB.
MOST = 500_000


def checksum(line: str) -> int:
    """Return 64 bits that stand for a folded line without white space around it, `NOT_COUNTED` for a short one."""
    line = line.strip()
    if len(line) < SHORTEST:
        return NOT_COUNTED
    return int.from_bytes(blake2b(line.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class RepeatedLines:
    """How often lines have come.

    This is exact for up to `most` different lines; beyond, the least frequent are forgotten, as in lossy counting
    (Manku and Motwani, VLDB 2002), so a line may be read a few times more, and never fewer times than is said.
    """

    def __init__(self, copies: int, most: int = MOST) -> None:
        """Take how often a line is read at most; 0: as often as it comes."""
        self._copies, self._most = copies, most
        self._times: dict[int, int] = {}

    def wanted(self, lines: Iterable[int]) -> NDArray[np.bool_]:
        """Tell of lines, by their checksums and in their order, whether each is to be read once more."""
        return np.fromiter(map(self._is_wanted, lines), np.bool_)

    def _is_wanted(self, line: int) -> bool:
        if not self._copies or line == NOT_COUNTED:
            return True
        times = self._times.get(line, 0)
        if line not in self._times and len(self._times) >= self._most:
            self._forget()
        self._times[line] = times + 1
        return times < self._copies

    def _forget(self) -> None:
        least = 1
        while len(self._times) > self._most // 2:
            self._times = {line: times for line, times in self._times.items() if times > least}
            least += 1
