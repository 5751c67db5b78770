"""The task: hands a message to `work`, puts back what cannot be done now, and gives signs of life."""

from __future__ import annotations

import gc
import logging
import os
import time
from functools import lru_cache
from typing import Any

from celery.exceptions import Reject, SoftTimeLimitExceeded
from celery.signals import worker_init, worker_process_init, worker_ready, worker_shutdown

from simsearch.errors import SimsearchError
from simsearch.indexer import open_index
from simsearch.processes import speak_alone
from simsearch.worker import broker, work
from simsearch.worker.celery import TASK, app
from simsearch.worker.queue import Queue, index_address, this_worker

log = logging.getLogger("simsearch.worker")

#: Seconds that a worker waits for a server before it puts a message back, and then before it takes the next one.
PATIENCE, PAUSE = 20, 2


@app.task(name=TASK, bind=True)  # type: ignore[untyped-decorator]
def store(self: Any, *given: Any, **named: Any) -> None:
    """Store or delete what a message says."""
    payload = given[0] if len(given) == 1 and not named else (given, named)
    try:
        _store(self.request.id, payload)
    except Exception as error:
        # Celery drops the message of a task that fails, whatever its settings.
        if not isinstance(error, SimsearchError):
            log.exception("A message could not be done; it is tried again.")
        raise Reject(requeue=True) from error


def _store(task: str, payload: object) -> None:
    queue = _queue()
    try:
        queue.sign(this_worker(), "working")
        done = work.handle(queue, index_address(), task, payload)
    except SoftTimeLimitExceeded:
        queue.note_failure(task, "it took too long")
        raise
    except SimsearchError as error:  # no document is to blame
        log.warning("Put back: %s", error)
        time.sleep(PAUSE)
        queue.forget_tries(task)
        queue.sign(this_worker(), str(error))
        raise
    except Exception as error:
        queue.note_failure(task, f"{type(error).__name__}: {error}")
        raise
    try:
        queue.forget_tries(task)
        queue.sign(this_worker(), "ready", done.stored)
    except broker.BrokerAway as error:  # the work is done, and only its note is lost
        log.warning("%s", error)


@lru_cache(maxsize=1)
def _queue() -> Queue:
    return Queue(broker.address(), index_address())


@worker_init.connect  # type: ignore[untyped-decorator]
def _prepare(**_: Any) -> None:
    """Load the model before processes are made: they share its memory."""
    speak_alone()
    os.environ.setdefault("SIMSEARCH_PATIENCE", str(PATIENCE))
    url = index_address()
    broker.check(_queue().redis, _queue().url)
    try:
        with open_index(url, create=False) as index:
            work.model(index.engine.model)
    except SimsearchError as error:  # a server may come later than its workers
        log.warning("%s", error)


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _begin(**_: Any) -> None:
    gc.set_threshold(100_000)
    _queue.cache_clear()  # a connection belongs to one process


@worker_ready.connect  # type: ignore[untyped-decorator]
def _ready(**_: Any) -> None:
    _queue().sign(this_worker(), "ready")
    log.info("Worker %s serves %s from %s.", this_worker(), index_address(), broker.shown(_queue().url))


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _end(**_: Any) -> None:
    try:
        _queue().sign_off(this_worker())
    except broker.BrokerAway as error:
        log.warning("%s", error)
