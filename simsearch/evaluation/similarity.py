"""Do the similarities of words, and of texts, go with what people say?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simsearch.evaluation.bootstrap import Floats, Measured, correlation
from simsearch.evaluation.systems import Systems
from simsearch.evaluation.tasks import Form, Progress, Task, cells, number, read_rows
from simsearch.model.correlation import ranks


class Pair(NamedTuple):
    """Two words, or two texts, and how similar people find them."""

    a: str
    b: str
    gold: float


def _words(line: str) -> Pair:
    a, b, gold, *_ = cells(line, 3, spaces=True)
    return Pair(a, b, number(gold))


def _texts(line: str) -> Pair:
    a, b, gold = cells(line, 3, 3)
    return Pair(a, b, number(gold))


WORDS = Form("word TAB word TAB score", _words)
TEXTS = Form("text TAB text TAB score", _texts)


def words(task: Task, systems: Systems, progress: Progress) -> tuple[list[Measured], list[str]]:
    """Return Spearman's correlation for pairs of words that all systems know."""
    rows, remarks = read_rows(task.files[0], WORDS)
    known = rows
    for name, vectors in systems.vectors.items():
        unknown = {pair for pair in rows if vectors.place(pair.a) is None or vectors.place(pair.b) is None}
        if unknown:
            remarks.append(f"{len(unknown):,} of {len(rows):,} pairs hold a word unknown to {name}: left out.")
        known = [pair for pair in known if pair not in unknown]
    found = {}
    for done, (name, vectors) in enumerate(systems.vectors.items(), 1):
        found[name] = np.array([vectors.similarity(pair.a, pair.b) for pair in known], np.float64)
        progress(done, len(systems.vectors))
    return [_with_people(known, found)], remarks


def pairs(task: Task, systems: Systems, progress: Progress) -> tuple[list[Measured], list[str]]:
    """Return Spearman's correlation for pairs of texts."""
    rows, remarks = read_rows(task.files[0], TEXTS)
    found = {}
    for done, (name, vectors) in enumerate(systems.vectors.items(), 1):
        a, b = vectors.encode([pair.a for pair in rows]), vectors.encode([pair.b for pair in rows])
        found[name] = (a * b).sum(axis=1).astype(np.float64)
        progress(done, len(systems.vectors))
    return [_with_people(rows, found)], remarks


def _with_people(rows: list[Pair], found: dict[str, Floats]) -> Measured:
    gold = ranks(np.array([pair.gold for pair in rows], np.float64))
    compared = {name: np.stack([ranks(scores), gold], axis=1) for name, scores in found.items()}
    return Measured("Spearman", compared, correlation)
