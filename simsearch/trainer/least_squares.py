"""Rows of the factorisation: least squares in one with all others fixed, by conjugate gradients; compiled."""

from __future__ import annotations

import numpy as np

from simsearch.trainer.threads import compiled


@compiled
def solve(  # type: ignore[no-untyped-def]
    rows, table, background, middle, typical, sizes, entries, values, norms, presence,
    absence, floor, itself, anchors, ridges, steps, solved, errors,
):  # fmt: skip
    """Write each row of a table (words x d), improved by a few steps, into `solved` (rows x d), its error to `errors`.

    `entries` and `values` hold the pairs of these rows, as `Rows` keeps them, and `sizes` how many each has.
    `background` (d x d) and `middle` (d) are sums over all words, for the pull towards the floor; `typical` (d) is the
    mean square of each component, by which the equations are scaled; `anchors` (rows x d) is where ridges pull to.
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
        for step in range(steps):
            last = step == steps - 1
            if last:  # the residual that it leaves is not needed
                bend = _bend(direction, table, others, weights, background, pull, old, itself, ridges[at])
            else:
                _residual(
                    np.float32(0), direction, table, others, targets, weights,
                    background, middle, pull, floor, old, norms[row], itself, anchors[at], ridges[at], image,
                )  # fmt: skip
                bend = -_inner(direction, image)
            if not bend > 0.0:  # solved already
                break
            length = square / bend
            for k in range(dimensions):
                new[k] += length * direction[k]
            if last:
                break
            before = square
            square = np.float32(0)
            for k in range(dimensions):
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
def _bend(x, table, others, weights, background, pull, old, itself, ridge):  # type: ignore[no-untyped-def]
    """Return x A x of a row's normal equations; A x itself would cost a third more."""
    along = _inner(old, x)
    total = ridge * _inner(x, x) + np.float32(4) * itself * along * along
    for k in range(len(x)):
        total += pull * x[k] * _inner(background[k], x)
    fours = len(others) - len(others) % 4
    for at in range(0, fours, 4):
        w0, w1 = table[others[at]], table[others[at + 1]]
        w2, w3 = table[others[at + 2]], table[others[at + 3]]
        d0 = d1 = d2 = d3 = np.float32(0)
        for k in range(len(x)):
            d0 += w0[k] * x[k]
            d1 += w1[k] * x[k]
            d2 += w2[k] * x[k]
            d3 += w3[k] * x[k]
        total += weights[at] * d0 * d0 + weights[at + 1] * d1 * d1
        total += weights[at + 2] * d2 * d2 + weights[at + 3] * d3 * d3
    for at in range(fours, len(others)):
        along = _inner(table[others[at]], x)
        total += weights[at] * along * along
    return total


@compiled
def _inner(x, y):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for k in range(len(x)):
        total += x[k] * y[k]
    return total
