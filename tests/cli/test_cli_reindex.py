"""`simsearch reindex`: another model, seen before and had afterwards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tiny import tiny

from simsearch.model import Model

from .process import Simsearch, write_lines

ROWS = [
    {"id": "睡", "text": "咖啡喝多了，夜里睡觉不好。", "title": "睡觉"},
    {"id": "钱", "text": "银行的存款有保险。"},
    {"id": "茶", "text": "绿茶用热水冲泡，睡觉前少喝。"},
    {"id": "路", "text": "地铁在学校旁边，樱花开了。"},
]


@pytest.fixture
def other(tmp_path: Path) -> Model:
    """Return a model that no index has yet, in the folder `新`."""
    return tiny(tmp_path / "新", 3, 16)


@pytest.fixture
def indexed(simsearch: Simsearch) -> Simsearch:
    simsearch.ok("index", write_lines(simsearch.folder / "文.jsonl", ROWS))
    return simsearch


def test_the_index_has_the_new_model_afterwards(indexed: Simsearch, model: Model, other: Model) -> None:
    done = indexed.ok("reindex", "--model", "新")
    row = done.row
    assert row.pop("seconds") >= 0
    assert row == {
        "index": f"sqlite:///{indexed.index}",
        "old_model": model.id,
        "model": other.id,
        "documents": 4,
        "failed": 0,
    }
    assert done.err == ""
    status = indexed.ok("status").row
    assert (status["model"], status["dimensions"], status["documents"]) == (other.id, 16, 4)
    assert indexed.ok("query", "银行存款", "-k", "1").row["id"] == "钱"
    assert indexed.ok("index", "文.jsonl").row["unchanged"] == 4


def test_an_index_in_the_new_ones_place_is_told_and_can_be_dropped(indexed: Simsearch, other: Model) -> None:
    third = tiny(indexed.folder / "三", 5, 16)
    beside = f"sqlite:///{indexed.index}.reindex-{other.id[:8]}"
    indexed.ok("index", "文.jsonl", "--index", beside, "--model", "三")
    done = indexed("reindex", "--model", "新")
    assert (done.code, beside in done.err, third.id in done.err, other.id in done.err) == (1, True, True, True)
    indexed.ok("reindex", "--drop-old")
    assert indexed.ok("reindex", "--model", "新").row["documents"] == 4


def test_people_are_told_in_a_sentence(indexed: Simsearch, model: Model, other: Model) -> None:
    told = indexed.ok("reindex", "--model", "新", "--table").out
    assert told.startswith(f"4 documents have model {other.id} now, and not {model.id}, in ")


def test_the_same_model_is_no_error(indexed: Simsearch, model: Model, other: Model) -> None:
    done = indexed.ok("reindex", "--model", model.id)
    assert (done.out, "nothing to do" in done.err, model.id in done.err) == ("", True, True)
    indexed.ok("reindex", "--model", "新")
    assert "nothing to do" in indexed.ok("reindex", "--model", other.id[:8]).err


@pytest.mark.parametrize(
    "arguments", [[], ["--diff", "-"], ["--diff", "-", "--drop-old"], ["--model", "新", "--diff", "-", "--drop-old"]]
)
def test_wrong_usage_is_told(indexed: Simsearch, other: Model, arguments: list[str]) -> None:
    done = indexed("reindex", *arguments, given="咖啡\n")
    assert (done.code, done.out) == (2, "")
    assert "--model" in done.err


def test_what_is_missing_is_told(simsearch: Simsearch, indexed: Simsearch, other: Model, tmp_path: Path) -> None:
    for arguments, told in (
        (["--model", "没有"], "没有"),
        (["--model", "新", "--index", "none.db"], "There is no index at none.db"),
    ):
        done = indexed("reindex", *arguments)
        assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 1), done.err
        assert told in done.err
    assert indexed("reindex", "--model", "新", "--diff", "-", given=" \n").code == 2
    for name in ("没有.txt", "."):
        done = indexed("reindex", "--model", "新", "--diff", name)
        assert (done.code, done.out) == (2, "")
        assert f"{name} cannot be read" in done.err
        assert "a question a line" in done.err


def test_the_difference_is_shown_and_nothing_changes(indexed: Simsearch, model: Model, other: Model) -> None:
    done = indexed.ok("reindex", "--model", "新", "--diff", "-", given="睡觉前喝咖啡\n\n银行\n")
    assert done.err.startswith("Nothing was changed.")
    assert [row["query"] for row in done.rows] == sorted(
        [row["query"] for row in done.rows], key=["睡觉前喝咖啡", "银行"].index
    )
    for row in done.rows:
        assert set(row) == {
            "query",
            "change",
            "id",
            "title",
            "rank_before",
            "rank_after",
            "score_before",
            "score_after",
            "pairs",
            "other_pairs",
        }
        assert row["change"] in ("stayed", "moved", "entered", "left")
        parts = sum(after - before for _, _, before, after in row["pairs"]) + row["other_pairs"]["difference"]
        assert parts == pytest.approx((row["score_after"] or 0) - (row["score_before"] or 0), abs=1e-5)
    assert indexed.ok("status").row["model"] == model.id
    (indexed.folder / "问.txt").write_text("睡觉前喝咖啡\n银行\n", "utf-8")
    assert indexed.ok("reindex", "--model", "新", "--diff", "问.txt").rows == done.rows
    shown = indexed.ok("reindex", "--model", "新", "--diff", "问.txt", "--table").out
    assert "word pairs" in shown
    assert "睡觉前喝咖啡" in shown
    assert indexed.ok("reindex", "--model", "新").row["model"] == other.id


def test_a_model_that_was_given_up_is_dropped(indexed: Simsearch, other: Model) -> None:
    indexed.ok("reindex", "--model", "新", "--diff", "-", given="银行")
    name = f"index.db.reindex-{other.id[:8]}"
    assert (indexed.folder / name).is_file()
    assert indexed.ok("reindex", "--drop-old").row == {"dropped": name}
    again = indexed.ok("reindex", "--drop-old")
    assert (again.out, "nothing old to drop" in again.err) == ("", True)
    assert not list(indexed.folder.glob("index.db.*"))


def test_settings_do_not_change_the_model(indexed: Simsearch, other: Model) -> None:
    """A model in settings or environment is that of new indices."""
    (indexed.folder / "simsearch.toml").write_text(f"model = {json.dumps(str(other.path))}", "utf-8")
    assert indexed("reindex").code == 2
    indexed.environment["SIMSEARCH_MODEL"] = str(other.path)
    assert indexed("reindex").code == 2
    assert indexed.ok("reindex", "--drop-old").out == ""


def test_an_index_whose_model_is_lost_says_where_it_belongs_and_can_get_another(tmp_path: Path) -> None:
    models = tmp_path / "models"
    simsearch = Simsearch(tmp_path, SIMSEARCH_MODELS=str(models))
    lost = tiny(tmp_path / "旧", 2, 8)
    texts = write_lines(tmp_path / "文.jsonl", ROWS)
    simsearch.ok("index", texts, "--model", "旧")
    kept = shutil.move(tmp_path / "旧", tmp_path / "别处")
    shutil.rmtree(models)
    for command in (("query", "银行"), ("similar", "茶"), ("doctor",), ("index", write_lines(texts, ROWS[1:]))):
        done = simsearch(*command)
        assert (done.code, done.out) == (1, "")
        assert f"{lost.id} is not on this machine" in done.err
        assert f"to {models / lost.id}, or" in done.err
    assert simsearch.ok("status").row["model"] == lost.id
    assert simsearch.ok("tags").rows

    shutil.copytree(kept, models / lost.id)
    assert simsearch.ok("query", "银行存款", "-k", "1").row["id"] == "钱"

    shutil.rmtree(models)
    assert simsearch.ok("reindex", "--model", "base").row["documents"] == 4
    assert simsearch.ok("query", "银行存款", "-k", "1").row["id"] == "钱"


def test_a_model_that_the_environment_names_for_an_index_of_another_is_told(tmp_path: Path, other: Model) -> None:
    texts = write_lines(tmp_path / "文.jsonl", ROWS)
    Simsearch(tmp_path).ok("index", texts)
    done = Simsearch(tmp_path, SIMSEARCH_MODEL="新")("index", texts)
    assert (done.code, done.out) == (1, "")
    assert f"not {other.id}: name no model (--model, SIMSEARCH_MODEL, simsearch.toml)" in done.err
