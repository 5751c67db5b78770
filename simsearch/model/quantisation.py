"""Vectors in 8 bits: each row in steps of its own largest value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def quantise(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return the rows as int8 of the same shape, and a scale a row: `rows ~ steps * scales[:, None]`."""
    scales = np.abs(rows).max(axis=1, initial=0.0) / 127
    steps = np.rint(rows / np.where(scales > 0, scales, 1.0)[:, None])
    return steps.astype(np.int8), scales.astype(np.float32)


def restore(steps: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the float32 rows that `quantise` was given, within half a step."""
    rows: NDArray[np.float32] = steps * scales[:, None]
    return rows
