"""Worker processes that leave Ctrl-C to their parent and end with it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from simsearch import interrupts


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def speak_alone() -> None:
    """Let what simsearch has to say reach stderr, and no library's warnings about what it deals with itself."""
    import logging
    import warnings

    logging.getLogger("elastic_transport").addHandler(logging.NullHandler())
    logging.getLogger("elastic_transport").propagate = False
    warnings.filterwarnings("ignore", module="elastic")


@contextmanager
def starting() -> Iterator[None]:
    """Start workers here, which hear no Ctrl-C from their first moment on; in this process it is held back meanwhile.

    A terminal sends it to all of them, and one that is still importing would show its traceback.
    """
    with interrupts.held_back():
        if not hasattr(signal, "pthread_sigmask"):
            yield
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # processes and threads inherit it
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_worker() -> None:
    """Prepare a worker: Ctrl-C is for the parent, which ends its workers; one that is killed takes them along."""
    speak_alone()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    from multiprocessing import parent_process  # it makes the end of any program slower, also of a query

    if parent := parent_process():
        parent.join()
        os._exit(1)
