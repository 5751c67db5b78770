"""The Redis that holds the queues: its address, its client, and what it must be like."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simsearch import addresses
from simsearch.errors import SimsearchError

if TYPE_CHECKING:
    from redis import Redis

#: Seconds that a connection and an answer may take.
CONNECT, ANSWER = 3.0, 10.0
#: The share of its memory that Redis may fill with messages. It refuses to note what workers take when all is full.
FULL = 0.8
#: What Redis may do when its memory is full: refuse new messages, which then wait.
KEEPING = "noeviction"


class BrokerUnknown(SimsearchError):
    """No queue is named: set SIMSEARCH_BROKER or give --broker, such as redis://localhost:6379/0."""


class BrokerUnclear(SimsearchError):
    """The address {broker} is not that of a queue: write redis://host:6379/0, or rediss:// for TLS, with no options but ssl_..."""  # noqa: E501

    broker: str


class BrokerAway(SimsearchError):
    """Redis at {broker} does not answer ({reason}): check that it runs and that the address is right."""

    broker: str
    reason: str


class BrokerFull(BrokerAway):
    """Redis at {broker} takes nothing ({reason}): give it more memory or disk, or start more workers."""


class BrokerRefused(SimsearchError):
    """Redis at {broker} refuses access ({reason}): put user and password into SIMSEARCH_BROKER, as in redis://:password@host:6379/0."""

    broker: str
    reason: str


class BrokerUntrusted(SimsearchError):
    """The certificate of Redis at {broker} is not trusted ({reason}): name its authority in the address, as in rediss://host:6379/0?ssl_ca_certs=/path/to/ca.pem."""

    broker: str
    reason: str


class BrokerForgets(SimsearchError):
    """Redis at {broker} throws keys away when its memory is full (maxmemory-policy {policy}), and with them documents: set it to noeviction."""  # noqa: E501

    broker: str
    policy: str


ERRORS = (BrokerAway, BrokerRefused, BrokerUntrusted, BrokerForgets)


def address(given: str | None = None) -> str:
    """Return the address of the broker: as given, or from the environment.

    Raises `BrokerUnknown`, `BrokerUnclear`.
    """
    url = given or os.environ.get("SIMSEARCH_BROKER")
    if not url:
        raise BrokerUnknown
    place, _, options = url.partition("?")
    # redis-py knows more options, and kombu others; redis-py takes the database 0 where a name stands.
    known = all(option.startswith("ssl_") for option in options.split("&") if option)
    if not re.fullmatch(r"rediss?://[^/]*(/\d*)?", place, re.ASCII) or not known:
        raise BrokerUnclear(broker=shown(url))
    return url


def shown(url: str) -> str:
    """Return an address without its secrets."""
    return addresses.shown(url).partition("?")[0]


def connect(url: str) -> Redis:
    """Return a client; it connects when it is first asked.

    Raises `BrokerUnclear`.
    """
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        # Trying again is our own business: one layer of it.
        return Redis.from_url(
            url, socket_connect_timeout=CONNECT, socket_timeout=ANSWER, retry=Retry(NoBackoff(), 0), protocol=2
        )
    except ValueError as error:
        raise BrokerUnclear(broker=shown(url)) from error


@contextmanager
def told(url: str) -> Iterator[None]:
    """Tell in a sentence what Redis, or Celery's messages to it, meet.

    Raises `BrokerAway`, `BrokerFull`, `BrokerRefused`, `BrokerUntrusted`.
    """
    from kombu.exceptions import OperationalError
    from redis import exceptions

    try:
        yield
    except (exceptions.RedisError, OperationalError, OSError) as error:
        cause = error.__cause__ if isinstance(error, OperationalError) and error.__cause__ else error
        broker, reason = shown(url), _reason(cause)
        refused = (exceptions.AuthenticationError, exceptions.AuthorizationError, exceptions.NoPermissionError)
        if isinstance(cause, refused) or reason.startswith(("NOAUTH", "WRONGPASS", "NOPERM")):
            raise BrokerRefused(broker=broker, reason=reason) from error
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            raise BrokerUntrusted(broker=broker, reason=reason) from error
        if isinstance(cause, exceptions.OutOfMemoryError) or reason.startswith("MISCONF"):
            raise BrokerFull(broker=broker, reason=reason) from error
        raise BrokerAway(broker=broker, reason=reason) from error


def check(client: Redis, url: str) -> None:
    """Look whether Redis keeps what it is given.

    Raises `BrokerForgets`, and what `told` raises.
    """
    from redis.exceptions import ResponseError

    with told(url):
        try:
            found: Any = client.config_get("maxmemory*")
        except ResponseError:  # a service may keep its settings to itself
            client.ping()
            return
    policy = str(found.get("maxmemory-policy", KEEPING))
    if policy != KEEPING and int(found.get("maxmemory", 0)):
        raise BrokerForgets(broker=shown(url), policy=policy)


def check_room(client: Redis, url: str) -> None:
    """Look whether there is memory left for messages.

    Raises `BrokerFull`, and what `told` raises.
    """
    from redis.exceptions import NoPermissionError

    with told(url):
        try:
            memory: Any = client.info("memory")
        except NoPermissionError:
            return
    used, most = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
    if most and used > FULL * most:
        raise BrokerFull(broker=shown(url), reason=f"{used / 1e6:,.0f} of {most / 1e6:,.0f} MB of memory are in use")


def forgetful(client: Redis) -> bool:
    """Tell whether a crash of Redis loses what is queued, as far as Redis says."""
    from redis.exceptions import ResponseError

    try:
        return str(client.config_get("appendonly").get("appendonly", "yes")) == "no"
    except ResponseError:
        return False


def _reason(error: BaseException) -> str:
    words = " ".join(str(error).split()).rstrip(". ")
    return addresses.shown(words) or type(error).__name__
