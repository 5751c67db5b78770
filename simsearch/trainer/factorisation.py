"""Fit one vector a word so that inner products equal pointwise mutual information."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simsearch.trainer.cooccurrence import Pairs
from simsearch.trainer.settings import Objective
from simsearch.trainer.threads import compiled, each, ranges

#: Rows of a pass are solved in this many blocks, each against the table as it stood before the block: the
#: result does not depend on the number of threads, and is as good as with updates at once.
BLOCKS = 64
#: Steps of conjugate gradients a row and pass.
STEPS = 2
#: Standard deviation of the vectors' first components.
FIRST_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class Equations:
    """What the vectors are fitted to."""

    starts: NDArray[np.int64]
    others: NDArray[np.int32]
    #: What each pair's inner product should be, and how much that weighs.
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    #: -log P of each word, the target of its squared norm: equations 24-26.
    norms: NDArray[np.float32]
    #: Each word's part in the pull of every pair towards the floor.
    presence: NDArray[np.float32]
    objective: Objective


def equations(pairs: Pairs, counts: NDArray[np.int64], objective: Objective, threads: int = 1) -> Equations:
    """Return targets and weights of pairs: equation 15, smoothed.

    With marginals r and b = smoothing, the target of a pair seen x times is
    log x - b log r_i - b log r_j + 2 log(sum r^b) - log(sum r), but no less than the floor.
    """
    b, marginals = objective.smoothing, pairs.marginals
    with np.errstate(divide="ignore"):  # a word without any neighbour has no pair either
        logs = b * np.log(marginals)
    shift = 2 * np.log((marginals**b).sum()) - np.log(marginals.sum())
    floor = -np.inf if objective.floor is None else objective.floor
    limit = 1.0 if objective.truncate else np.inf
    targets, weights = np.empty_like(pairs.counts), np.empty_like(pairs.counts)
    seen = (pairs.starts, pairs.others, pairs.counts)
    rule = (np.log(objective.full_weight), objective.weight_exponent, limit)
    with ThreadPoolExecutor(threads) as pool:
        tasks = ranges(np.diff(pairs.starts), 8 * threads)
        list(each(pool, _weigh, ((a, b, *seen, logs, shift, floor, *rule, targets, weights) for a, b in tasks)))
    roots = np.sqrt(counts)
    norms = np.log(counts.sum() / counts)
    return Equations(
        *(pairs.starts, pairs.others, targets, weights),
        norms.astype(np.float32),
        (roots / roots.mean()).astype(np.float32),
        objective,
    )


def fit(
    system: Equations,
    dimensions: int,
    passes: int,
    seed: int,
    threads: int = 1,
    progress: Callable[[float], None] = lambda done: None,
) -> tuple[NDArray[np.float32], list[float]]:
    """Return the vectors (words x dimensions) and, for each pass, the weighted mean squared error of
    the observed pairs as it found them.

    Each row is improved by a few steps of conjugate gradients from its present value, `passes` times.
    """
    chance = np.random.default_rng(seed)
    words = len(system.norms)
    table = chance.standard_normal((words, dimensions), np.float32) * np.float32(FIRST_SPREAD)
    sizes = np.diff(system.starts)
    total_weight = float(system.weights.sum(dtype=np.float64))
    losses = []
    with ThreadPoolExecutor(threads) as pool:
        for number in range(passes):
            # From the most frequent to the rarest at first: what others build on comes first.
            order = chance.permutation(words) if number else np.arange(words)
            background, middle = _sums(table, system.presence)
            errors = np.zeros(words)
            blocks = np.array_split(order, min(BLOCKS, words))
            for at, rows in enumerate(blocks):
                solved = np.empty((len(rows), dimensions), np.float32)
                parts = ranges(sizes[rows] + dimensions, 4 * threads)
                now = (system, table, background, middle)
                list(each(pool, _solve_part, ((*now, rows[a:b], solved[a:b], errors) for a, b in parts)))
                # What stands behind every row moves with each block: a whole pass late, it would swing.
                for vectors, sign in ((solved, 1), (table[rows], -1)):
                    square, total = _sums(vectors, system.presence[rows])
                    background += sign * square
                    middle += sign * total
                table[rows] = solved
                progress(number + (at + 1) / len(blocks))
            losses.append(float(errors.sum()) / total_weight)
    return table, losses


def _sums(
    vectors: NDArray[np.float32], presence: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return sum c w w^T (d x d) and sum c w (d): all that the pull of every pair needs to know."""
    weighted = vectors * presence[:, None]
    return vectors.T @ weighted, weighted.sum(axis=0)


