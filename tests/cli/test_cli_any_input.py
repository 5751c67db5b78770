"""Whatever bytes come in: each line is stored, answered or told, and no command ends with a traceback."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .process import Simsearch

#: Bytes that no good text has, and marks that mean something to JSON, to tables and to terminals.
NASTY = [
    b"\xff",
    b"\0",
    b'"',
    b"\\ud800",
    b"{",
    b"]",
    b",",
    b"\r",
    b"\x1b[31m",
    "\u202e".encode(),
    b"1e999",
    b"[" * 2_000,
]
LINE = '{"id": "行-%d", "text": "长城东起山海关，第%d段。", "metadata": {"年": %d}}'


def damaged(chance: random.Random, line: bytes) -> bytes:
    """Return a line in which some bytes are gone, doubled, or have become others."""
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(line) + 1)
        line = line[:at] + chance.choice([b"", line[at : at + 5], *NASTY]) + line[at + chance.randrange(3) :]
    return line.replace(b"\n", b"")


def numbers(err: str, name: str) -> list[int]:
    """Return the lines of a file that were skipped."""
    return [int(number) for number in re.findall(rf"^Skipped: {name}, line (\d+) ", err, re.MULTILINE)]


def test_each_line_of_damaged_files_is_stored_or_told(simsearch: Simsearch, chance: random.Random) -> None:
    lines = [damaged(chance, (LINE % (number, number, number)).encode()) for number in range(300)]
    (simsearch.folder / "行.jsonl").write_bytes(b"\n".join([b"", *lines]))
    rows = [
        damaged(chance, f"表-{number},长城东起山海关。,{number}".encode()).replace(b'"', b"") for number in range(100)
    ]
    (simsearch.folder / "表.csv").write_bytes(b"\n".join([b"id,text,n", *[row.replace(b"\r", b"") for row in rows]]))
    done = simsearch("index", "行.jsonl", "表.csv")
    assert "Traceback" not in done.err, done.err
    assert done.code == 3, done.err
    skipped = len(numbers(done.err, "行.jsonl")) + len(numbers(done.err, "表.csv"))
    there = sum(bool(line.decode("utf-8-sig", "replace").strip()) for line in lines) + sum(map(bool, rows))
    assert done.row["failed"] == skipped > 0
    assert done.row["stored"] + done.row["repeated"] + skipped == there
    assert simsearch.ok("status").row["documents"] == done.row["stored"]
    assert all(row["ok"] for row in simsearch.ok("doctor").rows)


def test_questions_of_any_bytes_are_answered_one_after_the_other(library: Simsearch, chance: random.Random) -> None:
    given = [
        '{"query": "长城"}',
        "怎样才能睡得香",
        '{"query": 3}',
        '{"query": "\\ud800茶"}',
        '{"query": ""}',
        "[" * 100_000,
    ]
    questions = [text.encode() for text in given] + [
        damaged(chance, chance.choice(given[:4]).encode()) for _ in range(100)
    ]
    done = library("query", "-k", "1", given=b"\n".join([*questions, "长城".encode()]))
    assert "Traceback" not in done.err, done.err
    assert done.code == 0, done.err
    assert {row["query"] for row in done.rows} >= {"长城", "怎样才能睡得香", "\ufffd茶"}
    assert done.rows[-1]["id"] == "docs/历史/长城.md"


@pytest.mark.parametrize(
    "command",
    [
        "query 茶{0}",
        "query 茶 --tag {0}",
        "query 茶 --where 年{0}=3",
        "query 茶 --where 年={0}",
        "similar {0}",
        "tags --where a={0}",
        "compare 茶 咖啡{0}",
        "keywords 茶叶，茶叶{0}",
        "words related 茶{0}",
        "retry {0}",
        "delete {0}",
        "status --index {0}.db",
        "query 茶 --model {0}",
        "index {0}.txt",
    ],
)
def test_an_argument_of_any_bytes_is_taken_or_told_in_a_sentence(library: Simsearch, command: str) -> None:
    done = library(*command.format("\udcff\x1b[31m\n").split(" "))
    assert "Traceback" not in done.err, done.err
    assert done.code in (0, 1, 2, 3), done.err
    assert done.code != 1 or done.err.startswith("Error: ")
    assert "\x1b[31m" not in done.out + done.err
    if done.code in (0, 3):
        assert json.dumps(done.rows)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("doctor --verify", '{"id": "甲", "sequence": 1e999}'),
        ("doctor --verify", "[" * 100_000),
        ("report base -o 页.html --scores", "[" * 100_000),
    ],
    ids=["no number", "deep ledger", "deep scores"],
)
def test_a_file_of_any_json_is_told_in_a_sentence(library: Simsearch, tmp_path: Path, command: str, line: str) -> None:
    (tmp_path / "行.jsonl").write_text(f"{line}\n", "utf-8")
    done = library(*command.split(" "), tmp_path / "行.jsonl")
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert len(done.err.splitlines()) == 1, done.err


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_a_stream_may_be_closed(simsearch: Simsearch, closed: str) -> None:
    """As by some daemons: what is opened next must not be written to in its place."""
    (simsearch.folder / "甲.txt").write_text("失眠的孩子喝绿茶。", "utf-8")
    for arguments in ("index 甲.txt", "query 绿茶", "status", "--version"):
        command = f"{sys.executable} -m simsearch {arguments} {closed}"
        done = subprocess.run(command, shell=True, env=simsearch.environment, cwd=simsearch.folder, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b""), (command, done)
    assert simsearch.ok("status").row["documents"] == 1
