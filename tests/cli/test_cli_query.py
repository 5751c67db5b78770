"""`simsearch query` and `simsearch similar`: answers, their parts, their limits."""

from __future__ import annotations

import json

import pytest

from .conftest import NOTICES, TEXTS
from .process import Simsearch

FIELDS = {"id", "title", "score", "ranks", "tags", "metadata", "source", "passage", "highlights"}


def test_a_hit_says_what_was_found_where_and_why(library: Simsearch) -> None:
    best = library.ok("query", "停水").rows[0]
    assert set(best) == FIELDS
    (stored,) = [row for row in NOTICES if row["id"] == "停水"]
    assert (best["id"], best["title"], best["metadata"]) == ("停水", "停水通知", stored["metadata"])
    assert best["ranks"] == {"words": 1, "vector": 1}
    assert any("停水" in tag for tag in best["tags"])
    passage = best["passage"]
    assert passage["text"] == str(stored["text"])[passage["start"] : passage["end"]]
    assert "停水" in [str(stored["text"])[start:end] for start, end in best["highlights"]]


def test_hits_come_best_first_and_no_more_than_asked_for(library: Simsearch) -> None:
    every = library.ok("query", "怎样才能睡得香").rows
    assert every[0]["id"] == "docs/睡眠.txt"
    scores = [row["score"] for row in every]
    assert scores == sorted(scores, reverse=True)
    assert library.ok("query", "怎样才能睡得香", "-k", "2").rows == every[:2]
    assert library.ok("query", "怎样才能", "睡得香", "-k", "1").row["id"] == every[0]["id"]


@pytest.mark.parametrize("mode", ["hybrid", "similar", "keyword", "phrase"])
def test_the_parts_of_an_explanation_add_up_to_the_score(library: Simsearch, mode: str) -> None:
    rows = library.ok("query", "失眠的人喝茶，孩子近视，长城停水", "--mode", mode, "--explain").rows
    assert len(rows) > 1
    for row in rows:
        why = row["explanation"]
        parts = sum(part for _, _, part in why["pairs"]) + why["other_pairs"]["part"]
        assert parts == pytest.approx(why["similarity"], abs=1e-6)
        whole = sum(part for *_, part in why["words"]) + why["similarity_share"] * why["similarity"]
        assert whole == pytest.approx(why["score"], abs=1e-5)
        assert row["score"] == pytest.approx(why["score"], abs=1e-6)
    assert any(row["explanation"]["other_pairs"]["count"] for row in rows), "a long explanation is cut"


def test_each_mode_finds_what_it_promises(library: Simsearch) -> None:
    assert library.ok("query", "困倦", "--mode", "keyword").rows == []
    assert library.ok("query", "困倦", "--mode", "similar").rows[0]["id"] == "docs/睡眠.txt"
    assert library.ok("query", "八十度左右的热水", "--mode", "phrase").rows[0]["id"] == "docs/绿茶.md"
    only_words = library.ok("query", "长城停水", "--mode", "keyword").rows
    assert {row["id"] for row in only_words} == {"docs/历史/长城.md", "停水"}
    assert all(row["ranks"]["vector"] is None for row in only_words)


def test_traditional_characters_and_other_widths_find_the_same(library: Simsearch) -> None:
    asked = library.ok("query", given="长城东起山海关\n長城東起山海關\n").rows
    first, second = ([(row["id"], row["score"]) for row in asked if row["query"].startswith(name)] for name in "长長")
    assert first == second


def test_several_questions_come_from_standard_input(library: Simsearch) -> None:
    questions = ["停水", "樱花什么时候开", json.dumps({"query": "感冒"}, ensure_ascii=False)]
    rows = library.ok("query", "-k", "1", given="\n\n".join(questions) + "\n").rows
    expected = [("停水", "停水"), ("樱花什么时候开", "樱花"), ("感冒", "docs/健康/感冒.txt")]
    assert [(row["query"], row["id"]) for row in rows] == expected


@pytest.mark.parametrize("given", ["", "\n \n"])
def test_no_question_on_standard_input_is_told(library: Simsearch, given: str) -> None:
    done = library.ok("query", given=given)
    assert (done.out, done.err) == (
        "",
        "Standard input holds no question: write one a line, or name one after `simsearch query`.\n",
    )


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (["--where", "year=2024"], ["停水", "樱花"]),
        (["--where", "year<2024"], ["公交"]),
        (["--where", "year!=2024", "--where", "price>=0"], ["公交"]),
        (["--where", "city=武汉"], ["樱花"]),
        (["--where", "price>=2", "--where", "year=2024"], ["樱花"]),
        (["--where", "city=上海"], []),
    ],
    ids=" ".join,
)
def test_conditions_hold_exactly(library: Simsearch, conditions: list[str], expected: list[str]) -> None:
    assert {row["id"] for row in library.ok("query", "停水 地铁 樱花", *conditions).rows} == set(expected)


