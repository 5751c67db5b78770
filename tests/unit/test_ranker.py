"""The ranker: a score is the sum of its parts, and its parts are what they are said to be."""

# ruff: noqa: RUF001
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.indexer.engine import Candidate, Candidates, Passage
from simsearch.indexer.pairs import word_pairs
from simsearch.indexer.ranker import Mode, Ranked
from simsearch.indexer.ranker import rank as ranking
from simsearch.model import Model

MODES = ("hybrid", "similar", "keyword", "phrase")
LINES = [
    "每天 早睡早起 身体 健康",
    "失眠 的 人 应该 早睡早起",
    "睡觉 前 不要 喝 咖啡",
    "银行 贷款 利率 是 多少",
    "明天 有 大雨",
    "公园 里 散步 的 人",
    "咖啡 和 茶 哪个 健康",
    "ᎠᎡᎢ ᏙᏓ",
    "的",
    "银行 银行 银行",
    "电脑 坏 了 怎么 修",
    "咖啡",
]
QUESTIONS = ["怎样 睡觉", "银行 利率", "咖啡 咖啡 茶", "的", "ᎠᎡᎢ 咖啡", "健康 身体 早睡早起", "，", "散步 的 人"]
questions = st.sampled_from(QUESTIONS).map(str.split)
found_texts = st.lists(st.tuples(st.sampled_from("甲乙丙丁戊"), st.sampled_from(LINES)), max_size=12)


def collection(texts: list[tuple[str, str]], total: int | None = None) -> Candidates:
    """Return candidates with the figures of the collection that they make up."""
    passages = [Candidate(name, place, Passage(words, 0, 0)) for place, (name, words) in enumerate(texts)]
    split = [words.split(" ") for _, words in texts]
    frequencies = {word: sum(word in words for words in split) for words in split for word in words}
    length = sum(map(len, split)) / max(len(split), 1)
    return Candidates(passages, frequencies, total or len(texts), length)


def rank(model: Model, words: list[str], found: Candidates, mode: Mode) -> list[Ranked]:
    return ranking(model, words, found, mode).ranked


def scores(ranked: list[Ranked]) -> dict[str, float]:
    return {item.candidate.id: item.score for item in ranked}


@pytest.mark.parametrize("mode", MODES)
@given(words=questions, texts=found_texts)
def test_pairs_of_words_and_the_share_of_the_cosine_add_up_to_the_score(model, mode, words, texts):
    found = collection(texts)
    ranked, evidence = ranking(model, words, found, mode)
    for item in ranked:
        pairs = word_pairs(model, evidence, item)
        assert math.fsum(pair.part for pair in pairs) + item.share * item.cosine == pytest.approx(item.score, abs=1e-6)
        assert all(pair.part > 0 for pair in pairs)
        assert 0 < item.score <= 1 + 1e-6


@pytest.mark.parametrize("mode", MODES)
def test_documents_that_came_after_an_empty_index_was_counted_are_ranked(model, mode):
    passages = [Candidate("甲", 0, Passage("咖啡 和 茶 哪个 健康", 0, 0))]
    ranked = rank(model, ["咖啡", "健康"], Candidates(passages, {}, 0, 0.0), mode)
    # By words alone nothing is earned: how rare they are, and how long a passage is, are not known yet.
    assert [item.candidate.id for item in ranked] == (["甲"] if mode in ("hybrid", "similar") else [])


@given(words=questions, texts=found_texts)
def test_the_words_of_a_pair_stand_in_the_question_and_in_the_document(model, words, texts):
    for mode in ("hybrid", "keyword"):
        ranked, evidence = ranking(model, words, collection(texts), mode)
        for item in ranked:
            standing = {word for name, line in texts if name == item.candidate.id for word in line.split(" ")}
            for pair in word_pairs(model, evidence, item):
                assert pair.a in words
                assert pair.b in standing


def test_a_word_is_answered_by_itself_by_a_close_one_or_by_its_characters(model):
    found = collection([("甲", "睡觉 前 不要 喝 咖啡"), ("乙", "夜里 的 睡眠"), ("丙", "明天 有 大雨")])
    ranked, evidence = ranking(model, ["睡觉"], found, "hybrid")
    pairs = {item.candidate.id: word_pairs(model, evidence, item) for item in ranked}
    assert [(pair.a, pair.b) for pair in pairs["甲"]] == [("睡觉", "睡觉")]
    assert [(pair.a, pair.b) for pair in pairs["乙"]] == [("睡觉", "睡眠")]
    assert "丙" not in pairs or not pairs["丙"]
    assert pairs["甲"][0].part > pairs["乙"][0].part


