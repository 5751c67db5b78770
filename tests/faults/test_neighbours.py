"""Several processes on one index file: nobody fails, nothing is lost, nothing is there twice."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest
from cli.process import DEADLINE, Simsearch, write_lines

from simsearch.indexer import open_index
from simsearch.indexer.errors import DocumentNotFound

from .conftest import MANY, documents
from .moments import assert_each_once, lines_of, wait_for


def finish(*processes: subprocess.Popen[bytes]) -> None:
    """Wait for processes, which must succeed and say nothing."""
    for process in processes:
        with process:
            _, err = process.communicate(timeout=DEADLINE)
        assert (process.returncode, err.decode()) == (0, "")


def test_two_indexers_at_once_store_every_document_once(simsearch: Simsearch) -> None:
    read = list(documents(9000))  # a third of them by both, which have nothing to tell each other
    left = write_lines(simsearch.folder / "左.jsonl", read[:6000])
    right = write_lines(simsearch.folder / "右.jsonl", read[3000:])
    ledgers = [simsearch.folder / "左账.jsonl", simsearch.folder / "右账.jsonl"]
    finish(
        simsearch.start("index", left, "--ledger", ledgers[0]),
        simsearch.start("index", right, "--ledger", ledgers[1]),
    )
    assert_each_once(simsearch, 9000)
    for ledger in ledgers:
        assert lines_of(ledger) == 6000
        simsearch.ok("doctor", "--verify", ledger)


#: Makes the indices whose names come on standard input, each at once.
MAKE = """
import sys
from simsearch.indexer import open_index
from simsearch.model import Model

model = Model.load()
print("ready", flush=True)
for name in sys.stdin:
    open_index(name.strip(), model=model).close()
    print("made", flush=True)
"""


@pytest.mark.parametrize("new_store", [False, True], ids=["known store", "new store"])
def test_several_processes_may_make_the_same_index_at_the_same_moment(tmp_path: Path, new_store: bool) -> None:
    store = tmp_path / "models"
    simsearch = Simsearch(tmp_path, **({"SIMSEARCH_MODELS": str(store)} if new_store else {}))
    with contextlib.ExitStack() as stack:
        makers = [stack.enter_context(simsearch.script(MAKE)) for _ in range(4)]
        assert [maker.stdout.readline() for maker in makers] == [b"ready\n"] * 4
        for number in range(10):
            shutil.rmtree(store, ignore_errors=True)
            for maker in makers:
                maker.stdin.write(f"{number}.db\n".encode())
                maker.stdin.flush()
            for maker in makers:
                assert maker.stdout.readline() == b"made\n", maker.communicate()[1].decode()
        finish(*makers)
    for number in range(10):
        assert simsearch.ok("doctor", "--index", f"{number}.db").rows


def test_questions_are_answered_while_an_indexer_writes(simsearch: Simsearch, many: Path) -> None:
    ledger = simsearch.folder / "ledger.jsonl"
    asked = 0
    with simsearch.start("index", many, "--ledger", ledger) as indexer:
        assert wait_for(lambda: lines_of(ledger) > 0, indexer)
        while indexer.poll() is None or not asked:
            row = simsearch.ok("query", "失眠的孩子喝绿茶", "-k", "1", "--explain").row
            simsearch.ok("similar", row["id"], "-k", "1")
            simsearch.ok("status")
            asked += 1
        _, err = indexer.communicate(timeout=DEADLINE)
        assert (indexer.returncode, err) == (0, b"")
    assert_each_once(simsearch, MANY)


#: Writes the same few documents over and over, as fast as it can, deleting some of them between.
RESTLESS = """
import itertools, sys
from simsearch.corpus import Document
from simsearch.indexer import open_index

with open_index("index.db") as index:
    for edition in itertools.count():
        text = f"失眠的孩子喝了绿茶，第{edition}天医生坐地铁去长城。"
        index.add(Document(f"文-{number}", text) for number in range(20))
        index.delete([f"文-{number}" for number in range(edition % 20)])
        print(edition, flush=True)
"""


def test_a_reader_never_fails_while_every_document_is_replaced_and_deleted(simsearch: Simsearch) -> None:
    write_lines(simsearch.folder / "始.jsonl", documents(20))
    simsearch.ok("index", "始.jsonl")
    with simsearch.script(RESTLESS) as writer:
        try:
            with open_index(simsearch.index, create=False) as index:
                while int(writer.stdout.readline()) < 100:
                    for _ in range(10):
                        hits = index.search("失眠的孩子", k=50)
                        assert len({hit.id for hit in hits}) == len(hits) <= 20
                        for hit in hits[-1:]:
                            with contextlib.suppress(DocumentNotFound):
                                assert hit.id not in [other.id for other in index.similar(hit.id, k=50)]
        finally:
            writer.kill()
            writer.communicate(timeout=DEADLINE)
    assert all(row["ok"] for row in simsearch.ok("doctor").rows)
