"""Evaluation: figures that can be worked out by hand, honest intervals, and what is said of bad files."""

from __future__ import annotations

import itertools
import json
import marshal
import math
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.corpus import Document
from simsearch.errors import SimsearchError
from simsearch.evaluation import Evaluated, Figure, evaluate, judge, measures
from simsearch.evaluation.bm25 import Bm25
from simsearch.evaluation.bootstrap import Measured, correlation, draws, figures, mean, median, share
from simsearch.evaluation.jieba_baseline import Jieba
from simsearch.evaluation.judgements import missed
from simsearch.evaluation.keywords import without_middle
from simsearch.evaluation.vectors import read_vectors
from simsearch.indexer import open_index
from simsearch.model import Model
from simsearch.model.correlation import pearson, ranks, spearman

finite = st.floats(-1, 1, allow_nan=False, width=32)
#: Few different scores, so that many tie.
hits = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=7)


def lines(path: Path, *rows: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(row + "\n" for row in rows), "utf-8")
    return path


def run(folder: Path, model: Model, *baselines: str, **options) -> dict[tuple[str, str, str], Figure]:
    """Return all figures by task, measure and system."""
    found = evaluate(folder, model, baselines=baselines, resamples=50, **options)
    return {(one.task, one.measure, one.system): one for done in found for one in done.figures}


def remarks(found: Iterable[Evaluated]) -> list[str]:
    return [remark for done in found for remark in done.remarks]


# Measures


@pytest.mark.parametrize(
    ("scores", "relevant", "expected"),
    [
        ([3, 2, 1], [1, 0, 0], 1),
        ([3, 2, 1], [0, 0, 1], 1 / 3),
        ([3, 3, 1], [0, 1, 0], 1 / 1.5),
        ([3, 3, 1], [1, 0, 0], 1 / 1.5),
        ([2, 2, 2], [0, 1, 0], 1 / 2),
        ([3, 2, 2, 2, 1], [0, 0, 0, 1, 1], 1 / 3),
        ([3, 2, 1], [0, 0, 0], 0),
        ([], [], 0),
        (range(12, 0, -1), [0] * 9 + [1, 0, 0], 1 / 10),
        (range(12, 0, -1), [0] * 10 + [1, 0], 0),
        ([9] * 9 + [1, 1], [0] * 9 + [1, 0], 0),  # rank 10.5
    ],
)
def test_the_reciprocal_rank_counts_ties_half(scores, relevant, expected):
    found = measures.reciprocal_rank(np.array(scores, float), np.array(relevant, bool), 10)
    assert found == pytest.approx(expected)


def orders(found: list[tuple[int, int]]) -> list[list[int]]:
    """Return the gains in every order that keeps the scores falling."""
    allowed = [
        order for order in itertools.permutations(found) if list(order) == sorted(order, key=lambda hit: -hit[0])
    ]
    return [[gain for _, gain in order] for order in allowed]


@given(hits, st.integers(1, 5))
def test_hits_that_tie_count_as_the_mean_over_all_their_orders(found, k):
    found = sorted(found, key=lambda hit: -hit[0])
    scores, gains = np.array(found, float).T
    of_orders = [sum(order[:k]) / k for order in orders(found)]
    assert measures.precision(scores, gains, k) == pytest.approx(np.mean(of_orders))
    dcgs = [sum(gain / math.log2(rank + 1) for rank, gain in enumerate(order[:k], 1)) for order in orders(found)]
    ideal = sum(gain / math.log2(rank + 1) for rank, gain in enumerate(sorted(gains, reverse=True)[:k], 1))
    if ideal:
        assert measures.ndcg(scores, gains, gains, k) == pytest.approx(np.mean(dcgs) / ideal)


@given(hits, st.lists(st.integers(1, 3), max_size=3), st.integers(1, 10))
def test_ndcg_lies_between_0_and_1_and_is_1_for_the_best_order(found, unfound, k):
    scores, gains = np.array(sorted(found, key=lambda hit: -hit[0]), float).T
    ideal = np.array([*gains, *unfound, 1.0])
    assert 0 <= measures.ndcg(scores, gains, ideal, k) <= 1 + 1e-12
    best = -np.sort(-ideal)
    assert measures.ndcg(np.arange(len(best), 0, -1.0), best, ideal, k) == pytest.approx(1)


