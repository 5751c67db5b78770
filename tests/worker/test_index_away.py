"""The index's server, or its model, is away and comes back while workers have work, or none."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.node import Node
from servers.redis import Redis
from tiny import tiny

from simsearch.indexer import open_index
from simsearch.worker import signs

from .conftest import documents
from .site import Site, producing, until

#: Seconds that a worker waits before it puts a message back.
PATIENCE = "2"


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


def test_47_a_worker_without_the_model_keeps_its_messages_until_it_is_there(
    own_redis: Callable[..., Redis], tmp_path: Path, model_store: Path, request: pytest.FixtureRequest
) -> None:
    index, elsewhere = f"sqlite:///{tmp_path}/index.db", tmp_path / "elsewhere"
    model = tiny(tmp_path / "model", 0, 8)
    open_index(index, model=model).close()
    site = Site(own_redis(), index, tmp_path)
    request.addfinalizer(site.close)
    worker = site.start(1, SIMSEARCH_MODELS=str(elsewhere))
    expected = documents(10)
    site.enqueue(expected)
    until(lambda: worker.said().count("Put back: ") >= 2, "it has tried twice")
    assert f"Put back: The model {model.id} is not on this machine: copy its folder" in worker.said()
    assert f"to {elsewhere / model.id}, or give an index that needs it another model" in worker.said()
    shutil.copytree(model_store / model.id, elsewhere / model.id)
    site.wait()
    site.assert_each_once(expected)
