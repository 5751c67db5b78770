"""The index's server stops and comes back while workers have work, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.node import Node
from servers.redis import Redis

from simsearch.worker import signs

from .conftest import documents
from .site import Site, producing, until

#: Seconds that a worker waits before it puts a message back.
PATIENCE = "2"


@pytest.fixture
def node(own_node: Callable[..., Node]) -> Node:
    """Return a server that only this test uses."""
    return own_node()


@pytest.fixture
def away(node: Node, own_redis: Callable[..., Redis], tmp_path: Path) -> Iterator[Site]:
    """Return a site whose server may be killed."""
    made = Site(own_redis(), f"{node.url}/queue", tmp_path)
    yield made
    made.close()


def test_an_outage_of_elasticsearch_is_waited_for_and_no_document_is_to_blame(node: Node, away: Site) -> None:
    worker = away.start(SIMSEARCH_PATIENCE=PATIENCE)
    with producing(away) as sent:
        until(lambda: away.documents() > 100, "some are stored")
        node.kill()
        count = len(sent)
        until(lambda: worker.said().count("Put back: ") >= 4, "both processes have tried twice")
        assert len(sent) > count, "the producer does not depend on it"
        (seen,) = signs.workers(away.queue)
        assert node.url in seen.state, "the worker says what it waits for"
        node.start()
    away.wait()
    away.assert_each_once(sent)


def test_an_idle_worker_takes_new_work_after_elasticsearch_was_away(node: Node, away: Site) -> None:
    worker = away.start(1, SIMSEARCH_PATIENCE=PATIENCE)
    expected = documents(30)
    away.enqueue(expected[:10])
    away.wait()
    node.kill()
    away.enqueue(expected[10:20])
    until(lambda: worker.said().count("Put back: ") >= 2, "it has tried twice")
    node.start()
    away.enqueue(expected[20:])
    away.wait()
    away.assert_each_once(expected)
