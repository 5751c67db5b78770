"""What is no work for us does no harm, and other applications' work is left alone (cases 10 to 12)."""

from __future__ import annotations

import base64
import json
import pickle
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from simsearch.corpus import Document
from simsearch.indexer import open_index
from simsearch.worker.producer import send
from simsearch.worker.queue import WAITING, prefix

from .conftest import documents
from .site import Site, until


class Touch:
    """Unpickling this writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def push(site: Site, body: bytes, content_type: str = "application/json", task: str = "simsearch.store") -> str:
    """Put a message into the queue as Celery would, whatever it says; return its id."""
    name = str(uuid.uuid4())
    envelope = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8" if content_type == "application/json" else "binary",
        "content-type": content_type,
        "headers": {"lang": "py", "task": task, "id": name, "root_id": name, "group": None, "retries": 0},
        "properties": {
            "correlation_id": name,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": WAITING},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": name,
        },
    }
    site.queue.redis.lpush(prefix(site.queue.name) + WAITING, json.dumps(envelope))
    return name


def waiting(site: Site) -> int:
    """Return how many messages are in Celery's list."""
    return int(site.queue.redis.llen(prefix(site.queue.name) + WAITING))


@pytest.fixture
def busy(any_site: Site) -> Iterator[Site]:
    """Return a site with a worker, which at the end must do its work as ever."""
    worker = any_site.start(1)
    yield any_site
    expected = documents(3, first=500)
    any_site.enqueue(expected)
    until(lambda: not any_site.lacks(expected), "the worker does its work")
    assert worker.process.poll() is None
    any_site.wait()


def test_10_a_pickle_runs_nothing(busy: Site, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    evil = pickle.dumps(([Touch(marker)], {}, {}))
    push(busy, evil, "application/x-python-serialize")
    push(busy, evil, "application/json")
    expected = documents(1)
    busy.enqueue(expected)
    until(lambda: not busy.lacks(expected), "what came after them is stored")
    assert waiting(busy) == 0
    assert not marker.exists()


def test_11_messages_that_say_nothing_are_dead_letters_with_a_reason(busy: Site) -> None:
    fine = {"version": 1, "index": busy.queue.name}
    one = {"id": "一", "text": "失眠", "sequence": 1}
    unclear: list[tuple[Any, str]] = [
        ("失眠", "JSONDecodeError"),
        ("[]", "its payload is no object"),
        (fine | {"version": 99}, "it has version 99, this worker reads 1"),
        (fine | {"version": 0}, "it has version 0, this worker reads 1"),
        ({"index": busy.queue.name}, "it has version None"),
        ({"version": 1}, "KeyError: 'index'"),
        (fine | {"documents": [{"text": "没有名字"}]}, "TypeError"),
        (fine | {"documents": [one | {"text": 7}]}, "of the document 一 text is no text"),
        (fine | {"documents": [one | {"id": ""}]}, "id is empty"),
        (fine | {"documents": [one | {"sequence": 2**63}]}, "sequence is no time in ns"),
        (fine | {"documents": [{"id": "一", "text": "失眠"}]}, "sequence is missing"),
        (fine | {"documents": 7}, "TypeError"),
        (fine | {"deleted": [7]}, "of the wrong type"),
        (fine | {"colour": "red"}, "unexpected keyword argument 'colour'"),
        (fine | {"documents": [one] * 201}, "more than 200 documents"),
        (fine | {"documents": [one | {"text": "长" * 17_000_000}]}, "1,000,000 bytes are allowed"),
        (fine | {"index": "another"}, "The message is for the index another"),
    ]
    names = {}
    for payload, reason in unclear:
        name = str(uuid.uuid4())
        send(busy.queue, name, payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False))
        names[name] = reason
    busy.wait()
    letters = busy.letters()
    assert set(letters) == {f"message-{name}" for name in names}
    for name, reason in names.items():
        assert reason in letters[f"message-{name}"].reason
    assert busy.documents() == 0


def test_a_document_beyond_the_limits_of_the_worker_is_a_dead_letter(any_site: Site, monkeypatch) -> None:
    monkeypatch.setenv("SIMSEARCH_MAX_DOCUMENT_BYTES", "1000")
    any_site.start(1)
    long = Document("长", "失眠的人不喝浓茶。" * 100)
    any_site.enqueue([long, *documents(3)])
    any_site.wait()
    assert any_site.documents() == 3
    assert "SIMSEARCH_MAX_DOCUMENT_BYTES" in any_site.letters()["长"].reason


