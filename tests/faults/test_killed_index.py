"""Promise 1: what was acknowledged is in the index exactly once, also after kill -9 and Ctrl-C."""

from __future__ import annotations

import os
import random
import shutil
import signal
from pathlib import Path

import pytest
from cli.process import DEADLINE, Simsearch, write_lines

from .conftest import MANY, documents
from .moments import acknowledged, assert_each_once, children, end, lines_of, size_of, wait_for

#: Kills that one edition of the documents has to bear; the next edition then replaces every text.
KILLS = 5


@pytest.mark.parametrize("editions", [1, pytest.param(4, marks=pytest.mark.slow)], ids=["5 kills", "20 kills"])
def test_no_acknowledged_document_is_lost_by_kills_at_random_moments(
    simsearch: Simsearch, chance: random.Random, editions: int
) -> None:
    ledger = simsearch.folder / "ledger.jsonl"
    source = simsearch.folder / "多.jsonl"
    for edition in range(editions):
        write_lines(source, documents(MANY, edition=edition, words=100))
        for mark in sorted(chance.sample(range(MANY // 2), KILLS)):
            before = size_of(ledger)
            with simsearch.start("index", source, "--ledger", ledger) as process:
                reached = wait_for(lambda mark=mark, start=before: lines_of(ledger, start) > mark, process)
                assert reached, process.communicate()
                code, out, _ = end(process, signal.SIGKILL, after=chance.uniform(0, 0.1))
            assert (code, out) == (-signal.SIGKILL, ""), "it was killed at work"
            told = simsearch.ok("doctor", "--verify", ledger).rows
            assert told[-1]["what"] == f"{len(acknowledged(ledger)):,} acknowledged, 0 missing"
    known = len(acknowledged(ledger))
    last = simsearch.ok("index", source, "--ledger", ledger).row
    assert last["stored"] + last["unchanged"] == MANY
    if editions == 1:
        assert last["unchanged"] >= known > 0, "what is stored is not done again"
    assert_each_once(simsearch, MANY)
    assert simsearch.ok("index", source).row["unchanged"] == MANY
    assert simsearch.ok("doctor", "--verify", ledger).rows[-1]["what"] == f"{MANY:,} acknowledged, 0 missing"
    hits = simsearch.ok("query", f"第{editions - 1}版", "--mode", "phrase", "-k", "20").rows
    assert hits
    assert all(f"第{editions - 1}版" in hit["passage"]["text"] for hit in hits), "the newest reading is stored"


def test_ctrl_c_is_one_sentence_and_what_was_acknowledged_holds(
    simsearch: Simsearch, many: Path, chance: random.Random
) -> None:
    ledger = simsearch.folder / "ledger.jsonl"
    with simsearch.start("index", many, "--ledger", ledger) as process:
        assert wait_for(lambda: lines_of(ledger) > 0, process)
        code, out, err = end(process, signal.SIGINT, after=chance.uniform(0, 0.2))
    assert (code, out) == (130, "")
    stored = simsearch.ok("status").row["documents"]
    assert len(acknowledged(ledger)) <= stored < MANY
    simsearch.ok("doctor", "--verify", ledger)
    assert simsearch.ok("index", many).row["unchanged"] == stored
    assert_each_once(simsearch, MANY)
    assert len(err.splitlines()) == 1, err
    assert "Interrupted" in err


def test_a_helper_that_dies_ends_the_run_with_one_sentence_and_no_loss(
    simsearch: Simsearch, many: Path, chance: random.Random
) -> None:
    """As when memory runs out and the system kills one of the processes that store documents."""
    ledger = simsearch.folder / "ledger.jsonl"
    with simsearch.start("index", many, "--ledger", ledger) as process:
        assert wait_for(lambda: lines_of(ledger) > 0, process)
        wait_for(lambda: len(children(process.pid)) > 1, process)
        helpers = children(process.pid)[1:]  # the first is multiprocessing's own
        if not helpers:
            process.communicate(timeout=DEADLINE)
            pytest.skip("one process does it all on this machine")
        os.kill(chance.choice(helpers), signal.SIGKILL)
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (1, b"")
    assert len(err.decode().splitlines()) == 1, err.decode()
    assert err.startswith(b"Error: ")
    simsearch.ok("doctor", "--verify", ledger)
    assert simsearch.ok("index", many, "--ledger", ledger).row["unchanged"] >= 1
    assert_each_once(simsearch, MANY)


def test_a_kill_while_an_index_is_made_leaves_nothing_in_the_way(
    simsearch: Simsearch, few: Path, chance: random.Random
) -> None:
    """Killed from the moment on when the file appears, before anything is in it."""
    for _ in range(8):
        for path in simsearch.folder.glob("index.db*"):
            path.unlink()
        with simsearch.start("index", few) as process:
            wait_for(simsearch.index.exists, process)
            end(process, signal.SIGKILL, after=chance.choice([0, 0, 0, chance.uniform(0, 0.005)]))
        row = simsearch.ok("index", few).row
        assert row["stored"] + row["unchanged"] == 10


def test_a_file_that_a_kill_left_empty_becomes_the_index(simsearch: Simsearch, few: Path) -> None:
    simsearch.index.touch()
    assert simsearch("query", "茶").code == 1
    assert simsearch.ok("index", few).row["stored"] == 10


def test_a_kill_while_a_new_store_gets_its_model_leaves_nothing_in_the_way(
    tmp_path: Path, few: Path, chance: random.Random
) -> None:
    store = tmp_path / "models"
    simsearch = Simsearch(tmp_path, SIMSEARCH_MODELS=str(store))
    for _ in range(3):
        shutil.rmtree(store, ignore_errors=True)
        for path in tmp_path.glob("index.db*"):
            path.unlink()
        with simsearch.start("index", few) as process:
            wait_for(lambda: any(store.glob(".*")), process)
            end(process, signal.SIGKILL, after=chance.uniform(0, 0.03))
        row = simsearch.ok("index", few).row
        assert row["stored"] + row["unchanged"] == 10
        named = simsearch.ok("status").row["model"]
        assert [path.name for path in store.iterdir() if path.is_dir() and not path.name.startswith(".")] == [named]
        assert simsearch.ok("query", "绿茶").rows
