"""What a server refuses now and may take later."""

from __future__ import annotations

#: Statuses that pass: too many requests, and a server or a shard that is away.
PASSING = (429, 500, 502, 503, 504)
#: Blocks of an index or the cluster: a full disk, no master. They are lifted, mostly without us.
BLOCK = "cluster_block_exception"


def passes(status: int, kind: str) -> bool:
    """Tell whether what was refused with this status and kind of error may be taken later."""
    return status in PASSING or kind == BLOCK
