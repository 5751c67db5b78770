"""The queue of an index on a broker: what is to be done, what is in hand, tries, and signs of life."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from simsearch.errors import SimsearchError
from simsearch.folders import default_index
from simsearch.worker import broker

if TYPE_CHECKING:
    from redis import Redis

#: The list of messages that wait and the hash of those in hand, as Celery keeps them.
WAITING, IN_HAND = "documents", "unacked"
#: What messages say, and when each was sent, until it is done.
PAYLOADS, PENDING = "payloads", "pending"
#: Seconds for which tries, and the last sign of a worker, are remembered.
REMEMBERED = 7 * 86_400
#: What is stored is counted by spans of so many seconds, and looked at over so many of them.
SPAN, SPANS = 5, 6


class IndexUnclear(SimsearchError):
    """The address {index} is not that of an index: write https://host:9200/name, or sqlite:///path/to/file."""

    index: str


class Worker(NamedTuple):
    """The last sign of life of a worker."""

    name: str  #: machine:process
    time: float  #: in s since 1970
    state: str  #: "ready", or why it waits
    stored: int  #: documents since it was started


class Tries(NamedTuple):
    """What is known of the tries of a message."""

    tries: int  #: this one included
    waits: int  #: tries that could not be made, as a server was away
    reason: str  #: why the last one failed


def index_address(given: str | None = None) -> str:
    """Return the address of the index: as given, from the environment, or the default."""
    return given or os.environ.get("SIMSEARCH_INDEX") or default_index()


def name_of(index: str) -> str:
    """Return the name of an index's queue: of a file the whole path, on a server the name alone.

    Producers and workers may reach a server by different addresses.

    Raises `IndexUnclear`.
    """
    if index.startswith(("http://", "https://")):
        server, _, name = index.partition("://")[2].partition("?")[0].rstrip("/").rpartition("/")
        if not server or "@" in server:  # secrets have no place in addresses
            raise IndexUnclear(index=re.sub("//.*@", "//***@", index))
        return name
    if not index or ("://" in index and not index.startswith("sqlite:///")):
        raise IndexUnclear(index=re.sub("//.*@", "//***@", index))
    return str(Path(index.removeprefix("sqlite:///")).expanduser().resolve())


def prefix(name: str) -> str:
    """Return what the names of all keys of a queue begin with: in ASCII, as kombu counts bytes by characters."""
    return f"simsearch:{quote(name, errors='surrogatepass')}:"


def this_machine() -> str:
    """Return what the names of all workers on this machine begin with."""
    return f"{socket.gethostname()}:"


@cache
def this_worker() -> str:
    """Return the name under which this worker gives signs of life; its processes inherit it from the first."""
    return f"{this_machine()}{os.getpid()}"


