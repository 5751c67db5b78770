"""`simsearch index`: sources in, a summary out."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path

import pytest

from .conftest import NOTICES, TEXTS
from .process import Simsearch, write_lines

SUMMARY = {"stored", "unchanged", "older", "repeated", "queued", "failed", "passed_over", "pruned", "repeated_lines"}
SUMMARY |= {"seconds", "index"}


def ids(simsearch: Simsearch) -> set[str]:
    """Return the ids that an index shows for a word of every text."""
    return {row["id"] for row in simsearch("query", "失眠 绿茶 感冒 近视 长城 停水 地铁 樱花", "-k", "1000").rows}


def test_a_folder_is_indexed_with_its_name_in_every_id_and_then_is_unchanged(simsearch: Simsearch, docs: Path) -> None:
    first = simsearch.ok("index", docs)
    assert set(first.row) == SUMMARY
    assert first.row["stored"] == len(TEXTS) + len(NOTICES)
    assert first.err == ""
    assert ids(simsearch) == {f"docs/{name}" for name in TEXTS} | {str(row["id"]) for row in NOTICES}
    again = simsearch.ok("index", docs).row
    assert (again["stored"], again["unchanged"]) == (0, first.row["stored"])


def test_files_and_compressed_files_are_indexed_under_their_names(simsearch: Simsearch, tmp_path: Path) -> None:
    (tmp_path / "甲.txt").write_text("失眠的人睡前不喝茶。", "utf-8")
    (tmp_path / "乙.txt.gz").write_bytes(gzip.compress("绿茶用八十度的水冲泡。".encode()))
    (tmp_path / "丙.md.xz").write_bytes(lzma.compress("# 长城\n明代的城墙最完整。".encode()))
    line = json.dumps({"text": "植物园的樱花开了。", "id": "丁"}).encode()
    (tmp_path / "丁.jsonl.gz").write_bytes(gzip.compress(line))
    done = simsearch.ok("index", "甲.txt", "乙.txt.gz", "丙.md.xz", "丁.jsonl.gz")
    assert done.row["stored"] == 4
    assert ids(simsearch) == {"甲.txt", "乙.txt.gz", "丙.md.xz", "丁"}
    assert simsearch.ok("query", "城墙", "-k", "1").row["title"] == "长城"


def test_standard_input_is_one_text_or_json_lines(simsearch: Simsearch) -> None:
    assert simsearch.ok("index", "-", given="失眠的人\n睡前不喝茶。").row["stored"] == 1
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in NOTICES)
    assert simsearch.ok("index", "-", given=lines).row["stored"] == len(NOTICES)
    assert ids(simsearch) == {"stdin"} | {row["id"] for row in NOTICES}


def test_a_changed_text_replaces_the_old_one(simsearch: Simsearch, tmp_path: Path) -> None:
    text = tmp_path / "笔记.txt"
    text.write_text("绿茶用八十度的水冲泡。", "utf-8")
    simsearch.ok("index", text)
    text.write_text("长城东起山海关。", "utf-8")
    assert simsearch.ok("index", text).row["stored"] == 1
    assert simsearch.ok("query", "绿茶", "--mode", "keyword").rows == []
    assert simsearch.ok("query", "长城", "--mode", "keyword").row["passage"]["text"] == "长城东起山海关。"


def test_a_ledger_lists_every_acknowledged_document(simsearch: Simsearch, docs: Path, tmp_path: Path) -> None:
    simsearch.ok("index", docs, "--ledger", "ledger.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text("utf-8").splitlines()]
    assert {line["id"] for line in lines} == ids(simsearch)
    assert all(line["sequence"] > 0 for line in lines)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Return a folder of two good files and one of each kind of bad ones."""
    folder = tmp_path / "混合"
    (folder / "夹.txt").mkdir(parents=True)
    (folder / "夹.txt" / "好.txt").write_text("失眠的人睡前不喝茶。", "utf-8")
    (folder / "好.txt").write_text("长城东起山海关。", "utf-8")
    (folder / "国标.txt").write_bytes("长城东起山海关，西到嘉峪关。".encode("gbk"))
    (folder / "二进制.txt").write_bytes(bytes(range(128)) * 40)
    (folder / "断链.txt").symlink_to(folder / "没有.txt")
    (folder / "坏包.txt.gz").write_bytes(gzip.compress("绿茶".encode() * 1000)[:-9])
    (folder / "坏包.txt.xz").write_bytes(b"no xz at all")
    (folder / "图.png").write_bytes(b"\x89PNG\r\n")
    lines = [
        json.dumps({"text": "樱花三月开。", "id": "樱花"}),
        "{断",
        "[1]",
        '{"text": 3}',
        '{"text": "茶", "metadata": []}',
    ]
    (folder / "行.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_each_bad_file_or_line_is_skipped_with_its_reason_and_the_rest_is_stored(
    simsearch: Simsearch, mixed: Path
) -> None:
    done = simsearch("index", mixed)
    assert done.code == 3
    said = done.err.splitlines()
    bad = ("国标.txt", "二进制.txt", "断链.txt", "坏包.txt.gz", "坏包.txt.xz", *(f"line {n}" for n in (2, 3, 4, 5)))
    for name in bad:
        (line,) = [line for line in said if name in line]
        assert line.startswith("Skipped: ")
        assert ": " in line.removeprefix("Skipped: "), "a reason and a remedy"
    assert len(said) == len(bad)
    assert (done.row["failed"], done.row["stored"], done.row["passed_over"]) == (len(bad), 3, 1)
    assert ids(simsearch) == {"混合/好.txt", "混合/夹.txt/好.txt", "樱花"}