def test_letters_mean_nothing_by_themselves(model):
    ranked, evidence = ranking(model, ["qzxv"], collection([("甲", "zqvx 健康"), ("乙", "qzxv 健康")]), "hybrid")
    (item,) = [item for item in ranked if word_pairs(model, evidence, item)]
    assert item.candidate.id == "乙"


def test_a_document_that_answers_in_two_passages_beats_one_that_answers_half_in_one(model):
    texts = [("两段", "咖啡 健康"), ("两段", "银行 利率"), ("一段", "咖啡 健康"), ("一段", "明天 大雨")]
    ranked, evidence = ranking(model, ["咖啡", "利率"], collection(texts), "keyword")
    assert [item.candidate.id for item in ranked] == ["两段", "一段"]
    assert {pair.a for pair in word_pairs(model, evidence, ranked[0])} == {"咖啡", "利率"}


@pytest.mark.parametrize("mode", MODES)
@given(words=questions, texts=found_texts)
def test_each_document_is_ranked_once_best_first_ties_by_id(model, mode, words, texts):
    ranked = rank(model, words, collection(texts), mode)
    names = [item.candidate.id for item in ranked]
    assert len(names) == len(set(names))
    assert [(-item.score, item.candidate.id) for item in ranked] == sorted(
        (-item.score, item.candidate.id) for item in ranked
    )


@given(words=questions, texts=found_texts)
def test_the_share_of_the_cosine_is_the_modes(model, words, texts):
    for mode, least, most in (("similar", 1, 1), ("keyword", 0, 0), ("phrase", 0, 0), ("hybrid", 0.01, 1)):
        shares = {item.share for item in rank(model, words, collection(texts), mode)}
        assert len(shares) <= 1
        assert all(least <= share <= most for share in shares)


@given(words=questions, texts=found_texts)
def test_the_score_of_similar_is_the_cosine_of_question_and_passage(model, words, texts):
    for item in rank(model, words, collection(texts), "similar"):
        told = model.explain_words(words, item.candidate.passage.words.split(" "))
        assert item.score == pytest.approx(told.similarity, abs=1e-5)
        assert item.words == 0


@given(words=questions, texts=found_texts, data=st.data())
def test_the_order_of_candidates_does_not_matter(model, words, texts, data):
    found = collection(texts)
    shuffled = found._replace(passages=data.draw(st.permutations(found.passages)))
    for mode in MODES:
        one, other = scores(rank(model, words, found, mode)), scores(rank(model, words, shuffled, mode))
        assert one == pytest.approx(other, abs=2e-6)  # the last digit may be rounded either way


@given(words=questions, texts=found_texts)
def test_a_text_scores_by_words_exactly_where_it_holds_one(model, words, texts):
    wanted = {word for word in words if any(map(str.isalnum, word))}
    holding = {name for name, line in texts if wanted & set(line.split(" "))}
    for mode in ("keyword", "phrase"):
        assert set(scores(rank(model, words, collection(texts), mode))) == holding


def test_equal_passages_are_ordered_by_id(model):
    found = collection([(name, "咖啡 健康") for name in ("c", "a", "b", "10", "9")])
    for mode in MODES:
        assert [item.candidate.id for item in rank(model, ["咖啡"], found, mode)] == ["10", "9", "a", "b", "c"]


@pytest.mark.parametrize("mode", MODES)
def test_equal_passages_among_others_are_ordered_by_id(model, mode):
    names = [f"{number:03}" for number in range(61)]
    texts = [(name, "咖啡 健康 身体 的 人 睡觉 前") for name in reversed(names)]
    for place, line in enumerate(LINES):
        texts.insert(place * 5 + 1, (f"x{place}", line))
    ranked = [item.candidate.id for item in rank(model, ["咖啡", "睡觉", "茶"], collection(texts), mode)]
    assert [name for name in ranked if name in names] == names


def test_a_document_is_shown_by_its_best_passage(model):
    texts = [("甲", "明天 有 大雨"), ("甲", "咖啡 和 茶"), ("甲", "公园 散步")]
    for mode in MODES:
        (first,) = rank(model, ["咖啡", "茶"], collection(texts), mode)
        assert first.candidate.number == 1


def test_a_phrase_prefers_the_words_side_by_side(model):
    together, apart = "我们 学习 机器 翻译 方法", "机器 学习 我们 方法 翻译"
    found = collection([("apart", apart), ("together", together)])
    phrase = scores(rank(model, ["机器", "翻译"], found, "phrase"))
    assert phrase["together"] > phrase["apart"] > 0
    keyword = scores(rank(model, ["机器", "翻译"], found, "keyword"))
    assert keyword["together"] == pytest.approx(keyword["apart"])


