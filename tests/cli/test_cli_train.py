"""`simsearch train`: a corpus in, a model folder and its bill out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .process import Simsearch

SMALL = ("--min-count", "2", "--dimensions", "8", "--passes", "2")


def vocabulary(folder: Path) -> list[str]:
    """Return the words of a model folder."""
    return [line.split("\t")[0] for line in (folder / "words.txt").read_text("utf-8").splitlines()]


def test_the_bill_counts_what_was_read_and_learnt(simsearch: Simsearch, sentences: list[str], tmp_path: Path) -> None:
    (tmp_path / "语料.txt").write_text("\n".join(sentences) + "\n\n", "utf-8")
    bill = simsearch.ok("train", "语料.txt", "--to", "模型", *SMALL).row
    assert bill["documents"] == len(sentences)
    assert bill["vocabulary"] == len(vocabulary(tmp_path / "模型"))
    assert bill["words"] >= 2 * bill["documents"]
    assert bill["pairs"] > bill["vocabulary"]
    assert len(bill["loss"]) == 2
    assert sum(bill["seconds"].values()) == pytest.approx(bill["total_seconds"], abs=0.01)
    assert bill["peak_memory"] > 1_000_000
    assert bill["failed"] == 0
    manifest = json.loads((tmp_path / "模型" / "manifest.json").read_text("utf-8"))
    assert (manifest["id"], manifest["dimensions"]) == (bill["id"], 8)


def test_a_file_may_be_one_document_and_a_dictionary_keeps_words_whole(
    simsearch: Simsearch, sentences: list[str], tmp_path: Path
) -> None:
    corpus = tmp_path / "语料"
    corpus.mkdir()
    for number in range(4):
        (corpus / f"{number}.txt").write_text("\n".join(sentences[number::4]) + "\n量子茶壶在学校里。" * 3, "utf-8")
    (tmp_path / "词典.txt").write_text("量子茶壶\n", "utf-8")
    plain = simsearch.ok("train", "语料", "--to", "平", "--per-file", *SMALL).row
    simsearch.ok("train", "语料", "--to", "典", "--per-file", "--dictionary", "词典.txt", *SMALL)
    assert plain["documents"] == 4
    assert "量子茶壶" not in vocabulary(tmp_path / "平")
    assert "量子茶壶" in vocabulary(tmp_path / "典")
    assert simsearch.ok("words", "related", "量子茶壶", "-k", "3", "--model", "典").rows


def test_the_same_corpus_and_seed_give_the_same_model(
    simsearch: Simsearch, sentences: list[str], trained: Path
) -> None:
    arguments = ("--min-count", "2", "--dimensions", "8")
    again = simsearch.ok("train", "-", "--to", "again", *arguments, given="\n".join(sentences)).row
    other = simsearch.ok("train", "-", "--to", "other", *arguments, "--seed", "2", given="\n".join(sentences)).row
    known = json.loads((trained / "manifest.json").read_text("utf-8"))["id"]
    assert again["id"] == known != other["id"]


def test_an_index_finds_its_model_again_after_the_folder_is_gone(
    simsearch: Simsearch, docs: Path, trained: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path / "mine")
    simsearch.ok("index", docs, "--model", "mine")
    before = simsearch.ok("query", "孩子上课看不清黑板", "--explain").rows
    shutil.rmtree(tmp_path / "mine")
    assert before
    assert simsearch.ok("query", "孩子上课看不清黑板", "--explain").rows == before
    named = simsearch.ok("status").row["model"]
    assert named == json.loads((trained / "manifest.json").read_text("utf-8"))["id"]
    assert simsearch.ok("index", docs).row["unchanged"] == 8
    assert simsearch.ok("words", "norms", "-k", "1", "--model", named[:8]).row["word"] in vocabulary(trained)


def test_words_in_the_same_places_are_similar(simsearch: Simsearch, sentences: list[str]) -> None:
    how = ("--min-count", "2", "--dimensions", "4")  # few, as more would fit the accidents of so few sentences
    simsearch.ok("train", "-", "--to", "模型", *how, given="\n".join(sentences))
    rows = simsearch.ok("words", "similar", "医院", "-k", "2", "--model", "模型").rows
    assert {row["word"] for row in rows} == {"病房", "诊所"}
    similar = simsearch.ok("compare", "医院", "学校", "--model", "模型").row["similarity"]
    assert similar < simsearch.ok("compare", "医院", "诊所", "--model", "模型").row["similarity"]


def test_unreadable_parts_of_a_corpus_are_told_and_the_rest_is_learnt(
    simsearch: Simsearch, sentences: list[str], tmp_path: Path
) -> None:
    corpus = tmp_path / "语料"
    corpus.mkdir()
    (corpus / "好.txt").write_text("\n".join(sentences), "utf-8")
    (corpus / "国标.txt").write_bytes("长城东起山海关。".encode("gbk"))
    done = simsearch("train", "语料", "--to", "模型", *SMALL)
    assert done.code == 3
    said, left_out = done.err.splitlines()
    assert left_out.startswith("Left out: ")
    assert said.startswith("Skipped: ")
    assert "国标.txt, line 1" in said
    assert (done.row["failed"], done.row["documents"]) == (1, len(sentences))
    assert vocabulary(tmp_path / "模型")


@pytest.mark.parametrize("target", ["语料", "语料/正文.txt"])
def test_training_never_destroys_what_is_no_model(
    simsearch: Simsearch, sentences: list[str], tmp_path: Path, target: str
) -> None:
    """`simsearch train docs --to docs` is a slip that must not cost the documents."""
    corpus = tmp_path / "语料"
    corpus.mkdir()
    (corpus / "正文.txt").write_text("\n".join(sentences), "utf-8")
    done = simsearch("train", "语料", "--to", target, *SMALL)
    assert (corpus / "正文.txt").is_file()
    assert (corpus / "正文.txt").read_text("utf-8") == "\n".join(sentences)
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert target in done.err


def test_a_new_model_replaces_an_old_one_at_the_same_place(
    simsearch: Simsearch, sentences: list[str], tmp_path: Path
) -> None:
    given = "\n".join(sentences)
    old = simsearch.ok("train", "-", "--to", "模型", *SMALL, given=given).row["id"]
    new = simsearch.ok("train", "-", "--to", "模型", *SMALL, "--seed", "5", given=given).row["id"]
    assert old != new
    assert simsearch.ok("words", "norms", "-k", "1", "--model", "模型").rows
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["模型"], "nothing is left beside it"


def test_lines_of_menus_are_left_out_and_told(simsearch: Simsearch, sentences: list[str], tmp_path: Path) -> None:
    pages = tmp_path / "网页"
    pages.mkdir()
    sentences = list(dict.fromkeys(sentences))
    for number, sentence in enumerate(sentences):
        (pages / f"{number}.txt").write_text(f"首页 频道 登录 注册\n{sentence}\n", "utf-8")
    done = simsearch("train", "网页", "--to", "模型", "--per-file", *SMALL)
    assert (done.code, done.row["repeated_lines"]) == (0, len(sentences) - 3)
    assert done.err == f"Left out: {len(sentences) - 3} lines that had come 3 times before; see --copies.\n"
    counts = dict(line.split("\t")[:2] for line in (tmp_path / "模型/words.txt").read_text("utf-8").splitlines())
    assert counts["频道"] == "3"
    every = simsearch("train", "网页", "--to", "全部", "--per-file", "--copies", "0", *SMALL)
    assert (every.code, every.err, every.row["repeated_lines"]) == (0, "", 0)
