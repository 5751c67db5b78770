"""What is asked of an index that gets another model meanwhile: each answer is that of the model of its moment."""

from __future__ import annotations

import json
import select
import signal
import subprocess
from typing import Any

import pytest
from cli.process import DEADLINE
from tiny import tiny

from .conftest import Place
from .moments import wait_for

#: Lets `status --watch` look again at once.
AT_ONCE = "import simsearch.cli.status as status; status.PAUSE = 0.1"

#: Python that gives the index another model when a command has opened it and is about to ask.
MEANWHILE = """
import subprocess, sys
from simsearch.cli.reader import Reader

def ask(reader, *given, usual=Reader.ask):
    Reader.ask = usual
    subprocess.run([sys.executable, "-m", "simsearch", "reindex", "--model", "新"], check=True, capture_output=True)
    return usual(reader, *given)

Reader.ask = ask
"""


def answer(process: subprocess.Popen[bytes], question: str) -> Any:
    """Ask a program that reads questions line by line, and wait for its answer."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{question}\n".encode())
    process.stdin.flush()
    assert select.select([process.stdout], [], [], DEADLINE)[0], "it is answered before more is asked"
    return json.loads(process.stdout.readline())


def test_a_program_that_asks_line_by_line_is_answered_by_the_new_model(place: Place) -> None:
    place.add("睡觉前不喝咖啡。", 1)
    new = tiny(place.commands.folder / "新", 3, 64)
    with place.commands.start("query", "--explain") as process:
        before, again = (answer(process, "咖啡") for _ in range(2))
        assert before == again
        done = place.commands("reindex", "--model", str(new.path))
        assert done.code == 0, done.err
        after = answer(process, "咖啡")
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out, err) == (0, b"", b"")
    assert (before["id"], after["id"]) == ("甲.txt", "甲.txt")
    assert after["score"] != before["score"]
    assert after == place.commands.ok("query", "--explain", given="咖啡\n").row


def test_a_status_that_is_watched_tells_the_new_model(place: Place) -> None:
    place.add("睡觉前不喝咖啡。", 1)
    new = tiny(place.commands.folder / "新", 3, 64)
    with place.commands.start("status", "--watch", "--json", first=AT_ONCE) as process:
        assert process.stdout is not None
        before = json.loads(process.stdout.readline())
        done = place.commands("reindex", "--model", str(new.path))
        assert done.code == 0, done.err
        assert wait_for(lambda: json.loads(process.stdout.readline())["model"] != before["model"], process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (0, b"")
    assert place.commands.ok("status").row["model"] == new.id


@pytest.mark.parametrize(
    "command",
    [["query", "咖啡"], ["similar", "甲.txt"], ["status"], ["tags"], ["doctor"]],
    ids=lambda command: command[0],
)
def test_a_command_that_had_just_opened_the_index_answers_by_the_new_model(place: Place, command: list[str]) -> None:
    for number in range(6):
        place.add("睡觉前不喝咖啡，咖啡让人失眠。", number + 1, f"{number}.txt")
    place.add("睡觉前不喝咖啡。", 9)
    tiny(place.commands.folder / "新", 3, 64)
    done = place.commands(*command, first=MEANWHILE)
    assert (done.code, done.err) == (0, ""), done.err
    assert done.rows == place.commands.ok(*command).rows