def test_a_phrase_does_not_reach_into_the_next_passage(model):
    found = collection([("甲", "学习 机器"), ("乙", "翻译 方法"), ("丙", "机器 翻译")])
    ranked, evidence = ranking(model, ["机器", "翻译"], found, "phrase")
    told = {item.candidate.id: [pair.a for pair in word_pairs(model, evidence, item)] for item in ranked}
    assert ["机器 翻译" in told[name] for name in "甲乙丙"] == [False, False, True]


def test_a_word_earns_more_the_more_often_it_stands_there_and_ever_less_more(model):
    filler = ["散步", "公园", "大雨", "贷款", "利率", "电脑", "明天", "健康"]
    earned = []
    for times in range(9):
        text = " ".join(["咖啡"] * times + filler[times:])
        figures = {"咖啡": 5} | dict.fromkeys(filler, 3)
        found = Candidates([Candidate("甲", 0, Passage(text, 0, 0))], figures, 50, 8.0)
        earned.append(scores(rank(model, ["咖啡", "茶"], found, "keyword")).get("甲", 0.0))
    gains = np.diff(earned)
    assert (gains > 0).all()
    assert (np.diff(gains) < 0).all()


def test_a_rare_word_earns_more_than_a_common_one(model):
    found = collection([("甲", "咖啡 散步"), ("乙", "的 散步")])
    ranked = scores(rank(model, ["咖啡", "的"], found, "keyword"))
    assert ranked["甲"] > ranked["乙"]


def test_a_shorter_passage_earns_more_by_the_same_word(model):
    found = collection([("长", "咖啡 健康 散步 公园 大雨 贷款 利率 电脑"), ("短", "咖啡 健康")])
    ranked = scores(rank(model, ["咖啡"], found, "keyword"))
    assert ranked["短"] > ranked["长"]


@given(words=questions, texts=st.lists(st.sampled_from(LINES), min_size=2, max_size=5), other=st.sampled_from(LINES))
def test_a_document_changes_only_its_own_score(model, words, texts, other):
    found = collection(list(zip("甲乙丙丁戊", texts, strict=False)))
    changed = [found.passages[0]._replace(passage=Passage(other, 0, 0)), *found.passages[1:]]
    for mode in ("keyword", "phrase", "similar"):
        before = scores(rank(model, words, found, mode))
        after = scores(rank(model, words, found._replace(passages=changed), mode))
        before.pop("甲", None)
        after.pop("甲", None)
        assert after == pytest.approx(before, abs=2e-6)


def test_a_question_that_no_text_covers_goes_by_meaning(model):
    texts = [("咖啡", "睡觉 前 不要 喝 咖啡"), ("银行", "银行 贷款 利率 是 多少")]
    ranked = rank(model, ["失眠", "怎么办"], collection(texts), "hybrid")
    assert ranked[0].candidate.id == "咖啡"
    assert ranked[0].share > rank(model, ["咖啡", "睡觉"], collection(texts), "hybrid")[0].share


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("words", [[], ["，", "！"], ["ᎠᎡᎢ"], ["咖啡"]])
def test_nothing_found_is_nothing_ranked(model, mode, words):
    assert rank(model, words, Candidates([], {}, 0, 0.0), mode) == []
    assert rank(model, words[:0], collection([("甲", "咖啡")]), mode) == []
    assert rank(model, words, collection([("甲", "")]), mode) == []


def test_the_shorter_the_passages_the_more_the_cosine_counts(model):
    found = collection([("甲", "明天 有 大雨"), ("乙", "失眠 的 人 应该 早睡早起")], total=1_000)
    asked = ["失眠", "咖啡", "银行"]
    shares = [rank(model, asked, found._replace(average_length=length), "hybrid")[0].share for length in (10, 30, 90)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 2 * shares[2]


def test_a_word_cut_differently_earns_by_its_characters(model):
    found = collection([("甲", "银行 的 手机 游戏"), ("乙", "银行 的 贷款 利率")])
    ranked, evidence = ranking(model, ["银行", "手游"], found, "hybrid")
    earned = {item.candidate.id: item.words for item in ranked}
    (pairs,) = [word_pairs(model, evidence, item) for item in ranked if item.candidate.id == "甲"]
    assert {("手游", "手机"), ("手游", "游戏")} <= {(pair.a, pair.b) for pair in pairs}
    assert earned["甲"] > earned["乙"] > 0


@pytest.mark.parametrize("mode", MODES)
@given(words=questions, texts=found_texts, data=st.data())
def test_the_order_of_candidates_decides_nothing(model, mode, words, texts, data):
    """As engines deliver them in orders of their own."""
    found = collection(texts)
    shuffled = found._replace(passages=data.draw(st.permutations(found.passages)))
    one, other = (ranking(model, words, some, mode) for some in (found, shuffled))
    assert one.ranked == other.ranked
    explained = ([word_pairs(model, r.evidence, item) for item in r.ranked] for r in (one, other))
    assert next(explained) == next(explained)
