"""`simsearch retry` through the queue: dead letters are stored as the readings that they were."""

from __future__ import annotations

from simsearch.corpus import Document
from simsearch.indexer import open_index
from simsearch.worker import enqueue
from simsearch.worker.message import Message, write
from simsearch.worker.producer import send

from .conftest import documents
from .site import Site, until


def test_a_retry_brings_back_nothing_that_was_deleted_or_changed_since(any_site: Site) -> None:
    worker = any_site.start(1)
    enqueue(documents(4), any_site.index, broker=any_site.redis.url, model="0123456789abcdef")
    any_site.wait()
    assert len(any_site.letters()) == 4
    done = any_site.simsearch("status")
    assert (done.code, done.row["dead_letters"]) == (3, 4)
    assert worker.stop() == 0
    listed = any_site.simsearch("retry").rows
    assert {(row["id"], row["status"]) for row in listed} == {(f"文-{n}", "queued") for n in range(4)}
    with open_index(any_site.index) as index:
        index.add([Document("文-0", "新的樱花")])
        index.delete(["文-1"])
    any_site.start(1)
    any_site.wait()
    until(lambda: not any_site.letters(), "the letters have gone")
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
    until(lambda: not site.letters(), "the letters have gone")
    assert site.documents() == 2


def test_a_message_that_no_worker_understood_is_kept_whole(any_site: Site) -> None:
    """As where producers are of a newer release than a worker."""
    expected = documents(2)
    payload = write(Message(any_site.queue.name, documents=expected))
    send(any_site.queue, "neu", payload.replace('"version": 1', '"version": 2'))
    any_site.start(1)
    any_site.wait()
    (row,) = any_site.simsearch.ok("retry", "--list").rows
    assert row["id"] == "message-neu"
    assert "it has version 2, this worker reads 1" in row["reason"]
    assert [each["status"] for each in any_site.simsearch.ok("retry").rows] == ["queued"]
    until(lambda: any_site.letters() and any_site.finished(), "it is refused again")
    any_site.queue.put("neu", payload)  # an upgrade
    any_site.simsearch.ok("retry")
    any_site.wait()
    until(lambda: not any_site.letters(), "the letter has gone")
    any_site.assert_each_once(expected)


def test_a_message_that_is_dropped_is_gone(site: Site) -> None:
    send(site.queue, "unklar", "[]")
    site.start(1)
    site.wait()
    assert site.queue.payload("unklar") == "[]"
    assert site.simsearch.ok("retry", "--drop").rows == [{"id": "message-unklar", "status": "dropped"}]
    assert site.queue.payload("unklar") is None
    assert site.letters() == {}


def test_deletes_are_not_lost_when_their_workers_die(site: Site) -> None:
    send(site.queue, "löschen", write(Message(site.queue.name, deleted=["文-0"], sequence=5)))
    for _ in range(3):  # as three workers that died of something else
        site.queue.try_again("löschen")
    site.start(1)
    site.wait()
    assert list(site.letters()) == ["message-löschen"]
    with open_index(site.index) as index:
        index.add([Document("文-0", "旧文", sequence=4)])
    site.simsearch.ok("retry")
    site.wait()
    assert site.letters() == {}
    assert site.documents() == 0
