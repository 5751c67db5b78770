"""Furniture: menus, footers and other lines that stand on many pages and tell nothing about any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from simsearch.model.word_table import SILENT

#: A line that stands in so many documents of a batch is furniture.
DOCUMENTS = 3
#: Shorter lines are a number or a word, and may well stand in texts that have nothing in common.
SHORTEST = 4


def without_repeated_lines(
    rows: NDArray[np.intp], totals: NDArray[np.intp], sizes: Sequence[Sequence[int]], texts: Sequence[str]
) -> tuple[NDArray[np.intp], list[int]]:
    """Return the rows of a batch's words, those of repeated lines silenced, and how many such lines each text has."""
    furniture = repeated_lines(texts)
    found = [0] * len(texts)
    if not furniture:
        return rows, found
    rows = rows.copy()
    ends = np.cumsum(totals).tolist()
    for number, (text, of_words, end, total) in enumerate(zip(texts, sizes, ends, totals.tolist(), strict=True)):
        lines = text.split("\n") if of_words else []
        repeated = np.array([line.strip() in furniture for line in lines], np.bool_)
        repeated[:1] = False  # the heading
        found[number] = int(repeated.sum())
        if found[number]:
            # White space is in no word, so words and lines are matched by their other characters.
            line_ends = np.cumsum([len("".join(line.split())) for line in lines])
            line = np.searchsorted(line_ends, np.cumsum(of_words) - of_words, side="right")
            rows[end - total : end][repeated[line]] = SILENT
    return rows, found


def repeated_lines(texts: Sequence[str]) -> set[str]:
    """Return the lines that stand in several texts which otherwise differ, and say at least as much of their own.

    The conditions leave copies alone: what they share is their subject. First lines are headings, and never furniture.
    """
    lines = [set(map(str.strip, text.split("\n")[1:])) for text in texts if "\n" in text]
    counts = Counter(chain.from_iterable(lines))
    common = {line for line, times in counts.items() if times >= DOCUMENTS and len(line) >= SHORTEST}
    witnesses: dict[str, set[frozenset[str]]] = {line: set() for line in common}
    for of_text in lines if common else ():
        own = frozenset(of_text - common)
        said = sum(map(len, own))
        for line in of_text & common:
            if len(line) <= said:
                witnesses[line].add(own)
    return {line for line, others in witnesses.items() if len(others) >= DOCUMENTS}
