"""`simsearch retry`, and what `status` and `doctor` say of dead letters."""

from __future__ import annotations

import re

import pytest

from simsearch.corpus import Document
from simsearch.indexer import open_index
from simsearch.indexer.dead_letters import LONGEST_TEXT
from simsearch.indexer.engine import Failed

from .process import Simsearch

LISTED = ["id", "reason", "first", "last", "tries", "model"]


@pytest.fixture
def own(simsearch: Simsearch) -> Simsearch:
    """Run commands on an index with a document and two dead letters."""
    simsearch.ok("index", "-", given="绿茶")
    letters = [Document("睡眠", "睡前不喝浓茶。", sequence=5), Document("存款", "存款很安全。", sequence=5)]
    with open_index(simsearch.index) as index:
        index.engine.bury([Failed(document, f"{document.id}坏了", 2) for document in letters])
    return simsearch


def bury(simsearch: Simsearch, name: str, text: str) -> None:
    with open_index(simsearch.index) as index:
        index.engine.bury([Failed(Document(name, text, sequence=5), "坏了")])


def test_status_and_doctor_end_with_3_and_say_what_to_do(own: Simsearch) -> None:
    for layout in ("--json", "--table"):
        done = own("status", layout)
        assert done.code == 3
        assert re.search(r"dead.letters\W+2\b", done.out)
        assert done.err == "Some documents could not be stored: `simsearch retry --list` says why.\n"
    checked = own("doctor")
    assert checked.code == 3
    (wrong,) = [row for row in checked.rows if not row["ok"]]
    assert wrong["check"] == "dead letters"
    assert wrong["what"].startswith("2: see why by `simsearch retry --list`")
    assert [row["check"] for row in checked.rows][-1] == "words", "the other checks are made all the same"


def test_they_are_listed_with_their_reasons(own: Simsearch) -> None:
    rows = own.ok("retry", "--list").rows
    assert [list(row) for row in rows] == [LISTED] * 2
    assert {(row["id"], row["reason"], row["tries"]) for row in rows} == {
        ("睡眠", "睡眠坏了", 2),
        ("存款", "存款坏了", 2),
    }
    shown = own.ok("retry", "--list", "--table").out
    assert all(word in shown for word in ("睡眠坏了", "存款坏了", rows[0]["first"], *LISTED))
    assert [row["id"] for row in own.ok("retry", "睡眠", "--list").rows] == ["睡眠"]
    assert own("status").row["dead_letters"] == 2, "nothing was done"


def test_all_are_stored_again_and_all_is_well(own: Simsearch) -> None:
    done = own.ok("retry")
    assert {row["id"]: row["status"] for row in done.rows} == {"睡眠": "stored", "存款": "stored"}
    assert own.ok("status").row["documents"] == 3
    assert own.ok("doctor").rows
    assert own.ok("query", "浓茶", "--mode", "keyword").row["id"] == "睡眠"
    again = own.ok("retry")
    assert (again.out, again.err) == ("", "There are no dead letters.\n")


def test_some_are_stored_again_and_an_unknown_one_is_told(own: Simsearch) -> None:
    done = own("retry", "没有", "存款", "存款")
    assert (done.code, done.row) == (3, {"id": "存款", "status": "stored"})
    assert done.err == "Unknown: there is no dead letter 没有; `simsearch retry --list` shows all.\n"
    assert [row["id"] for row in own.ok("retry", "--list").rows] == ["睡眠"]


def test_they_are_given_up(own: Simsearch) -> None:
    done = own("retry", "--drop", "睡眠", "没有")
    assert (done.code, done.row) == (3, {"id": "睡眠", "status": "dropped"})
    assert "没有" in done.err
    assert own.ok("retry", "--drop").row == {"id": "存款", "status": "dropped"}
    assert own.ok("status").row["documents"] == 1
    both = own("retry", "--drop", "--list")
    assert (both.code, both.out) == (2, "")
    assert "do not go together" in both.err


def test_one_whose_text_was_not_kept_is_told_and_stays(own: Simsearch) -> None:
    bury(own, "长", "长" * (LONGEST_TEXT + 1))
    done = own("retry")
    assert done.code == 3
    assert {row["id"]: row["status"] for row in done.rows} == {"长": "failed", "睡眠": "stored", "存款": "stored"}
    assert re.fullmatch(r"Failed: 长 is not stored.*100,000.*index its source again.*\n", done.err)
    assert [row["id"] for row in own.ok("retry", "--list").rows] == ["长"]


def test_what_was_deleted_or_read_again_since_does_not_come_back(own: Simsearch) -> None:
    own("delete", "睡眠")
    own.ok("index", "-", given='{"id": "存款", "text": "新的。"}')
    assert own.ok("retry").out == ""
    assert own("query", "浓茶", "--mode", "keyword").rows == []


def test_a_strange_id_is_found_as_it_was_kept(own: Simsearch) -> None:
    bury(own, "字" * 600, "绿茶")
    assert own.ok("retry", "字" * 600).row["status"] == "stored"
