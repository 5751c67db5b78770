"""The queue of an index on a broker: what is to be done, what is in hand, and tries."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from simsearch import addresses
from simsearch.errors import SimsearchError
from simsearch.folders import default_index
from simsearch.worker import broker

if TYPE_CHECKING:
    from redis import Redis

#: The list of messages that wait and the hash of those in hand, as Celery keeps them.
WAITING, IN_HAND = "documents", "unacked"
#: What messages say, and when each was sent, until it is done.
PAYLOADS, PENDING = "payloads", "pending"
#: Seconds for which tries are remembered.
REMEMBERED = 7 * 86_400


class IndexUnclear(SimsearchError):
    """The address {index} is not that of an index: write https://host:9200/name, without a password, or sqlite:///path/to/file."""

    index: str


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
            raise IndexUnclear(index=addresses.shown(index))
        return name
    if not index or addresses.is_foreign(index):
        raise IndexUnclear(index=addresses.shown(index))
    return str(Path(index.removeprefix("sqlite:///")).expanduser().resolve())


def prefix(name: str) -> str:
    """Return what the names of all keys of a queue begin with: in ASCII, as kombu counts bytes by characters."""
    return f"simsearch:{quote(name, errors='surrogatepass')}:"


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
            now = self.now()
            pipe: Any = self.redis.pipeline()
            pipe.hset(self.key(PAYLOADS), task, payload.encode("utf-8", "surrogatepass"))
            pipe.zadd(self.key(PENDING), {task: now}, nx=True)
            pipe.execute()

    def payload(self, task: str) -> str | None:
        """Return what a message says; None where it is done already."""
        with broker.told(self.url):
            found: Any = self.redis.hget(self.key(PAYLOADS), task)
        return None if found is None else found.decode("utf-8", "surrogatepass")

    def done(self, task: str) -> None:
        """Forget a message that is done."""
        with broker.told(self.url):
            pipe: Any = self.redis.pipeline()
            pipe.hdel(self.key(PAYLOADS), task)
            pipe.zrem(self.key(PENDING), task)
            pipe.delete(self.key(f"tries:{task}"))
            pipe.execute()

    def set_aside(self, task: str) -> None:
        """Keep what a message says, and let no worker take it."""
        with broker.told(self.url):
            self.redis.zrem(self.key(PENDING), task)

    def take_back(self, task: str) -> bool:
        """Let a message that was set aside be done after all, as if it were new; tell whether there is one."""
        with broker.told(self.url):
            if not self.redis.hexists(self.key(PAYLOADS), task):
                return False
            pipe: Any = self.redis.pipeline()
            pipe.delete(self.key(f"tries:{task}"))
            pipe.zadd(self.key(PENDING), {task: self.now()}, nx=True)
            pipe.execute()
        return True

    def length(self) -> int:
        """Return how many messages wait or are in hand."""
        with broker.told(self.url):
            return int(self.redis.zcard(self.key(PENDING)))

    def in_hand(self) -> int:
        """Return how many messages workers have taken and not finished."""
        with broker.told(self.url):
            return int(self.redis.hlen(self.key(IN_HAND)))

    def lag(self) -> float:
        """Return for how many seconds the oldest message has waited, or been in hand."""
        with broker.told(self.url):
            oldest: Any = self.redis.zrange(self.key(PENDING), 0, 0, withscores=True)
            return max(self.now() - oldest[0][1], 0.0) if oldest else 0.0

    def lost(self, seconds: float) -> list[str]:
        """Return the messages, older than so many seconds, that neither wait nor are in hand; each once in that time.

        Celery takes a message out of the list of those that wait before it notes that it is in hand.
        """
        with broker.told(self.url):
            old: Any = self.redis.zrangebyscore(self.key(PENDING), 0, self.now() - seconds)
            if not old:
                return []
            pipe: Any = self.redis.pipeline()
            waiting, in_hand = pipe.lrange(self.key(WAITING), 0, -1).hvals(self.key(IN_HAND)).execute()
            everything = b"".join(waiting + in_hand)
            lost = [task.decode() for task in old if b'"%s"' % task not in everything]
            # Other workers look, too.
            return [task for task in lost if self.redis.set(self.key(f"lost:{task}"), 1, nx=True, ex=int(seconds))]

    def try_again(self, task: str) -> Tries:
        """Count a try of a task before its work begins, and return what is known of those so far."""
        key = self.key(f"tries:{task}")
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

    def _note(self, task: str, note: Callable[[Any, str], object]) -> None:
        key = self.key(f"tries:{task}")
        with broker.told(self.url):
            pipe: Any = self.redis.pipeline()
            note(pipe, key)
            pipe.expire(key, REMEMBERED)
            pipe.execute()

    def now(self) -> float:
        """Return the time by Redis' clock, in s since 1970: machines may differ."""
        seconds, microseconds = self.redis.time()
        return seconds + microseconds / 1e6

    def key(self, name: str) -> str:
        """Return the name of one of the queue's keys."""
        return self._prefix + name
