"""How long to wait for a server, and how long before each new try."""

from __future__ import annotations

import logging
import math
import os
import random
import time
from typing import NamedTuple

from simsearch.errors import SimsearchError

log = logging.getLogger(__name__)


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
#: Seconds of waiting after which it is said, and said again.
FIRST_WORD, NEXT_WORD = 1.0, 30.0


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


def delay(attempt: int, chance: float | None = None) -> float:
    """Return the seconds to wait after a try that failed, counted from 0.

    Full jitter: anything up to an exponentially growing limit, so that many clients do not come back at once
    (Brooker, "Exponential backoff and jitter", 2015).
    """
    limit: float = min(LONGEST, FIRST * 2 ** min(attempt, 20))
    return limit * (random.random() if chance is None else chance)


class Waiting:
    """Sleeps between tries to reach a server, says so, and gives up at the deadline."""

    def __init__(self, server: str, patience: Patience) -> None:
        self.server = server
        self._start = time.monotonic()
        self._end = self._start + granted(patience).deadline
        self._attempt = 0
        self._speak = self._start + FIRST_WORD if patience.told else math.inf

    def wait(self, told: SimsearchError, cause: BaseException | None = None) -> None:
        """Wait before the next try, or raise `told`."""
        pause = delay(self._attempt)
        self._attempt += 1
        now = time.monotonic()
        if now + pause > self._end:
            raise told from cause
        if now + pause >= self._speak:
            left = self._end - now
            log.warning("Waiting for %s (%s), for %.0f s more at most.", self.server, told.data["reason"], left)
            self._speak = now + NEXT_WORD
        time.sleep(pause)
