"""Ctrl-C at a terminal, which goes to all processes of a command at once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest
from cli.process import DEADLINE, Simsearch

from .conftest import documents
from .moments import children, wait_for


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a corpus that several processes segment."""
    path = tmp_path_factory.mktemp("corpus") / "语料.txt"
    path.write_text("\n".join(document["text"] for document in documents(12_000)), "utf-8")
    return path


def is_importing(process: int) -> bool:
    """Tell whether a process has begun to import numpy, which takes a while."""
    try:
        return "_multiarray_umath" in Path(f"/proc/{process}/maps").read_text()
    except OSError:  # it has just ended
        return False


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Send what a terminal sends; those that are just starting get it first."""
    for one in (*reversed(children(process.pid)), process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGINT)


@pytest.mark.parametrize("command", ["index", "train"])
def test_ctrl_c_is_told_in_one_sentence_though_processes_are_just_starting(
    simsearch: Simsearch, many: Path, corpus: Path, command: str
) -> None:
    arguments = {"index": [many], "train": [corpus, "--to", "模型", "--dimensions", "8", "--passes", "2"]}[command]
    with simsearch.start(command, *arguments) as process:
        assert wait_for(lambda: any(map(is_importing, children(process.pid))), process), "a worker starts"
        interrupt(process)
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (130, b""), err.decode()
    assert len(err.decode().splitlines()) == 1, err.decode()
