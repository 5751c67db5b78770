"""Storing batches in several processes: each has the model and writes to the index by itself."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Lock
from typing import TYPE_CHECKING

from simsearch.corpus.document import Document
from simsearch.errors import SimsearchError
from simsearch.indexer import indexing
from simsearch.indexer.engine import Outcome
from simsearch.processes import begin_worker

if TYPE_CHECKING:
    from simsearch.indexer.index import Index

_index: Index
_writing: Lock

#: Batches stored before processes are started: a short run is over by then.
INLINE_BATCHES = 2


class WorkerDied(SimsearchError):
    """A process that stored documents died, perhaps for want of memory: run the same command again to go on."""


def add_each(url: str, batches: Iterator[list[Document]], processes: int) -> Iterator[list[Outcome]]:
    """Store batches in several processes, yielding the outcomes of each once it is safe.

    Raises what a process raised, and `WorkerDied` where one was killed.
    """
    context = multiprocessing.get_context("spawn")
    # One writes while the others compute; SQLite's own waiting looks for the lock now and then only.
    writing = context.Lock()
    with ProcessPoolExecutor(processes, context, _open, (url, writing)) as pool:
        pending: set[Future[list[Outcome]]] = set()
        try:
            for batch in batches:
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


def _open(url: str, writing: Lock) -> None:
    """Prepare a process that stores batches."""
    from simsearch.indexer.index import open_index

    global _index, _writing
    begin_worker()
    gc.set_threshold(100_000)  # words by the million, and no garbage in circles: looking for it costs a seventh
    _index, _writing = open_index(url, create=False), writing


def _add(batch: list[Document]) -> list[Outcome]:
    return indexing.add(_index.engine, _index.model, batch, _writing)
