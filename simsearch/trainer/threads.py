"""Compiled functions, and the threads that run them.

Plain threads rather than numba's own: work comes back to Python every few hundredths of a second, so that
progress is seen and Ctrl-C is heard, and forking stays safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Result = TypeVar("Result")


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function that leaves Python to other threads while it runs.

    Sums may be reordered within the function (fastmath without its assumptions about infinity), in the same
    way each time it runs.
    """
    compiler = partial(numba.njit, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
    try:
        return compiler(function, cache=True)
    except RuntimeError:  # nowhere to write a cache: compile in each process
        return compiler(function)


def each(
    pool: ThreadPoolExecutor, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]
) -> Iterator[Result]:
    """Call the function with each task in threads; yield the results in the order of the tasks."""
    futures = [pool.submit(function, *task) for task in tasks]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def ranges(costs: NDArray[np.int64], parts: int) -> list[tuple[int, int]]:
    """Cut `range(len(costs))` into at most this many ranges that cost about the same."""
    total = np.cumsum(costs)
    cuts = np.searchsorted(total, np.linspace(0, total[-1], parts + 1)[1:-1]) + 1
    edges = np.unique(np.clip([0, *cuts, len(costs)], 0, len(costs)))
    return [(int(start), int(end)) for start, end in pairwise(edges)]
