"""`index --prune`: what has gone from a folder goes from the index, and nothing else does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .process import Simsearch, write_lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of two texts, one of them deeper, and of lines with and without ids."""
    made = tmp_path / "公告"
    (made / "小区").mkdir(parents=True)
    (made / "停水.txt").write_text("明天上午停水检修。", "utf-8")
    (made / "小区" / "停电.txt").write_text("后天晚上停电检修。", "utf-8")
    write_lines(made / "行.jsonl", [{"text": "樱花三月开。", "id": "樱花"}, {"text": "桂花八月开。"}])
    return made


def ids(simsearch: Simsearch) -> set[str]:
    return {row["id"] for row in simsearch.ok("query", "检修 停水 停电 樱花 桂花 长城", "-k", "100").rows}


ALL = {"公告/停水.txt", "公告/小区/停电.txt", "樱花", "公告/行.jsonl:2"}


@pytest.fixture
def filled(folder: Path, tmp_path: Path) -> Simsearch:
    simsearch = Simsearch(tmp_path)
    assert simsearch.ok("index", folder).row["stored"] == 4
    assert ids(simsearch) == ALL
    return simsearch


def test_files_and_lines_that_have_gone_are_deleted(filled: Simsearch, folder: Path) -> None:
    (folder / "小区" / "停电.txt").unlink()
    write_lines(folder / "行.jsonl", [{"text": "桂花八月开。"}])
    assert filled.ok("index", folder).row["pruned"] == 0
    assert ids(filled) == ALL | {"公告/行.jsonl:1"}
    assert filled.ok("index", folder, "--prune").row["pruned"] == 3
    assert ids(filled) == {"公告/停水.txt", "公告/行.jsonl:1"}
    (folder / "小区" / "停电.txt").write_text("后天晚上停电检修。", "utf-8")
    assert filled.ok("index", "公告/", "--prune").row["stored"] == 1


def test_what_came_from_elsewhere_stays(filled: Simsearch, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "别处" / "公告"
    other.mkdir(parents=True)
    (other / "长城.txt").write_text("长城东起山海关。", "utf-8")
    filled.ok("index", other)
    write_lines(tmp_path / "外.jsonl", [{"text": "长城很长。", "id": "公告/看起来像.txt"}])
    filled.ok("index", "外.jsonl")
    (folder / "停水.txt").unlink()
    assert filled.ok("index", folder, "--prune").row["pruned"] == 1
    assert ids(filled) == ALL - {"公告/停水.txt"} | {"公告/长城.txt", "公告/看起来像.txt"}


def test_what_cannot_be_read_stays(filled: Simsearch, folder: Path) -> None:
    (folder / "停水.txt").write_bytes(bytes(range(256)))
    (folder / "行.jsonl").write_text("{断\n", "utf-8")
    shutil.rmtree(folder / "小区")
    (folder / "长城.txt").write_text("长城东起山海关。", "utf-8")
    done = filled("index", folder, "--prune")
    assert (done.code, done.row["pruned"], done.row["failed"]) == (3, 1, 2)
    assert ids(filled) == ALL - {"公告/小区/停电.txt"} | {"公告/长城.txt"}


def test_an_empty_folder_is_taken_for_the_wrong_one(filled: Simsearch, folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    done = filled.ok("index", folder, "--prune")
    assert "Not pruned" in done.err
    assert ids(filled) == ALL


def test_a_file_cannot_be_pruned(filled: Simsearch, folder: Path) -> None:
    done = filled("index", folder / "停水.txt", "--prune")
    assert done.code == 2
    assert "--prune" in done.err
    assert filled("index", "-", "--prune", given="长城").code == 2
