"""What reaches a terminal, and what happens when nobody reads on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from simsearch.corpus import Document
from simsearch.indexer import open_index
from simsearch.indexer.engine import Failed

from .process import DEADLINE, Simsearch, write_lines

#: Sets a window title, rings, erases, hides, leads somewhere else, turns the writing round, begins a line of its own.
ESCAPES = "\x1b]0;夺\x07\x1b[2J\x1b[31m\x9b8m\x08\x7f\x1b]8;;mailto:x\x1b\\\u202e\u2066\u061c\u200f\u2028\nError: 假"
#: Would be colours and a link, were it read as rich's markup.
MARKUP = "[red]红[/red][link=mailto:x]链[/link][/]"
TITLE, IDENTITY = f"标题{ESCAPES}{MARKUP}", f"编号{ESCAPES}{MARKUP}"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Simsearch:
    """Run commands on an index whose documents try to drive the terminal."""
    simsearch = Simsearch(tmp_path_factory.mktemp("hostile"))
    row = {
        "id": IDENTITY,
        "title": TITLE,
        "text": f"长城{ESCAPES}{MARKUP}东起山海关。" * 4,
        "metadata": {ESCAPES: ESCAPES},
    }
    write_lines(simsearch.folder / "坏.jsonl", [row, {"id": "好", "text": "长城西到嘉峪关，明代修筑。"}])
    assert simsearch.ok("index", "坏.jsonl").row["stored"] == 2
    with open_index(f"sqlite:///{simsearch.index}") as index:
        index.engine.bury([Failed(Document(f"死信{ESCAPES}", "长城"), f"因为{ESCAPES}{MARKUP}")])
    return simsearch


def dangerous(shown: str) -> list[str]:
    """Return what could drive a terminal, and lines that others have begun."""
    forged = [line for line in shown.splitlines() if line.startswith("Error: 假")]
    return forged + [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c != "\n"]


@pytest.mark.parametrize(
    "command",
    [
        ["query", "长城", "--explain", "--table"],
        ["query", "长城", "--mode", "phrase", "--explain", "--table"],
        ["similar", "好", "--table", "--explain"],
        ["keywords", f"长城{ESCAPES}山海关", "--table"],
        ["compare", f"长城{ESCAPES}", f"山海关{ESCAPES}", "--table"],
        ["tags", "--table"],
        ["retry", "--list", "--table"],
        ["config", "--table", "--index", f"sqlite:///{ESCAPES}.db"],
    ],
    ids=lambda command: " ".join(command[:1] + command[2:]).encode("ascii", "ignore").decode().replace("\x1b", ""),
)
def test_no_table_holds_a_control_character_of_a_text(hostile: Simsearch, command: list[str]) -> None:
    done = hostile.ok(*command)
    assert done.out
    assert not dangerous(done.out)
    assert not dangerous(done.err)


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_figures_hold_no_control_character_either(hostile: Simsearch, command: str) -> None:
    done = hostile(command, "--table")
    assert done.code == 3, "there is a dead letter"
    assert done.out
    assert not dangerous(done.out + done.err)


@pytest.mark.parametrize(
    "command",
    [["query", "长城", "--explain"], ["similar", "好"], ["retry", "--list"], ["compare", f"长城{ESCAPES}", "山海关"]],
    ids=lambda command: command[0],
)
def test_lines_of_json_may_be_read_on_a_terminal(hostile: Simsearch, command: list[str]) -> None:
    done = hostile.ok(*command, "--json")
    assert done.rows
    assert not dangerous(done.out)


def test_lines_of_json_give_back_what_was_stored(hostile: Simsearch) -> None:
    found = {row["id"]: row for row in hostile.ok("query", "长城").rows}
    assert (found[IDENTITY]["title"], found[IDENTITY]["metadata"]) == (TITLE, {ESCAPES: ESCAPES})


def test_markup_is_shown_as_it_was_written(hostile: Simsearch) -> None:
    assert hostile.ok("query", "长城", "--table").out.count(MARKUP) >= 3, "title, id and text"
    assert MARKUP in hostile.ok("retry", "--list", "--table").out
    assert MARKUP in hostile("similar", MARKUP).err
    assert MARKUP in hostile("index", MARKUP).err


def test_a_name_that_is_no_text_is_written_out(hostile: Simsearch) -> None:
    name = os.fsdecode(b"\xff.txt")
    assert hostile("delete", name).row["id"] == "\ufffd.txt"
    assert "Traceback" not in hostile("query", name, "--table").err
    assert "Traceback" not in hostile("index", name).err


def test_messages_hold_no_control_character_either(hostile: Simsearch, tmp_path: Path) -> None:
    simsearch = Simsearch(tmp_path)
    rows = [{"id": IDENTITY, "text": "长城"}, {"id": IDENTITY, "text": "山海关"}]
    write_lines(tmp_path / "双.jsonl", rows)
    (tmp_path / f"国标{ESCAPES}.txt").write_bytes("长城".encode("gbk"))
    done = simsearch("index", "双.jsonl", f"国标{ESCAPES}.txt", "--table")
    assert done.code == 3
    assert {line.split(":")[0] for line in done.err.splitlines()} == {"Repeated", "Skipped"}
    assert not dangerous(done.err + done.out)
    asked = simsearch("query", f"ᚠ{ESCAPES}", "--table")
    assert not dangerous(asked.err + asked.out)
    for usage in (
        ["reindex", "--model", "base", "--diff", f"没有{ESCAPES}"],
        [MARKUP + ESCAPES],
        ["query", "-k", ESCAPES],
    ):
        wrong = hostile(*usage)
        assert wrong.code == 2
        assert not dangerous(wrong.err)
    gone = hostile("delete", f"没有{ESCAPES}", "--table")
    assert gone.code == 3
    assert not dangerous(gone.out + gone.err)


def test_an_error_holds_no_control_character_either(hostile: Simsearch) -> None:
    done = hostile("similar", f"没有{ESCAPES}")
    assert done.code == 1
    assert not dangerous(done.err)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals on this system")
def test_a_real_terminal_gets_a_table_with_no_escape_but_our_colours(hostile: Simsearch) -> None:
    ours, theirs = os.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "simsearch", "query", "长城", "--explain"],
            cwd=hostile.folder,
            env=hostile.environment | {"TERM": "xterm-256color"},
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            theirs = -1
            parts = []
            try:
                while part := os.read(ours, 65536):
                    parts.append(part)
            except OSError:  # Linux says so when the other side is closed
                pass
            assert process.wait(DEADLINE) == 0
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)
    shown = b"".join(parts).decode()
    assert "编号" in shown
    assert not shown.lstrip().startswith("{"), "a terminal gets a table"
    assert "\x1b[31m" not in shown
    assert not dangerous(re.sub(r"\x1b\[[\d;]*m", "", shown).replace("\r\n", "\n"))


@pytest.mark.parametrize("command", [["words", "norms", "-k", "1000"], ["query"]], ids=" ".join)
def test_a_reader_who_has_seen_enough_is_no_error(hostile: Simsearch, command: list[str]) -> None:
    """As `simsearch ... | head -1`."""
    with hostile.start(*command) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            process.stdin.write("长城的明代城墙\n".encode() * 3000)  # more answers than a pipe holds
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        process.wait(DEADLINE)
        err = process.stderr.read().decode()
    assert err == ""
    assert process.returncode == 0
