"""Ctrl-C at the right moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def held_back() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back to the end, or until the function that is yielded is called.

    Raised inside a pool, it could leave a lock taken, for which the pool's threads, and so the end, wait for ever.
    Raised while a compiled function is loaded, it is lost: llvmlite calls Python from C, where no exception passes.
    """
    usual = signal.getsignal(signal.SIGINT)
    if usual is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    came: list[bool] = []

    def let_through() -> None:
        if came:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, lambda *_: came.append(True))
    try:
        yield let_through
        let_through()
    finally:
        signal.signal(signal.SIGINT, usual)
