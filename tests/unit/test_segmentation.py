"""Segmenting: nothing lost, words of user dictionaries whole, endless lines in bounded time."""

# ruff: noqa: RUF001
from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.corpus.folding import fold
from simsearch.corpus.segmentation import LONGEST_PIECE, Segmenter

plain = Segmenter()


@given(
    st.text(
        st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("我们在北京的大学里学习 \n，。c+#.-'")),
        max_size=80,
    )
)
def test_words_are_the_text_without_white_space(text):
    folded = fold(text)
    assert "".join(plain.segment(folded)) == "".join(folded.split())


def test_nothing_has_no_words():
    assert plain.segment("") == []
    assert plain.segment(" \n\t　") == []


def test_common_words_are_found():
    assert plain.segment("我们在北京大学学习") == ["我们", "在", "北京大学", "学习"]


@pytest.mark.parametrize(
    "line", ["曜石折叠屏", "曜石折叠屏 5", "曜石折叠屏 5000 nz", "  曜石折叠屏   3  ", "曜石折叠屏\t9\tn"]
)
def test_a_word_of_a_user_dictionary_stays_whole(line):
    assert "曜石折叠屏" not in plain.segment("新款曜石折叠屏手机")
    assert "曜石折叠屏" in Segmenter([line]).segment("新款曜石折叠屏手机")


def test_every_word_of_a_user_dictionary_stays_whole():
    names = ["甲辰酱香", "阿尔法鲸鱼", "k8s集群", "量子波动速读"]
    own = Segmenter(names)
    for name in names:
        assert name in own.segment(f"请问{name}是什么")


def test_a_user_dictionary_changes_no_other_segmenter():
    Segmenter(["在北京大学学习"])
    assert plain.segment("我们在北京大学学习") == ["我们", "在", "北京大学", "学习"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   ",
        "\n",
        "鲸落 多少",
        "鲸落 -3",
        "鲸落 3.5",
        "鲸落 0",
        "鲸落 99999999999999999999999",
        "鲸落 ５",
        "鲸落 ²",
        "鲸落 1 n 多余",
        "\ufeff鲸落",
    ],
)
def test_a_broken_line_of_a_user_dictionary_stops_nothing(line):
    own = Segmenter([line, "曜石折叠屏"])
    assert own.segment("新款曜石折叠屏手机") == ["新款", "曜石折叠屏", "手机"]


@pytest.mark.parametrize("piece", ["字", "我们在北京大学学习", "啊，", "x", "1", "，", "\u4e00\u200b"])
def test_an_endless_line_takes_bounded_time(piece):
    line = fold(piece * (1_000_000 // len(piece)))
    start = time.process_time()
    words = plain.segment(line)
    assert time.process_time() - start < 20
    assert "".join(words) == line
    assert max(map(len, words)) <= LONGEST_PIECE


@given(st.integers(1, 12))
def test_a_cut_at_a_mark_changes_no_word(extra):
    sentence = "我们在北京大学学习，然后回家。"
    times = LONGEST_PIECE // len(sentence) + extra
    assert plain.segment(sentence * times) == plain.segment(sentence) * times


def test_words_of_a_user_dictionary_are_folded_like_texts():
    segmenter = Segmenter(["GPT大模型", "雲引擎"])
    assert segmenter.segment("gpt大模型和云引擎") == ["gpt大模型", "和", "云引擎"]


def test_the_parts_of_a_word_are_shorter_words_inside_it():
    segmenter = Segmenter()
    assert segmenter.parts("银行贷款") == ("银行", "贷款")
    assert segmenter.parts("银行") == segmenter.parts("computer") == segmenter.parts("") == ()
