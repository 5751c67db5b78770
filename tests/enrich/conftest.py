"""An index of notices that simsearch did not make, and commands that make it searchable."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.process import Simsearch
from servers.owner import Owner

#: Time, compressed: what changes late, and what is gone, is looked for at once.
QUICK = """
from simsearch.indexer.elasticsearch import changes, following, order
changes.LATE = following.COUNTED = order.CLOCKS = 0.3
following.RARELY = 1
"""


@pytest.fixture
def simsearch(tmp_path: Path, owner: Owner) -> Simsearch:
    """Run commands on the owner's index."""
    return Simsearch(tmp_path, SIMSEARCH_INDEX=owner.url)


FIELDS = ("--text-field", "body", "--title-field", "title", "--filter-fields", "city")
