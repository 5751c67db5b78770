"""Promise 4: an index that gets another model is complete at any moment, whoever is killed while others write."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cli.process import DEADLINE, Simsearch
from servers.messages import Break, Request
from servers.proxy import Proxy
from tiny import tiny

from simsearch.corpus import Document
from simsearch.indexer import open_index
from simsearch.model import Model

from .conftest import documents
from .moments import acknowledged, end, lines_of, wait_for
from .server import SMALL, Remote, first

#: Documents that are there from the beginning.
BASE = 300
KILLS = 2
#: Python that runs before a command: small batches, so that processes share them, and few canaries.
QUICK = f"{SMALL}; from simsearch.indexer import canaries; canaries.CANARIES = 5"


class Place(NamedTuple):
    """An index of one of the engines, with a model of its own, and another model that it is to have."""

    commands: Simsearch
    remote: Remote | None
    models: tuple[Model, Model]

    @property
    def ledger(self) -> Path:
        """Return the file in which a writer notes what it was told is stored."""
        return self.commands.folder / "ledger.jsonl"

    def begin(self, model: Model, code: str = QUICK) -> subprocess.Popen[bytes]:
        """Start to give the index a model, after some code."""
        return self.commands.start("reindex", "--model", str(model.path), first=code)

    def finish(self, model: Model) -> None:
        """Give the index a model."""
        done = self.commands("reindex", "--model", str(model.path), first=QUICK)
        assert done.code == 0, done.err

    def model(self) -> str:
        """Return the id of the model that the index has: it must have one, and be searched with it."""
        status = self.commands.ok("status").row
        assert status["documents"] >= BASE
        assert len(self.commands.ok("query", "第0版", "--mode", "phrase").rows) == 10
        return str(status["model"])


def place_at(folder: Path, remote: Remote | None = None) -> Place:
    commands = remote.commands(folder) if remote else Simsearch(folder)
    models = tiny(folder / "甲", 1, 64), tiny(folder / "乙", 2, 64)
    for model in models:
        model.install()
    with open_index(commands.environment["SIMSEARCH_INDEX"], model=models[0]) as index:
        index.add(Document(row["id"], row["text"]) for row in documents(BASE))
    return Place(commands, remote, models)


@pytest.fixture
def in_file(tmp_path: Path) -> Place:
    return place_at(tmp_path)


@pytest.fixture
def on_server(index: Remote, tmp_path: Path) -> Place:
    return place_at(tmp_path, index)


@pytest.fixture(params=["in_file", "on_server"])
def place(request: pytest.FixtureRequest) -> Place:
    """Return an index of one engine after the other."""
    found: Place = request.getfixturevalue(request.param)
    return found


#: Writes new documents, one of them again and again, and deletes some; goes on with whatever model the index has.
WRITER = """
import os, sys, time
from pathlib import Path
from simsearch.corpus import Document
from simsearch.indexer import ledger, open_index
from simsearch.indexer.errors import ModelChanged, ModelChanging

url, path = os.environ["SIMSEARCH_INDEX"], Path(sys.argv[1])
number, done = 0, False
with ledger.open_ledger(path) as written:
    while not done:
        with open_index(url, create=False) as index:
            try:
                while not done:
                    new = [Document(f"写-{number}-{part}", "绿茶，睡觉。") for part in range(3)]
                    for outcomes in index.add_batches([*new, Document("又写", f"第{number}次")]):
                        ledger.append(written, outcomes)
                    ledger.append(written, index.delete([f"写-{number}-2"]))
                    number += 1
                    done = (path.parent / "stop").exists()
                    time.sleep(0.05)  # without a rest it would take what the change of the model needs
            except (ModelChanged, ModelChanging):
                time.sleep(0.05)
