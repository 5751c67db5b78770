"""An index of notices that simsearch did not make, and commands that make it searchable."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli.process import Simsearch
from servers.owner import Owner

#: Time, compressed: what changes late, and what is gone, is looked for at once.
QUICK = """
from simsearch.indexer.elasticsearch import changes, following, order
changes.LATE = following.COUNTED = order.CLOCKS = 0.3
following.RARELY = 1
"""
#: Seconds after which all is visible, in that time: two refreshes more.
LATENESS = 2.5

#: Seconds in which a companion must have caught up, on a busy machine.
DEADLINE = 300


def until(happened: Callable[[], Any], what: str) -> None:
    """Wait until something happens."""
    end = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < end, what
        time.sleep(0.2)


@pytest.fixture
def simsearch(tmp_path: Path, owner: Owner) -> Simsearch:
    """Run commands on the owner's index."""
    return Simsearch(tmp_path, SIMSEARCH_INDEX=owner.url)


FIELDS = ("--text-field", "body", "--title-field", "title", "--filter-fields", "city")
