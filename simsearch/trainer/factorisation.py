"""Fit one vector a word so that inner products equal pointwise mutual information."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.trainer.equations import Equations
from simsearch.trainer.start import Start
from simsearch.trainer.threads import compiled, each, ranges

#: Rows of a pass are solved in this many blocks, each against the table as it stood before the block: the
#: result does not depend on the number of threads, and is as good as with updates at once.
BLOCKS = 64
#: Tasks of a block, which threads share.
PARTS = 16
#: Steps of conjugate gradients a row and pass.
STEPS = 2
#: Standard deviation of the vectors' first components.
FIRST_SPREAD = 0.1
#: Fewer pairs left out say nothing.
ENOUGH = 1_000
#: Fitting ends when two passes take less than this share off the error of the pairs left out. Two, as rows are solved
#: in another order each time, and one pass may gain more than the next.
STILL = 0.01


class Fit(NamedTuple):
    """The vectors after some passes."""

    table: NDArray[np.float32]  #: words x dimensions
    before: NDArray[np.float32]  #: the same, before the last pass
    #: Weighted mean of the squared error over the observed pairs, as each pass found them.
    loss: list[float]
    #: The same over pairs that were left out, after each pass.
    held_out: list[float]

    @property
    def settled(self) -> bool:
        """Whether the last two passes made the vectors foretell pairs hardly any better."""
        return len(self.held_out) > 2 and self.held_out[-1] > (1 - STILL) * self.held_out[-3]

    @property
    def momentum(self) -> float:
        """How much further to go in the direction of the last pass: Nesterov's (k - 1) / (k + 2) after k passes.

        Passes count from the last one that found the error larger (O'Donoghue and Candes 2015, adaptive restart).
        """
        falls = [after < before for before, after in pairwise(self.loss)]
        age = len(falls) if all(falls) else falls[::-1].index(False)
        return age / (age + 3)


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
    # Along the axes of all vectors together a row's equations are nearly diagonal: dividing by what is typical there
    # makes two steps do what five did.
    axes = np.linalg.eigh(_sums(fit.table, system.presence)[0])[1]
    table = (fit.table + np.float32(fit.momentum) * (fit.table - fit.before)) @ axes
    start = start and replace(start, vectors=start.vectors @ axes)
    number = len(fit.loss)
    sizes = np.diff(system.rows.starts)
    # From the most frequent to the rarest at first: what others build on comes first.
    order = np.flatnonzero(sizes) if start else np.arange(words)
    if number:
        order = np.random.default_rng([seed, number]).permutation(order)
    background, middle = _sums(table, system.presence)
    typical = np.maximum(np.diag(background), 0) / system.presence.sum()
    errors = np.zeros(words)
    blocks = np.array_split(order, min(BLOCKS, len(order)))
    for at, rows in enumerate(blocks):
        solved = np.empty((len(rows), dimensions), np.float32)
        parts = ranges(sizes[rows] + dimensions, PARTS)
        now = (system, start, table, background, middle, typical)
        for _ in each(pool, _solve_part, ((*now, rows[a:b], solved[a:b], errors) for a, b in parts)):
            pass
        # What stands behind every row moves with each block: a whole pass late, it would swing.
        for vectors, sign in ((solved, 1), (table[rows], -1)):
            square, total = _sums(vectors, system.presence[rows])
            background += sign * square
            middle += sign * total
        table[rows] = solved
        progress(number + (at + 1) / len(blocks))
    words_left_out, values = system.held_out
    left_out = [_error(table, words_left_out, values)] if len(values) >= ENOUGH else []
    return Fit(table @ axes.T, fit.table, [*fit.loss, float(errors.sum()) / system.weight], [*fit.held_out, *left_out])


def _sums(
    vectors: NDArray[np.float32], presence: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return sum c w w^T (d x d) and sum c w (d): all that the pull of every pair needs to know."""
    weighted = vectors * presence[:, None]
    return vectors.T @ weighted, weighted.sum(axis=0)


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
) -> None:
    objective, starts = system.objective, system.rows.starts
    entries = system.rows.pick(rows)
    if start:
        anchors, ridges = start.vectors[rows], start.holds[rows]
    else:
        anchors, ridges = np.zeros_like(solved), np.full(len(rows), objective.ridge, np.float32)
    _solve(
        *(rows, table, background, middle, typical),
        *(starts[rows + 1] - starts[rows], entries, entries.view(np.float32), system.norms, system.presence),
        np.float32(objective.absence),
        np.float32(objective.floor or 0.0),
        np.float32(objective.itself),
        *(anchors, ridges),
        *(STEPS, solved, errors),
    )