print(number)
"""


@contextlib.contextmanager
def writing(place: Place) -> Iterator[None]:
    """Let a process write all the time; at the end everything that it was told is stored must be there."""
    with place.commands.script(WRITER, place.ledger) as writer:
        assert wait_for(lambda: lines_of(place.ledger) > 20, writer), writer.communicate()
        yield
        (place.commands.folder / "stop").touch()
        out, err = writer.communicate(timeout=DEADLINE)
    assert (writer.returncode, err.decode()) == (0, "")
    number = int(out)
    rows = place.commands.ok("doctor", "--verify", place.ledger).rows
    assert rows[-1]["what"].endswith(" acknowledged, 0 missing")
    assert acknowledged(place.ledger)
    with open_index(place.commands.environment["SIMSEARCH_INDEX"], create=False) as index:
        index.engine.settle()
        assert index.info().documents == BASE + 2 * number + 1
        gone = [f"写-{one}-2" for one in range(number)]
        assert index.engine.fetch(gone) == {}
        assert index.engine.fetch(["又写"])["又写"].text == f"第{number - 1}次"
        if place.remote is None:
            assert index.engine.info(check=True).problems == []


def assert_nothing_is_left_to_do(place: Place, model: Model) -> None:
    """Check that the index has a model, that running again changes nothing, and that only old things are dropped."""
    assert place.model() == model.id
    done = place.commands.ok("reindex", "--model", str(model.path))
    assert (done.out, "nothing to do" in done.err) == ("", True)
    place.commands.ok("reindex", "--drop-old")
    if place.remote:
        kinds = [name.removeprefix(place.remote.name) for name in place.remote.names()]
        assert len(kinds) == 3, kinds
        assert "reindexed_from" not in place.remote.meta()
        assert place.remote.setting("index.refresh_interval") == "1s"
    else:
        assert not list(place.commands.folder.glob("index.db.*"))


@pytest.mark.parametrize("kills", [KILLS, pytest.param(40, marks=pytest.mark.slow)])
def test_kills_at_random_moments_lose_nothing_while_others_write(
    place: Place, chance: random.Random, kills: int
) -> None:
    old, new = place.models
    start = time.monotonic()
    with writing(place):
        place.finish(new)
        usual = time.monotonic() - start
        old, new = new, old
        killed = 0
        while killed < kills:
            assert place.model() == old.id
            with place.begin(new) as run:
                code, _, err = end(run, signal.SIGKILL, after=chance.uniform(0.2, 0.7 * usual))
            assert code in (0, -signal.SIGKILL), err
            killed += code != 0
            if place.model() == new.id:  # it came to its end, or was killed after the swap
                place.finish(new)
                old, new = new, old
        place.finish(new)
    assert_nothing_is_left_to_do(place, new)


#: Python that kills the process in a step of the change of a file.
STEP = """
import os, signal
from simsearch.indexer.sqlite import succession

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