def test_recall_and_ndcg_by_hand():
    scores, gains = np.array([0.9, 0.8, 0.7]), np.array([0.0, 2.0, 1.0])
    assert measures.recall(scores, gains > 0, 4, 10) == 2 / 4
    assert measures.recall(scores, gains > 0, 4, 2) == 1 / 4
    expected = (2 / math.log2(3) + 1 / 2) / (3 + 2 / math.log2(3) + 1 / 2)
    assert measures.ndcg(scores, gains, np.array([1.0, 3.0, 2.0]), 10) == pytest.approx(expected)


def test_keywords_that_are_not_given_are_wrong_ones():
    assert measures.f1(["绿茶"], ["绿茶", "水温", "冲泡"], 5) == 2 * 1 / (5 + 3)
    assert measures.inside(["茶", "水"], ["绿茶", "水温", "冲泡"], 5) == 2 / 5
    assert measures.overlap(["绿茶", "水温"], ["水温", "冲泡"]) == 1 / 3
    assert measures.overlap([], []) == 0


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=30))
def test_the_correlation_of_ranks_is_spearman_s(pairs):
    from scipy.stats import rankdata, spearmanr

    a, b = np.array(pairs, float).T
    assert ranks(a).tolist() == rankdata(a).tolist()
    found = correlation(np.ones((1, len(a))), np.stack([ranks(a), ranks(b)], axis=1))[0]
    constant = len(set(a)) == 1 or len(set(b)) == 1
    expected = pytest.approx(0 if constant else spearmanr(a, b).statistic)
    assert found == expected
    assert spearman(a, b) == expected
    assert pearson(a, b) == pytest.approx(0 if constant else np.corrcoef(a, b)[0, 1])


# Intervals


def test_the_median_the_share_and_the_mean_by_hand():
    drawn = np.array([[1.0, 1.0, 1.0], [0.0, 3.0, 0.0], [2.0, 1.0, 0.0]])
    assert median(drawn, np.array([5.0, 1.0, 3.0])).tolist() == [3, 1, 5]
    assert mean(drawn, np.array([5.0, 1.0, 3.0])) == pytest.approx([3, 1, 11 / 3])
    assert share(drawn, np.array([[1.0, 5.0], [0.0, 5.0], [2.0, 2.0]])) == pytest.approx([3 / 12, 0, 2 / 15])


@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=60), st.sampled_from([mean, median]))
def test_a_system_beside_itself_differs_by_exactly_nothing(pairs, statistic):
    items = np.array(pairs, float)[:, 0]
    one, other = figures("题", "pairs", Measured("m", {"甲": items, "乙": items.copy()}, statistic), 100)
    assert (one.value, one.low, one.high) == (other.value, other.low, other.high)
    assert (other.difference, other.difference_low, other.difference_high) == (0, 0, 0)
    assert not other.differs
    both = np.stack([items, np.array(pairs, float)[:, 1]], axis=1)
    other = figures("题", "pairs", Measured("m", {"甲": both, "乙": both.copy()}, correlation), 100)[1]
    assert (other.difference, other.difference_low, other.difference_high) == (0, 0, 0)


def test_how_items_lie_in_memory_makes_no_difference():
    items = np.repeat([[-1.0], [0.0], [0.0], [1.0], [1e-12]], 2, axis=1)[:, 0]
    other = figures("题", "", Measured("m", {"甲": items, "乙": items.copy()}, mean), 100)[1]
    assert (other.difference, other.difference_low, other.difference_high) == (0, 0, 0)


def test_intervals_are_the_same_in_every_run(seed):
    items = {name: np.random.default_rng((seed, place)).random(200) for place, name in enumerate("甲乙")}
    runs = [figures("题", "pairs", Measured("m", items, mean), 200) for _ in range(2)]
    assert runs[0] == runs[1]


@given(st.lists(st.tuples(finite, finite), min_size=2, max_size=40), st.randoms())
def test_the_order_of_the_items_changes_no_figure(pairs, random):
    def values(rows):
        a, b = np.array(rows, float).T
        ranked = {"甲": np.stack([ranks(a), ranks(b)], axis=1)}
        told = [
            Measured("", {"甲": a, "乙": b}, mean),
            Measured("", {"甲": a}, median),
            Measured("", ranked, correlation),
        ]
        return [figure.value for one in told for figure in figures("题", "", one, 10)]

    assert values(random.sample(pairs, len(pairs))) == pytest.approx(values(pairs), abs=1e-9)


