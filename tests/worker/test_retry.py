"""`simsearch retry` through the queue: dead letters are stored as the readings that they were."""

from __future__ import annotations

from simsearch.corpus import Document
from simsearch.indexer import open_index
from simsearch.worker import enqueue

from .conftest import documents
from .site import Site


def test_a_retry_brings_back_nothing_that_was_deleted_or_changed_since(any_site: Site) -> None:
    worker = any_site.start(1)
    enqueue(documents(4), any_site.index, broker=any_site.redis.url, model="0123456789abcdef")
    any_site.wait()
    assert len(any_site.letters()) == 4
    done = any_site.simsearch("status")
    assert (done.code, done.row["dead_letters"]) == (3, 4)
    with open_index(any_site.index) as index:
        index.add([Document("文-0", "新的樱花"), Document("文-9", "别的")])
        index.delete(["文-1"])
    assert worker.stop() == 0
    listed = any_site.simsearch("retry").rows
    assert {(row["id"], row["status"]) for row in listed} <= {(f"文-{n}", "queued") for n in range(4)}
    any_site.start(1)
    any_site.wait()
    assert any_site.letters() == {}
    with open_index(any_site.index) as index:
        index.engine.settle()
        found = index.engine.fetch([f"文-{n}" for n in range(4)])
    assert sorted(found) == ["文-0", "文-2", "文-3"]
    assert found["文-0"].text == "新的樱花"


def test_some_are_dropped_and_the_others_stored(site: Site) -> None:
    site.start(1)
    enqueue(documents(3), site.index, broker=site.redis.url, model="0123456789abcdef")
    site.wait()
    assert site.simsearch.ok("retry", "文-0", "--drop").rows == [{"id": "文-0", "status": "dropped"}]
    assert [row["status"] for row in site.simsearch.ok("retry").rows] == ["queued", "queued"]
    site.wait()
    assert site.letters() == {}
    assert site.documents() == 2
