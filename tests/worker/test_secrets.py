"""Who reaches Redis and the index stays between those who are told: not in Redis, not in logs, not in messages."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.redis import Redis

from simsearch.worker.queue import Queue

from .conftest import documents
from .quick import FAILS
from .site import Site, until
from .test_messages import push

#: As it is, and as an address has it; letters that addresses end at are among them.
PASSWORD, WRITTEN = "gehe/im@x", "gehe%2Fim%40x"
PARTS = ("gehe", WRITTEN, "falsch")


def everything(queue: Queue) -> bytes:
    """Return all keys in Redis and what they hold."""
    found = b""
    for key in queue.redis.scan_iter():
        found += key + (queue.redis.dump(key) or b"")
        kind = queue.redis.type(key)
        if kind == b"hash":
            found += repr(queue.redis.hgetall(key)).encode()
        elif kind == b"list":
            found += repr(queue.redis.lrange(key, 0, -1)).encode()
    return found


@pytest.fixture
def guarded(own_redis: Callable[..., Redis], tmp_path: Path) -> Site:
    """Return a site whose Redis asks for a password, which its address bears."""
    redis = own_redis("--requirepass", PASSWORD)
    redis.url = redis.url.replace("//", f"//:{WRITTEN}@")
    return Site(redis, f"sqlite:///{tmp_path}/index.db", tmp_path)


def test_a_password_of_redis_is_in_no_log_and_in_no_message(guarded: Site, tmp_path: Path) -> None:
    site = guarded
    try:
        worker = site.start(1, QUICK_VISIBILITY="4")
        site.enqueue([*documents(3), *documents(1, FAILS, first=3)])
        push(site, b"[[], {}, {}]", task="another.task")
        until(lambda: bool(site.letters()), "a document is given up")
        held = everything(site.queue)
        said = [site.simsearch(command, "--json") for command in ("status", "doctor", "retry")]
        site.redis.kill()
        until(lambda: worker.said().count("Cannot connect to redis") > 1, "the worker has tried twice")
        said += [site.simsearch(command, "--broker", site.redis.url) for command in ("status", "doctor", "retry")]
        said.append(site.simsearch("worker", "--check"))
        log = worker.said()
    finally:
        site.close()
    wrong = site.redis.url.replace(WRITTEN, "falsch")
    site.redis.start()
    said += [site.simsearch(*command, "--broker", wrong) for command in (["status"], ["doctor"], ["worker"])]
    assert "refuses access" in said[-1].err
    shown = log + "".join(one.out + one.err for one in said) + held.decode("utf-8", "replace")
    for part in PARTS:
        assert part not in shown


def test_a_log_holds_no_control_character_of_a_document(site: Site) -> None:
    worker = site.start(1)
    evil = "坏\x1b]0;题\x07\x9b31m\u202e\nError: 假"
    site.enqueue([{"id": evil, "text": f"失眠{FAILS}"}])
    until(lambda: "Gave up on 坏" in worker.said(), "the document is given up")
    lines = worker.said().splitlines()
    assert not [line for line in lines if line.startswith("Error: 假")]
    assert not set(worker.said()) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_a_password_is_not_among_the_arguments_of_processes(guarded: Site) -> None:
    try:
        worker = guarded.start(2, fresh=True)
        pids = [str(worker.process.pid), *map(str, worker.children())]
        shown = subprocess.run(["ps", "-ww", "-o", "args", "-p", ",".join(pids)], capture_output=True, text=True).stdout
    finally:
        guarded.close()
    assert "celery" in shown
    assert "gehe" not in shown
