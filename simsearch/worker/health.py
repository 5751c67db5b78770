"""Whether the work gets on: one look at a queue, behind `status`, `doctor` and `worker --check`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from simsearch.indexer.engine import Check
from simsearch.worker import broker, signs
from simsearch.worker.queue import Queue
from simsearch.worker.signs import Worker

#: Seconds without a sign of life, while messages wait, after which a worker is thought to be stuck. A message takes
#: seconds, and 210 s at most.
SILENCE = 240


class Health(NamedTuple):
    """What happens in a queue; healthy is who gets on, not who exists."""

    ok: bool
    what: str  #: what is wrong and what to do, or that all is well
    waiting: int  #: messages, of up to 200 documents
    in_hand: int  #: messages that workers have taken
    lag: float  #: s that the oldest message has waited, or been in hand
    stored_per_second: float  #: documents, in the last half minute
    workers: list[Worker]


def look(queue: Queue, machine: str = "") -> Health:
    """Look at a queue, and whether any of the workers gets on whose names begin with `machine`.

    Raises what `simsearch.worker.broker` raises.
    """
    in_hand, lag = queue.in_hand(), queue.lag()
    waiting = max(queue.length() - in_hand, 0)
    workers = signs.workers(queue)
    looked_at = [worker for worker in workers if worker.name.startswith(machine)]
    what = _trouble(looked_at, waiting, in_hand, lag) if machine or waiting + in_hand else ""
    return Health(
        ok=not what,
        what=what or f"in order ({waiting:,} messages wait, {in_hand:,} are in hand, workers: {len(workers):,})",
        waiting=waiting,
        in_hand=in_hand,
        lag=round(lag, 3),
        stored_per_second=round(signs.stored_per_second(queue), 1),
        workers=workers,
    )


def checks(queue: Queue) -> Iterator[Check]:
    """Look at the broker and the queue, each with what to do where it is not in order."""
    try:
        broker.check(queue.redis, queue.url)
        forgets = broker.forgetful(queue.redis)
        health = look(queue)
    except broker.ERRORS as error:
        yield Check("broker", False, str(error))
        return
    what = "its append-only file is off: a crash loses what is queued; start Redis with --appendonly yes"
    yield Check("broker", not forgets, what if forgets else broker.shown(queue.url))
    yield Check("queue", health.ok, health.what)


def _trouble(workers: list[Worker], waiting: int, in_hand: int, lag: float) -> str:
    if not workers:
        return f"no worker serves this queue ({waiting:,} messages wait): start one with `simsearch worker`"
    newest = max(workers, key=lambda worker: worker.time)
    silence = time.time() - newest.time
    if waiting + in_hand and min(lag, silence) > SILENCE:
        return f"the worker {newest.name} has given no sign for {silence:,.0f} s, and messages wait: restart it"
    if waiting + in_hand and newest.state != "ready":
        return f"the worker {newest.name} waits: {newest.state}"
    return ""
