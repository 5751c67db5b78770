"""Fit one vector a word so that inner products equal pointwise mutual information."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.trainer.equations import Equations
from simsearch.trainer.least_squares import solve
from simsearch.trainer.start import Start
from simsearch.trainer.threads import each, ranges

#: Rows of a pass are solved in this many blocks, each against the table as it stood before the block: the
#: result does not depend on the number of threads, and is as good as with updates at once.
BLOCKS = 64
#: Tasks of a block, which threads share, at least; and the pairs of a task, at most but for a row that has more.
PARTS, PAIRS = 16, 200_000
#: Steps of conjugate gradients a row and pass.
STEPS = 2
#: Rows that are computed with at a time where all are: a copy of a table is a tenth of the memory of a training.
AT_ONCE = 10_000
#: Standard deviation of the vectors' first components.
FIRST_SPREAD = 0.1
#: Fewer pairs left out say nothing.
ENOUGH = 1_000


class Fit(NamedTuple):
    """The vectors after some passes."""

    table: NDArray[np.float32]  #: words x dimensions
    before: NDArray[np.float32]  #: the same, before the last pass
    #: Weighted mean of the squared error over the observed pairs, as each pass found them.
    loss: list[float]
    #: The same over pairs that were left out, by the vectors `ahead` after each pass.
    held_out: list[float]

    def settled(self, tolerance: float) -> bool:
        """Tell whether the last two passes took less than this share off the error of the pairs left out.

        Two, as rows are solved in another order each time, and one pass may gain more than the next.
        """
        return bool(tolerance) and len(self.held_out) > 2 and self.held_out[-1] > (1 - tolerance) * self.held_out[-3]

    @property
    def momentum(self) -> float:
        """How much further to go in the direction of the last pass: Nesterov's (k - 1) / (k + 2) after k passes.

        Passes count from the last one that found the error larger (O'Donoghue and Candes 2015, adaptive restart).
        """
        falls = [after < before for before, after in pairwise(self.loss)]
        age = len(falls) if all(falls) else falls[::-1].index(False)
        return age / (age + 3)

    def ahead(self, rows: NDArray[np.int32] | slice = slice(None)) -> NDArray[np.float32]:
        """Return the vectors (rows x dimensions) from which the next pass starts: better than those it was left."""
        vectors = self.table[rows] - self.before[rows]
        vectors *= np.float32(self.momentum)
        vectors += self.table[rows]
        return vectors

    def error(self, words: NDArray[np.int32], values: NDArray[np.float32]) -> float:
        """Return the weighted mean of the squared error of the vectors `ahead`, over pairs with targets and weights."""
        total = 0.0
        for some in _pieces(len(words)):
            inner = np.einsum("ij,ij->i", self.ahead(words[some, 0]), self.ahead(words[some, 1]))
            total += float(values[some, 1] @ (values[some, 0] - inner) ** 2)
        return total / float(values[:, 1].sum())


def begin(words: int, dimensions: int, seed: int, start: Start | None = None) -> Fit:
    """Return the vectors from which fitting starts: those of `start`, or else vectors at random."""
    if start:
        return Fit(start.vectors, start.vectors, [], [])
    table = np.random.default_rng(seed).standard_normal((words, dimensions), np.float32) * np.float32(FIRST_SPREAD)
    return Fit(table, table, [], [])


def improve(
    fit: Fit,
    system: Equations,
    seed: int,
    pool: ThreadPoolExecutor,
    progress: Callable[[float], None] = lambda done: None,
    start: Start | None = None,
) -> Fit:
    """Return the vectors after one pass more, in which each row is improved by a few steps of conjugate gradients.

    With a `start`, rows without a pair stay as they are.
    """
    words, dimensions = fit.table.shape
    table = fit.ahead()
    # Along the axes of all vectors together a row's equations are nearly diagonal: dividing by what is typical there
    # makes two steps do what five did.
    square, total = _sum(list(each(pool, _moments, ((table[some], system.presence[some]) for some in _pieces(words)))))
    spreads, axes = np.linalg.eigh(square)
    background, middle = np.diag(np.maximum(spreads, 0)), total @ axes
    typical = np.diag(background) / system.presence.sum()
    _turn(table, axes, pool)
    start = start and replace(start, vectors=start.vectors @ axes)
    number = len(fit.loss)
    sizes = np.diff(system.rows.starts)
    # From the most frequent to the rarest at first: what others build on comes first.
    order = np.flatnonzero(sizes) if start else np.arange(words)
    if number:
        order = np.random.default_rng([seed, number]).permutation(order)
    errors = np.zeros(words)
    blocks = np.array_split(order, min(BLOCKS, len(order)))
    for at, rows in enumerate(blocks):
        solved = np.empty((len(rows), dimensions), np.float32)
        parts = ranges(sizes[rows] + dimensions, max(PARTS, int(sizes[rows].sum()) // PAIRS))
        now = (system, start, table, background, middle, typical)
        moved = list(each(pool, _solve_part, ((*now, rows[a:b], solved[a:b], errors) for a, b in parts)))
        # What stands behind every row moves with each block: a whole pass late, it would swing.
        square, total = _sum(moved)
        background += square
        middle += total
        table[rows] = solved
        progress(number + (at + 1) / len(blocks))
    _turn(table, axes.T, pool)
    after = Fit(table, fit.table, [*fit.loss, float(errors.sum()) / system.weight], fit.held_out)
    if len(system.held_out[0]) < ENOUGH:
        return after
    return after._replace(held_out=[*fit.held_out, after.error(*system.held_out)])


#: sum c w w^T (d x d) and sum c w (d): all that the pull of every pair needs to know.
Moments = tuple[NDArray[np.float32], NDArray[np.float32]]


def _moments(vectors: NDArray[np.float32], presence: NDArray[np.float32]) -> Moments:
    weighted = vectors * presence[:, None]
    return vectors.T @ weighted, weighted.sum(axis=0)


def _sum(moments: list[Moments]) -> Moments:
    squares, totals = zip(*moments, strict=True)
    return sum(squares[1:], squares[0]), sum(totals[1:], totals[0])


def _turn(table: NDArray[np.float32], axes: NDArray[np.float32], pool: ThreadPoolExecutor) -> None:
    """Replace rows by their components along axes, without a second table."""

    def turn(some: slice) -> None:
        table[some] = table[some] @ axes

    for _ in each(pool, turn, ((some,) for some in _pieces(len(table)))):
        pass


def _pieces(rows: int) -> Iterator[slice]:
    return (slice(first, first + AT_ONCE) for first in range(0, rows, AT_ONCE))


def _solve_part(
    system: Equations,
    start: Start | None,
    table: NDArray[np.float32],
    background: NDArray[np.float32],
    middle: NDArray[np.float32],
    typical: NDArray[np.float32],
    rows: NDArray[np.int64],
    solved: NDArray[np.float32],
    errors: NDArray[np.float64],
) -> Moments:
    """Improve some rows, and return by how much their moments have moved."""
    objective, starts = system.objective, system.rows.starts
    entries = system.rows.pick(rows)
    if start:
        anchors, ridges = start.vectors[rows], start.holds[rows]
    else:
        anchors, ridges = np.zeros_like(solved), np.full(len(rows), objective.ridge, np.float32)
    solve(
        *(rows, table, background, middle, typical),
        *(starts[rows + 1] - starts[rows], entries, entries.view(np.float32), system.norms, system.presence),
        np.float32(objective.absence),
        np.float32(objective.floor or 0.0),
        np.float32(objective.itself),
        *(anchors, ridges),
        *(STEPS, solved, errors),
    )
    presence = system.presence[rows]
    after, before = _moments(solved, presence), _moments(table[rows], presence)
    return after[0] - before[0], after[1] - before[1]