def test_11_what_is_no_task_of_ours_leaves_the_worker_alive(busy: Site) -> None:
    for arguments in (b"[[], {}, {}]", b'[["{}"], {"extra": 1}, {}]', b'[["' + b"x" * 50_000_000 + b'"], {}, {}]'):
        push(busy, arguments)
        push(busy, arguments, task="another.task")
    push(busy, b"no json")
    push(busy, b'{"not": "a list"}')
    push(busy, b"")
    until(lambda: waiting(busy) == 0, "all were taken")


def test_12_the_newest_reading_wins_whatever_comes_last(busy: Site) -> None:
    readings = [Document("一", f"第{number}版，失眠。", sequence=number) for number in (2, 3, 1)]
    for reading in readings:
        busy.enqueue([reading])
    busy.enqueue([Document("二", "樱花", sequence=5), Document("二", "银行", sequence=4)])
    busy.wait()
    with open_index(busy.index) as index:
        found = index.engine.fetch(["一", "二"])
    assert (found["一"].text, found["二"].text) == ("第3版，失眠。", "樱花")


def test_45_a_worker_tells_of_a_clock_that_is_ahead(busy: Site) -> None:
    ahead = time.time_ns() + 24 * 3_600 * 10**9
    for document in (Document("一", "失眠", sequence=ahead), Document("一", "樱花")):
        busy.enqueue([document])
        busy.wait()
    with open_index(busy.index) as index:
        assert index.engine.fetch(["一"])["一"].text == "失眠"
    (worker,) = busy.workers
    assert "Older: what is known of 一 bears the time" in worker.said()


FOREIGN = """
import sys, time
from celery import Celery
app = Celery("foreign", broker=sys.argv[1])
app.conf.update(task_acks_late=True, broker_transport_options={"visibility_timeout": 7200})
@app.task(name="foreign.hour")
def hour():
    with open(sys.argv[3], "a") as said:
        said.write("begun")
    time.sleep(3600)
if sys.argv[2] == "send":
    hour.delay()
else:
    app.worker_main(["--quiet", "worker", "--concurrency", "1", "--loglevel", "ERROR"])
"""


def test_a_foreign_applications_long_task_is_not_redelivered_because_of_us(site: Site, tmp_path: Path) -> None:
    script, said = tmp_path / "foreign.py", tmp_path / "said"
    script.write_text(FOREIGN, "utf-8")
    said.touch()
    foreign = subprocess.Popen([sys.executable, script, site.redis.url, "work", said], stderr=subprocess.DEVNULL)
    try:
        subprocess.run([sys.executable, script, site.redis.url, "send"], check=True, timeout=60)
        until(lambda: "begun" in said.read_text("utf-8"), "the foreign task runs")
        site.start(QUICK_VISIBILITY="2")
        expected = documents(50)
        site.enqueue(expected)
        site.wait()
        time.sleep(6)  # three times our visibility timeout, with a sweep each second
        assert said.read_text("utf-8").count("begun") == 1
        assert site.queue.redis.hlen("unacked") == 1, "the foreign task is still in hand"
        assert site.queue.redis.llen("celery") == 0
        site.assert_each_once(expected)
    finally:
        foreign.kill()
        foreign.wait()


def test_an_applications_own_celery_variables_are_not_ours(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {f"CELERY_BROKER{name}_URL": "redis://127.0.0.1:9/0" for name in ("", "_READ", "_WRITE")}
    theirs["CELERY_RESULT_BACKEND"] = "no_such_module:Backend"
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    expected = documents(3)
    site.enqueue(expected)
    site.start(1, **theirs)
    site.wait()
    site.assert_each_once(expected)


def test_enqueueing_leaves_an_applications_own_celery_as_it_was(site: Site) -> None:
    own = Celery("own", broker="memory://", set_as_current=True)
    site.enqueue(documents(1))
    from celery import current_app

    assert current_app._get_current_object() is own
    assert own.conf.broker_url == "memory://"
    assert own.conf.task_default_queue == "celery"
