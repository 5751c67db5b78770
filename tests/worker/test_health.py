"""What `status`, `doctor` and `worker --check` say of a queue: whether the work gets on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.redis import Redis

from simsearch.worker import health
from simsearch.worker.health import look
from simsearch.worker.signs import this_machine

from .conftest import documents
from .quick import SLOW
from .site import Site, until


def test_status_shows_the_queue_and_its_workers(any_site: Site) -> None:
    any_site.enqueue(documents(450))
    row = any_site.simsearch("status").row
    assert (row["waiting"], row["in_hand"], row["workers"]) == (3, 0, [])
    assert row["lag"] > 0
    assert row["queue"] == "no worker serves this queue (3 messages wait): start one with `simsearch worker`"
    any_site.start()
    any_site.wait()
    until(
        lambda: look(any_site.queue).stored_per_second == pytest.approx(450 / 30, abs=0.1), "all that was stored counts"
    )
    assert any_site.documents() == 450  # Elasticsearch counts what it has refreshed
    done = any_site.simsearch("status")
    row = done.row
    assert done.code == 0
    assert (row["waiting"], row["in_hand"], row["lag"], row["documents"]) == (0, 0, 0, 450)
    assert row["stored_per_second"] == pytest.approx(450 / 30, abs=0.1)
    (worker,) = row["workers"]
    assert worker["name"].startswith(this_machine())
    assert (worker["state"], worker["stored"]) == ("ready", 450)
    assert time.time() - worker["time"] < 60
    shown = any_site.simsearch("status", "--table").out
    assert "450 stored" in shown


def test_watching_shows_status_again_and_again_until_ctrl_c(site: Site) -> None:
    with site.simsearch.start("status", "--watch", "--json") as watch:
        assert watch.stdout
        first = watch.stdout.readline()
        site.enqueue(documents(1))
        second = watch.stdout.readline()
        watch.send_signal(signal.SIGINT)
        assert watch.wait(30) == 0
    assert (b'"waiting": 0' in first, b'"waiting": 1' in second) == (True, True), first + second


def test_a_worker_is_checked_by_its_progress(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    check = site.simsearch("worker", "--check")
    assert check.code == 1
    assert check.row["what"].startswith("no worker serves this queue")
    worker = site.start(1)
    until(lambda: site.simsearch("worker", "--check").code == 0, "the worker is found")
    assert (
        site.simsearch("worker", "--check", "--table").out == "in order (0 messages wait, 0 are in hand, workers: 1)\n"
    )
    site.enqueue(documents(1, SLOW))
    until(site.in_hand, "a message is in hand")
    os.killpg(worker.process.pid, signal.SIGSTOP)  # it exists, and does nothing
    monkeypatch.setattr(health, "SILENCE", 1)
    until(lambda: not look(site.queue, this_machine()).ok, "it is found to be stuck")
    assert "and messages wait: restart it" in look(site.queue, this_machine()).what
    os.killpg(worker.process.pid, signal.SIGCONT)
    site.wait()
    until(lambda: look(site.queue, this_machine()).ok, "it gets on")


def test_a_worker_that_ends_is_missed_where_messages_wait(site: Site) -> None:
    worker = site.start(1)
    site.enqueue(documents(1))
    site.wait()
    assert worker.stop() == 0
    assert look(site.queue).ok, "nothing is to be done"
    site.enqueue(documents(1, first=1))
    assert not look(site.queue).ok
    assert site.simsearch("doctor").code == 3


def test_doctor_checks_broker_and_queue(own_redis: Callable[..., Redis], tmp_path: Path) -> None:
    site = Site(own_redis("--appendonly", "no"), f"sqlite:///{tmp_path}/index.db", tmp_path)
    rows = {row["check"]: row for row in site.simsearch("doctor").rows}
    assert not rows["broker"]["ok"]
    assert rows["broker"]["what"].endswith("start Redis with --appendonly yes")
    assert rows["queue"]["ok"]
    site.redis.kill()
    rows = {row["check"]: row for row in site.simsearch("doctor").rows}
    assert "does not answer" in rows["broker"]["what"]
    assert "queue" not in rows
    done = site.simsearch("status")
    assert (done.code, done.row["documents"]) == (3, 0), "the index is shown all the same"
    assert "does not answer" in done.row["queue"]
