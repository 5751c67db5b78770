"""A disk that is full under an index in a file: what was acknowledged stays, and the same command goes on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli.process import Done, Simsearch, write_lines

from .conftest import documents
from .moments import acknowledged, assert_each_once
from .server import SMALL

COUNT = 1_500
#: Python that runs before a command: no file grows beyond so many bytes; or the database has no more such pages.
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"
PAGES = (
    "import apsw; apsw.connection_hooks.append(lambda it: it.pragma('max_page_count', {0} // 4096))\n"
    "from simsearch.indexer import index; index.INLINE_BATCHES = 1_000"  # for processes of their own have no such hook
)


def told(done: Done, simsearch: Simsearch) -> None:
    """Check that a command ended in a sentence that blames the disk and not the file."""
    assert (done.code, done.out) == (1, ""), done.err
    said = rf"Error: The index {simsearch.index} cannot be used \(.+\): check the disk and its space; .+ is kept\.\n"
    assert re.fullmatch(said, done.err), done.err


@pytest.mark.parametrize("full", [FULL, PAGES], ids=["file", "database"])
def test_48_a_full_disk_ends_a_run_and_the_same_command_goes_on(simsearch: Simsearch, full: str) -> None:
    pytest.importorskip("resource", reason="no limits for files on this system")
    source, ledger = write_lines(simsearch.folder / "长.jsonl", documents(COUNT)), simsearch.folder / "ledger.jsonl"
    run = ("index", source, "--ledger", ledger)
    simsearch.ok("index", write_lines(simsearch.folder / "少.jsonl", documents(100)), "--ledger", ledger)
    told(simsearch(*run, first=f"{SMALL}\n{full.format(4 * simsearch.index.stat().st_size)}"), simsearch)
    kept = acknowledged(ledger)
    assert 100 < len(kept) < COUNT, "the disk was full in the midst of it"
    assert simsearch.ok("doctor", "--verify", ledger).rows[-1]["what"] == f"{len(kept):,} acknowledged, 0 missing"
    assert all(row["ok"] for row in simsearch.ok("doctor").rows), "the file is sound"
    assert simsearch.ok("query", "失眠", "-k", "1").rows
    last = simsearch.ok(*run).row
    assert last["stored"] + last["unchanged"] == COUNT
    assert last["unchanged"] >= len(kept)
    assert_each_once(simsearch, COUNT)


@pytest.mark.parametrize("command", ["index 少.jsonl", "query 失眠", "doctor"])
def test_48_a_disk_without_any_room_is_not_taken_for_a_file_that_is_no_index(
    simsearch: Simsearch, few: Path, command: str
) -> None:
    """Nobody is told to move an index away because the disk is full."""
    pytest.importorskip("resource", reason="no limits for files on this system")
    simsearch.ok("index", few)
    before = simsearch.index.read_bytes()
    told(simsearch(*command.replace("少.jsonl", str(few)).split(), first=FULL.format(0)), simsearch)
    assert simsearch.index.read_bytes() == before
    assert_each_once(simsearch, 10)