@compiled
def _error(table, words, values):  # type: ignore[no-untyped-def]
    """Return the weighted mean of the squared error over some pairs."""
    error = weight = 0.0
    for at in range(len(words)):
        miss = values[at, 0] - _inner(table[words[at, 0]], table[words[at, 1]])
        error += values[at, 1] * miss * miss
        weight += values[at, 1]
    return error / weight


@compiled
def _solve(  # type: ignore[no-untyped-def]
    rows, table, background, middle, typical, sizes, entries, values, norms, presence,
    absence, floor, itself, anchors, ridges, steps, solved, errors,
):  # fmt: skip
    """Improve rows: least squares in one row with all others fixed, by conjugate gradients.

    `typical` is the mean square of each component; by it a row's equations are scaled.
    """
    dimensions = table.shape[1]
    residual = np.empty(dimensions, np.float32)
    image = np.empty(dimensions, np.float32)
    direction = np.empty(dimensions, np.float32)
    scale = np.empty(dimensions, np.float32)
    spread = presence.sum()
    end = 0
    for at in range(len(rows)):
        row, size = rows[at], sizes[at]
        begin, end = end, end + 3 * size
        others = entries[begin : begin + size]
        targets, weights = values[begin + size : begin + 2 * size], values[begin + 2 * size : end]
        old, new = table[row], solved[at]
        pull = absence * presence[row]
        new[:] = old
        errors[row] = _residual(
            np.float32(1), new, table, others, targets, weights,
            background, middle, pull, floor, old, norms[row], itself, anchors[at], ridges[at], residual,
        )  # fmt: skip
        weight = weights.sum() + pull * spread
        square = np.float32(0)
        for k in range(dimensions):
            scale[k] = 1 / (ridges[at] + weight * typical[k])
            direction[k] = scale[k] * residual[k]
            square += residual[k] * direction[k]
        for _ in range(steps):
            _residual(
                np.float32(0), direction, table, others, targets, weights,
                background, middle, pull, floor, old, norms[row], itself, anchors[at], ridges[at], image,
            )  # fmt: skip
            bend = -_inner(direction, image)
            if not bend > 0.0:  # solved already
                break
            length = square / bend
            before = square
            square = np.float32(0)
            for k in range(dimensions):
                new[k] += length * direction[k]
                residual[k] += length * image[k]
                square += scale[k] * residual[k] * residual[k]
            turn = square / before
            for k in range(dimensions):
                direction[k] = scale[k] * residual[k] + turn * direction[k]


@compiled
def _residual(  # type: ignore[no-untyped-def]
    one, x, table, others, targets, weights, background, middle, pull, floor, old, norm, itself, anchor, ridge, out,
):  # fmt: skip
    """Write `one * b - A x` of a row's normal equations A x = b into `out`; return the error over its pairs.

    With `one` = 1 that is the residual; with `one` = 0 the image of a direction, negative.
    """
    dimensions = len(x)
    for k in range(dimensions):
        out[k] = pull * (one * floor * middle[k] - _inner(background[k], x)) - ridge * x[k]
    for k in range(dimensions):
        out[k] += one * ridge * anchor[k]
    # |x|^2 ~ 2 <old, x> - |old|^2 near the present vector: Newton's line, so norms settle where they should.
    # With <old, x> alone they would swing about it from pass to pass.
    share = np.float32(2) * itself * (one * (norm + _inner(old, old)) - np.float32(2) * _inner(old, x))
    for k in range(dimensions):
        out[k] += share * old[k]
    error = 0.0
    # Four pairs at a time: `x` and `out` are read and written a quarter as often, a third faster.
    fours = len(others) - len(others) % 4
    for at in range(0, fours, 4):
        w0, w1 = table[others[at]], table[others[at + 1]]
        w2, w3 = table[others[at + 2]], table[others[at + 3]]
        d0 = d1 = d2 = d3 = np.float32(0)
        for k in range(dimensions):
            d0 += w0[k] * x[k]
            d1 += w1[k] * x[k]
            d2 += w2[k] * x[k]
            d3 += w3[k] * x[k]
        d0 = one * targets[at] - d0
        d1 = one * targets[at + 1] - d1
        d2 = one * targets[at + 2] - d2
        d3 = one * targets[at + 3] - d3
        s0, s1, s2, s3 = weights[at] * d0, weights[at + 1] * d1, weights[at + 2] * d2, weights[at + 3] * d3
        error += s0 * d0 + s1 * d1 + s2 * d2 + s3 * d3
        for k in range(dimensions):
            out[k] += s0 * w0[k] + s1 * w1[k] + s2 * w2[k] + s3 * w3[k]
    for at in range(fours, len(others)):
        other = table[others[at]]
        miss = one * targets[at] - _inner(other, x)
        share = weights[at] * miss
        error += share * miss
        for k in range(dimensions):
            out[k] += share * other[k]
    return error


@compiled
def _inner(x, y):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for k in range(len(x)):
        total += x[k] * y[k]
    return total
