"""Readings that came too late: what is said of them, as it may be a clock that is wrong."""

from __future__ import annotations

import time
from collections.abc import Iterable

from simsearch.indexer.engine import Engine, Outcome

#: Clocks that differ by less, in ns, are taken for one.
TOLERANCE = 60 * 10**9


def first_late(outcomes: Iterable[Outcome]) -> str:
    """Return the id of a document that was not stored, or deleted, as what is known of it is newer; or ""."""
    return next((outcome.id for outcome in outcomes if outcome.status == "older"), "")


def remark(engine: Engine, id: str) -> str:
    """Return the sentence that says why a reading of a document came too late, and what to do."""
    _, newest = engine.digests([id]).get(id, ("", 0))
    moment = shown(newest)
    if newest > time.time_ns() + TOLERANCE:
        return (
            f"what is known of {id} bears the time {moment}, which is still to come, and stays the newest until then:"
            " correct the clock of the machine that wrote it, and index into a new index (--index)"
        )
    return (
        f"{id} was read again, or deleted, at {moment}: if nobody did so after you, let the clocks of your machines"
        " agree, and run the same command again"
    )


def shown(sequence: int) -> str:
    """Return the moment of a reading as people write it."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(sequence / 1e9))
