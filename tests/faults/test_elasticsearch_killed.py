"""Promise 1 on a server: what was acknowledged is there exactly once, whoever is killed, and however often."""

from __future__ import annotations

import itertools
import json
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli.process import DEADLINE, Simsearch, write_lines
from servers.answers import ask
from servers.home import Home
from servers.messages import Break, Request
from servers.node import Node, cluster
from servers.proxy import Proxy

from .conftest import documents
from .moments import acknowledged, end, lines_of, size_of, wait_for
from .server import (
    SMALL,
    WAITING,
    Remote,
    assert_each_once,
    begin,
    finish,
    ids_of,
    status_of,
    told,
    until_it_waits,
    verified,
)

#: Documents of a run of several processes, in small batches.
LONG = 1_500
KILLS = 4
#: Seconds: longer than any single wait between two tries.
OUTAGE = 12


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of LONG documents."""
    return write_lines(tmp_path_factory.mktemp("long") / "长.jsonl", documents(LONG))


def assert_all_is_well(index: Remote, simsearch: Simsearch, count: int = LONG) -> None:
    """Check that everything is stored once, the ledger holds, and the index is as it was before the run."""
    verified(simsearch)
    assert_each_once(index, ids_of(count))
    assert simsearch.ok("status").row["documents"] == count
    assert index.setting("index.refresh_interval") == "1s"
    assert "refresh_interval" not in index.meta()


def assert_it_went_on(run: object, index: Remote, simsearch: Simsearch) -> None:
    """Check that a run came to its end by itself."""
    done = finish(run)
    assert done.code == 0, done.err
    assert done.row["stored"] + done.row["unchanged"] == LONG
    assert all(line.startswith(WAITING) for line in done.err.splitlines()), done.err
    assert_all_is_well(index, simsearch)


@pytest.fixture(scope="module")
def three_nodes(elasticsearch_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Node]]:
    """Return a cluster by the names of its nodes; its start takes longer than a test, so several share it."""
    with cluster(elasticsearch_home, tmp_path_factory.mktemp("cluster")) as nodes:
        yield {node.name: node for node in nodes}


def make_with_replicas(nodes: dict[str, Node], folder: Path) -> Remote:
    """Return an index that is there, each of its shards on two of the nodes."""
    index = Remote(nodes["node-0"].url)
    simsearch = index.commands(folder)
    simsearch.ok("index", "-", given="")
    simsearch.ok("delete", "stdin")
    for name in index.names():
        index.ask(f"/{name}/_settings", {"index.number_of_replicas": 1}, "PUT")
    wait_until_green(index)
    return index


def wait_until_green(index: Remote) -> None:
    """Wait until all nodes are there and hold what they are to hold.

    A server gives a copy up whose recovery failed five times, until whoever runs it says to try again.
    """
    question = "/_cluster/health?wait_for_status=green&wait_for_nodes=3&wait_for_no_initializing_shards=true&timeout=5s"

    def is_green() -> bool:
        index.ask("/_cluster/reroute?retry_failed=true", method="POST")
        return ask(index.server + question).status == 200

    assert wait_for(is_green)


def test_49_nodes_of_a_cluster_may_be_restarted_one_after_the_other(
    three_nodes: dict[str, Node], tmp_path: Path, chance: random.Random
) -> None:
    index = make_with_replicas(three_nodes, tmp_path)
    index.server = chance.choice(list(three_nodes.values())).url  # which is restarted, too
    simsearch, ledger = index.commands(tmp_path), tmp_path / "ledger.jsonl"
    written, stop = itertools.count(), threading.Event()
    with simsearch.start("index", "-", "--ledger", ledger, first=SMALL) as run:

        def write() -> None:
            """Hand documents over, some hundreds a second, so that all others have time to come back."""
            assert run.stdin is not None
            for document in documents(1_000_000):
                if stop.wait(0.002):
                    return
                run.stdin.write((json.dumps(document) + "\n").encode())
                next(written)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for node in chance.sample(list(three_nodes.values()), 3):
                mark = lines_of(ledger)
                assert wait_for(lambda mark=mark: lines_of(ledger) > mark + 500, run), "it writes all the time"
                node.restart()
                wait_until_green(index)
        finally:
            stop.set()
            writer.join(DEADLINE)
        done = finish(run)
    count = next(written)
    assert (done.code, done.row["stored"]) == (0, count), done.err
    assert all(line.startswith(WAITING) for line in done.err.splitlines()), done.err
    assert len(acknowledged(ledger)) == count
    assert_all_is_well(index, simsearch, count)


def test_a_node_of_a_cluster_may_be_killed(
    three_nodes: dict[str, Node], source: Path, tmp_path: Path, chance: random.Random
) -> None:
    index = make_with_replicas(three_nodes, tmp_path)
    primary = next(row["node"] for row in index.ask(f"/_cat/shards/{index.behind}?format=json") if row["prirep"] == "p")
    asked = chance.choice([node for name, node in three_nodes.items() if name != primary])
    simsearch = index.commands(tmp_path, asked.url)
    index.server = asked.url
    with begin(simsearch, source) as run:
        three_nodes[primary].kill()
        assert_it_went_on(run, index, simsearch)
    three_nodes[primary].start()


def test_the_only_node_may_be_killed_and_come_back(
    node: Node, source: Path, tmp_path: Path, chance: random.Random
) -> None:
    index = Remote(node.url)
    simsearch = index.commands(tmp_path)
    ledger = tmp_path / "ledger.jsonl"
    with begin(simsearch, source) as run:
        for _ in range(2):
            mark = lines_of(ledger) + chance.randrange(LONG // 4)
            wait_for(lambda mark=mark: lines_of(ledger) > mark, run)
            node.kill()
            node.start()
        assert_it_went_on(run, index, simsearch)


def test_an_outage_may_be_longer_than_any_wait_between_two_tries(node: Node, source: Path, tmp_path: Path) -> None:
    index = Remote(node.url)
    simsearch = index.commands(tmp_path)
    with begin(simsearch, source) as run:
        node.kill()
        assert f"at {node.url} (" in until_it_waits(run)
        assert run.poll() is None
        away = time.monotonic()
        wait_for(lambda: time.monotonic() > away + OUTAGE or run.poll() is not None)
        node.start()
        assert_it_went_on(run, index, simsearch)


def test_a_node_may_hang(node: Node, source: Path, tmp_path: Path) -> None:
    index = Remote(node.url)
    simsearch = index.commands(tmp_path, SIMSEARCH_PATIENCE="30")
    with begin(simsearch, source) as run:
        node.pause()
        away = time.monotonic()
        wait_for(lambda: time.monotonic() > away + OUTAGE or run.poll() is not None)
        node.resume()
        assert_it_went_on(run, index, simsearch)
    assert status_of(node, index) == "yellow"


@pytest.mark.parametrize(
    "what",
    [
        "_settings",
        "open",
        *(pytest.param(it, marks=pytest.mark.slow) for it in ("_mapping", "_refresh")),
    ],
)
def test_whatever_a_run_asks_may_meet_an_outage(
    index: Remote, proxy: Callable[..., Proxy], tmp_path: Path, what: str
) -> None:
    """Not only documents are waited for: nobody repeats a long run because its last request failed."""
    start: list[float] = []
    lock = threading.Lock()

    def away(request: Request) -> Break | None:
        kind = "open" if request.path.partition("?")[0] == f"/{index.name}" else request.path
        with lock:
            if not start and what in kind and between.requests[10:]:
                start.append(time.monotonic())
        return "drop before" if start and time.monotonic() < start[0] + 6 else None

    between = proxy(index.server)
    simsearch = index.commands(tmp_path, between.url)
    source = write_lines(tmp_path / "长.jsonl", documents(600))
    between.fault = away
    done = simsearch("index", source, "--ledger", tmp_path / "ledger.jsonl", first=SMALL)
    assert start, "it was asked"
    assert (done.code, done.err.count("Traceback")) == (0, 0), done.err
    assert_all_is_well(index, index.commands(tmp_path), 600)


@pytest.mark.parametrize("kills", [KILLS, pytest.param(20, marks=pytest.mark.slow)])
def test_no_acknowledged_document_is_lost_by_kills_at_random_moments(
    index: Remote, source: Path, tmp_path: Path, chance: random.Random, kills: int
) -> None:
    simsearch = index.commands(tmp_path)
    ledger = tmp_path / "ledger.jsonl"
    raised = 0
    for number in range(kills):
        if number % KILLS == 0:
            write_lines(tmp_path / "长.jsonl", documents(LONG, edition=number))
        before = size_of(ledger)
        mark = chance.randrange(LONG * 3 // 4)
        with simsearch.start("index", tmp_path / "长.jsonl", "--ledger", ledger, first=SMALL) as run:
            reached = wait_for(lambda mark=mark, start=before: lines_of(ledger, start) > mark, run)
            assert reached, run.communicate()
            code, out, _ = end(run, signal.SIGKILL, after=chance.uniform(0, 0.1))
        assert (code, out) == (-signal.SIGKILL, ""), "it was killed at work"
        noted = "refresh_interval" in index.meta()
        known = simsearch("doctor", "--verify", ledger)
        assert known.rows[-1]["what"] == f"{len(acknowledged(ledger)):,} acknowledged, 0 missing"
        wrong = [row["check"] for row in known.rows if not row["ok"]]
        assert (known.code, wrong) in [(0, []), (3, ["refresh"])]
        # The last request of the killed process may be done only now.
        assert bool(wrong) in (noted, "refresh_interval" in index.meta())
        raised += bool(wrong)
    assert raised, "a load was cut short"
    last = simsearch.ok("index", tmp_path / "长.jsonl", "--ledger", ledger).row
    assert last["stored"] + last["unchanged"] == LONG
    assert_all_is_well(index, simsearch)


def test_what_a_killed_load_left_behind_is_set_right_by_the_next_run(
    index: Remote, source: Path, tmp_path: Path
) -> None:
    simsearch = index.commands(tmp_path)
    simsearch.ok("index", "-", given="绿茶")
    index.set(index__refresh_interval="5s")
    with begin(simsearch, source) as run:
        assert index.setting("index.refresh_interval") == "30s"
        end(run, signal.SIGKILL)
    ill = simsearch("doctor")
    (refresh,) = [row for row in ill.rows if not row["ok"]]
    assert (ill.code, refresh["check"]) == (3, "refresh")
    assert "run `simsearch index` once more" in refresh["what"]
    simsearch.ok("index", "-", given="绿茶")
    assert simsearch.ok("doctor").code == 0
    assert (index.setting("index.refresh_interval"), "refresh_interval" in index.meta()) == ("5s", False)


def test_ctrl_c_is_one_sentence_and_leaves_the_index_as_it_was(
    index: Remote, source: Path, tmp_path: Path, chance: random.Random
) -> None:
    simsearch = index.commands(tmp_path)
    with begin(simsearch, source) as run:
        assert index.setting("index.refresh_interval") == "30s"
        code, out, err = end(run, signal.SIGINT, after=chance.uniform(0, 0.2))
    assert (code, out) == (130, ""), err
    assert len(err.splitlines()) == 1, err
    assert "Interrupted" in err
    assert (index.setting("index.refresh_interval"), "refresh_interval" in index.meta()) == ("1s", False)
    verified(simsearch)
    assert len(acknowledged(tmp_path / "ledger.jsonl")) <= index.count() < LONG
    simsearch.ok("index", source, "--ledger", tmp_path / "ledger.jsonl")
    assert_all_is_well(index, simsearch)


def test_a_node_that_stays_away_ends_the_run_with_what_to_do(node: Node, source: Path, tmp_path: Path) -> None:
    index = Remote(node.url)
    simsearch = index.commands(tmp_path, SIMSEARCH_PATIENCE="3")
    with begin(simsearch, source) as run:
        node.kill()
        done = finish(run)
    assert (done.code, done.out) == (1, "")
    assert told(done).startswith(f"Error: Elasticsearch at {node.url} does not answer (")
    node.start()
    simsearch.environment["SIMSEARCH_PATIENCE"] = "60"
    simsearch.ok("index", source, "--ledger", tmp_path / "ledger.jsonl")
    assert_all_is_well(index, simsearch)
