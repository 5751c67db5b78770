"""The soak, in its short form: `make soak` is the long one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from servers.node import Node
from servers.redis import Redis

from .run import soak, wrong

MINUTES = 0.3


def test_whatever_is_killed_each_document_is_what_it_was_last_acknowledged_to_be(
    own_redis: Callable[..., Redis], node: Node, seed: int, tmp_path: Path
) -> None:
    figures = soak(MINUTES, seed, tmp_path, own_redis(), node)
    print(json.dumps(figures, ensure_ascii=False))
    assert wrong(figures) == []
