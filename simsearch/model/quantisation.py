"""Vectors in 8 bits: each row in steps of its own largest value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Steps in 1.0 of a unit vector; a component beyond 0.4 is cut, which hardly occurs in 100 dimensions.
UNIT_STEPS = 127 / 0.4


def quantise(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return the rows as int8 of the same shape, and a scale a row: `rows ~ steps * scales[:, None]`."""
    scales = np.abs(rows).max(axis=1, initial=0.0) / 127
    steps = np.rint(rows / np.where(scales > 0, scales, 1.0)[:, None])
    return steps.astype(np.int8), scales.astype(np.float32)


def quantise_unit(rows: NDArray[np.float32]) -> NDArray[np.int8]:
    """Return unit vectors as int8 in steps that are the same for all, so that distances can be compared."""
    steps: NDArray[np.float32] = np.rint(rows * UNIT_STEPS).clip(-127, 127)
    return steps.astype(np.int8)


def restore(steps: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the float32 rows that `quantise` was given, within half a step."""
    rows: NDArray[np.float32] = steps * scales[:, None]
    return rows


def restore_unit(steps: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return the unit vectors that `quantise_unit` was given, nearly."""
    rows: NDArray[np.float32] = steps.astype(np.float32) / np.float32(UNIT_STEPS)
    return rows