{where} = kill
"""
STEPS = ["changed", "remove_deleted", "_compare", "_take_over_the_rest", "close"]


@pytest.mark.parametrize("step", [*(f"succession.SqliteSuccession.{step}" for step in STEPS), "succession._unlink"])
def test_a_file_is_complete_whatever_step_is_killed(in_file: Place, step: str) -> None:
    old, new = in_file.models
    with writing(in_file):
        with in_file.begin(new, f"{QUICK}\n{STEP.format(where=step)}") as run:
            assert run.wait(DEADLINE) == -signal.SIGKILL
        assert in_file.model() == (new if step.split(".")[-1] in ("close", "_unlink") else old).id
        in_file.finish(new)
    assert_nothing_is_left_to_do(in_file, new)


def test_a_file_is_complete_when_the_copy_is_killed(in_file: Place, chance: random.Random) -> None:
    """Killed while the log of the old file grows by the new content."""
    _, new = in_file.models
    log = in_file.commands.folder / "index.db-wal"
    with open_index(in_file.commands.environment["SIMSEARCH_INDEX"]) as reader:
        for _ in range(KILLS):
            with in_file.begin(new) as run:
                before = log.stat().st_size
                mark = chance.randrange(1, 1_000_000)
                wait_for(lambda before=before, mark=mark: log.stat().st_size > before + mark, run)
                end(run, signal.SIGKILL)
            if in_file.model() == new.id:
                break
            assert len(reader.search("绿茶", k=100)) == 100
    in_file.finish(new)
    assert in_file.commands.ok("status").row["documents"] == BASE
    assert_nothing_is_left_to_do(in_file, new)


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/_aliases", b"-write-"),
        ("/_aliases", b"-build-"),
        ("_block", b""),
        *(pytest.param(path, b"", marks=pytest.mark.slow) for path in ("_bulk", "_stats", "_mapping")),
    ],
    ids=["swap", "end of the swap", "block", "bulk", "stats", "mapping"],
)
def test_a_server_is_complete_whatever_request_is_the_last(
    on_server: Place, index: Remote, proxy: Callable[..., Proxy], path: str, body: bytes, done: bool
) -> None:
    """The process is killed as it sends a request, which the server gets or not."""
    _, new = on_server.models
    runs: list[subprocess.Popen[bytes]] = []

    def kill(request: Request) -> Break | None:
        if path in request.path and body in request.body and runs:
            runs.pop().kill()
            return None if done else "drop before"
        return None

    between = proxy(index.server, fault=kill)
    through = index.commands(on_server.commands.folder, between.url)
    with writing(on_server):
        with through.start("reindex", "--model", str(new.path), first=QUICK) as run:
            runs.append(run)
            assert run.wait(DEADLINE) == -signal.SIGKILL
        on_server.model()
        on_server.finish(new)
    assert_nothing_is_left_to_do(on_server, new)


def test_the_answer_to_the_swap_may_be_lost(on_server: Place, index: Remote, proxy: Callable[..., Proxy]) -> None:
    """The request is sent again, and finds that it was done."""
    _, new = on_server.models
    lost = first(1, "drop after", lambda request: request.path.startswith("/_aliases"))
    between = proxy(index.server, fault=lost)
    through = index.commands(on_server.commands.folder, between.url)
    assert through("reindex", "--model", str(new.path), first=QUICK).code == 0
    assert on_server.commands.ok("status").row["documents"] == BASE
    assert_nothing_is_left_to_do(on_server, new)


def test_a_delete_whose_process_was_killed_is_finished_first(
    on_server: Place, index: Remote, proxy: Callable[..., Proxy]
) -> None:
    """It had noted what goes, and deleted nothing: such documents would be counted in the old index alone."""
    _, new = on_server.models
    runs: list[subprocess.Popen[bytes]] = []

    def kill(request: Request) -> Break | None:
        if b'{"delete":' not in request.body or not runs:
            return None
        runs.pop().kill()
        return "drop before"

    between = proxy(index.server, fault=kill)
    with index.commands(on_server.commands.folder, between.url).start("delete", *(f"文-{n}" for n in range(9))) as run:
        runs.append(run)
        assert run.wait(DEADLINE) == -signal.SIGKILL
    assert on_server.commands.ok("status").row["documents"] == BASE
    on_server.finish(new)
    assert on_server.commands.ok("status").row["documents"] == BASE - 9


#: Python that gives the index the model by another process just before this one compares.
FASTER = """
import subprocess, sys
from simsearch.indexer import reindexing

def check(*given, usual=reindexing.check):
    reindexing.check = usual
    subprocess.run([sys.executable, "-m", "simsearch", *sys.argv[1:]], check=True, capture_output=True)
    usual(*given)

reindexing.check = check
"""


def test_another_run_may_be_faster(place: Place) -> None:
    """As one that was killed may be, whose last request was under way."""
    _, new = place.models
    done = place.commands("reindex", "--model", str(new.path), first=f"{QUICK}\n{FASTER}")
    assert (done.code, done.out) == (0, ""), done.err
    assert "nothing to do" in done.err
    assert place.model() == new.id
