"""Signs of life: which workers serve a queue, how they are, and what they have stored."""

from __future__ import annotations

import os
import socket
import time
from functools import cache
from typing import Any, NamedTuple

from simsearch.worker import broker
from simsearch.worker.queue import Queue

#: Seconds for which the last sign of a worker is remembered.
REMEMBERED = 7 * 86_400
#: What is stored is counted by spans of so many seconds, and looked at over so many of them.
SPAN, SPANS = 5, 6


class Worker(NamedTuple):
    """The last sign of life of a worker."""

    name: str  #: machine:process
    time: float  #: in s since 1970
    state: str  #: "ready", or why it waits
    stored: int  #: documents since it was started


def this_machine() -> str:
    """Return what the names of all workers on this machine begin with."""
    return f"{socket.gethostname()}:"


@cache
def this_worker() -> str:
    """Return the name under which this worker gives signs of life; its processes inherit it from the first."""
    return f"{this_machine()}{os.getpid()}"


def give(queue: Queue, state: str = "", stored: int = 0) -> None:
    """Note that this worker is alive, how it is if that has changed, and what it has stored."""
    now = time.time()
    key, counted = _key(queue, this_worker()), queue.key(f"stored:{int(now) // SPAN}")
    with broker.told(queue.url):
        pipe: Any = queue.redis.pipeline()
        pipe.hset(key, mapping={"time": now} | ({"state": state} if state else {}))
        pipe.hincrby(key, "stored", stored).expire(key, REMEMBERED)
        pipe.sadd(queue.key("workers"), this_worker())
        if stored:
            pipe.incrby(counted, stored).expire(counted, SPAN * (SPANS + 2))
        pipe.execute()


def keep(queue: Queue) -> None:
    """Have this worker remembered while it has nothing to do, and gives no signs."""
    key = _key(queue, this_worker())
    with broker.told(queue.url):
        pipe: Any = queue.redis.pipeline()
        pipe.hsetnx(key, "time", time.time()).hsetnx(key, "stored", 0).expire(key, REMEMBERED)
        pipe.sadd(queue.key("workers"), this_worker())
        pipe.execute()


def end(queue: Queue) -> None:
    """Forget this worker, which ends."""
    with broker.told(queue.url):
        queue.redis.srem(queue.key("workers"), this_worker())
        queue.redis.delete(_key(queue, this_worker()))


def workers(queue: Queue) -> list[Worker]:
    """Return the workers that have not ended by themselves, by name."""
    found = []
    with broker.told(queue.url):
        names: Any = queue.redis.smembers(queue.key("workers"))
        for name in sorted(name.decode() for name in names):
            signs: Any = queue.redis.hgetall(_key(queue, name))
            if signs:
                state = signs.get(b"state", b"ready").decode()
                found.append(Worker(name, float(signs[b"time"]), state, int(signs.get(b"stored", 0))))
    return found


def stored_per_second(queue: Queue) -> float:
    """Return how many documents a second were stored in the last half minute."""
    now = int(time.time()) // SPAN
    with broker.told(queue.url):
        counts: Any = queue.redis.mget([queue.key(f"stored:{span}") for span in range(now - SPANS, now)])
    return sum(int(count or 0) for count in counts) / (SPAN * SPANS)


def _key(queue: Queue, worker: str) -> str:
    return queue.key(f"worker:{worker}")
