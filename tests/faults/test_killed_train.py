"""A training that is killed leaves the old model intact, and half a model is never taken for one."""

from __future__ import annotations

import json
import random
import re
import secrets
import shutil
import signal
import time
from pathlib import Path

import pytest
from cli.process import Simsearch

from .conftest import documents
from .moments import end

HOW = ("--min-count", "2", "--dimensions", "8", "--passes", "2")

#: Kills the process as it opens or renames for the n-th time what has such a path.
KILL_AT = r"""
import os, re, signal, sys
left = {1}

def watch(event, arguments):
    global left
    if event == "{0}" and re.search(r"{2}", str(arguments[0])):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
"""

#: The model at its place and where it is written before; files with what a training has done so far.
TARGET, WORK = r"(^|/)(模型|\.模型\.[0-9a-f]{8}(/.*)?)$", r"/\.模型\.training/"
#: Lets no file grow beyond so many bytes, as a full disk would.
FULL_AT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"


#: Interrupts the process once, where C calls Python to load a compiled function: no exception passes there.
INTERRUPTED_LOADING = """
import os, signal
from numba.core.codegen import JITCodeLibrary

def hook(library, *given, usual=JITCodeLibrary._object_getbuffer_hook):
    JITCodeLibrary._object_getbuffer_hook = usual
    os.kill(os.getpid(), signal.SIGINT)
    return usual(*given)

JITCodeLibrary._object_getbuffer_hook = classmethod(hook)
"""


@pytest.fixture
def corpus(simsearch: Simsearch) -> Path:
    """Return a corpus that takes a second to learn."""
    path = simsearch.folder / "语料.txt"
    path.write_text("\n".join(document["text"] for document in documents(3000)), "utf-8")
    return path


@pytest.fixture
def old(simsearch: Simsearch, corpus: Path) -> str:
    """Train a first model; return its id."""
    return str(simsearch.ok("train", corpus, "--to", "模型", *HOW).row["id"])


def identity(simsearch: Simsearch) -> str:
    """Return the id of the model at the target, which must load."""
    index = f"{secrets.token_hex(4)}.db"
    simsearch.ok("index", "-", "--index", index, "--model", "模型", given="医生")
    return str(simsearch.ok("status", "--index", index).row["model"])


def assert_no_half_model(simsearch: Simsearch) -> None:
    """Check that every folder that loads as a model is a whole one."""
    for folder in {path.parent for path in simsearch.folder.rglob("manifest.json")}:
        done = simsearch("words", "norms", "-k", "1", "--model", folder)
        assert done.code in (0, 1)
        assert "Traceback" not in done.err
        assert done.code == 1 or json.loads((folder / "manifest.json").read_text("utf-8"))["files"].keys() <= {
            path.name for path in folder.iterdir()
        }


def test_a_killed_training_leaves_the_old_model(
    simsearch: Simsearch, corpus: Path, old: str, chance: random.Random
) -> None:
    start = time.monotonic()
    new = simsearch.ok("train", corpus, "--to", "量", *HOW, "--seed", "2").row["id"]
    whole = time.monotonic() - start
    for _ in range(3):
        with simsearch.start("train", corpus, "--to", "模型", *HOW, "--seed", "2") as process:
            end(process, signal.SIGKILL, after=chance.uniform(0.3, 1) * whole)
        assert identity(simsearch) in (old, new)
        assert_no_half_model(simsearch)
    assert simsearch.ok("train", corpus, "--to", "模型", *HOW, "--seed", "2").row["id"] == new == identity(simsearch)


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)], ids=["3 kills", "20 kills"])
def test_a_killed_training_goes_on_and_ends_with_the_same_model(
    simsearch: Simsearch, corpus: Path, chance: random.Random, kills: int
) -> None:
    how = (*HOW[:-1], "400", "--seed", "2")
    whole = simsearch.ok("train", corpus, "--to", "量", *how).row["id"]
    killed = 0
    while killed < kills:
        moment = KILL_AT.format("open", chance.randint(1, 8), WORK)
        code = simsearch("train", corpus, "--to", "模型", *how, "--resume", first=moment).code
        killed += code == -signal.SIGKILL
        assert_no_half_model(simsearch)
        if code == 0:  # there were fewer steps left
            assert identity(simsearch) == whole
            shutil.rmtree(simsearch.folder / "模型")
    assert simsearch.ok("train", corpus, "--to", "模型", *how, "--resume").row["id"] == whole == identity(simsearch)
    assert not simsearch.folder.joinpath(".模型.training").exists()


def test_a_full_disk_is_one_sentence_and_the_training_goes_on_with_more_room(
    simsearch: Simsearch, corpus: Path, old: str
) -> None:
    how = (*HOW, "--seed", "2")
    whole = simsearch.ok("train", corpus, "--to", "量", *how).row["id"]
    refused = 0
    for size in (100, 3_000, 30_000, 100_000, 300_000):
        done = simsearch("train", corpus, "--to", "模型", *how, first=FULL_AT.format(size))
        if done.code:
            assert (done.code, done.out) == (1, "")
            assert re.fullmatch(r"Error: .+ cannot be written to .+ \(File too large\); check the disk, .+\n", done.err)
            assert identity(simsearch) == old
            refused += 1
    assert refused >= 3
    assert simsearch.ok("train", corpus, "--to", "模型", *how, "--resume").row["id"] == whole == identity(simsearch)


@pytest.mark.parametrize("event", ["open", "first rename", "second rename"])
def test_a_training_killed_while_it_writes_leaves_a_model(
    simsearch: Simsearch, corpus: Path, old: str, chance: random.Random, event: str
) -> None:
    again = ("train", corpus, "--to", "模型", *HOW, "--seed", "2")
    files = len(list(simsearch.folder.joinpath("模型").iterdir()))
    moment = {"open": ("open", chance.randint(1, files)), "first rename": ("os.rename", 1)}.get(event, ("os.rename", 2))
    assert simsearch(*again, first=KILL_AT.format(*moment, TARGET)).code == -signal.SIGKILL
    assert identity(simsearch) == old
    assert_no_half_model(simsearch)
    new = simsearch.ok(*again).row["id"]
    assert identity(simsearch) == new != old


def test_ctrl_c_ends_a_training_with_one_sentence(
    simsearch: Simsearch, corpus: Path, old: str, chance: random.Random
) -> None:
    with simsearch.start("train", "-", "--to", "模型", *HOW, "--passes", "5000") as process:
        assert process.stdin is not None
        process.stdin.write(corpus.read_bytes())  # more than a pipe holds: once it is written, it is being read
        process.stdin.close()
        process.stdin = None
        code, out, err = end(process, signal.SIGINT, after=chance.uniform(0, 0.5))
    assert (code, out) == (130, "")
    assert identity(simsearch) == old
    assert len(err.splitlines()) == 1, err
    assert "--resume goes on" in err


def test_ctrl_c_is_heard_though_a_compiled_function_is_being_loaded(
    simsearch: Simsearch, corpus: Path, old: str
) -> None:
    done = simsearch("train", corpus, "--to", "模型", *HOW, "--seed", "2", first=INTERRUPTED_LOADING, fresh=True)
    assert (done.code, done.out) == (130, "")
    assert "--resume goes on" in done.err
    assert identity(simsearch) == old
