"""Storing batches in several processes: each has the model and writes to the index by itself."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from multiprocessing.synchronize import Lock

from simsearch.corpus.document import Document
from simsearch.errors import SimsearchError
from simsearch.indexer import indexing
from simsearch.indexer.engine import Engine, Opener, Outcome
from simsearch.model import Model
from simsearch.processes import begin_worker, starting

_target: tuple[Engine, Model]
_writing: AbstractContextManager[object]
_refused: SimsearchError | None = None


class WorkerDied(SimsearchError):
    """A process that stored documents died, perhaps for want of memory: run the same command again to go on."""


def add_each(opener: Opener, url: str, batches: Iterator[list[Document]], processes: int) -> Iterator[list[Outcome]]:
    """Store batches in several processes, yielding the outcomes of each once it is safe.

    `opener` gives each process an engine and a model.

    Raises what a process raised, and `WorkerDied` where one was killed.
    """
    context = multiprocessing.get_context("spawn")
    # Into a file one writes while the others compute; SQLite's own waiting looks for the lock now and then only.
    writing = context.Lock()
    with ProcessPoolExecutor(processes, context, _open, (opener, url, writing)) as pool:
        pending: set[Future[list[Outcome]]] = set()
        try:
            for batch in batches:
                with starting():
                    pending.add(pool.submit(_add, batch))
                if len(pending) > 2 * processes:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        except BrokenProcessPool as error:
            raise WorkerDied from error
        finally:
            pool.shutdown(cancel_futures=True)


def _open(opener: Opener, url: str, writing: Lock) -> None:
    """Prepare a process that stores batches."""
    global _target, _writing, _refused
    begin_worker()
    gc.set_threshold(100_000)  # words by the million, and no garbage in circles: looking for it costs a seventh
    try:
        _target = opener(url)
    except SimsearchError as error:  # told by the first batch: the pool would print it and say that a process died
        _refused = error
        return
    _writing = writing if _target[0].exclusive else nullcontext()


def _add(batch: list[Document]) -> list[Outcome]:
    if _refused:
        raise _refused
    return indexing.add(*_target, batch, _writing)