def test_a_tag_finds_the_documents_that_carry_it(library: Simsearch) -> None:
    rows = library.ok("query", "停水 地铁 樱花").rows
    tag = next(tag for row in rows if row["id"] == "樱花" for tag in row["tags"])
    carriers = {row["id"] for row in rows if tag in row["tags"]}
    assert {row["id"] for row in library.ok("query", "停水 地铁 樱花", "--tag", tag).rows} == carriers
    assert library.ok("query", "停水 地铁 樱花", "--tag", tag, "--where", "year=2023").rows == []
    assert library.ok("query", "停水 地铁 樱花", "--tag", "没有这个标签").rows == []


@pytest.mark.parametrize("mode", ["hybrid", "similar", "keyword", "phrase"])
def test_the_least_score_leaves_out_what_scores_less(library: Simsearch, mode: str) -> None:
    rows = library.ok("query", "樱花展的门票，停水", "--mode", mode).rows
    assert len(rows) > 1
    asked = ["query", "樱花展的门票，停水", "--mode", mode, "--min-score"]
    assert library.ok(*asked, str(rows[1]["score"])).rows == rows[:2]
    nothing = library.ok(*asked, "1")
    assert nothing.rows == []
    assert "--min-score" in nothing.err


@pytest.mark.parametrize("mode", ["hybrid", "similar"])
@pytest.mark.parametrize("more", [[], ["--explain"]], ids=["plain", "explain"])
def test_a_table_shows_the_same_documents(library: Simsearch, mode: str, more: list[str]) -> None:
    asked = ["query", "樱花展的门票", "--mode", mode, *more]
    names = [row["id"] for row in library.ok(*asked).rows]
    shown = library.ok(*asked, "--table").out
    heads = [line for line in shown.splitlines() if line and not line.startswith("    ")]
    assert len(heads) == len(names)
    assert all(name in head for name, head in zip(names, heads, strict=True))


def test_a_question_without_a_known_word_is_remarked_and_answered(library: Simsearch) -> None:
    done = library.ok("query", "ᚠᚢᚦᚨᚱᚲ")
    assert done.out == ""
    assert "ᚠᚢᚦᚨᚱᚲ" in done.err
    assert len(done.err.splitlines()) == 1
    assert "--mode keyword" in library.ok("query", "ᚠᚢᚦᚨᚱᚲ", "--mode", "similar").err


def test_a_question_of_a_megabyte_is_cut_and_remarked(library: Simsearch) -> None:
    done = library.ok("query", "-k", "1", given="长城" * 500_000 + "\n")
    assert done.row["id"] == "docs/历史/长城.md"
    assert "10,000" in done.err


def test_similar_finds_the_nearest_others_and_never_the_document_itself(library: Simsearch) -> None:
    rows = library.ok("similar", "docs/健康/感冒.txt", "--explain").rows
    assert set(rows[0]) == FIELDS | {"explanation"}
    names = [row["id"] for row in rows]
    assert "docs/健康/感冒.txt" not in names
    assert len(names) == len(set(names)) <= len(TEXTS) + len(NOTICES) - 1
    for row in rows:
        why = row["explanation"]
        assert sum(p for *_, p in why["pairs"]) + why["other_pairs"]["part"] == pytest.approx(why["score"], abs=1e-5)
    fewer = library.ok("similar", "docs/健康/感冒.txt", "-k", "2").rows
    shown = [(row["id"], row["ranks"]) for row in fewer]
    assert shown == [(row["id"], row["ranks"]) for row in rows[:2]], "a rank does not depend on -k"
    # Products of other sizes add up in another order: the last digit may differ.
    assert [row["score"] for row in fewer] == pytest.approx([row["score"] for row in rows[:2]], abs=2e-6)
    nearest = library.ok("similar", "docs/健康/感冒.txt", "--where", "year=2024").rows
    assert {row["id"] for row in nearest} <= {"停水", "樱花"}


def test_what_finds_nothing_says_what_to_try(library: Simsearch) -> None:
    for arguments, remedy in (
        (["停水", "--where", "year=1900"], "fewer conditions"),
        (["停水", "--where", "year=1900", "--mode", "similar"], "fewer conditions"),
        (["困倦", "--mode", "keyword"], "--mode hybrid"),
        (["停水", "--min-score", "1"], "--min-score"),
    ):
        done = library.ok("query", *arguments)
        assert done.rows == []
        assert remedy in done.err
        assert "--mode similar" not in done.err
    assert library("query", "停水", "--min-score", "nan").code == 2


@pytest.mark.parametrize("line", ['{"query": null}', '{"query": ["停水"]}', '{"text": "停水"}'])
def test_json_without_a_question_is_taken_as_it_stands(library: Simsearch, line: str) -> None:
    assert {row["query"] for row in library.ok("query", given=line + "\n").rows} <= {line}


def test_tags_are_counted_of_all_documents_or_of_some(library: Simsearch) -> None:
    rows = library.ok("tags", "-k", "100").rows
    assert [row["documents"] for row in rows] == sorted((row["documents"] for row in rows), reverse=True)
    some = library.ok("tags", "-k", "100", "--where", "city=武汉").rows
    assert {row["tag"] for row in some} < {row["tag"] for row in rows}
    none = library.ok("tags", "--where", "city=没有")
    assert (none.rows, len(none.err.splitlines())) == ([], 1)
