"""`simsearch enrich --follow`: a companion keeps up with its owner, whoever is killed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cli.process import Simsearch
from faults.moments import acknowledged
from servers.answers import ask
from servers.messages import Request, Response
from servers.node import Node
from servers.owner import Owner
from servers.proxy import Proxy
from servers.redis import Redis
from tiny import tiny

from simsearch.model import Model

from .companion import differences, stored
from .conftest import DEADLINE, FIELDS, QUICK, until
from .notices import notice, notices

FOLLOW = ("--follow", "--every", "0.2")
#: Python that is the owner's program.
SCRIPT = f"""
import runpy, sys
sys.path.append({str(Path(__file__).parents[1])!r})
runpy.run_module("enrich.script", run_name="__main__")
"""


def until_agreed(owner: Owner, model: Model) -> None:
    """Wait until companion and owner agree."""
    end = time.monotonic() + DEADLINE
    while found := differences(owner, model):
        assert time.monotonic() < end, found[:10]
        time.sleep(0.5)


@contextmanager
def script(
    simsearch: Simsearch, owner: Owner, seed: int, changes: int, pause: float = 0.01
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the owner's program, from when it has filled the index."""
    given = owner.server, owner.name, str(seed), str(changes), str(pause)
    with simsearch.script(SCRIPT, *given) as process:
        assert process.stdout
        assert process.stdout.readline() == b"filled\n"
        yield process
        finish(process)


def finish(program: subprocess.Popen[bytes]) -> None:
    """Wait until the owner's program has made all its changes."""
    assert program.wait(DEADLINE) == 0


@contextmanager
def following(
    simsearch: Simsearch, owner: Owner, *options: str, first: str = QUICK
) -> Iterator[subprocess.Popen[bytes]]:
    """Follow an index until the end of the test."""
    with simsearch.start("enrich", owner.url, *FIELDS, *FOLLOW, *options, first=first) as process:
        try:
            yield process
        finally:
            process.kill()
            print(((process.stderr and process.stderr.read()) or b"").decode()[-3_000:])


def content(owner: Owner) -> Any:
    """Return all that a program can have made of an index."""
    kept = ("_id", "_version", "_routing", "_source")
    body = {"size": 10_000, "version": True}
    ask(f"{owner.url}/_refresh", method="POST")
    hits = ask(f"{owner.url}/_search", body).json["hits"]["hits"]
    documents = sorted(json.dumps({name: hit.get(name) for name in kept}, sort_keys=True) for hit in hits)
    (settings,) = ask(f"{owner.url}/_settings").json.values()
    (mapping,) = ask(f"{owner.url}/_mapping").json.values()
    (aliases,) = ask(f"{owner.url}/_alias").json.values()
    for name in ("uuid", "creation_date", "provided_name"):
        del settings["settings"]["index"][name]
    return documents, settings, mapping, aliases


def test_companion_and_owner_agree_while_a_program_changes_the_index_and_it_is_what_the_program_makes_alone(
    simsearch: Simsearch, owner: Owner, model: Model, seed: int
) -> None:
    print(f"seed: {seed}")
    with script(simsearch, owner, seed, 500) as program, following(simsearch, owner):
        finish(program)
        until_agreed(owner, model)
    alone = Owner(owner.server)
    try:
        with script(simsearch, alone, seed, 500, pause=0):
            pass
        assert content(owner) == content(alone)
    finally:
        alone.remove()


def test_a_follower_that_is_killed_again_and_again_loses_nothing(
    simsearch: Simsearch, owner: Owner, model: Model, chance: random.Random, seed: int
) -> None:
    with script(simsearch, owner, seed, 500):
        for _ in range(5):
            with following(simsearch, owner) as process:
                time.sleep(chance.uniform(0.5, 2))
                process.send_signal(signal.SIGKILL)
    with following(simsearch, owner):
        until_agreed(owner, model)


def test_an_enrichment_that_is_killed_goes_on_where_it_was(
    simsearch: Simsearch, owner: Owner, model: Model, chance: random.Random
) -> None:
    owner.fill(notices(chance, 3_000))
    ledger = simsearch.folder / "ledger.jsonl"
    for _ in range(4):
        with simsearch.start("enrich", owner.url, *FIELDS, "--ledger", ledger, first=QUICK) as process:
            until(lambda: ledger.exists() and ledger.stat().st_size, "something is stored")
            time.sleep(chance.uniform(0, 0.8))
            process.kill()
    known = len(acknowledged(ledger))
    done = simsearch.ok("enrich", owner.url, "--ledger", ledger).row
    assert (done["stored"] <= 3_000 - known, done["failed"]) == (True, 0), "what is stored is not done again"
    assert simsearch.ok("doctor", "--verify", ledger).rows[-1]["what"].endswith(" 0 missing")
    assert differences(owner, model) == []