def test_the_interval_of_a_mean_is_as_wide_as_theory_says(seed):
    items = np.random.default_rng(seed).normal(size=2000)
    (found,) = figures("题", "", Measured("m", {"甲": items}, mean), 1000)
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * items.std() / math.sqrt(2000), rel=0.15)


def test_a_small_difference_on_the_same_items_is_seen_because_it_is_paired(seed):
    random = np.random.default_rng(seed)
    ours = random.normal(size=500)
    theirs = ours - 0.05 + random.normal(scale=0.01, size=500)
    found = figures("题", "", Measured("m", {"甲": ours, "乙": theirs}, mean), 500)
    assert found[0].low < found[1].value, "each figure by itself is too unsure"
    assert found[1].differs
    assert found[1].difference == pytest.approx(0.05, abs=0.01)
    assert found[1].difference_high - found[1].difference_low < 0.01
    assert found[0].difference is None


def test_each_draw_draws_n_items():
    drawn = draws(30, 20)
    assert drawn.shape == (20, 30)
    assert (drawn.sum(axis=1) == 30).all()
    assert len({tuple(row) for row in drawn}) == 20


# Baselines

words = st.sampled_from(["茶", "水", "山", "城", "长", "的"])
passages = st.lists(st.lists(words, max_size=6), min_size=1, max_size=8)


def slow_bm25(texts: Sequence[Sequence[str]], question: Sequence[str]) -> list[float]:
    """Return what the formula says, word for word."""
    average = sum(map(len, texts)) / len(texts) or 1
    found = []
    for text in texts:
        score = 0.0
        for word in question:
            n = sum(word in other for other in texts)
            idf = math.log(1 + (len(texts) - n + 0.5) / (n + 0.5))
            tf = Counter(text)[word]
            score += idf * tf / (tf + 1.2 * (1 - 0.75 + 0.75 * len(text) / average))
        found.append(score)
    return found


@given(passages, st.lists(words, max_size=4))
def test_bm25_is_the_formula(texts, question):
    assert Bm25(texts).scores(question) == pytest.approx(slow_bm25(texts, question))


def test_a_dictionary_that_somebody_has_planted_is_not_read(tmp_path, monkeypatch):
    """Jieba unmarshals what it finds under this name among the temporary files, which anybody may write."""
    planted = {"长": 1, "城": 1}, 2
    (tmp_path / "jieba.cache").write_bytes(marshal.dumps(planted))
    os.utime(tmp_path / "jieba.cache", (2**32, 2**32))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for module in [name for name in sys.modules if name.partition(".")[0] == "jieba"]:
        monkeypatch.delitem(sys.modules, module)
    assert Jieba().words("万里长城") == ["万里", "里长", "长城", "万里长城"]
    assert marshal.loads((tmp_path / "jieba.cache").read_bytes()) == planted
    assert [path.name for path in tmp_path.iterdir()] == ["jieba.cache"]


def test_jieba_comes_without_noise_and_leaves_no_file(tmp_path, monkeypatch, capfd, recwarn):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    jieba = Jieba()
    assert jieba.words("中华人民共和国的长城，东起山海关。")[-1] == "山海关"
    assert "，" not in jieba.words("长城，东起山海关。")
    assert {"中华", "人民", "中华人民共和国"} <= set(jieba.words("中华人民共和国"))
    text = "长城东起山海关，西到嘉峪关，历代修筑长城，明代的长城保存得最完整。"
    assert jieba.tfidf(text, 2)[0] == "长城"
    assert "长城" in jieba.textrank(text, 2)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


@pytest.mark.parametrize("header", ["3 2", None])
def test_word_vectors_are_read_with_and_without_a_header(tmp_path, model, header):
    rows = ["绿茶 1 0 ", "冰 红茶 0.5 -1e-1", "水温 0 2"]
    path = lines(tmp_path / "词.vec", *([header] if header else []), *rows)
    vectors, broken = read_vectors(path, model)
    assert broken == 0
    assert [vectors.place(word) for word in ("绿茶", "冰 红茶", "水温", "咖啡")] == [0, 1, 2, None]
    assert vectors.unit[2].tolist() == [0, 1]
    assert vectors.sums(["水温：绿茶，绿茶", "咖啡", ""]).tolist() == [[2, 2], [0, 0], [0, 0]]
    assert vectors.encode(["绿茶", "咖啡"]).tolist() == [[1, 0], [0, 0]]
    assert vectors.similarity("绿茶", "水温") == 0


