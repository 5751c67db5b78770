"""Whether two measures rise together: Pearson's correlation, and Spearman's, of their ranks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating] | NDArray[np.integer]


def ranks(values: Numbers) -> NDArray[np.float64]:
    """Return the rank of each value from 1, the smallest; values that tie share their mean rank."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    means: NDArray[np.float64] = np.cumsum(counts) - (counts - 1) / 2
    return means[group]


def pearson(a: Numbers, b: Numbers) -> float:
    """Return the correlation of two measures of the same things, 0 where one of them is the same for all."""
    if len(a) < 2 or not np.std(a) or not np.std(b):
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def spearman(a: Numbers, b: Numbers) -> float:
    """Return the correlation of their ranks."""
    return pearson(ranks(a), ranks(b))
