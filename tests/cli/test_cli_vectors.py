"""`simsearch export` and `import`: word vectors out to other programs, and a model of theirs in."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from simsearch.model import Model

from .process import Done, Simsearch

ESTIMATED = "Counts are estimated"


def remarks(done: Done) -> list[str]:
    return done.err.splitlines()


@pytest.fixture(scope="module")
def place(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Simsearch:
    """Run commands where a model lies as a text, and as the model imported from it."""
    simsearch = Simsearch(tmp_path_factory.mktemp("vectors"))
    simsearch.ok("export", trained, "-o", "向量.txt")
    simsearch.ok("import", "向量.txt", "--to", "外来")
    return simsearch


def test_an_export_tells_what_it_wrote(simsearch: Simsearch, trained: Path, tmp_path: Path) -> None:
    done = simsearch.ok("export", trained, "-o", "向量.vec.gz")
    data = (tmp_path / "向量.vec.gz").read_bytes()
    words, dimensions = map(int, gzip.decompress(data).split(b"\n")[0].split())
    assert done.row == {
        "file": "向量.vec.gz",
        "format": "word2vec",
        "space": "article",
        "model": Model.load(trained).id,
        "words": words,
        "dimensions": dimensions,
        "left_out": 0,
        "bytes": len(data),
    }
    assert (words, dimensions) == (len(Model.load(trained).words), 8)
    assert done.err == ""


def test_a_model_is_exported_by_its_folder_its_id_or_the_name_of_the_base_model(
    simsearch: Simsearch, model: Model, tmp_path: Path
) -> None:
    by_name = simsearch.ok("export", "base", "-o", "名.bin", "--space", "search").row
    by_id = simsearch.ok("export", model.id, "-o", "号.bin", "--space", "search").row
    assert by_name["model"] == by_id["model"] == model.id
    assert (tmp_path / "名.bin").read_bytes() == (tmp_path / "号.bin").read_bytes()


def test_what_is_there_stays_unless_told_otherwise(simsearch: Simsearch, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "日记.txt").write_text("今天下雨。", "utf-8")
    done = simsearch("export", trained, "-o", "日记.txt")
    assert (done.code, (tmp_path / "日记.txt").read_text("utf-8")) == (1, "今天下雨。")
    simsearch.ok("export", trained, "-o", "日记.txt", "--force", "--format", "npz")
    with np.load(tmp_path / "日记.txt", allow_pickle=False) as file:
        assert file["words"].tolist() == Model.load(trained).words


def test_what_a_killed_export_leaves_the_next_one_removes(simsearch: Simsearch, trained: Path, tmp_path: Path) -> None:
    killed = simsearch(
        "export", trained, "-o", "[量].txt", first="import os; os.fsync = lambda _: os.kill(os.getpid(), 9)"
    )
    assert killed.code == -9
    assert [path.name for path in tmp_path.glob(".[[]量].txt.*")]
    assert not (tmp_path / "[量].txt").exists()
    simsearch.ok("export", trained, "-o", "[量].txt")
    assert not [path.name for path in tmp_path.glob(".[[]量].txt.*")]


def test_an_import_tells_what_it_read_and_says_what_is_estimated(simsearch: Simsearch, place: Simsearch) -> None:
    done = simsearch.ok("import", place.folder / "向量.txt", "--to", "外来")
    manifest = json.loads((simsearch.folder / "外来" / "manifest.json").read_text("utf-8"))
    assert done.row == {
        "model": "外来",
        "id": manifest["id"],
        "words": manifest["words"],
        "dimensions": 8,
        "read": manifest["words"],
        "merged": 0,
        "left_out": 0,
        "counts": "order",
        "pmi": False,
    }
    (said,) = remarks(done)
    assert said.startswith(ESTIMATED)
    shown = simsearch.ok("import", place.folder / "向量.txt", "--to", "外来", "--table").out
    assert "pmi         no" in shown


def test_whatever_an_import_leaves_out_is_said(simsearch: Simsearch, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("茶 1 2\nTea 2 1\ntea 1 1\n水 0 0\n山 3 1\n河 1 3\n", "utf-8")
    done = simsearch.ok("import", "v.txt", "--to", "模型", "--most", "5", "--as-is")
    assert (done.row["words"], done.row["read"], done.row["merged"], done.row["left_out"]) == (3, 5, 1, 1)
    said = "\n".join(remarks(done))
    assert len(remarks(done)) == 4
    for part in ("more than 5 words", "--most", "zeros: 1.", "folded: 1;", ESTIMATED):
        assert part in said


def test_counts_come_from_a_file_or_with_the_export(simsearch: Simsearch, trained: Path, place: Simsearch) -> None:
    given = simsearch.ok(*("import", place.folder / "向量.txt", "--to", "甲", "--counts", trained / "words.txt"))
    assert (given.row["counts"], given.err) == ("file", "")
    simsearch.ok("export", trained, "-o", "向量.npz")
    kept = simsearch.ok("import", "向量.npz", "--to", "乙")
    assert (kept.row["counts"], kept.row["pmi"], kept.err) == ("vectors", True, "")
    counts = Model.load(trained).counts.tolist()
    assert Model.load(simsearch.folder / "甲").counts.tolist() == counts
    assert Model.load(simsearch.folder / "乙").counts.tolist() == counts


def test_a_search_space_is_not_whitened_again(simsearch: Simsearch, trained: Path) -> None:
    simsearch.ok("export", trained, "-o", "向量.npz", "--space", "search")
    (said,) = remarks(simsearch.ok("import", "向量.npz", "--to", "甲"))
    assert "whitened already" in said
    assert remarks(simsearch.ok("import", "向量.npz", "--to", "乙", "--as-is")) == []
    assert Model.load(simsearch.folder / "甲").id == Model.load(simsearch.folder / "乙").id


def test_every_command_works_with_an_imported_model(simsearch: Simsearch, docs: Path) -> None:
    simsearch.ok("export", "base", "-o", "向量.bin")
    simsearch.ok("import", "向量.bin", "--to", "外来")
    simsearch.ok("index", docs, "--model", "外来")
    hits = simsearch.ok("query", "孩子上课看不清黑板", "--explain").rows
    assert hits[0]["id"] == "docs/健康/近视.txt"
    assert hits[0]["score"] > 0.4
    assert simsearch.ok("similar", hits[0]["id"]).rows
    assert simsearch.ok("doctor").rows
    keywords = simsearch.ok("keywords", "银行吸收的存款由存款保险基金提供保障", "--model", "外来")
    assert "存款" in [row["word"] for row in keywords.rows]
    similar = simsearch.ok("words", "similar", "医生", "--model", "外来")
    assert "医师" in [row["word"] for row in similar.rows]
    assert keywords.err == similar.err == ""


@pytest.mark.parametrize(
    "command",
    [
        ["words", "norms"],
        ["words", "related", "医生"],
        ["words", "similar", "医生", "--context", "20"],
        ["keywords", "医生在医院", "--method", "article"],
        ["compare", "医生在医院", "病人", "--space", "article"],
    ],
    ids=" ".join,
)
def test_what_rests_on_pmi_says_so_of_an_imported_model_and_of_no_other(
    place: Simsearch, trained: Path, command: list[str]
) -> None:
    imported = place.ok(*command, "--model", "外来")
    assert imported.rows
    (said,) = remarks(imported)
    assert "not PMI" in said
    assert place.ok(*command, "--model", trained).err == ""


def test_an_import_that_fails_leaves_the_model_that_is_there(simsearch: Simsearch, place: Simsearch) -> None:
    first = simsearch.ok("import", place.folder / "向量.txt", "--to", "外来").row["id"]
    data = (place.folder / "向量.txt").read_bytes()
    (simsearch.folder / "坏.txt").write_bytes(data[:-50])
    done = simsearch("import", "坏.txt", "--to", "外来")
    assert (done.code, done.out) == (1, "")
    assert Model.load(simsearch.folder / "外来").id == first
