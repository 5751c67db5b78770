"""`simsearch keywords`, `compare` and `words`: what a model says about texts and words."""

from __future__ import annotations

from pathlib import Path

import pytest

from .process import Simsearch

DEPOSIT = "银行吸收的存款由存款保险基金提供保障"


@pytest.mark.parametrize("method", ["tags", "article"])
def test_keywords_of_a_text_a_file_and_standard_input_are_the_same(
    simsearch: Simsearch, tmp_path: Path, method: str
) -> None:
    (tmp_path / "存款.txt").write_text(DEPOSIT, "utf-8-sig")
    how = ["--method", method, "-k", "4"]
    rows = simsearch.ok("keywords", DEPOSIT, *how).rows
    assert len(rows) == 4
    assert all(row["word"] in DEPOSIT for row in rows)
    assert "存款" in [row["word"] for row in rows]
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert simsearch.ok("keywords", "存款.txt", *how).rows == rows
    assert simsearch.ok("keywords", "-", *how, given=DEPOSIT).rows == rows
    table = simsearch.ok("keywords", DEPOSIT, *how, "--table").out
    assert [line.split()[0] for line in table.splitlines()[1:]] == [row["word"] for row in rows]


@pytest.mark.parametrize("times", [3, 6, 300], ids=["a name", "too long for a name", "too long for a path"])
def test_a_text_may_be_as_long_as_it_likes(simsearch: Simsearch, times: int) -> None:
    found = simsearch.ok("keywords", f"{DEPOSIT}，" * times, "-k", "1").rows
    assert found[0]["word"] in DEPOSIT


def test_a_text_without_keywords_is_remarked(simsearch: Simsearch) -> None:
    done = simsearch.ok("keywords", "的了是")
    assert done.out == ""
    assert len(done.err.splitlines()) == 1


def test_the_pairs_of_a_comparison_add_up_to_the_similarity(simsearch: Simsearch) -> None:
    row = simsearch.ok("compare", "怎样才能睡得香", "失眠的人应当在固定时间入睡").row
    assert sum(part for *_, part in row["pairs"]) == pytest.approx(row["similarity"], abs=1e-6)
    parts = [part for *_, part in row["pairs"]]
    assert parts == sorted(parts, reverse=True)
    assert {a for a, _, _ in row["pairs"]} <= {"怎样才能", "睡", "得", "香"}
    far = simsearch.ok("compare", "怎样才能睡得香", "长城东起山海关").row["similarity"]
    assert far < row["similarity"] < 1


def test_texts_are_compared_by_the_articles_sums(simsearch: Simsearch) -> None:
    texts = ["失眠的人睡不着", "失眠的人要早睡"]
    cosine = simsearch.ok("compare", *texts, "--space", "article").row
    inner = simsearch.ok("compare", *texts, "--space", "article", "--by", "inner").row
    assert 0 < cosine["similarity"] < 1 < inner["similarity"]
    assert cosine["pairs"][0][:2] == inner["pairs"][0][:2] == ["失眠", "失眠"]
    for row in (cosine, inner):
        assert sum(part for *_, part in row["pairs"]) == pytest.approx(row["similarity"], abs=1e-6)


def test_a_text_is_wholly_similar_to_itself_in_whatever_characters(simsearch: Simsearch) -> None:
    assert simsearch.ok("compare", "長城東起山海關", "长城东起山海关").row["similarity"] == pytest.approx(1, abs=1e-5)
    row = simsearch.ok("compare", "ᚠᚢᚦ", "长城").row
    assert row["similarity"] == 0
    assert "".join(row["unknown"]) == "ᚠᚢᚦ"


def test_the_table_of_a_comparison_sums_up_what_it_leaves_out(simsearch: Simsearch) -> None:
    texts = ["怎样才能睡得香", "失眠的人应当在固定时间入睡"]
    row = simsearch.ok("compare", *texts).row
    shown = simsearch.ok("compare", *texts, "-k", "2", "--table").out.splitlines()
    assert f"{row['similarity']:.3f}" in shown[0]
    for pair, line in zip(row["pairs"][:2], shown[2:], strict=False):
        assert line.split() == [pair[0], pair[1], f"{pair[2]:.3f}"]
    rest = sum(part for *_, part in row["pairs"][2:])
    assert shown[-1] == f"and {len(row['pairs']) - 2} more pairs: {rest:+.3f}"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["related", "医生"], "病人"),
        (["related", "医生", "--by", "cosine"], "病人"),
        (["similar", "医生"], "护士"),
        (["similar", "医生", "--context", "10000"], "治疗"),
        (["analogy", "母亲", "男人", "女人"], "父亲"),
        (["analogy", "母亲", "男人", "女人", "--space", "article"], "父亲"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_words_that_belong_together_are_found(simsearch: Simsearch, arguments: list[str], expected: str) -> None:
    rows = simsearch.ok("words", *arguments, "-k", "200").rows
    words = [row["word"] for row in rows]
    assert len(words) == len(set(words)) == 200
    assert expected in words
    assert not set(words) & set(arguments), "the words asked about are left out"
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)


def test_the_least_important_words_have_the_shortest_vectors(simsearch: Simsearch) -> None:
    rows = simsearch.ok("words", "norms", "-k", "30").rows
    assert "的" in [row["word"] for row in rows]
    assert [row["norm"] for row in rows] == sorted(row["norm"] for row in rows)
    *shown, told = simsearch.ok("words", "norms", "-k", "30", "--table").out.splitlines()[1:]
    assert [line.split()[0] for line in shown] == [row["word"] for row in rows]
    assert 0.9 < float(told.split()[-1]) < 1, "of the base model"
