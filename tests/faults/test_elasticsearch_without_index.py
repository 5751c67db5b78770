"""An index that is missing, goes away, or has lost its shards: a sentence, and nothing is made in its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli.process import write_lines
from servers.messages import Request
from servers.node import Node
from servers.proxy import Proxy

from .conftest import documents
from .server import Remote, assert_each_once, begin, finish, ids_of, told, verified, without_shards


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 3,000 documents."""
    return write_lines(tmp_path_factory.mktemp("long") / "长.jsonl", documents(3000))


@pytest.mark.parametrize(
    "command",
    [["query", "绿茶"], ["similar", "文-1"], ["status"], ["delete", "文-1"], ["doctor"], ["tags"]],
    ids=lambda command: command[0],
)
def test_a_missing_index_is_one_sentence_and_is_not_made(index: Remote, tmp_path: Path, command: list[str]) -> None:
    done = index.commands(tmp_path)(*command)
    assert (done.code, done.out) == (1, "")
    assert told(done) == (
        f"Error: There is no index at {index.server}/{index.name}: create it with `simsearch index FOLDER`."
    )
    assert index.names() == []


def test_an_index_that_somebody_deletes_during_a_run_ends_it_and_is_not_made_anew(
    index: Remote, source: Path, tmp_path: Path
) -> None:
    simsearch = index.commands(tmp_path)
    with begin(simsearch, source) as run:
        index.drop()
        done = finish(run)
    assert (done.code, done.out) == (1, "")
    assert told(done).startswith("Error: ")
    assert f"{index.server}/{index.name}" in told(done)
    assert index.names() == []
    lost = simsearch("query", "绿茶")
    assert (lost.code, told(lost).startswith("Error: There is no index at")) == (1, True)
    assert simsearch.ok("index", source, "--ledger", tmp_path / "new.jsonl").row["stored"] == 3000
    verified(simsearch, tmp_path / "new.jsonl")
    assert_each_once(index, ids_of(3000))


@pytest.mark.parametrize(
    ("command", "asked", "of"),
    [
        ("index", "_mget", "-readings"),
        ("index", "_bulk", "-readings"),
        ("index", "_bulk", "-write-"),
        ("refused", "_mget", "-dead-letters"),
        ("refused", "_bulk", "-dead-letters"),
        ("retry", "_pit", "-dead-letters"),
        ("retry", "_bulk", "-write-"),
        ("retry", "_bulk", "-dead-letters"),
        ("retry --drop", "_bulk", "-dead-letters"),
        ("delete 文-1", "_mget", "-readings"),
        ("delete 文-1", "_bulk", "-readings"),
        ("delete 文-1", "_bulk", "-write-"),
    ],
)
def test_an_index_deleted_just_before_it_is_asked_is_not_made_by_the_server(
    index: Remote, proxy: Callable[..., Proxy], tmp_path: Path, command: str, asked: str, of: str
) -> None:
    """The server makes an index of any name that it is told to write to, with a mapping of its own."""
    source = write_lines(tmp_path / "十.jsonl", documents(10))
    index.commands(tmp_path).ok("index", source)
    if command not in ("index", "delete 文-1"):
        index.set(index__mapping__nested_objects__limit=0)
    if command not in ("index", "delete 文-1") or of == "-write-":
        write_lines(source, documents(10, edition=1))
    if command.startswith("retry"):
        assert index.commands(tmp_path)("index", source).row["failed"] == 10
        index.set(index__mapping__nested_objects__limit=10_000)
    met = []

    def deleted(request: Request) -> None:
        if asked in request.path and (of in request.path or of.encode() in request.body):
            index.drop()
            met.append(request)

    between = proxy(index.server, fault=deleted)
    words = ["index", source] if command in ("index", "refused") else command.split()
    done = index.commands(tmp_path, between.url)(*words)
    assert met
    assert index.names() == []
    assert (done.code, done.out) == (1, "")
    assert told(done).startswith("Error: ")
    assert f"{between.url}/{index.name}" in told(done)


def test_an_index_without_its_shards_is_waited_for_and_told(node: Node, tmp_path: Path) -> None:
    index = Remote(node.url)
    simsearch = index.commands(tmp_path, SIMSEARCH_PATIENCE="2")
    source = write_lines(tmp_path / "十.jsonl", documents(10))
    ledger = tmp_path / "ledger.jsonl"
    simsearch.ok("index", source, "--ledger", ledger)
    more = write_lines(tmp_path / "百.jsonl", documents(100))
    with without_shards(node, index):
        for command in (["query", "绿茶"], ["index", more, "--ledger", ledger]):
            done = simsearch(*command)
            assert (done.code, done.out) == (1, ""), command
            assert told(done).startswith(f"Error: Elasticsearch at {index.server} takes nothing ("), command
            assert "a shard is not available: see its cluster health, then run the same command again" in told(done)
        ill = simsearch("doctor")
    assert ill.code == 3, ill.err
    (health,) = [row for row in ill.rows if row["check"] == "health"]
    assert not health["ok"]
    assert health["what"].startswith("red, ")
    assert health["what"].endswith(" shards without a copy: bring back the nodes that hold them")
    patient = index.commands(tmp_path)  # the shards are back when they are assigned and read, which takes a while
    assert patient.ok("index", more, "--ledger", ledger).row["stored"] == 90
    verified(patient)
    assert_each_once(index, ids_of(100))


def test_doctor_says_what_a_copy_that_is_not_there_costs_and_what_to_do(index: Remote, tmp_path: Path) -> None:
    """The server is one node, which holds no copy of its own shards."""
    simsearch = index.commands(tmp_path)
    simsearch.ok("index", "-", given="绿茶")
    index.set(index__number_of_replicas=1)
    told = {row["check"]: row for row in simsearch.ok("doctor").rows}["health"]
    assert told["what"].startswith("yellow, 1 replicas not assigned, so a lost node loses documents: add a node, ")
