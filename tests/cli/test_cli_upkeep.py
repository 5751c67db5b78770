"""`simsearch delete`, `status` and `doctor`: an index kept in order."""

from __future__ import annotations

import json
from pathlib import Path

import apsw
import pytest
import sqlite_vec

from .conftest import NOTICES, TEXTS
from .process import Simsearch, write_lines


@pytest.fixture
def own(simsearch: Simsearch, docs: Path) -> Simsearch:
    """Run commands on an index of this test, with its ledger."""
    simsearch.ok("index", docs, "--ledger", "ledger.jsonl")
    return simsearch


def test_deleted_documents_are_gone_and_an_unknown_id_is_told(own: Simsearch, docs: Path) -> None:
    done = own("delete", "樱花", "没有", "docs/历史/长城.md")
    assert done.code == 3
    assert [(row["id"], row["status"]) for row in done.rows] == [
        ("樱花", "deleted"),
        ("没有", "absent"),
        ("docs/历史/长城.md", "deleted"),
    ]
    assert len(done.err.splitlines()) == 1
    assert own.ok("query", "樱花 长城", "--mode", "keyword").rows == []
    assert own.ok("status").row["documents"] == len(TEXTS) + len(NOTICES) - 2
    assert own.ok("delete", "公交").row == {"id": "公交", "status": "deleted"}
    assert own.ok("doctor", "--verify", "ledger.jsonl").code == 0, "what was deleted since is not missing"
    assert own.ok("index", docs).row["stored"] == 3, "read again, they come back"


def test_status_shows_the_index_in_figures(library: Simsearch) -> None:
    row = library.ok("status").row
    assert row["documents"] == sum(row["states"].values()) == len(TEXTS) + len(NOTICES)
    assert row["passages"] >= row["documents"]
    assert row["bytes"] > 0
    assert row["bytes_per_document"] == round(row["bytes"] / row["documents"])
    assert row["index"] == f"sqlite:///{library.index}"
    shown = library.ok("status", "--table").out
    assert all(str(row[name]) in shown for name in ("documents", "model", "dimensions"))


def test_doctor_finds_nothing_wrong_with_a_sound_index(own: Simsearch) -> None:
    rows = own.ok("doctor", "--verify", "ledger.jsonl").rows
    assert [row["check"] for row in rows] == [
        "index",
        "model",
        "documents",
        "dead letters",
        "vectors",
        "words",
        "ledger",
    ]
    assert all(row["ok"] for row in rows)
    assert f"{len(TEXTS) + len(NOTICES)} acknowledged, 0 missing" in rows[-1]["what"]


def test_doctor_lists_the_most_frequent_unknown_words(own: Simsearch, tmp_path: Path) -> None:
    lines = [{"id": str(number), "text": f"第{number}批𪚥龘饕餮珅玥已经到货"} for number in range(3)]
    write_lines(tmp_path / "more.jsonl", lines)
    own.ok("index", tmp_path / "more.jsonl")
    (unknown,) = [row["unknown"] for row in own.ok("doctor").rows if row["check"] == "words"]
    passages = [count for _, count in unknown]
    assert passages == sorted(passages, reverse=True)
    assert passages[0] == 3
    assert "𪚥" in dict(unknown)
    assert not {"失眠", "绿茶", "已经", "0", "1", "2"} & set(dict(unknown))
    shown = own.ok("doctor", "--table").out
    assert all(word in shown for word, _ in unknown)


def test_doctor_names_documents_whose_vectors_are_not_the_models(own: Simsearch) -> None:
    connection = apsw.Connection(str(own.index))
    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    numbers = [number for (number,) in connection.execute("SELECT number FROM documents ORDER BY number LIMIT 2")]
    names = {name for (name,) in connection.execute("SELECT id FROM documents ORDER BY number LIMIT 2")}
    first, second = (
        connection.execute("SELECT vector FROM document_vectors WHERE rowid = ?", (number,)).fetchone()[0]
        for number in numbers
    )
    for number, vector in zip(numbers, (second, first), strict=True):
        connection.execute("DELETE FROM document_vectors WHERE rowid = ?", (number,))
        insert = "INSERT INTO document_vectors (rowid, vector) VALUES (?, vec_int8(?))"
        connection.execute(insert, (number, vector))
    connection.close()
    done = own("doctor")
    assert done.code == 3
    assert [row["check"] for row in done.rows if not row["ok"]] == ["vectors"]
    assert {line.rpartition(" ")[2] for line in done.err.splitlines()} == names


def test_doctor_names_documents_that_were_acknowledged_and_are_missing(own: Simsearch, tmp_path: Path) -> None:
    with open(tmp_path / "ledger.jsonl", "a", encoding="utf-8") as ledger:
        ledger.write(json.dumps({"id": "失踪", "sequence": 1}) + "\n")
        ledger.write(json.dumps({"id": "樱花", "sequence": 2**62}) + "\n")
    done = own("doctor", "--verify", "ledger.jsonl")
    assert done.code == 3
    (check,) = [row for row in done.rows if not row["ok"]]
    assert check["check"] == "ledger"
    assert "2 missing" in check["what"]
    gone, older = sorted(line for line in done.err.splitlines() if line.startswith("Missing: "))
    assert gone == "Missing: 失踪 is not in the index, though it was stored as it was read at 1970-01-01 00:00:00 UTC."
    assert older.startswith("Missing: 樱花 is in the index as it was read at 20")
    assert older.endswith(" UTC, though it was stored as it was read at 2116-02-20 23:53:38 UTC.")


def test_a_ledger_line_cut_short_by_a_kill_does_not_spoil_the_next_run(
    own: Simsearch, docs: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-9])
    assert own.ok("doctor", "--verify", ledger).rows[-1]["what"].startswith("7 acknowledged, 0 missing")
    own.ok("index", docs, "--ledger", ledger)
    assert own.ok("doctor", "--verify", ledger).rows[-1]["what"].startswith("8 acknowledged, 0 missing")


def test_doctor_finds_a_damaged_file(own: Simsearch) -> None:
    data = bytearray(own.index.read_bytes())
    for start in range(8192, len(data) - 64, 8192):
        data[start : start + 64] = b"\xff" * 64
    own.index.write_bytes(data)
    done = own("doctor")
    assert done.code in (1, 3)
    assert "Traceback" not in done.err
    assert "index.db" in done.err + done.out or any(not row["ok"] for row in done.rows)
    assert "index again" in done.err + done.out
    asked = own("query", "长城")
    assert "Traceback" not in asked.err
    assert asked.code == 0 or asked.err.startswith("Error: ")