def test_broken_lines_of_word_vectors_are_counted_and_the_first_of_two_counts(tmp_path, model):
    path = lines(
        tmp_path / "词.vec", "绿茶 1 0", "水温 0", "坏 x 1", "", "无 nan 1", "大 1e99 1", "绿茶 -1 0", "水 1 1"
    )
    vectors, broken = read_vectors(path, model)
    assert broken == 5
    assert vectors.similarity("绿茶", "水") == pytest.approx(math.sqrt(0.5))


def test_words_are_found_as_they_stand_or_folded(tmp_path, model):
    vectors, _ = read_vectors(lines(tmp_path / "词.vec", "dna 1 0", "NASA 0 1"), model)
    assert [vectors.place(word) for word in ("DNA", "dna", "NASA", "nasa")] == [0, 0, 1, None]


def test_npz_and_text_hold_the_same_vectors(tmp_path, model):
    lines(tmp_path / "词.vec", "3 2", "绿茶 1 0.5", "水温 0 2", "的 9 9")
    np.savez(tmp_path / "词.npz", words=["绿茶", "水温", "的"], vectors=np.array([[1, 0.5], [0, 2], [9, 9]]))
    text, arrays = (read_vectors(tmp_path / name, model).vectors for name in ("词.vec", "词.npz"))
    assert (text.unit == arrays.unit).all()
    assert text.keywords("绿茶的水温", 2) == arrays.keywords("绿茶的水温", 2) == ["水温", "绿茶"]


# Tasks

TEA = "冲泡绿茶用八十度左右的热水。"
WALL = "长城东起山海关，西到嘉峪关。"
FLU = "感冒多由病毒引起，抗生素对它没有作用。"
VECTORS = ("5 3", "国王 1 0 .3", "男人 1 0 0", "女王 0 1 .9", "王后 0 1 -.9", "女人 0 1 0")


@pytest.fixture
def sets(tmp_path) -> Path:
    """Return a folder with a task of each kind but `classify`."""
    folder = tmp_path / "题"
    lines(
        folder / "tasks.tsv",
        "retrieval\t段落\t段落.tsv\t问题.tsv",
        "themes\t主题\t文本.tsv\t主题.tsv",
        "words\t词\t词.tsv",
        "analogy\t类比\t类比.txt",
        "pairs\t句\t句.tsv",
        "keywords\t关键词\t关键词.jsonl",
    )
    lines(folder / "段落.tsv", f"甲\t{TEA}", f"乙\t{WALL}", f"丙\t{TEA}", f"丁\t{FLU}")
    lines(folder / "问题.tsv", "1\t冲泡绿茶用多少度的热水\t甲", "2\t长城西到嘉峪关\t乙", "3\t抗生素\t无")
    texts = ["茶\t绿茶和红茶", "茶\t绿茶的水温", "墙\t长城和城墙", "墙\t明代的长城"]
    lines(folder / "文本.tsv", *texts)
    lines(folder / "主题.tsv", "茶\t绿茶", "墙\t长城")
    lines(folder / "词.tsv", "国王\t男人\t3", "国王\t女王\t2", "国王\t女人\t1", "国王\t龘龘\t9")
    lines(folder / "类比.txt", ": 称呼", "男人 国王 女人 女王", "男人 国王 女人 男人", "男人 国王 女人 龘龘")
    lines(folder / "句.tsv", "国王\t男人\t5", "国王\t女人\t1", "男人\t男人\t4")
    row = {"text": "国王和男人。男人和女人。国王。", "keywords": ["国王", "男人们"]}
    lines(folder / "关键词.jsonl", json.dumps(row, ensure_ascii=False))
    return folder


def test_two_passages_alike_share_their_rank_in_every_system(sets, model):
    found = run(sets, model, "bm25", "jieba", only=["段落"])
    for system in ("hybrid", "similar", "keyword", "bm25", "jieba"):
        assert found["段落", "MRR@10", system].value == pytest.approx((1 / 1.5 + 1) / 2), system
        assert found["段落", "MRR@10", system].n == 2
    for system in ("similar", "keyword", "bm25", "jieba"):
        assert found["段落", "MRR@10", system].difference == 0
    assert found["段落", "MRR@10", "hybrid"].difference is None
    assert {system for _, measure, system in found if measure == "ms"} == {"hybrid", "similar", "keyword"}
    assert all(one.value > 0 for one in found.values())