def _solve_part(
    system: Equations,
    table: NDArray[np.float32],
    background: NDArray[np.float32],
    middle: NDArray[np.float32],
    rows: NDArray[np.int64],
    solved: NDArray[np.float32],
    errors: NDArray[np.float64],
) -> None:
    objective = system.objective
    _solve(
        *(rows, table, background, middle),
        *(system.starts, system.others, system.targets, system.weights, system.norms, system.presence),
        np.float32(objective.absence),
        np.float32(objective.floor or 0.0),
        np.float32(objective.itself),
        np.float32(objective.ridge),
        *(STEPS, solved, errors),
    )


@compiled
def _weigh(  # type: ignore[no-untyped-def]
    first, last, starts, others, counts, logs, shift, floor, log_full, exponent, limit, targets, weights,
):  # fmt: skip
    """Set the targets and weights of the pairs in some rows."""
    for row in range(first, last):
        for at in range(starts[row], starts[row + 1]):
            seen = np.log(counts[at])
            targets[at] = max(seen - logs[row] - logs[others[at]] + shift, floor)
            weights[at] = min(limit, np.exp(exponent * (seen - log_full)))


@compiled
def _solve(  # type: ignore[no-untyped-def]
    rows, table, background, middle, starts, others, targets, weights, norms, presence,
    absence, floor, itself, ridge, steps, solved, errors,
):  # fmt: skip
    """Improve rows: least squares in one row with all others fixed, by conjugate gradients."""
    dimensions = table.shape[1]
    residual = np.empty(dimensions, np.float32)
    image = np.empty(dimensions, np.float32)
    direction = np.empty(dimensions, np.float32)
    for at in range(len(rows)):
        row = rows[at]
        a, b = starts[row], starts[row + 1]
        old, new = table[row], solved[at]
        pull = absence * presence[row]
        new[:] = old
        errors[row] = _residual(
            np.float32(1), new, table, others[a:b], targets[a:b], weights[a:b],
            background, middle, pull, floor, old, norms[row], itself, ridge, residual,
        )  # fmt: skip
        direction[:] = residual
        square = _inner(residual, residual)
        for _ in range(steps):
            _residual(
                np.float32(0), direction, table, others[a:b], targets[a:b], weights[a:b],
                background, middle, pull, floor, old, norms[row], itself, ridge, image,
            )  # fmt: skip
            bend = -_inner(direction, image)
            if not bend > 0.0:  # solved already
                break
            length = square / bend
            for k in range(dimensions):
                new[k] += length * direction[k]
                residual[k] += length * image[k]
            before = square
            square = _inner(residual, residual)
            turn = square / before
            for k in range(dimensions):
                direction[k] = residual[k] + turn * direction[k]


@compiled
def _residual(  # type: ignore[no-untyped-def]
    one, x, table, others, targets, weights, background, middle, pull, floor, old, norm, itself, ridge, out,
):  # fmt: skip
    """Write `one * b - A x` of a row's normal equations A x = b into `out`; return the error over its pairs.

    With `one` = 1 that is the residual; with `one` = 0 the image of a direction, negative.
    """
    dimensions = len(x)
    for k in range(dimensions):
        out[k] = pull * (one * floor * middle[k] - _inner(background[k], x)) - ridge * x[k]
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
