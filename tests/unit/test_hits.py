"""Highlights: stretches of the original text, whatever it is written in."""

# ruff: noqa: RUF001
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.corpus.passages import Span
from simsearch.indexer.hits import highlights

parts = st.sampled_from(
    [
        "我的電腦壞了",
        "我的电脑坏了",
        "ＤＮＡ檢測",
        "cafe\u0301",
        "，",
        "咖\u200b啡",
        "\n",
        " ",
        "㎏",
        "早睡早起",
        "😀",
        "臺灣",
        "的",
        "\ufeff",
    ]
)
texts = st.lists(parts, max_size=12).map("".join)


def shown(model, question: str, text: str, passage: Span | None = None) -> list[str]:
    spans = highlights(model, model.segment(question), text, passage or Span(0, len(text)))
    return [text[start:end] for start, end in spans]


@given(
    texts,
    st.sampled_from(["电脑", "咖啡", "DNA", "台湾 早睡早起", "的", "公斤 kg"]),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_highlights_are_words_of_the_passage_in_its_order(model, text, question, before, after):
    passage = Span(min(before, len(text)), max(min(before, len(text)), len(text) - after))
    spans = highlights(model, model.segment(question), text, passage)
    words = set(model.segment(text[passage.start : passage.end]))
    last = passage.start
    for start, end in spans:
        assert last <= start < end <= passage.end
        assert set(model.segment(text[start:end])) <= words
        assert model.segment(text[start:end])
        last = end


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("电脑", "我的電腦壞了。", "電腦"),
        ("電腦", "我的电脑坏了。", "电脑"),
        ("dna", "做ＤＮＡ檢測。", "ＤＮＡ"),
        ("ＤＮＡ", "做dna检测。", "dna"),
        ("咖啡", "买咖\u200b啡。", "咖\u200b啡"),
        ("咖啡", "\ufeff咖啡不见了", "咖啡"),
        ("é", "去e\u0301坐坐", "e\u0301"),
        ("é", "去e\u0301", "e\u0301"),
        ("人", "大⼈物 ⼈ 类", "⼈"),
    ],
)
def test_a_word_is_found_however_it_is_written(model, question, text, expected):
    assert expected in shown(model, question, text)


def test_places_count_characters_of_the_whole_text(model):
    text = "😀前言在此。" + "买了电脑。" + "后记。"
    (span,) = highlights(model, ["电脑"], text, Span(6, 11))
    assert text[span.start : span.end] == "电脑"


def test_the_rest_of_the_text_is_left_alone(model):
    assert shown(model, "咖啡", "咖啡。电脑。咖啡。", Span(3, 6)) == []


def test_a_word_of_like_meaning_is_shown_too(model):
    assert model.word_similarity("电脑", "计算机") > 0.5
    assert shown(model, "计算机", "买了电脑。") == ["电脑"]


def test_a_function_word_is_shown_only_where_nothing_else_is(model):
    assert shown(model, "的咖啡", "我的咖啡") == ["咖啡"]
    assert shown(model, "的", "我的书包") == ["的"]


@pytest.mark.parametrize("question", ["", "，。", "ᎠᎡᎢ"])
def test_a_question_without_a_known_word_shows_nothing(model, question):
    assert shown(model, question, "我喝咖啡，吃面包。") == []
    assert shown(model, question, "") == []


def test_an_unknown_word_is_shown_where_it_stands(model):
    assert "".join(shown(model, "ᎠᎡᎢ", "说ᎠᎡᎢ，好。")) == "ᎠᎡᎢ"


def test_an_unknown_word_is_shown_beside_a_known_one(model):
    assert shown(model, "电脑 ᎠᎡᎢ", "买了电脑，说ᎠᎡᎢ。") == ["电脑", "ᎠᎡᎢ"]
