"""`index --prune`: what has gone from a folder goes from the index, and nothing else does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simsearch.corpus import Document
from simsearch.indexer import open_index

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


def test_another_folder_of_the_same_name_keeps_what_is_still_there(tmp_path: Path) -> None:
    simsearch = Simsearch(tmp_path)
    for name, number in (("甲", 1), ("乙", 2)):
        home = tmp_path / name / "公告"
        home.mkdir(parents=True)
        (home / f"{number}.txt").write_text("明天上午停水检修。", "utf-8")
        write_lines(home / f"{number}.jsonl", [{"text": "樱花三月开。", "id": f"樱花{number}"}, {"text": "停电检修。"}])
        assert simsearch.ok("index", f"{name}/公告", "--prune").row["pruned"] == 0
    both = {f"公告/{number}.txt" for number in (1, 2)} | {"樱花1", "樱花2", "公告/1.jsonl:2", "公告/2.jsonl:2"}
    assert ids(simsearch) == both


def test_a_folder_may_have_been_moved(filled: Simsearch, folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "新处" / folder.name
    shutil.copytree(folder, moved)
    shutil.rmtree(folder)
    (moved / "停水.txt").unlink()
    write_lines(moved / "行.jsonl", [{"text": "樱花三月开。", "id": "樱花"}])
    assert filled.ok("index", "新处/公告", "--prune").row["pruned"] == 2
    assert ids(filled) == ALL - {"公告/停水.txt", "公告/行.jsonl:2"}


def test_lines_with_ids_of_their_own_may_be_all_that_a_folder_holds(tmp_path: Path) -> None:
    simsearch = Simsearch(tmp_path)
    rows = [{"text": "樱花三月开。", "id": f"樱花{number}"} for number in range(3)]
    (tmp_path / "行").mkdir()
    write_lines(tmp_path / "行" / "行.jsonl", rows)
    simsearch.ok("index", "行")
    write_lines(tmp_path / "行" / "行.jsonl", rows[:1])
    done = simsearch.ok("index", "行", "--prune")
    assert (done.err, done.row["pruned"]) == ("", 2)
    assert ids(simsearch) == {"樱花0"}


def test_what_was_read_in_another_folder_since_stays(filled: Simsearch, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "别处"
    other.mkdir()
    shutil.move(folder / "行.jsonl", other)
    assert filled.ok("index", "别处").row["unchanged"] == 1
    assert filled.ok("index", folder, "--prune").row["pruned"] == 1
    assert ids(filled) == ALL - {"公告/行.jsonl:2"} | {"别处/行.jsonl:2"}


def test_what_was_read_alone_or_as_part_of_another_folder_stays(filled: Simsearch, folder: Path) -> None:
    filled.ok("index", folder / "停水.txt", folder / "小区", folder / "行.jsonl")
    more = {"停水.txt", "小区/停电.txt", "行.jsonl:2"}
    assert filled.ok("index", folder, "--prune").row["pruned"] == 0
    assert ids(filled) == ALL | more


def test_a_file_whose_path_is_too_long_for_an_id_goes_too(filled: Simsearch, folder: Path) -> None:
    deep = folder.joinpath(*["很深的文件夹" * 5] * 6)
    deep.mkdir(parents=True)
    (deep / "桂花.txt").write_text("桂花八月开。", "utf-8")
    assert filled.ok("index", folder).row["stored"] == 1
    (deep / "桂花.txt").unlink()
    assert filled.ok("index", folder, "--prune").row["pruned"] == 1
    assert ids(filled) == ALL


def test_what_cannot_be_looked_at_where_it_was_read_stays(filled: Simsearch, folder: Path, tmp_path: Path) -> None:
    name = f"公告/{'长' * 100}.txt"  # as where a folder may not be entered: no file system here takes the name
    (tmp_path / "别处" / "公告").mkdir(parents=True)
    with open_index(filled.index, create=False) as index:
        index.add([Document(name, "桂花八月开。", source=f"{tmp_path}/别处/{name}")])
    assert filled.ok("index", folder, "--prune").row["pruned"] == 0
    assert ids(filled) == ALL | {name}
