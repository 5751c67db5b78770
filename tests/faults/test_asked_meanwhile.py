"""What is asked of an index that gets another model meanwhile: each answer is that of the model of its moment."""

from __future__ import annotations

import json
import select
import signal
import subprocess
from typing import Any

from cli.process import DEADLINE
from tiny import tiny

from .conftest import Place
from .moments import wait_for

#: Lets `status --watch` look again at once.
AT_ONCE = "import simsearch.cli.status as status; status.PAUSE = 0.1"


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