def test_passages_that_tie_beyond_the_tenth_are_seen(sets, model):
    lines(sets / "段落.tsv", *(f"{number:02}\t{TEA}" for number in range(12)), f"乙\t{WALL}")
    lines(sets / "问题.tsv", "1\t冲泡绿茶用多少度的热水\t11")
    found = run(sets, model, "bm25", only=["段落"])
    for system in ("hybrid", "similar", "keyword", "bm25"):
        assert found["段落", "MRR@10", system].value == pytest.approx(1 / 6.5), system


def test_a_theme_counts_its_own_among_all_texts_where_these_are_fewer_than_100(sets, model):
    found = run(sets, model, "bm25", only=["主题"])
    assert found["主题", "P@100", "bm25"].value == 2 / 4
    assert found["主题", "P@100", "keyword"].value == 2 / 4
    assert found["主题", "P@100", "hybrid"].value == 2 / 4


def test_questions_without_their_passage_are_left_out_and_counted(sets, model):
    told = remarks(evaluate(sets, model, only=["段落"], baselines=["bm25"]))
    assert told == ["段落: 1 questions name no passage: left out."]


def test_word_vectors_are_measured_beside_the_model_on_the_words_that_both_know(sets, tmp_path, model):
    path = str(lines(tmp_path / "词.vec", *VECTORS))
    found = run(sets, model, path)
    # Cosines with 国王: 男人 .96, 女王 .19, 女人 0: the order of people.
    assert found["词", "Spearman", path].value == pytest.approx(1)
    assert found["词", "Spearman", "simsearch"].n == found["词", "Spearman", path].n == 3
    # 国王 - 男人 + 女人 is (-.04, 1, .29): next to 女人, which is left out, lies 女王. The other way round it
    # would be 王后. The second answer is wrong, the third unknown.
    assert found["类比", "accuracy", path].value == 1 / 2
    assert found["类比", "accuracy of all", path].value == 1 / 3
    # Cosines .96, 0, 1 against 5, 1, 4: ranks 2 1 3 and 3 1 2.
    assert found["句", "Spearman", path].value == pytest.approx(0.5)
    # The sum of 国王 x 2, 男人 x 2 and 女人 is (4, 1, .6): inner products 国王 4.2, 男人 4, 女人 1.
    assert found["关键词", "F1@5", path].value == pytest.approx(2 * 1 / (5 + 2))
    assert found["关键词", "inside@5", path].value == 2 / 5
    assert found["关键词", "shared by 3", path].value == 0
    # Without 男人和女人 the tags are 国王 and 男人.
    assert found["关键词", "stable", path].value == 2 / 3
    # 乙 holds no word of the file: its question finds nothing there.
    assert found["段落", "MRR@10", path].value == 0


def test_what_is_unknown_is_counted_by_system(sets, tmp_path, model):
    path = str(lines(tmp_path / "词.vec", *VECTORS[:-1]))
    told = remarks(evaluate(sets, model, only=["词", "类比"], baselines=[path]))
    assert "词: 1 of 4 pairs hold a word unknown to simsearch: left out." in told
    assert f"词: 2 of 4 pairs hold a word unknown to {path}: left out." in told
    assert any(remark.startswith(f"类比: 3 of 3 analogies hold a word unknown to {path}") for remark in told)
    assert "类比: no item for accuracy: left out." in told


def test_tags_that_three_texts_carry_are_shared(tmp_path, model):
    vectors = str(lines(tmp_path / "词.vec", "绿茶 1 0", "长城 0 1"))
    lines(tmp_path / "tasks.tsv", "keywords\t词\t词.jsonl")
    texts = ["绿茶", "绿茶", "绿茶和长城", "长城"]
    lines(tmp_path / "词.jsonl", *(json.dumps({"text": text, "keywords": ["绿茶"]}) for text in texts))
    assert run(tmp_path, model, vectors)["词", "shared by 3", vectors].value == 3 / 5


