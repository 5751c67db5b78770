"""Promise 3: the newest reading of a document wins, in whatever order readings arrive; a delete is a reading too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.find import Server
from servers.messages import Request
from servers.node import Node
from servers.proxy import Proxy

from simsearch.indexer import open_index

from .conftest import NEW, OLD, Place, write
from .server import Remote, finish, writes


def test_a_file_restored_to_an_older_text_is_read_last_and_wins(place: Place) -> None:
    for text, age in ((OLD, 3000), (NEW, 10), (OLD, 3000)):
        assert place.commands.ok("index", write(place, text, age)).row["stored"] == 1
        assert place.text() == text
    hit = place.commands.ok("query", "浓茶", "--mode", "keyword").row
    assert hit["passage"]["text"] == OLD
    assert place.commands.ok("query", "银行", "--mode", "keyword").rows == []


def test_a_late_retry_of_an_older_reading_changes_nothing(place: Place) -> None:
    late = time.time_ns()
    place.commands.ok("index", write(place, NEW, 0))
    assert place.add(OLD, late) == {"older": 1}
    assert place.text() == NEW


def test_a_late_retry_is_older_than_a_reading_that_found_nothing_changed(place: Place) -> None:
    path = write(place, NEW, 0)
    place.commands.ok("index", path)
    late = time.time_ns()
    assert place.commands.ok("index", path).row["unchanged"] == 1
    assert place.add(OLD, late) == {"older": 1}
    assert place.text() == NEW


def test_a_late_write_does_not_bring_back_what_was_deleted_and_a_newer_one_does(place: Place) -> None:
    path = write(place, OLD, 0)
    place.commands.ok("index", path)
    late = time.time_ns()
    assert place.commands.ok("delete", "甲.txt").row["status"] == "deleted"
    assert place.add(NEW, late) == {"older": 1}
    assert place.text() is None
    assert place.commands.ok("index", path).row["stored"] == 1
    assert place.text() == OLD


def test_a_late_delete_does_not_take_away_a_newer_reading(place: Place) -> None:
    place.commands.ok("index", write(place, OLD, 0))
    late = time.time_ns()
    place.commands.ok("index", write(place, NEW, 0))
    with open_index(place.url, create=False) as index:
        assert [outcome.status for outcome in index.engine.delete(["甲.txt"], late)] == ["older"]
    assert place.text() == NEW


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_a_restarted_server_still_knows_what_was_deleted(node: Node, tmp_path: Path, how: str) -> None:
    """Servers forget the versions of deleted documents: after a minute, and when they end."""
    index = Remote(node.url)
    place = Place(f"{node.url}/{index.name}", index.commands(tmp_path))
    path = write(place, OLD, 0)
    place.commands.ok("index", path)
    late = time.time_ns()
    place.commands.ok("delete", "甲.txt")
    if how == "restart":
        index.ask(f"/{index.behind}/_flush", method="POST")
        node.restart()
    else:
        node.kill()
        node.start()
    assert place.add(NEW, late) == {"older": 1}
    assert place.text() is None
    assert place.commands.ok("index", path).row["stored"] == 1
    assert place.text() == OLD


@pytest.mark.parametrize("meanwhile", ["deleted", "unchanged"])
def test_a_write_that_was_under_way_all_the_time_does_not_undo_a_newer_reading(
    elasticsearch: Server, proxy: Callable[..., Proxy], tmp_path: Path, request: pytest.FixtureRequest, meanwhile: str
) -> None:
    """It began before the newer reading and arrives after it; what it is about to replace is written all the same."""
    index = Remote(elasticsearch.url)
    request.addfinalizer(index.drop)
    place = Place(f"{index.server}/{index.name}", index.commands(tmp_path))
    old = write(place, OLD, 0)
    place.commands.ok("index", old)
    arrived, goes_on = threading.Event(), threading.Event()
    request.addfinalizer(goes_on.set)

    def held(request: Request) -> None:
        if writes(request):
            arrived.set()
            goes_on.wait(60)

    between = proxy(index.server, fault=held)
    (tmp_path / "晚").mkdir()
    late = tmp_path / "晚" / "甲.txt"
    late.write_text(NEW, "utf-8")
    with index.commands(tmp_path / "晚", between.url).start("index", late) as run:
        assert arrived.wait(60)
        if meanwhile == "deleted":
            place.commands.ok("delete", "甲.txt")
        else:
            assert place.commands.ok("index", old).row["stored"] == 1
        goes_on.set()
        done = finish(run)
    assert done.code == 0, done.err
    assert done.row["older"] == 1
    assert place.text() == (None if meanwhile == "deleted" else OLD)
    assert place.commands.ok("index", old).row["stored" if meanwhile == "deleted" else "unchanged"] == 1


def test_a_write_that_was_under_way_does_not_bring_back_what_was_deleted_before_a_restart(
    node: Node, proxy: Callable[..., Proxy], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A server that was restarted has forgotten the versions of what it deleted."""
    index = Remote(node.url)
    place = Place(f"{index.server}/{index.name}", index.commands(tmp_path))
    place.commands.ok("index", write(place, OLD, 0))
    arrived, goes_on = threading.Event(), threading.Event()
    request.addfinalizer(goes_on.set)

    def held(request: Request) -> None:
        if writes(request):
            arrived.set()
            goes_on.wait(60)

    between = proxy(index.server, fault=held)
    (tmp_path / "晚").mkdir()
    late = tmp_path / "晚" / "甲.txt"
    late.write_text(NEW, "utf-8")
    with index.commands(tmp_path / "晚", between.url).start("index", late) as run:
        assert arrived.wait(60)
        place.commands.ok("delete", "甲.txt")
        index.ask(f"/{index.behind}/_flush", method="POST")
        node.restart()
        goes_on.set()
        done = finish(run)
    assert (done.code, done.row["stored"], done.row["older"]) == (0, 0, 1), done.err
    assert place.text() is None
