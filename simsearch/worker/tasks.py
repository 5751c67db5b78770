"""The task: hands a message to `work`, puts back what cannot be done now, and gives signs of life."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from celery.exceptions import InvalidTaskError, Reject, SoftTimeLimitExceeded
from celery.signals import worker_init, worker_process_init, worker_ready, worker_shutdown
from celery.worker import strategy

from simsearch.errors import SimsearchError
from simsearch.indexer import open_index
from simsearch.patience import Patience, PatienceUnclear, granted
from simsearch.processes import speak_alone
from simsearch.worker import broker, producer, settings, signs, work
from simsearch.worker.celery import TASK, app
from simsearch.worker.queue import IndexUnclear, Queue, index_address

log = logging.getLogger("simsearch.worker")


def _printable(record: logging.LogRecord) -> bool:
    """Write out what could drive the terminal of who reads the log: ids and reasons are anybody's."""
    record.msg, record.args = "".join(c if c.isprintable() else repr(c)[1:-1] for c in record.getMessage()), ()
    return True


log.addFilter(_printable)

#: Seconds between two messages after one was put back.
PAUSE = 2
#: Seconds after which a process looks for dead letters that are settled, and how many times as long as a look took.
TIDY, RARELY = 30, 20
TOO_LONG = "it took too long"
#: What no waiting mends.
HOPELESS = (broker.BrokerForgets, broker.BrokerRefused, broker.BrokerUntrusted, IndexUnclear, PatienceUnclear)

_next_tidy = time.monotonic() + TIDY


def from_message(task: Any, app: Any, consumer: Any, **options: Any) -> Callable[..., Any]:
    """Return Celery's way from a message to a task, refusing what would end the worker: a body that is no call."""
    begin = strategy.default(task, app, consumer, **options)

    def begin_or_refuse(message: Any, *how: Any, **options: Any) -> Any:
        try:
            return begin(message, *how, **options)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InvalidTaskError(f"The message is no call of a task ({error}).") from error

    return begin_or_refuse


@app.task(name=TASK, bind=True, Strategy="simsearch.worker.tasks:from_message")  # type: ignore[untyped-decorator]
def store(self: Any, *_: Any, **__: Any) -> None:
    """Do what the message of this task's id says."""
    try:
        _store(self.request.id)
    except Exception as error:
        if not isinstance(error, SimsearchError):
            log.exception("A message could not be done; it is tried again.")
        time.sleep(PAUSE)
        # Celery drops the message of a task that fails, whatever its settings.
        raise Reject(requeue=True) from None


def _store(task: str) -> None:
    queue, start = _queue(), time.monotonic()
    try:
        signs.give(queue)
        done = work.handle(queue, index_address(), task)
    except SimsearchError as error:
        if time.monotonic() - start > settings.SOFT_LIMIT:  # a client may have taken it for a lost connection
            queue.note_failure(task, TOO_LONG)
        else:  # no document is to blame
            log.warning("Put back: %s", error)
            queue.note_wait(task)
        signs.give(queue, str(error))
        raise
    except Exception as error:
        late = isinstance(error, SoftTimeLimitExceeded)
        queue.note_failure(task, TOO_LONG if late else f"{type(error).__name__}: {error}")
        raise
    signs.give(queue, "ready", done.stored)
    log.info("Stored %d documents in %.1f s.", done.stored, time.monotonic() - start)
    _tidy(done.again)


def _tidy(now: bool) -> None:
    global _next_tidy
    start = time.monotonic()
    if now or start > _next_tidy:
        try:
            work.tidy(index_address())
        except SimsearchError as error:  # the next look will do
            log.warning("%s", error)
        end = time.monotonic()
        _next_tidy = end + max(TIDY, RARELY * (end - start))


@lru_cache(maxsize=1)
def _queue() -> Queue:
    return Queue(broker.address(), index_address())


@worker_init.connect  # type: ignore[untyped-decorator]
def _prepare(**_: Any) -> None:
    """Load the model before processes are made: they share its memory."""
    speak_alone()
    signs.this_worker()  # all processes bear the name of this one
    try:
        waits = min(granted(Patience(settings.PATIENCE, settings.PATIENCE)).deadline, settings.PATIENCE)
        os.environ["SIMSEARCH_PATIENCE"] = str(waits)  # or a server that is away would look like a slow document
        broker.check(_queue().redis, _queue().url)
        with open_index(index_address(), create=False) as index:
            work.model(index.engine.model)
    except HOPELESS as error:
        raise SystemExit(f"Error: {error}") from error
    except SimsearchError as error:  # servers may come later than their workers
        log.warning("%s", error)


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _begin(**_: Any) -> None:
    gc.set_threshold(100_000)
    _queue.cache_clear()  # a connection belongs to one process


@worker_ready.connect  # type: ignore[untyped-decorator]
def _ready(**_: Any) -> None:
    threading.Thread(target=_sweep, name="sweep", daemon=True).start()
    log.info("Worker %s serves %s from %s.", signs.this_worker(), _queue().name, broker.shown(_queue().url))


def _sweep() -> None:
    """Announce again, for ever, the messages that were lost on their way to a worker."""
    queue = Queue(broker.address(), index_address())  # a client of its own
    while True:
        try:
            signs.keep(queue)
            for task in queue.lost(settings.VISIBILITY):
                log.warning("Announced again: message %s, which was lost on its way.", task)
                producer.announce(queue, task)
        except SimsearchError as error:
            log.warning("%s", error)
        except Exception:
            log.exception("Could not look for lost messages; the next look follows.")
        time.sleep(settings.SWEEP)


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _end(**_: Any) -> None:
    try:
        signs.end(_queue())
    except SimsearchError as error:
        log.warning("%s", error)
