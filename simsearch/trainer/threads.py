"""Compiled functions, and the threads that run them.

Plain threads rather than numba's own: work comes back to Python every few hundredths of a second, so that
progress is seen and Ctrl-C is heard, and forking stays safe.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from simsearch import interrupts

Result = TypeVar("Result")
#: Of glibc's mallopt(3).
M_MMAP_THRESHOLD = -3


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
    pool: ThreadPoolExecutor, function: Callable[..., Result], tasks: Iterable[tuple[Any, ...]], ahead: int = 1_000
) -> Iterator[Result]:
    """Call the function with each task in threads; yield the results in the order of the tasks.

    No more than `ahead` results wait to be used. Ctrl-C is heard between two of them.
    """
    futures: deque[Future[Result]] = deque()
    with interrupts.held_back() as let_through:
        try:
            for task in tasks:
                futures.append(pool.submit(function, *task))
                if len(futures) > ahead:
                    yield futures.popleft().result()
                let_through()
            while futures:
                yield futures.popleft().result()
                let_through()
        finally:
            for future in futures:
                future.cancel()


def alone(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a compiled function in this thread; Ctrl-C is heard when it is done."""
    with interrupts.held_back():
        return function(*arguments)


def give_memory_back() -> None:
    """Have each piece of a megabyte or more go back to the system as soon as it is freed.

    Otherwise glibc keeps pieces of up to 32 MB for each thread that has freed some: a third of a training's memory.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, 1_000_000)


def ranges(costs: NDArray[np.int64], parts: int) -> list[tuple[int, int]]:
    """Cut `range(len(costs))` into at most this many ranges that cost about the same."""
    total = np.cumsum(costs)
    cuts = np.searchsorted(total, np.linspace(0, total[-1], parts + 1)[1:-1]) + 1
    edges = np.unique(np.clip([0, *cuts, len(costs)], 0, len(costs)))
    return [(int(start), int(end)) for start, end in pairwise(edges)]
