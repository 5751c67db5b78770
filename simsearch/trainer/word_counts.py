"""How often the words of imported vectors were seen: as a file tells, or as their order suggests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.folding import fold
from simsearch.errors import SimsearchError

#: Running words for each word of the vocabulary: 47 million for the 94,000 of the base model.
RUNNING = 500
#: Digits of the largest count that is believed.
DIGITS = 12


class CountsUnreadable(SimsearchError):
    """The counts in {path} cannot be used ({reason}): give UTF-8 lines with a word, a tab or space, and its count."""

    path: str
    reason: str


def estimate(words: int) -> NDArray[np.int64]:
    """Return counts (words) by Zipf's law, the most frequent word first: the n-th is seen 1/n times as often.

    The 10,000 most frequent words of the base model all get a probability between half and twice their own.
    """
    shares = 1 / np.arange(1, words + 1)
    counts: NDArray[np.int64] = np.maximum(np.rint(RUNNING * words * shares / shares.sum()), 1).astype(np.int64)
    return counts


def read(path: Path, places: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the counts of folded words by their places (len(places)), 0 for those that the file does not name.

    Lines that are the same word once folded are added up. Raises `CountsUnreadable`.
    """
    counts = np.zeros(len(places), np.int64)
    try:
        with open(path, encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                word, _, count = line.strip("\r\n").replace("\t", " ").rstrip().rpartition(" ")
                if not (count.isascii() and count.isdigit() and len(count) <= DIGITS):
                    raise CountsUnreadable(path=str(path), reason=f"line {number} does not end with a count")
                place = places.get(word, places.get(fold(word).strip()))
                if place is not None:
                    counts[place] += int(count)
    except (OSError, UnicodeDecodeError) as error:
        raise CountsUnreadable(path=str(path), reason=getattr(error, "strerror", None) or str(error)) from error
    if not counts.any():
        raise CountsUnreadable(path=str(path), reason="it names none of the words that have vectors")
    return counts
