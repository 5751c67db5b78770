"""What applications and commands hand over: `enqueue`, `enqueue_delete`, `simsearch index --queue`."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

import pytest
from cli.process import write_lines
from hypothesis import given
from hypothesis import strategies as st

from simsearch.corpus import Document
from simsearch.indexer import open_index
from simsearch.limits import LIMITS
from simsearch.worker import enqueue, enqueue_delete, message, producer
from simsearch.worker.message import DocumentTooLarge, DocumentUnclear, Message
from simsearch.worker.producer import QueueFull
from simsearch.worker.queue import PAYLOADS, IndexUnclear, name_of, prefix

from .conftest import documents
from .site import Site, until


def test_a_document_is_found_soon_after_it_was_enqueued(any_site: Site) -> None:
    any_site.start(1)
    assert (
        any_site.enqueue([{"id": "一", "text": "失眠的人不要喝咖啡。", "title": "睡眠", "metadata": {"year": 2024}}])
        == 1
    )
    any_site.wait()
    with open_index(any_site.index) as index:
        index.engine.settle()
        (hit,) = index.search("睡不着", k=1)
        found = index.engine.fetch(["一"])["一"]
    assert hit.id == "一"
    assert (found.title, found.metadata) == ("睡眠", {"year": 2024})


def test_celery_starts_the_same_worker(site: Site) -> None:
    site.enqueue(documents(3))
    command = [sys.executable, "-m", "celery", "-A", "simsearch.worker", "worker", "--concurrency", "1"]
    with subprocess.Popen(command, env=site.simsearch.environment, stderr=subprocess.DEVNULL) as worker:
        site.wait()
        worker.terminate()
        assert worker.wait(30) == 0
    assert site.documents() == 3


def test_what_comes_through_the_queue_is_what_is_stored_directly(any_site: Site, tmp_path: Path) -> None:
    odd = [
        Document("怪", "\ud800孤立\x00的\U0001f600", metadata={"nan": float("nan"), "when": datetime.date(2024, 5, 1)}),
        Document("类", "失眠", metadata={"__type__": "datetime", "__value__": "2024-05-01"}),
        Document("空", ""),
        Document("长" * 600, "樱花", title="标题", source="来源", metadata={"a": {"b": [1, "二", None]}}),
    ]
    any_site.start(1)
    any_site.enqueue(odd)
    any_site.wait()
    with open_index(f"sqlite:///{tmp_path}/direct.db") as direct, open_index(any_site.index) as index:
        direct.add(odd)
        names = [row[0] for row in direct.engine._rows("SELECT id FROM documents")]
        assert index.engine.fetch(names) == direct.engine.fetch(names)
        assert index.engine.digests(names) == direct.engine.digests(names)
        assert len(names) == len(odd)


def test_deletes_win_over_older_readings_and_lose_to_newer_ones(any_site: Site) -> None:
    any_site.enqueue(documents(10))
    assert enqueue_delete([f"文-{n}" for n in range(5)], any_site.index, broker=any_site.redis.url) == 5
    late = Document("文-0", "迟到的旧文", sequence=1)
    any_site.enqueue([late, Document("文-1", "又来了")])
    any_site.start()
    any_site.wait()
    with open_index(any_site.index) as index:
        index.engine.settle()
        assert sorted(index.engine.fetch([f"文-{n}" for n in range(10)])) == [
            "文-1",
            *(f"文-{n}" for n in range(5, 10)),
        ]


def test_messages_hold_200_documents_and_a_megabyte_at_most(site: Site) -> None:
    texts = ["短", "长" * 100_000, "中" * 500]
    given = [Document(f"文-{n}", texts[n % 3 if n % 50 == 1 else 0]) for n in range(1_000)]
    assert site.enqueue(given) == 1_000
    raw = site.queue.redis.hvals(prefix(site.queue.name) + PAYLOADS)
    assert all(len(one) <= LIMITS["message_bytes"].default for one in raw)
    sizes = [len(one) for one in message.batches(given)]
    assert len(raw) == len(sizes)
    assert max(sizes) <= message.MOST_DOCUMENTS
    site.enqueue([Document("大", "大" * 330_000)] * 3)
    assert site.queue.length() == len(sizes) + 3, "each fills a message"


def test_a_document_that_no_message_holds_is_told(site: Site) -> None:
    with pytest.raises(DocumentTooLarge, match="index it without the queue"):
        site.enqueue([*documents(3), Document("巨", "巨" * 340_000), *documents(3, first=3)])
    assert site.queue.length() == 1, "what comes before is queued"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "没有名字"},
        {"id": 7, "text": "x"},
        {"id": "一"},
        {"id": "一", "text": None},
        {"id": "一", "text": "x", "x": 1},
        {"id": "", "text": "x"},
        {"id": "一", "text": "x", "title": 7},
        {"id": "一", "text": "x", "metadata": ["x"]},
        {"id": "一", "text": "x", "sequence": -1},
        {"id": "一", "text": "x", "sequence": 2**63},
        Document("一", 7),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_document_is_told(site: Site, wrong: Document | dict[str, object]) -> None:
    with pytest.raises(DocumentUnclear):
        site.enqueue([wrong])
    assert site.queue.length() == 0


def test_a_full_queue_keeps_producers_waiting(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer, "MOST_WAITING", 3)
    for number in range(3):
        site.enqueue(documents(1, first=number))
    with pytest.raises(QueueFull, match="3 messages wait"):
        site.enqueue(documents(1, first=3), seconds=0.5)
    site.start(1)
    expected = documents(10, first=4)
    for document in expected:
        site.enqueue([document])
    site.wait()
    assert site.lacks(expected) == []


def test_documents_for_another_model_become_dead_letters(any_site: Site) -> None:
    any_site.start(1)
    enqueue(documents(2), any_site.index, broker=any_site.redis.url, model="0123456789abcdef")
    any_site.wait()
    letters = any_site.letters()
    assert sorted(letters) == ["文-0", "文-1"]
    assert "0123456789abcdef" in letters["文-0"].reason
    assert any_site.documents() == 0


def test_a_worker_waits_for_an_index_that_is_not_there_yet(site: Site, tmp_path: Path) -> None:
    (tmp_path / "index.db").rename(tmp_path / "away.db")
    worker = site.start(1)
    expected = documents(3)
    site.enqueue(expected)
    until(lambda: "Put back: There is no index" in worker.said(), "the worker says so")
    (tmp_path / "away.db").rename(tmp_path / "index.db")
    site.wait()
    site.assert_each_once(expected)


def test_a_worker_notices_that_its_index_was_replaced(site: Site, tmp_path: Path) -> None:
    site.start(1)
    site.enqueue(documents(3))
    site.wait()
    (tmp_path / "index.db").rename(tmp_path / "old.db")
    with open_index(site.index):
        pass
    site.enqueue(documents(5))
    site.wait()
    assert site.documents() == 5


def test_index_queue_hands_over_and_counts(any_site: Site, tmp_path: Path) -> None:
    rows = [{"id": one.id, "text": one.text} for one in documents(450)]
    source = write_lines(tmp_path / "文.jsonl", [*rows, {"id": "巨", "text": "巨大。" * 110_600}])
    done = any_site.simsearch("index", "--queue", source)
    assert done.code == 0, done.err
    assert (done.row["queued"], done.row["stored"], done.row["failed"]) == (450, 1, 0)
    assert any_site.queue.length() == 3
    any_site.start()
    any_site.wait()
    assert any_site.documents() == 451
    assert any_site.simsearch("index", source).row["unchanged"] == 451


def test_index_queue_keeps_no_ledger(site: Site, tmp_path: Path) -> None:
    done = site.simsearch("index", "--queue", "--ledger", tmp_path / "l", tmp_path)
    assert done.code == 2


def test_to_enqueue_imports_nothing_heavy() -> None:
    program = (
        "import sys; from simsearch.worker import enqueue, enqueue_delete\n"
        "print({'numpy', 'elasticsearch', 'numba', 'rjieba', 'apsw', 'celery'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.parametrize(
    ("index", "name"),
    [
        ("https://es:9200/articles", "articles"),
        ("http://127.0.0.1:9200/articles/", "articles"),
        ("http://es/prefix/articles?x=1", "articles"),
        ("sqlite:////data/texts.db", "/data/texts.db"),
        ("/data/../data/texts.db", "/data/texts.db"),
    ],
)
def test_the_name_of_a_queue_is_the_same_by_whatever_way_an_index_is_reached(index: str, name: str) -> None:
    assert name_of(index) == name


@pytest.mark.parametrize(
    "index", ["", "http://es:9200", "http://es:9200/", "ftp://es/articles", "http://me:secret@es/articles"]
)
def test_what_is_no_index_has_no_queue(index: str) -> None:
    with pytest.raises(IndexUnclear) as told:
        name_of(index)
    assert "secret" not in str(told.value)


@given(
    st.lists(
        st.builds(
            Document,
            st.text(min_size=1, max_size=20),
            st.text(st.characters(codec=None) | st.sampled_from('"\\\x00\ud800长😀'), max_size=1_000),
            title=st.text(max_size=20),
            metadata=st.dictionaries(st.text(max_size=5), st.text(max_size=50), max_size=2),
        ),
        max_size=30,
    ),
    st.integers(1, 300),
)
def test_no_batch_is_larger_than_a_message_may_be(some: list[Document], times: int) -> None:
    batches = list(message.batches(some * times))
    assert [one for batch in batches for one in batch] == some * times
    for batch in batches:
        assert len(batch) <= message.MOST_DOCUMENTS
        assert (
            len(message.write(Message("文" * 300, documents=batch)).encode("utf-8", "surrogatepass"))
            <= LIMITS["message_bytes"].default
        )