def test_a_node_that_is_killed_under_owner_and_companion_is_waited_for(
    node: Node, simsearch: Simsearch, model: Model, chance: random.Random, seed: int
) -> None:
    owner = Owner(node.url)
    simsearch.environment["SIMSEARCH_PATIENCE"] = "60"  # it may be about to begin, on a busy machine
    with script(simsearch, owner, seed, 300) as program, following(simsearch, owner):
        time.sleep(chance.uniform(0.5, 3))
        node.kill()
        node.start()
        finish(program)
        until_agreed(owner, model)


def test_a_follower_that_is_asked_to_end_says_so_and_ends_well(
    simsearch: Simsearch, owner: Owner, chance: random.Random
) -> None:
    owner.fill(notices(chance, 20))
    for how in (signal.SIGTERM, signal.SIGINT):
        with simsearch.start("enrich", owner.url, *FIELDS, "--follow") as process:
            assert process.stderr
            assert process.stderr.readline().startswith(b"Following owner-")
            process.send_signal(how)
            out, err = process.communicate(timeout=DEADLINE)
        assert (process.returncode, err) == (0, b""), err.decode()
        assert json.loads(out)["index"].endswith("-simsearch")


def test_a_follower_that_ends_while_it_fills_says_what_is_kept(
    simsearch: Simsearch, owner: Owner, chance: random.Random
) -> None:
    owner.fill(notices(chance, 2_000))
    with simsearch.start("enrich", owner.url, *FIELDS, "--follow", "--rate", "200") as process:
        until(lambda: ask(f"{owner.server}/{owner.companion}/_count").json.get("count"), "something is stored")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, "what is stored is kept" in err.decode()) == (0, True), err.decode()


def test_status_tells_whose_companion_it_is_and_how_far_behind(
    simsearch: Simsearch, owner: Owner, chance: random.Random
) -> None:
    owner.fill(notices(chance, 20))
    simsearch.ok("enrich", owner.url, *FIELDS)
    first = simsearch.ok("status").row
    assert (first["owner"], first["documents"]) == (owner.name, 20)
    until(lambda: simsearch.ok("status").row["behind"] > first["behind"] + 1, "nobody follows")
    with following(simsearch, owner):
        until(lambda: simsearch.ok("status").row["behind"] < first["behind"] + 1, "somebody looks again")


def test_a_sweep_finds_what_following_does_not(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model
) -> None:
    owner.fill(notices(chance, 50), ids=map(str, range(50)))
    simsearch.ok("enrich", owner.url, *FIELDS)
    ask(f"{owner.server}/{owner.companion}-progress/_doc/1?refresh=true", _beyond(owner), method="PUT")
    owner.fill([notice(chance, 7)], ids=["7"])
    assert simsearch.ok("enrich", owner.url).row["stored"] == 0, "it is thought to be stored"
    before = _progress(owner)["swept"]
    assert simsearch.ok("enrich", owner.url, "--sweep", "0").row["stored"] == 1
    assert _progress(owner)["swept"] > before
    assert differences(owner, model) == []


def _progress(owner: Owner) -> dict[str, Any]:
    found: dict[str, Any] = stored(owner.server, f"{owner.companion}-progress")["1"]["progress"]
    return found


def _beyond(owner: Owner) -> dict[str, Any]:
    """Return a note that all is stored, and more."""
    (settings,) = ask(f"{owner.url}/_settings").json.values()
    beyond = {f"{settings['settings']['index']['uuid']}/0": 1_000_000}
    return {"progress": _progress(owner) | {"positions": beyond, "stored": beyond}}


def test_a_follower_ends_where_somebody_else_changes_the_options(
    simsearch: Simsearch, owner: Owner, chance: random.Random
) -> None:
    owner.fill(notices(chance, 30), ids=map(str, range(30)))
    with following(simsearch, owner) as process:
        until(lambda: ask(f"{owner.server}/{owner.companion}/_count").json.get("count") == 30, "all are stored")
        simsearch.ok("enrich", owner.url, "--title-field", "")
        assert process.wait(DEADLINE) == 1
    owner.fill([notice(chance, number) for number in range(5)], ids=map(str, range(5)))
    simsearch.ok("enrich", owner.url)
    assert not any("title" in kept for kept in stored(owner.server, owner.companion).values())


def test_a_second_index_behind_an_alias_ends_following_before_ids_collide(
    simsearch: Simsearch, owner: Owner, chance: random.Random
) -> None:
    for number in range(2):
        owner.fill(notices(chance, 10), ids=map(str, range(10)), index=f"{owner.name}-{number}")
    ask(f"{owner.server}/{owner.name}-0/_alias/{owner.name}", {}, method="PUT")
    with following(simsearch, owner) as process:
        until(lambda: ask(f"{owner.server}/{owner.companion}/_count").json.get("count") == 10, "all are stored")
        before = stored(owner.server, owner.companion)
        ask(f"{owner.server}/{owner.name}-1/_alias/{owner.name}", {}, method="PUT")
        assert process.wait(DEADLINE) == 1
    assert stored(owner.server, owner.companion) == before


