"""How sure a figure is: 95 % intervals of figures and of differences, by drawing the items anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: A figure of n items for each of b draws, from how often each item was drawn (b x n).
Statistic = Callable[[Floats, Floats], Floats]

RESAMPLES = 1_000
SEED = 0
#: Fewer items are too few to draw from.
FEW = 10
#: Percentiles between which 95 % lie.
INTERVAL = (2.5, 97.5)


class Measured(NamedTuple):
    """What each system reached by one measure, item by item.

    The same n items for all: a number each, or two (n x 2) for `share` and `correlation`. The first system
    is the one that the others are compared with.
    """

    measure: str
    systems: dict[str, Floats]
    statistic: Statistic

    @property
    def n(self) -> int:
        """The number of items."""
        return len(next(iter(self.systems.values())))


class Figure(NamedTuple):
    """A figure of one system, with its interval and its difference to the reference."""

    task: str
    kind: str
    measure: str
    n: int
    system: str
    value: float
    low: float
    high: float
    difference: float | None = None  #: of the reference, less this value; None for the reference itself
    difference_low: float | None = None
    difference_high: float | None = None

    @property
    def differs(self) -> bool:
        """Tell whether the interval of the difference excludes zero; of few items it means nothing."""
        if self.difference_low is None or self.difference_high is None or self.n < FEW:
            return False
        return self.difference_low > 0 or self.difference_high < 0


def figures(task: str, kind: str, measured: Measured, resamples: int = RESAMPLES) -> list[Figure]:
    """Return the figure of each system, with percentile bootstrap intervals.

    The differences are paired: in each draw both systems answer the same items. The draws are the same
    in every run.
    """
    statistic, n = measured.statistic, measured.n
    # Laid out alike, the same items give the same figure to the last digit, so that a system differs from its
    # like by exactly nothing.
    systems = {name: np.ascontiguousarray(items) for name, items in measured.systems.items()}
    drawn = draws(n, resamples)
    values = {name: float(statistic(np.ones((1, n)), items)[0]) for name, items in systems.items()}
    spreads = {name: statistic(drawn, items) for name, items in systems.items()}
    reference = next(iter(measured.systems))
    found = []
    for name, value in values.items():
        low, high = np.percentile(spreads[name], INTERVAL).tolist()
        figure = Figure(task, kind, measured.measure, n, name, value, low, high)
        if name != reference:
            low, high = np.percentile(spreads[reference] - spreads[name], INTERVAL).tolist()
            figure = figure._replace(difference=values[reference] - value, difference_low=low, difference_high=high)
        found.append(figure)
    return found


def draws(n: int, resamples: int) -> Floats:
    """Return how often each of n items is drawn in each of b draws of n items (b x n)."""
    random = np.random.default_rng(SEED)
    counts = np.empty((resamples, n))
    for row in counts:
        row[:] = np.bincount(random.integers(n, size=n), minlength=n)
    return counts


def mean(drawn: Floats, items: Floats) -> Floats:
    """Return the mean of the items."""
    means: Floats = drawn @ items / drawn.sum(axis=1)
    return means


def share(drawn: Floats, items: Floats) -> Floats:
    """Return the sum of the items' first column over the sum of the second; 0 where that is 0."""
    shares: Floats = (drawn @ items[:, 0]) / np.maximum(drawn @ items[:, 1], 1e-12)
    return shares


def median(drawn: Floats, items: Floats) -> Floats:
    """Return the median, the lower of the two in the middle."""
    order = np.argsort(items)
    passed = np.cumsum(drawn[:, order], axis=1)
    middle = (passed >= passed[:, -1:] / 2).argmax(axis=1)
    medians: Floats = items[order][middle]
    return medians


def correlation(drawn: Floats, items: Floats) -> Floats:
    """Return Pearson's correlation of the two columns; of ranks, Spearman's.

    The ranks are those among all items: a draw is not ranked anew. Its interval is therefore an
    approximation, whose error vanishes as n grows; the figure itself is exact.
    """
    weights = drawn / drawn.sum(axis=1, keepdims=True)
    x, y = (items - items.mean(axis=0)).T
    mean_x, mean_y = weights @ x, weights @ y
    covariance = weights @ (x * y) - mean_x * mean_y
    variances = (weights @ (x * x) - mean_x**2) * (weights @ (y * y) - mean_y**2)
    # A draw of one item alone has no correlation; what rounding leaves of its variance is none either.
    correlations: Floats = np.where(variances > 1e-9, covariance / np.sqrt(np.maximum(variances, 1e-9)), 0.0)
    return correlations
