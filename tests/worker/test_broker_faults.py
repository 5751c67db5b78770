"""Redis goes, comes back, is full, or is not as it should be (cases 7 to 9)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from cli.process import Simsearch, write_lines
from faults.moments import is_running
from kombu import Consumer
from kombu.message import Message
from servers.certificates import Certificate
from servers.redis import Redis
from servers.relay import Relay

from simsearch.indexer import open_index
from simsearch.worker import enqueue
from simsearch.worker.broker import (
    BrokerAway,
    BrokerForgets,
    BrokerFull,
    BrokerRefused,
    BrokerUnclear,
    BrokerUnknown,
    BrokerUntrusted,
)
from simsearch.worker.celery import TASK, application
from simsearch.worker.producer import announce
from simsearch.worker.queue import WAITING, Queue

from .conftest import documents
from .quick import SLOW, UNTOLD
from .site import Site, Worker, producing, until

#: What a worker says each time that it does not reach Redis.
TRIED = "Cannot connect to redis"


def go_away(site: Site, worker: Worker) -> None:
    """Kill Redis, and leave it away for longer than the worker waits between two tries."""
    before = worker.said().count(TRIED)
    site.redis.kill()
    until(lambda: worker.said().count(TRIED) >= before + 2 or worker.process.poll() is not None, "two tries")
    assert worker.process.poll() is None


def test_7_a_restart_of_redis_loses_nothing_and_the_worker_goes_on(any_site: Site) -> None:
    with producing(any_site) as sent:
        worker = any_site.start()
        until(lambda: any_site.documents() > 100, "some are stored")
        go_away(any_site, worker)
        count = len(sent)
        any_site.redis.start()
        until(lambda: len(sent) > count, "the producer goes on")
        until(lambda: any_site.documents() > count, "the worker goes on")
    any_site.wait()
    any_site.assert_each_once(sent)


def test_7_an_idle_worker_takes_new_work_after_a_restart_of_redis(site: Site) -> None:
    worker = site.start()
    for first in (0, 10):
        go_away(site, worker)
        site.redis.start()
        site.enqueue(documents(10, first=first))
        until(lambda count=first + 10: site.documents() == count, "the new work is done")


def test_7_a_worker_with_full_hands_goes_on_after_redis_was_away(site: Site) -> None:
    """It reads nothing meanwhile, and meets the loss only as it gives back what it has in hand."""
    worker = site.start(1)
    expected = [*documents(1, SLOW), *documents(10, first=1)]
    site.enqueue(expected[:1])
    until(site.in_hand, "it is in hand")
    site.redis.kill()
    until(lambda: "Couldn't" in worker.said(), "it cannot be given back")
    site.redis.start()
    site.enqueue(expected[1:])
    site.wait()
    site.assert_each_once(expected)


def test_7_a_process_may_end_as_the_connection_is_lost(site: Site) -> None:
    """Its end is seen, and the worker still has it in its list as it connects again."""
    untold = site.folder / UNTOLD
    untold.touch()
    worker = site.start(1)
    (child,) = worker.children()
    os.kill(child, signal.SIGKILL)
    until(lambda: not is_running(child), "it has ended")
    go_away(site, worker)
    site.redis.start()
    expected = documents(10)
    site.enqueue(expected)
    until(lambda: site.queue.in_hand() or worker.process.poll() is not None, "the worker is connected again")
    untold.unlink()
    site.wait()
    site.assert_each_once(expected)


def test_7_a_connection_with_a_message_in_hand_and_a_read_under_way_can_be_closed_without_redis(site: Site) -> None:
    """What Celery does when a connection is lost: an error other than that of the connection would end the worker."""
    app = application(site.redis.url, site.queue.name)
    app.send_task(TASK)
    in_hand: list[Message] = []
    connection = app.connection_for_read()
    app.amqp.TaskConsumer(connection.default_channel, on_message=in_hand.append).consume()
    events = app.events.Receiver(connection.channel())  # as Celery's workers follow each other
    (listener,) = events.get_consumers(partial(Consumer, events.channel), events.channel)
    listener.consume()
    with suppress(TimeoutError):
        while True:
            connection.drain_events(timeout=0.5)
    site.redis.kill()
    connection.collect()
    connection.close()
    site.redis.start()
    in_hand[0].reject(requeue=True)
    with app.connection_for_read() as anew:
        assert anew.default_channel.basic_get(WAITING).headers["task"] == TASK


def test_8_without_redis_a_command_ends_soon_and_says_what_to_do(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "文.jsonl", [{"id": "一", "text": "失眠"}])
    start = time.monotonic()
    done = Simsearch(tmp_path)("index", "--queue", "--broker", "redis://:secret@127.0.0.1:9/0", source)
    assert time.monotonic() - start < 60, "seconds, not the five minutes that a server is waited for in a run"
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("Error: Redis at redis://127.0.0.1:9/0 does not answer (")
    assert "check that it runs" in done.err
    assert "secret" not in done.err + done.out
    assert "Traceback" not in done.err


def test_8_a_command_without_a_broker_says_how_to_name_one(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "文.jsonl", [{"id": "一", "text": "失眠"}])
    done = Simsearch(tmp_path)("index", "--queue", source)
    assert done.code == 1
    assert done.err == f"Error: {BrokerUnknown()}\n"


def test_9_a_full_redis_keeps_what_it_has_and_the_producer_waits(
    own_redis: Callable[..., Redis], tmp_path: Path
) -> None:
    site = Site(own_redis("--maxmemory", "6mb"), f"sqlite:///{tmp_path}/index.db", tmp_path)
    expected = documents(20_000)
    with pytest.raises(BrokerFull, match="takes nothing"):
        site.enqueue(expected, seconds=1)
    sent = site.queue.length()
    assert 0 < sent < 100, "some are kept, not all"
    try:
        site.start()
        site.enqueue(expected[200 * sent :][:2_000])  # there is room again
        site.wait()
        site.assert_each_once(expected[: 200 * sent + 2_000])
    finally:
        site.close()


def test_9_a_redis_that_forgets_is_refused(own_redis: Callable[..., Redis], tmp_path: Path) -> None:
    redis = own_redis("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
    with pytest.raises(BrokerForgets, match="allkeys-lru"):
        enqueue(documents(1), f"sqlite:///{tmp_path}/index.db", broker=redis.url)
    done = Simsearch(tmp_path)("worker", "--broker", redis.url)
    assert done.code == 1
    assert done.err.splitlines()[-1] == f"Error: {BrokerForgets(broker=redis.url, policy='allkeys-lru')}"


def test_a_redis_that_hangs_is_waited_for_and_then_given_up(site: Site) -> None:
    site.enqueue(documents(1))
    site.redis.hang()
    with pytest.raises(BrokerAway):
        enqueue(documents(1), site.index, broker=site.redis.url, patience=1)
    site.redis.go_on()
    assert site.enqueue(documents(1)) == 1


def test_a_wrong_password_is_told_without_it(own_redis: Callable[..., Redis], tmp_path: Path) -> None:
    redis = own_redis("--requirepass", "richtig")
    for url in (redis.url, redis.url.replace("//", "//:falsch@")):
        with pytest.raises(BrokerRefused) as told:
            enqueue(documents(1), f"sqlite:///{tmp_path}/index.db", broker=url)
        assert "falsch" not in str(told.value)
        assert redis.url in str(told.value)
    assert enqueue(documents(1), f"sqlite:///{tmp_path}/index.db", broker=redis.url.replace("//", "//:richtig@")) == 1


@pytest.mark.parametrize(
    "url",
    [
        "localhost:6379",
        "http://localhost",
        "redis://localhost:port/0",
        "amqp://localhost",
        "redis://localhost/0?db=2",
        "redis://localhost/文章",
        "redis://localhost/0/1",
        "redis://:pa/ss@localhost:6379/0",
    ],
)
def test_an_address_that_is_none_of_redis_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(BrokerUnclear) as told:
        enqueue(documents(1), f"sqlite:///{tmp_path}/index.db", broker=url)
    assert "pa/ss" not in str(told.value)


def test_tls_is_verified(own_redis: Callable[..., Redis], certificate: Certificate, tmp_path: Path) -> None:
    index = f"sqlite:///{tmp_path}/index.db"
    with open_index(index):
        pass
    with Relay(own_redis().port, certificate) as relay:
        url = f"rediss://127.0.0.1:{relay.port}/0"
        with pytest.raises(BrokerUntrusted, match="ssl_ca_certs"):
            enqueue(documents(1), index, broker=url)
        with pytest.raises(BrokerUntrusted, match="ssl_ca_certs"):  # Celery by itself would trust anybody
            announce(Queue(url.replace("127.0.0.1", "localhost"), index), "某")
        trusting = f"{url}?ssl_ca_certs={certificate.authority}"
        assert enqueue(documents(1), index, broker=trusting) == 1
        simsearch = Simsearch(tmp_path, SIMSEARCH_INDEX=index, SIMSEARCH_BROKER=trusting)
        with simsearch.start("worker", "--processes", "1") as worker:
            until(lambda: Queue(trusting, index).length() == 0, "the worker takes it")
            worker.terminate()
            _, err = worker.communicate(timeout=60)
            assert worker.returncode == 0
    said = err.decode()
    assert "--uid" not in said, "an option of Celery's"
    assert ("as root" in said) == (os.geteuid() == 0)
    assert simsearch.ok("status", "--broker", "").row["documents"] == 1