def test_an_index_that_is_made_anew_is_followed(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model
) -> None:
    owner.fill(notices(chance, 30), ids=map(str, range(30)))
    with following(simsearch, owner):
        until(lambda: ask(f"{owner.server}/{owner.companion}/_count").json.get("count") == 30, "all are stored")
        ask(owner.url, method="DELETE")
        owner.fill(notices(chance, 20), ids=map(str, range(20)))
        until_agreed(owner, model)
        assert len(stored(owner.server, owner.companion)) == 20


@pytest.mark.parametrize("gone", [1, 30])
def test_what_is_deleted_is_deleted(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model, gone: int
) -> None:
    owner.fill(notices(chance, 50), ids=map(str, range(50)))
    with following(simsearch, owner):
        until(lambda: ask(f"{owner.server}/{owner.companion}/_count").json.get("count") == 50, "all are stored")
        owner.delete(*map(str, range(gone)))
        until_agreed(owner, model)


def test_a_write_that_becomes_visible_after_a_later_one_is_not_missed(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model, proxy: Callable[..., Proxy]
) -> None:
    """A server numbers writes before it shows them, and may show the higher number first."""
    between = proxy(owner.server)
    hidden: list[str] = []

    def hide(request: Request) -> Response | None:
        if hidden or not request.path.startswith("/_msearch"):
            return None
        response = between.pass_on(request)
        answer = json.loads(response.body)
        for found in answer["responses"]:
            hits = found["hits"]["hits"]
            hidden.extend(hit["_id"] for hit in hits if hit["_id"] == "迟")
            found["hits"]["hits"] = [hit for hit in hits if hit["_id"] != "迟"]
        return response._replace(body=json.dumps(answer).encode())

    between.fault = hide
    owner.fill(notices(chance, 20), ids=map(str, range(20)))
    behind = Owner(between.url, owner.name)
    with following(simsearch, behind):
        until(lambda: ask(f"{owner.server}/{owner.companion}/_count").json.get("count") == 20, "all are stored")
        owner.fill(notices(chance, 2), ids=["迟", "早"])
        until_agreed(owner, model)
    assert hidden == ["迟"], "it was hidden once"


def test_workers_do_what_is_followed(
    simsearch: Simsearch, owner: Owner, model: Model, own_redis: Callable[..., Redis], seed: int
) -> None:
    broker = ("--broker", own_redis().url)
    queue = (*broker, "--index", f"{owner.server}/{owner.companion}")
    with script(simsearch, owner, seed, 200) as program, following(simsearch, owner, "--queue", *broker):
        finish(program)
        until(lambda: ask(f"{owner.server}/{owner.companion}").status == 200, "the companion is there")
        with simsearch.start("worker", "--processes", "1", *queue) as worker:
            until_agreed(owner, model)
            worker.send_signal(signal.SIGTERM)
            worker.communicate(timeout=DEADLINE)


def test_another_model_is_refused_with_both_ids(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model, tmp_path: Path
) -> None:
    owner.fill(notices(chance, 20))
    simsearch.ok("enrich", owner.url, *FIELDS)
    for dimensions in (8, model.dimensions):
        other = tiny(tmp_path / f"model-{dimensions}", 0, dimensions)
        done = simsearch("enrich", owner.url, "--model", other.path)
        assert (done.code, len(done.err.splitlines())) == (1, 1)
        assert model.id in done.err
        assert other.id in done.err


@pytest.mark.parametrize("kind", ["long", "date", "date_nanos"])
def test_a_field_with_the_time_of_changes_tells_what_has_changed(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model, kind: str
) -> None:
    owner.make({"properties": {"changed": {"type": kind}}})
    owner.fill([*notices(chance, 700), {"body": "没有时间的通知。"}], ids=map(str, range(701)))
    count = lambda: ask(f"{owner.server}/{owner.companion}/_count").json.get("count")  # noqa: E731
    # What is late must come while it is still looked for, on a busy machine, too.
    with following(simsearch, owner, "--changed-field", "changed", first=f"{QUICK}\norder.CLOCKS = 4"):
        until(lambda: count() == 701, "all are stored")
        owner.fill([notice(chance, 700 + number) for number in range(30)], ids=map(str, range(690, 720)))
        until(lambda: count() == 720, "what has changed is stored")
        owner.fill([notice(chance, 720)], ids=["早"])
        owner.fill([notice(chance, 719)], ids=["迟"])  # a slower program's
        owner.delete("3")
        until_agreed(owner, model)


def test_a_time_to_come_does_not_hide_what_changes_now(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model
) -> None:
    owner.make({"properties": {"changed": {"type": "date"}}})
    owner.fill([notice(chance, 1) | {"changed": "2099-01-01"}, *notices(chance, 30)], ids=map(str, range(31)))
    with following(simsearch, owner, "--changed-field", "changed"):
        until(lambda: ask(f"{owner.server}/{owner.companion}/_count").json.get("count") == 31, "all are stored")
        for number in range(3):  # all on the same day
            owner.fill([notice(chance, 1) | {"changed": "2024-05-18"}], ids=[f"新{number}"])
            until_agreed(owner, model)
