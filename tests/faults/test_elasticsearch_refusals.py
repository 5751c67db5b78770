"""A server that refuses: what passes is waited for, what is a document's fault becomes a dead letter, and no more."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.process import write_lines
from servers.messages import Break, Request, Response
from servers.node import Node
from servers.proxy import Proxy

from .conftest import documents
from .moments import lines_of
from .server import (
    WAITING,
    Remote,
    assert_each_once,
    begin,
    finish,
    first,
    ids_of,
    rejected,
    told,
    until_it_waits,
    verified,
)

#: Documents of a run of several processes, in small batches.
LONG = 2_000
#: Seconds that a command goes on where a test sees it give up.
BRIEFLY = {"SIMSEARCH_PATIENCE": "3"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of LONG documents."""
    return write_lines(tmp_path_factory.mktemp("long") / "长.jsonl", documents(LONG))


def big(name: str, characters: int) -> dict[str, str]:
    """Return a document of so many characters."""
    sentence = "失眠的人不喝浓茶。"
    return {"id": name, "text": sentence * (characters // len(sentence))}


def test_documents_that_a_busy_server_rejects_are_stored_in_the_end(
    own_node: Callable[..., Node], tmp_path: Path
) -> None:
    node = own_node("thread_pool.write.size=1", "thread_pool.write.queue_size=1")
    index = Remote(node.url)
    simsearch = index.commands(tmp_path)
    simsearch.ok("index", "-", given="绿茶")
    parts = [write_lines(tmp_path / f"{part}.jsonl", documents(600, first=600 * part)) for part in range(5)]
    ledgers = [part.with_suffix(".ledger") for part in parts]
    with contextlib.ExitStack() as stack:
        runs = [
            stack.enter_context(simsearch.start("index", part, "--ledger", ledger))
            for part, ledger in zip(parts, ledgers, strict=True)
        ]
        for run in runs:
            done = finish(run)
            assert (done.code, done.row["stored"]) == (0, 600), done.err
            assert all(line.startswith(WAITING) for line in done.err.splitlines()), done.err
    (pools,) = index.ask("/_nodes/stats/thread_pool")["nodes"].values()
    assert pools["thread_pool"]["write"]["rejected"] > 0, "the server was too busy"
    verified(simsearch, *ledgers)
    assert index.count() == 3001


TROUBLES: dict[str, Response | Break] = {
    "429": rejected(429),
    "503": rejected(503),
    "502 of a gateway": Response(502, [("content-type", "text/html")], b"<h1>Bad Gateway</h1>"),
    "dropped before": "drop before",
    "dropped after it was stored": "drop after",
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_request_that_fails_three_times_is_sent_four_times_and_stored_once(
    index: Remote, proxy: Callable[..., Proxy], tmp_path: Path, trouble: Response | Break
) -> None:
    between = proxy(index.server, fault=first(3, trouble))
    source = write_lines(tmp_path / "十.jsonl", documents(10))
    done = index.commands(tmp_path, between.url).ok("index", source, "--ledger", tmp_path / "ledger.jsonl")
    assert done.row["stored"] == 10
    assert len([seen for seen in between.requests if "-write-" in seen.path]) == 4
    verified(index.commands(tmp_path))
    assert_each_once(index, ids_of(10))


def test_each_request_may_be_done_and_lost_once(index: Remote, proxy: Callable[..., Proxy], tmp_path: Path) -> None:
    """Whatever is sent again is of the same effect as once."""
    met: set[tuple[str, str]] = set()

    def lost_once(request: Request) -> Break | None:
        kind = request.method, request.path
        if kind in met:
            return None
        met.add(kind)
        return "drop after"

    between = proxy(index.server, fault=lost_once)
    simsearch = index.commands(tmp_path, between.url)
    source = write_lines(tmp_path / "二.jsonl", documents(200))
    ledger = tmp_path / "ledger.jsonl"
    for command in (
        ["index", source, "--ledger", ledger],
        ["index", source],
        ["query", "绿茶"],
        ["delete", "文-1"],
        ["status"],
        ["doctor", "--verify", ledger],
    ):
        met.clear()
        assert simsearch.ok(*command).rows
        assert met
    assert_each_once(index, ids_of(200) - {"文-1"})


def test_an_answer_that_does_not_come_is_asked_for_again(
    index: Remote, proxy: Callable[..., Proxy], tmp_path: Path
) -> None:
    between = proxy(index.server, fault=first(1, "hang"))
    simsearch = index.commands(tmp_path, between.url, SIMSEARCH_PATIENCE="24")  # 8 s for a request
    assert simsearch.ok("index", "-", given="绿茶").row["stored"] == 1
    assert len([seen for seen in between.requests if "-write-" in seen.path]) == 2
    assert index.count() == 1


def test_a_batch_that_is_too_large_is_halved_and_one_document_that_is_too_large_becomes_a_dead_letter(
    own_node: Callable[..., Node], tmp_path: Path
) -> None:
    index = Remote(own_node("http.max_content_length=64kb").url)
    simsearch = index.commands(tmp_path)
    source = write_lines(tmp_path / "大.jsonl", [*documents(1000), big("太大", 40_000)])
    done = simsearch("index", source, "--ledger", tmp_path / "ledger.jsonl")
    assert (done.code, done.row["stored"], done.row["failed"]) == (3, 1000, 1), done.err
    assert told(done).startswith("Failed: 太大 is not stored, but kept as a dead letter: it is larger than")
    assert simsearch("status").row["dead_letters"] == 1
    assert "larger" in index.letters()["太大"]["reason"]
    assert "text" not in index.letters()["太大"], "the letter was too large, too"
    assert_each_once(index, ids_of(1000))
    checked = simsearch("doctor", "--verify", tmp_path / "ledger.jsonl")
    assert (checked.code, checked.rows[-1]["ok"]) == (3, True)
    assert [row["what"].partition(":")[0] for row in checked.rows if not row["ok"]] == ["1"]


@pytest.mark.parametrize("command", ["index", "retry"])
def test_a_document_that_the_server_refuses_is_a_dead_letter_until_it_is_stored(
    index: Remote, tmp_path: Path, command: str
) -> None:
    simsearch = index.commands(tmp_path)
    simsearch.ok("index", "-", given="绿茶")
    index.set(index__mapping__nested_objects__limit=20)
    source = write_lines(tmp_path / "长.jsonl", [*documents(50), big("太长", 10_000)])
    for tries in (1, 2):
        done = simsearch("index", source)
        assert (done.code, done.row["failed"], done.row["stored"]) == (3, 1, 50 if tries == 1 else 0), done.err
        assert told(done).startswith("Failed: 太长 is not stored, but kept as a dead letter: ")
        letter = index.letters()["太长"]
        assert "nested" in letter["reason"]
        assert (letter["tries"], letter["text"]) == (tries, big("太长", 10_000)["text"])
    assert simsearch("status").row["dead_letters"] == 1
    assert index.count() == 51
    again = simsearch("retry")
    assert (again.code, again.row) == (3, {"id": "太长", "status": "failed"})
    assert told(again).startswith("Failed: 太长 is not stored, but kept as a dead letter: ")
    assert index.letters()["太长"]["tries"] == 3
    index.set(index__mapping__nested_objects__limit=10_000)
    simsearch.ok(*(["index", source] if command == "index" else ["retry"]))
    assert simsearch.ok("status").row["dead_letters"] == 0
    assert index.letters() == {}
    assert index.lacks([*ids_of(50), "太长"]) == []


def test_a_letter_whose_answer_is_lost_is_there_once(
    index: Remote, proxy: Callable[..., Proxy], tmp_path: Path
) -> None:
    index.commands(tmp_path).ok("index", "-", given="绿茶")
    index.set(index__mapping__nested_objects__limit=0)
    lost = first(1, "drop after", lambda seen: f"{index.name}-dead-letters/_bulk" in seen.path)
    between = proxy(index.server, fault=lost)
    done = index.commands(tmp_path, between.url)("index", write_lines(tmp_path / "十.jsonl", documents(10)))
    assert (done.code, done.row["failed"]) == (3, 10)
    letters = index.letters()
    assert set(letters) == ids_of(10)
    assert {letter["tries"] for letter in letters.values()} <= {1, 2}, "what was lost may count twice"


def test_a_full_disk_is_waited_for(node: Node, source: Path, tmp_path: Path) -> None:
    index = Remote(node.url)
    simsearch = index.commands(tmp_path)
    with begin(simsearch, source) as run:
        index.set(index__blocks__read_only_allow_delete=True)
        assert "read-only-allow-delete" in until_it_waits(run)
        index.set(index__blocks__read_only_allow_delete=None)
        done = finish(run)
    assert (done.code, done.row["stored"]) == (0, LONG), done.err
    verified(simsearch)
    assert_each_once(index, ids_of(LONG))


def test_a_disk_that_stays_full_ends_the_run_with_what_to_do(node: Node, source: Path, tmp_path: Path) -> None:
    index = Remote(node.url)
    simsearch = index.commands(tmp_path, **BRIEFLY)
    with begin(simsearch, source) as run:
        index.set(index__blocks__read_only_allow_delete=True)
        done = finish(run)
    assert (done.code, done.out) == (1, "")
    assert told(done).startswith(f"Error: Elasticsearch at {index.server} takes nothing (")
    assert "its disk is full: make room on it, then run the same command again" in told(done)
    blocked = simsearch("doctor")
    assert blocked.code == 3
    (wrong,) = [row for row in blocked.rows if not row["ok"]]
    assert (wrong["check"], "make room on the disk" in wrong["what"]) == ("blocks", True)
    assert index.setting("index.refresh_interval") == "1s"
    index.set(index__blocks__read_only_allow_delete=None)
    stored = index.count()
    assert lines_of(tmp_path / "ledger.jsonl") <= stored < LONG
    again = simsearch.ok("index", source, "--ledger", tmp_path / "ledger.jsonl").row
    assert again["stored"] + again["unchanged"] == LONG
    verified(simsearch)
    assert_each_once(index, ids_of(LONG))


def test_a_server_without_memory_ends_the_run_with_what_to_do(node: Node, tmp_path: Path) -> None:
    index = Remote(node.url)
    simsearch = index.commands(tmp_path, **BRIEFLY)
    simsearch.ok("index", "-", given="绿茶")
    limit = "network.breaker.inflight_requests.limit"
    index.ask("/_cluster/settings", {"persistent": {limit: "10kb"}}, "PUT")
    source = write_lines(tmp_path / "百.jsonl", documents(300))
    done = simsearch("index", source, "--ledger", tmp_path / "ledger.jsonl")
    assert (done.code, done.out) == (1, "")
    assert "its memory is full: give it more heap, or wait, then run the same command again" in told(done)
    assert lines_of(tmp_path / "ledger.jsonl") == 0
    index.ask("/_cluster/settings", {"persistent": {limit: None}}, "PUT")
    assert simsearch.ok("index", source, "--ledger", tmp_path / "ledger.jsonl").row["stored"] == 300
    verified(simsearch)
    assert index.count() == 301