class Queue:
    """One index's queue."""

    def __init__(self, url: str, index: str) -> None:
        """Name the queue of the index at an address; nothing is asked of Redis yet."""
        self.url = url
        self.name = name_of(index)
        self._prefix = prefix(self.name)

    @cached_property
    def redis(self) -> Redis:
        """The client, without Celery."""
        return broker.connect(self.url)

    def put(self, task: str, payload: str) -> None:
        """Keep what a message says, until it is done; the message itself is only its name."""
        with broker.told(self.url):
            now = self._now()
            pipe: Any = self.redis.pipeline()
            pipe.hset(self._key(PAYLOADS), task, payload.encode("utf-8", "surrogatepass"))
            pipe.zadd(self._key(PENDING), {task: now}, nx=True)
            pipe.execute()

    def payload(self, task: str) -> str | None:
        """Return what a message says; None where it is done already."""
        with broker.told(self.url):
            found: Any = self.redis.hget(self._key(PAYLOADS), task)
        return None if found is None else found.decode("utf-8", "surrogatepass")

    def done(self, task: str) -> None:
        """Forget a message that is done."""
        with broker.told(self.url):
            pipe: Any = self.redis.pipeline()
            pipe.hdel(self._key(PAYLOADS), task)
            pipe.zrem(self._key(PENDING), task)
            pipe.delete(self._key(f"tries:{task}"))
            pipe.execute()

    def set_aside(self, task: str) -> None:
        """Keep what a message says, and let no worker take it."""
        with broker.told(self.url):
            self.redis.zrem(self._key(PENDING), task)

    def take_back(self, task: str) -> bool:
        """Let a message that was set aside be done after all, as if it were new; tell whether there is one."""
        with broker.told(self.url):
            if not self.redis.hexists(self._key(PAYLOADS), task):
                return False
            pipe: Any = self.redis.pipeline()
            pipe.delete(self._key(f"tries:{task}"))
            pipe.zadd(self._key(PENDING), {task: self._now()}, nx=True)
            pipe.execute()
        return True

    def length(self) -> int:
        """Return how many messages wait or are in hand."""
        with broker.told(self.url):
            return int(self.redis.zcard(self._key(PENDING)))

    def in_hand(self) -> int:
        """Return how many messages workers have taken and not finished."""
        with broker.told(self.url):
            return int(self.redis.hlen(self._key(IN_HAND)))

    def lag(self) -> float:
        """Return for how many seconds the oldest message has waited, or been in hand."""
        with broker.told(self.url):
            oldest: Any = self.redis.zrange(self._key(PENDING), 0, 0, withscores=True)
            return max(self._now() - oldest[0][1], 0.0) if oldest else 0.0

    def lost(self, seconds: float) -> list[str]:
        """Return the messages, older than so many seconds, that neither wait nor are in hand; each once in that time.

        Celery takes a message out of the list of those that wait before it notes that it is in hand.
        """
        with broker.told(self.url):
            old: Any = self.redis.zrangebyscore(self._key(PENDING), 0, self._now() - seconds)
            if not old:
                return []
            pipe: Any = self.redis.pipeline()
            waiting, in_hand = pipe.lrange(self._key(WAITING), 0, -1).hvals(self._key(IN_HAND)).execute()
            everything = b"".join(waiting + in_hand)
            lost = [task.decode() for task in old if b'"%s"' % task not in everything]
            # Other workers look, too.
            return [task for task in lost if self.redis.set(self._key(f"lost:{task}"), 1, nx=True, ex=int(seconds))]

    def try_again(self, task: str) -> Tries:
        """Count a try of a task before its work begins, and return what is known of those so far."""
        key = self._key(f"tries:{task}")
        pipe: Any = self.redis.pipeline()
        pipe.hincrby(key, "tries", 1).hget(key, "waits").hget(key, "reason").hdel(key, "reason").expire(key, REMEMBERED)
        with broker.told(self.url):
            tries, waits, reason, *_ = pipe.execute()
        return Tries(int(tries), int(waits or 0), reason.decode() if reason else "its worker died")

    def note_failure(self, task: str, reason: str) -> None:
        """Remember why a try failed."""
        self._note(task, lambda pipe, key: pipe.hset(key, "reason", reason))

    def note_wait(self, task: str) -> None:
        """Remember that a try could not be made: it does not count, and no document is to blame."""
        self._note(task, lambda pipe, key: pipe.hincrby(key, "tries", -1).hincrby(key, "waits", 1))

    def sign(self, worker: str, state: str = "", stored: int = 0) -> None:
        """Note that a worker is alive, how it is if that has changed, and what it has stored."""
        now = time.time()
        key, counted = self._key(f"worker:{worker}"), self._key(f"stored:{int(now) // SPAN}")
        with broker.told(self.url):
            pipe: Any = self.redis.pipeline()
            pipe.hset(key, mapping={"time": now} | ({"state": state} if state else {}))
            pipe.hincrby(key, "stored", stored)
            pipe.expire(key, REMEMBERED)
            pipe.sadd(self._key("workers"), worker)
            if stored:
                pipe.incrby(counted, stored)
                pipe.expire(counted, SPAN * (SPANS + 2))
            pipe.execute()

    def remember(self, worker: str) -> None:
        """Have a worker remembered that has nothing to do, and gives no signs."""
        key = self._key(f"worker:{worker}")
        with broker.told(self.url):
            pipe: Any = self.redis.pipeline()
            pipe.hsetnx(key, "time", time.time()).hsetnx(key, "stored", 0)
            pipe.expire(key, REMEMBERED).sadd(self._key("workers"), worker)
            pipe.execute()

    def sign_off(self, worker: str) -> None:
        """Forget a worker that ends."""
        with broker.told(self.url):
            self.redis.srem(self._key("workers"), worker)
            self.redis.delete(self._key(f"worker:{worker}"))

    def workers(self) -> list[Worker]:
        """Return the workers that have not signed off, by name."""
        found = []
        with broker.told(self.url):
            names: Any = self.redis.smembers(self._key("workers"))
            for name in sorted(name.decode() for name in names):
                signs: Any = self.redis.hgetall(self._key(f"worker:{name}"))
                if signs:
                    found.append(
                        Worker(
                            name,
                            float(signs[b"time"]),
                            signs.get(b"state", b"ready").decode(),
                            int(signs.get(b"stored", 0)),
                        )
                    )
        return found

    def stored_per_second(self) -> float:
        """Return how many documents a second were stored in the last half minute."""
        now = int(time.time()) // SPAN
        with broker.told(self.url):
            counts: Any = self.redis.mget([self._key(f"stored:{span}") for span in range(now - SPANS, now)])
        return sum(int(count or 0) for count in counts) / (SPAN * SPANS)

    def _note(self, task: str, note: Callable[[Any, str], object]) -> None:
        key = self._key(f"tries:{task}")
        with broker.told(self.url):
            pipe: Any = self.redis.pipeline()
            note(pipe, key)
            pipe.expire(key, REMEMBERED)
            pipe.execute()

    def _now(self) -> float:
        """Return the time by Redis' clock, in s since 1970: machines may differ."""
        seconds, microseconds = self.redis.time()
        return seconds + microseconds / 1e6

    def _key(self, name: str) -> str:
        return self._prefix + name
