"""`simsearch evaluate`: figures of a model, of its search, of somebody's own index."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from .process import Done, Simsearch
from .test_cli_bad_input import assert_one_error

FIELDS = (
    "task kind measure n system value low high difference difference_low difference_high".split()  # noqa: SIM905
)
SETS = {
    "tasks.tsv": "words\t词\t词.tsv\nretrieval\t段落\t段落.tsv\t问题.tsv\nclassify\t分类\t分类.tsv\n",
    "词.tsv": "国王\t女王\t3\n国王\t男人\t2\n国王\t电脑\t1\n国王\t龘龘\t9\n坏行\n",
    "段落.tsv": "甲\t冲泡绿茶用八十度的热水。\n乙\t长城东起山海关，西到嘉峪关。\n丙\t冲泡绿茶用八十度的热水。\n",
    "问题.tsv": "1\t冲泡绿茶用多少度的热水\t甲\n2\t长城西到嘉峪关\t乙\n",
    "分类.tsv": "茶\t绿茶\n墙\t长城\n" * 20,
}


@pytest.fixture
def simsearch(tmp_path: Path) -> Simsearch:
    """Run commands where no index is named and none is there, with a folder for temporary files."""
    (tmp_path / "scratch").mkdir()
    write(tmp_path / "题", SETS)
    return Simsearch(tmp_path, SIMSEARCH_INDEX=None, TMPDIR=str(tmp_path / "scratch"))


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


def scratch(simsearch: Simsearch) -> list[Path]:
    return list((simsearch.folder / "scratch").iterdir())


def value(done: Done, measure: str, system: str) -> float:
    (row,) = [row for row in done.rows if (row["measure"], row["system"]) == (measure, system)]
    return float(row["value"])


def test_each_line_of_json_is_a_figure_with_its_intervals(simsearch: Simsearch) -> None:
    done = simsearch.ok("evaluate", "--sets", "题")
    assert all(list(row) == FIELDS for row in done.rows)
    assert [(row["task"], row["system"]) for row in done.rows if row["measure"] != "ms"] == [
        ("词", "simsearch"),
        *(("段落", system) for system in ("hybrid", "similar", "keyword", "bm25")),
        *[("分类", "simsearch")] * 2,
    ]
    for row in done.rows:
        assert row["low"] <= row["value"] <= row["high"]
        first = row["system"] in ("simsearch", "hybrid")
        assert (row["difference"] is None) == (row["difference_low"] is None) == first
    # 甲 and 丙 are the same text: rank 1.5, whoever searches.
    assert [row["value"] for row in done.rows if row["measure"] == "MRR@10"] == [0.833333] * 4
    assert [row["n"] for row in done.rows if row["task"] == "词"] == [3]
    assert "词: 1 lines of" in done.err
    assert "词: 1 of 4 pairs hold a word unknown to simsearch" in done.err
    assert scratch(simsearch) == []


def test_the_table_says_the_same_to_people(simsearch: Simsearch) -> None:
    arguments = ["evaluate", "--sets", "题", "--only", "段落", "--only", "词"]
    rows = simsearch.ok(*arguments).rows
    shown = simsearch.ok(*arguments, "--table").out.splitlines()
    assert shown[1].startswith("词, Spearman (3)")
    assert "段落, MRR@10 (2)" in [line.strip() for line in shown]
    for row in rows:
        if row["measure"] != "ms":
            told = f"{row['system']} {row['value']:.3f} {row['low']:.3f} to {row['high']:.3f}"
            if row["difference"] is not None:
                low, high = row["difference_low"], row["difference_high"]
                told += f" {row['difference']:+.3f} {low:+.3f} to {high:+.3f}"
            assert told in [" ".join(line.split()) for line in shown]


def test_a_difference_beyond_chance_is_marked(simsearch: Simsearch) -> None:
    (simsearch.folder / "词.vec").write_text("绿茶 1 0\n长城 0 1\n", "utf-8")
    words = "".join(f"{number}\t山海关在东边，嘉峪关在西边。\t乙\n" for number in range(30))
    write(simsearch.folder / "题", {"问题.tsv": words})
    rows = simsearch.ok("evaluate", "--sets", "题", "--only", "段落", "--baseline", "词.vec").rows
    (row,) = [row for row in rows if row["system"] == "词.vec"]
    assert (row["value"], row["difference_low"]) == (0, 1)
    shown = simsearch.ok("evaluate", "--sets", "题", "--only", "段落", "--baseline", "词.vec", "--table").out
    assert "词.vec 0.000 0.000 to 0.000 +1.000 * +1.000 to +1.000" in " ".join(shown.split())


def test_jieba_as_a_baseline_makes_no_noise(simsearch: Simsearch) -> None:
    done = simsearch.ok("evaluate", "--sets", "题", "--only", "段落", "--baseline", "jieba", "--baseline", "bm25")
    assert value(done, "MRR@10", "jieba") == value(done, "MRR@10", "bm25") == 0.833333
    assert done.err == ""
    assert scratch(simsearch) == []


def test_without_the_optional_packages_the_remedy_is_told(simsearch: Simsearch) -> None:
    first = "import sys; sys.modules['sklearn'] = sys.modules['jieba'] = None"
    done = simsearch("evaluate", "--sets", "题", first=first)
    assert done.code == 0
    assert {row["task"] for row in done.rows} == {"词", "段落"}
    assert "分类: left out." in done.err
    assert "pip install 'simsearch[evaluation]'" in done.err
    assert_one_error(simsearch("evaluate", "--sets", "题", "--baseline", "jieba", first=first), "jieba", "pip install")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["--sets", "没有"], "没有/tasks.tsv"),
        (["--sets", "题", "--only", "别的"], "别的"),
        (["--sets", "题", "--baseline", "没有.vec"], "没有.vec"),
        (["--sets", "题", "--baseline", "题/词.tsv"], "题/词.tsv"),
        (["--sets", "题", "--model", "没有"], "没有"),
        (["--sets", "题", "--index", "没有.db"], "没有.db"),
        (["--sets", "坏"], "translation"),
        (["--judgements", "没有.tsv", "--index", "库.db"], "没有.tsv"),
        (["--judgements", "题/词.tsv", "--index", "没有.db"], "没有.db"),
        (["--judgements", "题/词.tsv", "--index", "库.db"], "库.db"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_sentence_with_a_remedy(simsearch: Simsearch, arguments: list[str], name: str) -> None:
    write(simsearch.folder / "坏", {"tasks.tsv": "translation\t译\t词.tsv"})
    if "库.db" in arguments:
        simsearch.ok("index", "-", "--index", "库.db", given="长城")
    assert_one_error(simsearch("evaluate", *arguments), name)
    assert not (simsearch.folder / "没有.db").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", "--sets --judgements"),
        ("--sets 题 --judgements 题/词.tsv", "--sets --judgements not both"),
        ("--sets 题 --missed", "--missed --judgements"),
        ("--judgements 题/词.tsv --only 词", "--only --sets"),
        ("--judgements 题/词.tsv --baseline bm25", "--baseline --sets"),
        ("--sets 题 --resamples 1", "--resamples"),
    ],
)
def test_wrong_usage_is_told_with_exit_code_2(simsearch: Simsearch, arguments: str, told: str) -> None:
    done = simsearch("evaluate", *arguments.split())
    assert (done.code, done.out) == (2, "")
    assert all(word in done.err for word in told.split())


def test_the_model_is_that_of_the_index_that_is_named(simsearch: Simsearch, trained: Path) -> None:
    write(simsearch.folder / "题", {"词.tsv": "医生\t护士\t3\n医生\t学生\t2\n医生\t老师\t1\n国王\t女王\t1\n"})
    simsearch.ok("index", "-", "--index", "库.db", "--model", trained, given="医生")
    for how, known in (["--index", "库.db"], 3), (["--model", trained], 3), ([], 4):
        done = simsearch.ok("evaluate", "--sets", "题", "--only", "词", *how)
        assert done.row["n"] == known, how


def test_an_interruption_leaves_no_file_behind(simsearch: Simsearch) -> None:
    questions = "".join(f"{number}\t长城西到嘉峪关，第{number}天\t乙\n" for number in range(20_000))
    write(simsearch.folder / "题", {"问题.tsv": questions})
    with simsearch.start("evaluate", "--sets", "题", "--only", "段落") as process:
        for _ in range(1_200):
            if any(path.glob("*.db") for path in scratch(simsearch)) or process.poll() is not None:
                break
            time.sleep(0.05)
        assert process.poll() is None
        assert scratch(simsearch), "the temporary index is there"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert "Traceback" not in err.decode()
    assert scratch(simsearch) == []


def test_judgements_of_an_index(library: Simsearch, tmp_path: Path) -> None:
    judged = tmp_path / "判断.tsv"
    judged.write_text(
        "怎样才能睡得香\tdocs/睡眠.txt\n长城在哪里\tdocs/历史/长城.md\t2\n停水了\t没有\n樱花\t没有\n樱花\t樱花", "utf-8"
    )
    done = library.ok("evaluate", "--judgements", judged, "--missed")
    assert all(list(row) == FIELDS for row in done.rows)
    assert [row["measure"] for row in done.rows[::3]] == ["MRR@10", "recall@10", "nDCG@10", "ms"]
    assert [row["system"] for row in done.rows[:3]] == ["hybrid", "similar", "keyword"]
    assert {(row["task"], row["kind"], row["n"]) for row in done.rows} == {("判断", "judgements", 3)}
    assert value(done, "recall@10", "hybrid") == 1
    assert "1 of 4 documents are not in the index: left out." in done.err
    assert "1 of 4 questions have no relevant one: left out." in done.err
    lines = [{"query": "长城在哪里", "relevant": ["docs/历史/长城.md"]}, {"query": "樱花", "relevant": {"樱花": 3}}]
    judged.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    assert value(library.ok("evaluate", "--judgements", judged), "nDCG@10", "hybrid") == 1


def test_questions_that_miss_are_told_people_and_given_to_programs_that_ask(library: Simsearch, tmp_path: Path) -> None:
    judged = tmp_path / "判断.tsv"
    runes = [chr(ord("ᚠ") + place) for place in range(25)]
    rows = [f"{rune}\tdocs/睡眠.txt" for rune in runes]
    judged.write_text("\n".join([*rows, "长城\tdocs/历史/长城.md", "ᛞ\tdocs/睡眠.txt", "ᛞ\t樱花"]), "utf-8")
    arguments = ["evaluate", "--judgements", judged]
    told = library.ok(*arguments, "--table").err.splitlines()
    assert told[0] == "Missed by hybrid, similar, keyword: ᛞ (relevant: docs/睡眠.txt, 樱花)"
    assert told[1] == "Missed by hybrid, similar, keyword: ᚠ (relevant: docs/睡眠.txt)"
    assert len(told) == 21
    assert told[20] == "And 6 more: --missed shows all."
    assert len(library.ok(*arguments, "--table", "--missed").err.splitlines()) == 26
    assert all("missed" not in row for row in library.ok(*arguments).rows)
    missed = [row for row in library.ok(*arguments, "--missed").rows if "missed" in row]
    assert len(missed) == 26
    assert missed[0] == {
        "missed": "ᛞ",
        "relevant": ["docs/睡眠.txt", "樱花"],
        "modes": ["hybrid", "similar", "keyword"],
    }