def test_keywords_are_compared_folded_in_whatever_characters(tmp_path, model):
    lines(tmp_path / "tasks.tsv", "keywords\t词\t词.jsonl")
    lines(tmp_path / "词.jsonl", json.dumps({"text": "DNA與DNA，DNA的DNA。", "keywords": ["\uff24NA"]}))
    found = run(tmp_path, model, "jieba")
    assert found["词", "F1@5", "jieba tf-idf"].value == 2 * 1 / (5 + 1)
    assert {system for _, _, system in found} == {"simsearch", "jieba tf-idf", "jieba textrank"}


def test_the_last_digits_of_a_sum_are_no_reason_for_an_order(tmp_path, model):
    lines(tmp_path / "tasks.tsv", "retrieval\t段落\t段落.tsv\t问题.tsv")
    lines(tmp_path / "段落.tsv", "甲\t绿茶，长城，水温", "乙\t水温，长城，绿茶", "丙\t长城，水温，绿茶")
    lines(tmp_path / "问题.tsv", "1\t绿茶\t甲", "2\t绿茶\t乙", "3\t绿茶\t丙")
    rows = (
        f"{word} {' '.join(f'{math.sin(place + 7 * part):.7f}' for part in range(9))}"
        for place, word in enumerate(["绿茶", "长城", "水温"], 1)
    )
    path = str(lines(tmp_path / "词.vec", *rows))
    assert run(tmp_path, model, path)["段落", "MRR@10", path].low == 1 / 2


@pytest.mark.parametrize(
    ("text", "rest"),
    [("一。二。三。", "一。三。"), ("一。二。三。四。", "一。二。四。"), ("一。二。", ""), ("一", ""), ("", "")],
)
def test_the_middle_sentence_is_taken_out_of_three(text, rest):
    assert without_middle(text) == rest


@pytest.fixture
def classes(tmp_path) -> Path:
    """Return a folder with two classes that any classifier tells apart."""
    lines(tmp_path / "tasks.tsv", "classify\t分类\t学.tsv\t考.tsv", "classify\t拆分\t学.tsv")
    rows = [f"{label}\t{text}" for label, text in [("茶", "绿茶"), ("墙", "长城")] for _ in range(30)]
    lines(tmp_path / "学.tsv", *rows)
    lines(tmp_path / "考.tsv", "茶\t绿茶", "墙\t长城", "墙\t绿茶", "茶\t2024\t绿茶")
    return tmp_path


def test_classes_are_learnt_from_sums_and_tested_on_other_texts(classes, model):
    found = run(classes, model)
    for measure in ("linear", "hidden layer"):
        assert found["分类", measure, "simsearch"].value == 3 / 4
        assert found["拆分", measure, "simsearch"].value == 1
        assert found["拆分", measure, "simsearch"].n == 12