def test_what_is_passed_over_is_told_with_its_reason(simsearch: Simsearch, tmp_path: Path) -> None:
    folder = tmp_path / "混合"
    folder.mkdir()
    (folder / "好.txt").write_text("好", "utf-8")
    (folder / "图.png").write_bytes(b"\x89PNG\r\n")
    table = "编号\t内容\n1\t停水\n".encode()
    (folder / "表.tsv").write_bytes(table)
    (folder / "表二.TSV").write_bytes(table)
    (folder / "表三.tsv.gz").write_bytes(gzip.compress(table))
    (folder / "表四.csv").write_text('"断\n', "utf-8")
    done = simsearch("index", folder, "--table")
    assert (done.code, done.out.partition(" in ")[0]) == (0, "1 stored, 5 passed over")
    assert done.err.splitlines() == [
        "Passed over, of types that are not read: 1 .png.",
        'Passed over, as the first row names no column "text": 3 .tsv, 1 .csv.',
    ]


def test_a_file_that_is_asked_for_by_name_but_not_read_is_a_failure(simsearch: Simsearch, tmp_path: Path) -> None:
    (tmp_path / "图.png").write_bytes(b"\x89PNG\r\n")
    done = simsearch("index", "图.png")
    assert done.code == 3
    assert done.err.startswith("Skipped: 图.png")


def test_an_id_that_comes_twice_is_told_and_the_last_one_wins(simsearch: Simsearch, tmp_path: Path) -> None:
    rows = [{"id": "一", "text": "绿茶用热水冲泡。"}, {"id": "二", "text": "感冒了多喝水。"}]
    write_lines(tmp_path / "双.jsonl", [*rows, {"id": "一", "text": "长城东起山海关。"}])
    done = simsearch.ok("index", "双.jsonl")
    assert (done.row["stored"], done.row["repeated"]) == (2, 1)
    assert "一" in done.err
    assert "line 3" in done.err
    assert len(done.err.splitlines()) == 1
    assert [row["id"] for row in simsearch.ok("query", "长城", "--mode", "keyword").rows] == ["一"]
    assert simsearch.ok("query", "绿茶", "--mode", "keyword").rows == []


def test_an_empty_text_is_stored_and_counted_as_such(simsearch: Simsearch, tmp_path: Path) -> None:
    (tmp_path / "空.txt").write_bytes(b"")
    (tmp_path / "符文.txt").write_text("ᚠᚢᚦᚨᚱᚲ", "utf-8")
    assert simsearch.ok("index", "空.txt", "符文.txt").row["stored"] == 2
    assert simsearch.ok("status").row["states"] == {"empty": 1, "no_known_words": 1}
    assert simsearch.ok("query", "ᚠᚢᚦᚨᚱᚲ").row["id"] == "符文.txt"


def test_names_that_are_no_unicode_lose_no_document(simsearch: Simsearch, tmp_path: Path) -> None:
    """An old archive unpacked on Linux leaves names in GBK."""
    folder = tmp_path / "旧"
    folder.mkdir()
    try:
        for name in ("甲", "乙"):
            Path(bytes(folder).decode(), name.encode("gbk").decode("utf-8", "surrogateescape") + ".txt").write_text(
                f"{name}方应当付款。", "utf-8"
            )
    except OSError:
        pytest.skip("this file system takes no such names")
    done = simsearch.ok("index", folder)
    assert (done.row["stored"], done.row["repeated"]) == (2, 0)
    assert simsearch.ok("status").row["documents"] == 2


def test_a_table_for_people_says_the_same_in_a_sentence(simsearch: Simsearch, docs: Path) -> None:
    done = simsearch.ok("index", docs, "--table")
    assert f"{len(TEXTS) + len(NOTICES)} stored" in done.out
    assert "8 unchanged" in simsearch.ok("index", docs, "--table").out


