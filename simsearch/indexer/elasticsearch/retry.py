"""When to try again, and how long to wait: pure functions; `connection` does the waiting."""

from __future__ import annotations

import os
import random
from typing import NamedTuple

from simsearch.errors import SimsearchError

#: Statuses that pass: too many requests, and a server or a shard that is away.
PASSING = (429, 500, 502, 503, 504)
#: Blocks of an index or the cluster: a full disk, no master. They are lifted, mostly without us.
BLOCK = "cluster_block_exception"


class PatienceUnclear(SimsearchError):
    """SIMSEARCH_PATIENCE is {value}: set it to the seconds to wait for a server, such as 60."""

    value: str


class Patience(NamedTuple):
    """How long to go on, in seconds, and how long a request may take: a deadline, not a number of tries."""

    deadline: float
    timeout: float
    told: bool = True  #: whether waiting is said


#: Somebody waits for an answer.
READING = Patience(5, 30, told=False)
#: The first question, which a server answers at once if it is there at all.
OPENING = Patience(5, 10, told=False)
#: A server may be away for minutes, and nothing is lost.
WRITING = Patience(300, 60)
#: The first wait and the longest, in seconds, before chance shortens them.
FIRST, LONGEST = 0.1, 10.0


def granted(patience: Patience) -> Patience:
    """Return the patience that holds: `SIMSEARCH_PATIENCE`, in seconds, and a third of it for a request.

    Raises `PatienceUnclear`.
    """
    value = os.environ.get("SIMSEARCH_PATIENCE")
    if not value:
        return patience
    try:
        seconds = float(value)
    except ValueError as error:
        raise PatienceUnclear(value=value) from error
    if not 0 < seconds < float("inf"):
        raise PatienceUnclear(value=value)
    return Patience(seconds, min(seconds / 3, patience.timeout), patience.told)


def passes(status: int, kind: str) -> bool:
    """Tell whether what was refused with this status and kind of error may be taken later."""
    return status in PASSING or kind == BLOCK


def delay(attempt: int, chance: float | None = None) -> float:
    """Return the seconds to wait after a try that failed, counted from 0.

    Full jitter: anything up to an exponentially growing limit, so that many clients do not come back at once
    (Brooker, "Exponential backoff and jitter", 2015).
    """
    limit: float = min(LONGEST, FIRST * 2 ** min(attempt, 20))
    return limit * (random.random() if chance is None else chance)
