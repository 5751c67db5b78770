"""What reaches a terminal, and what happens when nobody reads on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from .process import DEADLINE, Simsearch, write_lines

#: Sets a window title, rings, erases, hides, turns the writing round.
ESCAPES = "\x1b]0;夺\x07\x1b[2J\x1b[31m\x9b8m\x08\x7f\u202e\u2066"
TITLE, IDENTITY = f"标题{ESCAPES}", f"编号{ESCAPES}"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Simsearch:
    """Run commands on an index whose documents try to drive the terminal."""
    simsearch = Simsearch(tmp_path_factory.mktemp("hostile"))
    row = {"id": IDENTITY, "title": TITLE, "text": f"长城{ESCAPES}东起山海关。" * 4, "metadata": {"名": ESCAPES}}
    write_lines(simsearch.folder / "坏.jsonl", [row, {"id": "好", "text": "长城西到嘉峪关，明代修筑。"}])
    assert simsearch.ok("index", "坏.jsonl").row["stored"] == 2
    return simsearch


def dangerous(shown: str) -> list[str]:
    """Return the characters that could drive a terminal."""
    return [c for c in shown if (unicodedata.category(c) == "Cc" and c not in "\n\t") or c in "\u202e\u2066"]


@pytest.mark.parametrize(
    "command",
    [
        ["query", "长城", "--explain", "--table"],
        ["query", "长城", "--mode", "phrase", "--explain", "--table"],
        ["similar", "好", "--table", "--explain"],
        ["keywords", f"长城{ESCAPES}山海关", "--table"],
        ["compare", f"长城{ESCAPES}", f"山海关{ESCAPES}", "--table"],
        ["status", "--table"],
        ["doctor", "--table"],
        ["config", "--table", "--index", f"sqlite:///{ESCAPES}.db"],
    ],
    ids=lambda command: " ".join(command[:1] + command[2:]).encode("ascii", "ignore").decode().replace("\x1b", ""),
)
def test_no_table_holds_a_control_character_of_a_text(hostile: Simsearch, command: list[str]) -> None:
    done = hostile.ok(*command)
    assert done.out
    assert not dangerous(done.out)
    assert not dangerous(done.err)


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