def test_passages_beyond_the_limit_are_told(simsearch: Simsearch, tmp_path: Path) -> None:
    (tmp_path / "长.txt").write_text("很长的句子在这里。" * 30_000, "utf-8")
    simsearch.environment["SIMSEARCH_MAX_PASSAGES"] = "1000"
    done = simsearch("index", "长.txt")
    assert done.code == 0
    assert "长.txt" in done.err
    assert "passages too many" in done.err


def test_documents_that_hold_nothing_to_find_are_told(simsearch: Simsearch) -> None:
    rows = [{"id": "空", "text": ""}, {"id": "怪", "text": "ឱឲ"}, {"id": "好", "text": "失眠的人睡前不喝茶。"}]
    done = simsearch("index", "-", given="\n".join(json.dumps(row) for row in rows))
    assert (done.code, done.row["stored"]) == (0, 3)
    told = done.err.splitlines()
    assert len(told) == 2
    assert told[0].startswith("Empty: 空 ")
    assert "怪" in told[1]
    assert "好" not in done.err


def test_lines_that_documents_share_are_told(simsearch: Simsearch, tmp_path: Path) -> None:
    pages = tmp_path / "网页"
    pages.mkdir()
    for name, text in TEXTS.items():
        (pages / f"{Path(name).stem}.txt").write_text(f"{text[:6]}\n首页 新闻 下载\n{text}\n", "utf-8")
    assert simsearch.ok("index", "网页").row["repeated_lines"] == len(TEXTS)
    told = simsearch("index", "网页", "--index", "another.db", "--table").err
    assert told == f"Repeated lines: {len(TEXTS)}, as menus and footers have; they give no tags.\n"
    assert not [row for row in simsearch.ok("tags", "-k", "100").rows if row["tag"] in ("首页", "新闻", "下载")]


# Encodings and limits


def test_texts_in_other_encodings_are_counted_and_an_encoding_may_be_named(
    simsearch: Simsearch, tmp_path: Path
) -> None:
    (tmp_path / "甲.txt").write_bytes("今天天气很好，我们去公园散步，孩子们在草地上放风筝。".encode("gb18030"))
    (tmp_path / "乙.txt").write_bytes("短文。".encode("gbk"))
    done = simsearch.ok("index", "甲.txt")
    assert "1 in GB18030" in done.err
    assert "--encoding" in done.err
    refused = simsearch("index", "乙.txt")
    assert refused.code == 3
    assert "--encoding gb18030" in refused.err
    assert simsearch.ok("index", "乙.txt", "--encoding", "gbk").row["stored"] == 1
    assert simsearch.ok("query", "短文", "--mode", "keyword").row["passage"]["text"] == "短文。"
    unknown = simsearch("index", "乙.txt", "--encoding", "国标")
    assert unknown.code == 1
    assert "国标" in unknown.err


@pytest.mark.parametrize("how", ["option", "variable", "file"])
def test_a_limit_may_be_set_in_three_ways(simsearch: Simsearch, tmp_path: Path, how: str) -> None:
    (tmp_path / "长.txt").write_text("天气很好，我们去公园。" * 10, "utf-8")
    simsearch.environment["SIMSEARCH_MAX_DOCUMENT_BYTES"] = "100"
    refused = simsearch("index", "长.txt")
    assert refused.code == 3
    assert "SIMSEARCH_MAX_DOCUMENT_BYTES" in refused.err
    del simsearch.environment["SIMSEARCH_MAX_DOCUMENT_BYTES"]
    options = []
    if how == "option":
        options = ["--max-document-bytes", "100"]
    elif how == "variable":
        simsearch.environment["SIMSEARCH_MAX_DOCUMENT_BYTES"] = "100"
    else:
        (tmp_path / "simsearch.toml").write_text("[limits]\ndocument_bytes = 100\n", "utf-8")
    assert simsearch("index", "长.txt", *options).code == 3
    assert simsearch.ok("index", "长.txt", "--max-document-bytes", "1000").row["stored"] == 1


def test_hits_have_a_limit_that_is_told(simsearch: Simsearch, tmp_path: Path) -> None:
    (tmp_path / "甲.txt").write_text("长城东起山海关。", "utf-8")
    simsearch.ok("index", "甲.txt")
    done = simsearch("query", "长城", "-k", "1001")
    assert done.code == 2
    assert "SIMSEARCH_MAX_K" in done.err
    simsearch.environment["SIMSEARCH_MAX_K"] = "2000"
    assert simsearch.ok("query", "长城", "-k", "1001").row["id"] == "甲.txt"
