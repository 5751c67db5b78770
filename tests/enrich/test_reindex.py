"""`simsearch reindex`: a companion gets another model while its owner's index changes."""

from __future__ import annotations

import random
import signal
import time

import pytest
from cli.process import Simsearch
from servers.answers import ask
from servers.owner import Owner
from tiny import tiny

from simsearch.model import Model

from .companion import differences, stored
from .conftest import DEADLINE, FIELDS, until
from .notices import notice, notices
from .test_follow import finish, following, script, until_agreed

#: Python that runs before a command: few documents are asked for to compare the answers.
FEW = "from simsearch.indexer import canaries; canaries.CANARIES = 5"


def reindex(simsearch: Simsearch, model: Model, *more: str) -> None:
    """Give the companion another model."""
    done = simsearch("reindex", "--model", model.path, *more, first=FEW)
    assert done.code == 0, done.err


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Model:
    """Return another model of the same dimension, which knows the notices: else it is refused, now and then."""
    return tiny(tmp_path_factory.mktemp("other") / "model", 0, model.dimensions, model.words[:1_000])


def test_a_companion_gets_another_model(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model, other: Model
) -> None:
    owner.fill(notices(chance, 300), ids=map(str, range(300)))
    before = owner.everything()
    simsearch.ok("enrich", owner.url, *FIELDS)
    reindex(simsearch, other, "--index", f"{owner.server}/{owner.companion}")
    assert simsearch.ok("status").row["model"] == other.id
    assert owner.everything() == before
    assert differences(owner, other) == []
    assert {kept["simsearch"]["model"] for kept in stored(owner.server, owner.companion).values()} == {other.id}
    owner.fill([notice(chance, 7)], ids=["7"])
    assert simsearch.ok("enrich", owner.url).row["stored"] == 1, "it goes on where it was"
    assert differences(owner, other) == []
    simsearch.ok("reindex", "--drop-old")
    done = simsearch("enrich", owner.url, "--model", model.path)
    assert (done.code, model.id in done.err, other.id in done.err) == (1, True, True)


def test_what_is_gone_at_the_owners_is_not_taken_along(
    simsearch: Simsearch, owner: Owner, chance: random.Random, other: Model
) -> None:
    owner.fill(notices(chance, 60), ids=map(str, range(60)))
    simsearch.ok("enrich", owner.url, *FIELDS)
    owner.delete("3", "4")
    owner.fill([notice(chance, 5)], ids=["5"])
    reindex(simsearch, other)
    assert differences(owner, other) == []


def test_a_program_a_follower_and_a_reindex_that_is_killed(
    simsearch: Simsearch, owner: Owner, chance: random.Random, other: Model, seed: int
) -> None:
    with script(simsearch, owner, seed, 500) as program:
        with following(simsearch, owner) as follower:
            companion = f"{owner.server}/{owner.companion}/_count"
            until(lambda: ask(companion).json.get("count", 0) > 0, "something is stored")
            for _ in range(3):
                with simsearch.start("reindex", "--model", other.path, first=FEW) as process:
                    time.sleep(chance.uniform(0.3, 2))
                    process.send_signal(signal.SIGKILL)
            reindex(simsearch, other)
            assert follower.wait(DEADLINE) == 1, "it is told, and whoever started it starts it again"
        with following(simsearch, owner):
            finish(program)
            until_agreed(owner, other)
    assert {kept["simsearch"]["model"] for kept in stored(owner.server, owner.companion).values()} == {other.id}


def test_in_place_another_model_takes_the_place_by_enriching(
    simsearch: Simsearch, owner: Owner, chance: random.Random, other: Model
) -> None:
    owner.fill(notices(chance, 20))
    simsearch.ok("enrich", owner.url, *FIELDS, "--in-place")
    done = simsearch("reindex", "--model", other.path)
    assert (done.code, "--in-place --model" in done.err) == (1, True), done.err