def test_without_scikit_learn_a_task_is_left_out_and_the_rest_goes_on(classes, model, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    lines(classes / "词.tsv", "国王\t男人\t3", "国王\t女王\t2", "国王\t女人\t1")
    with open(classes / "tasks.tsv", "a", encoding="utf-8") as stream:
        stream.write("words\t词\t词.tsv\n")
    found = list(evaluate(classes, model))
    assert [bool(one.figures) for one in found] == [False, False, True]
    assert "sklearn" in found[0].remarks[0]
    assert "pip install 'simsearch[evaluation]'" in found[0].remarks[0]


def test_a_mark_of_the_byte_order_is_no_part_of_an_id(sets, model):
    for name in ("tasks.tsv", "段落.tsv"):
        (sets / name).write_text((sets / name).read_text("utf-8"), "utf-8-sig")
    assert run(sets, model, only=["段落"])["段落", "MRR@10", "hybrid"].n == 2


def test_malformed_lines_are_counted_and_the_others_measured(sets, model):
    with open(sets / "词.tsv", "a", encoding="utf-8") as stream:
        stream.write("国王\t男人\n\n国王\t男人\t很\n国王\t男人\tnan\n")
    with open(sets / "关键词.jsonl", "a", encoding="utf-8") as stream:
        stream.write('{"text": "茶"}\n[]\n{\n' + "[" * 100_000 + "\n")
    told = remarks(evaluate(sets, model, only=["词", "关键词"]))
    assert any(remark.startswith("词: 3 lines of ") and "词.tsv" in remark for remark in told)
    assert any(remark.startswith("关键词: 4 lines of ") and "关键词.jsonl" in remark for remark in told)
    assert run(sets, model, only=["关键词"])["关键词", "F1@5", "simsearch"].n == 1


def test_the_tasks_are_measured_in_their_order_or_only_those_named(sets, model):
    found = [one.task for one in evaluate(sets, model, only=["句", "词"], baselines=[])]
    assert found == ["词", "句"]


@pytest.mark.parametrize("folder", ["sets", "classes"])
def test_progress_only_grows_and_each_task_comes_to_its_end(folder, request, model):
    told: dict[str, list[float]] = {}

    def tell(task: str, done: float, total: float) -> None:
        told.setdefault(task, []).append(done / total)

    names = [one.task for one in evaluate(request.getfixturevalue(folder), model, progress=tell)]
    assert list(told) == names
    for parts in told.values():
        assert parts == sorted(parts)
        assert (parts[0], parts[-1]) == (0, 1)


@pytest.mark.parametrize(
    ("content", "kind", "names"),
    [
        (None, "TasksNotFound", ["tasks.tsv"]),
        ("translation\t译\t词.tsv", "KindUnknown", ["translation", "译"]),
        ("words\t词", "TaskUnclear", ["Line 1", "tasks.tsv"]),
        ("words\t词\t词.tsv\n\nwords 词 词.tsv", "TaskUnclear", ["Line 3"]),
        ("words\t词\t词.tsv\t句.tsv", "TaskUnclear", ["Line 1"]),
        ("retrieval\t段落\t段落.tsv", "TaskUnclear", ["Line 1"]),
        ("words\t词\t没有.tsv", "SetUnreadable", ["没有.tsv", "no such file"]),
        ("words\t词\t国标.tsv", "SetUnreadable", ["国标.tsv", "UTF-8"]),
        ("words\t词\t空.tsv", "SetEmpty", ["空.tsv", "word TAB word TAB score"]),
        ("keywords\t词\t词.tsv", "SetEmpty", ["词.tsv", '"keywords"']),
    ],
)
def test_a_bad_list_or_set_is_told_with_its_name(sets, model, content, kind, names):
    (sets / "国标.tsv").write_bytes("国王\t男人\t3\n".encode("gbk"))
    lines(sets / "空.tsv", "")
    (sets / "tasks.tsv").unlink()
    if content is not None:
        lines(sets / "tasks.tsv", content)
    with pytest.raises(SimsearchError) as caught:
        list(evaluate(sets, model))
    assert type(caught.value).__name__ == kind
    assert all(name in str(caught.value) for name in names)


def test_a_task_and_a_baseline_that_are_not_there_are_told_before_anything_is_measured(sets, model, tmp_path):
    for options, names in [
        ({"only": ["段落", "没有"]}, ["没有", "段落, 主题, 词"]),
        ({"baselines": ["没有.vec"]}, ["没有.vec", "bm25, jieba"]),
    ]:
        with pytest.raises(SimsearchError) as caught:
            evaluate(sets, model, **options)
        assert all(name in str(caught.value) for name in names)
    (tmp_path / "坏.npz").write_bytes(b"PK\x03\x04")
    np.savez(tmp_path / "缺.npz", words=["茶"])
    np.savez(tmp_path / "错.npz", words=["茶"], vectors=np.zeros((2, 2)))
    (tmp_path / "空.npz").write_bytes(b"")
    with open(tmp_path / "表.npz", "wb") as stream:
        np.save(stream, np.zeros(3))
    lines(tmp_path / "空.vec", "", "茶")
    for name in ("坏.npz", "缺.npz", "错.npz", "空.npz", "表.npz", "空.vec"):
        with pytest.raises(SimsearchError, match=f"{name} cannot be read"):
            evaluate(sets, model, baselines=[str(tmp_path / name)])


def test_the_temporary_index_is_gone_also_after_an_interruption(sets, model, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    seen = []

    def interrupt(task: str, done: float, total: float) -> None:
        seen.extend(scratch.rglob("*.db"))
        if seen:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(evaluate(sets, model, only=["段落"], progress=interrupt))
    assert seen, "the index was there"
    assert list(scratch.iterdir()) == []


# Judgements


@pytest.fixture
def index(tmp_path, model):
    """Open an index of three texts, one of them twice; `删` was deleted."""
    with open_index(tmp_path / "库.db", model=model) as opened:
        texts = {"茶": TEA, "茶二": TEA, "墙": WALL, "病": FLU, "删": FLU}
        opened.add(Document(name, text) for name, text in texts.items())
        opened.delete(["删"])
        yield opened


def values(judged, system: str) -> dict[str, float]:
    return {one.measure: one.value for one in judged.figures if one.system == system and one.measure != "ms"}


def judged(path: Path, index):
    return judge(path, index, lambda done, total: None, resamples=50)


def test_judgements_by_hand(tmp_path, index):
    path = lines(
        tmp_path / "判断.tsv",
        "冲泡绿茶用多少度的热水\t茶",
        "冲泡绿茶用多少度的热水\t墙\t0",
        "长城西到嘉峪关\t墙\t2",
        "长城西到嘉峪关\t没有\t2",
        "抗生素\t删",
    )
    found = judged(path, index)
    # In the mode `keyword` 茶 and 茶二 tie, one of them relevant; the wall is first.
    assert values(found, "keyword") == pytest.approx(
        {"MRR@10": (1 / 1.5 + 1) / 2, "recall@10": 1, "nDCG@10": ((1 + 1 / math.log2(3)) / 2 + 1) / 2}
    )
    assert [one.n for one in found.figures] == [2] * 12
    assert found.missed == []
    assert found.remarks == [
        "2 of 4 documents are not in the index: left out.",
        "1 of 3 questions have no relevant one: left out.",
    ]
    reference = [one.system for one in found.figures if one.difference is None]
    assert reference == ["hybrid"] * 4


def test_both_forms_of_judgements_say_the_same(tmp_path, index):
    rows = [("绿茶 热水", {"茶": 1, "墙": 2}), ("长城", {"墙": 1})]
    tabs = [f"{question}\t{name}\t{gain}" for question, gains in rows for name, gain in gains.items()]
    objects = [json.dumps({"query": question, "relevant": gains}) for question, gains in rows]
    found = [judged(lines(tmp_path / "判断", *form), index) for form in (tabs, objects)]
    assert values(found[0], "hybrid") == values(found[1], "hybrid")
    plain = [json.dumps({"query": question, "relevant": list(gains)}) for question, gains in rows]
    tabs = [line.rpartition("\t")[0] for line in tabs]
    found = [judged(lines(tmp_path / "判断", *form), index) for form in (tabs, plain)]
    assert values(found[0], "hybrid") == values(found[1], "hybrid")


def test_questions_that_miss_are_listed_the_worst_first(tmp_path, index):
    path = lines(
        tmp_path / "判断.tsv",
        "长城\t墙",
        "ᚠᚢᚦ\t病",
        "ᚠᚢ\t茶",
        "ᚠᚢ\t墙",
        "没有\t删",
        "一个没有字的问\t",
        "问\t茶\t多",
        "问",
    )
    found = judged(path, index)
    assert [(miss.question, miss.relevant) for miss in found.missed] == [("ᚠᚢ", ["墙", "茶"]), ("ᚠᚢᚦ", ["病"])]
    assert found.missed[0].modes == ["hybrid", "similar", "keyword"]
    assert values(found, "hybrid")["MRR@10"] == pytest.approx(1 / 3)
    assert found.remarks[0].startswith("3 lines of ")


def test_what_more_modes_miss_is_worse():
    wanted = {"一": {"甲": 1.0, "乙": 1.0}, "二": {"甲": 1.0}, "三": {"甲": 1.0}}
    ranks = {"hybrid": [0, 0, 0.5], "similar": [1, 0, 0], "keyword": [0.1, 0, 0]}
    found = missed(wanted, Measured("MRR@10", {mode: np.array(row, float) for mode, row in ranks.items()}, mean))
    assert [(miss.question, miss.modes) for miss in found] == [
        ("二", ["hybrid", "similar", "keyword"]),
        ("一", ["hybrid"]),
    ]


@pytest.mark.parametrize(
    ("content", "kind"),
    [(["长城\t没有"], "NothingToJudge"), (["长城\t墙\t0"], "NothingToJudge"), (["长城"], "SetEmpty"), ([], "SetEmpty")],
)
def test_judgements_that_judge_nothing_are_an_error_with_the_name(tmp_path, index, content, kind):
    with pytest.raises(SimsearchError, match="判断") as caught:
        judged(lines(tmp_path / "判断.tsv", *content), index)
    assert type(caught.value).__name__ == kind


def test_judgements_that_cannot_be_read_are_an_error_with_the_name(tmp_path, index):
    with pytest.raises(SimsearchError, match="没有"):
        judged(tmp_path / "没有.tsv", index)
