"""Sentences and passages: spans that cover the text, in order, of bounded length."""

# ruff: noqa: RUF001
from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simsearch.corpus.passages import LONGEST_SENTENCE, PASSAGE_LENGTH, passages, sentences

marks = st.sampled_from("。！？!?；;…\n”’」）》，,、：: \t\u3000\r")
texts = st.one_of(
    st.text(st.one_of(st.sampled_from("我你他吃饭睡觉"), marks, st.characters()), max_size=300),
    st.lists(st.tuples(st.integers(0, 500), marks)).map(lambda runs: "".join("字" * n + mark for n, mark in runs)),
)


@given(texts)
@example("")
@example("\n\n\n")
@example("。" * 1000)
@example(" " * 1000 + "字")
def test_sentences_lie_end_to_end(text):
    spans = sentences(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(0 < end - start <= LONGEST_SENTENCE for start, end in spans)
    assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]]


@given(texts)
def test_passages_cover_all_that_is_no_white_space(text):
    spans = passages(text)
    covered = [False] * len(text)
    for start, end in spans:
        assert start < end
        assert text[start:end].strip()
        covered[start:end] = [True] * (end - start)
    assert all(inside or character.isspace() for inside, character in zip(covered, text, strict=True))
    assert all(one.end <= next_.start for one, next_ in pairwise(spans))


@given(texts)
def test_passages_are_whole_sentences_of_about_two_hundred_characters(text):
    edges = {0, len(text)} | {edge for span in sentences(text) for edge in span}
    for start, end in passages(text):
        assert {start, end} <= edges
        assert end - start <= max(PASSAGE_LENGTH, LONGEST_SENTENCE)
        within = [span for span in sentences(text) if start <= span.start and span.end <= end]
        assert end - start <= PASSAGE_LENGTH or len(within) == 1


def test_passages_are_filled():
    text = "今天天气很好，我们去公园散步。" * 100
    assert all(span.end - span.start > PASSAGE_LENGTH / 2 for span in passages(text)[:-1])


@pytest.mark.parametrize("mark", "。！？；…")
def test_a_sentence_ends_at_its_mark(mark):
    assert len(sentences(f"他来了{mark}她走了{mark}")) == 2


def test_a_closing_quote_belongs_to_its_sentence():
    text = "他说：“走吧！”她说：“好。”"
    assert [text[start:end] for start, end in sentences(text)] == ["他说：“走吧！”", "她说：“好。”"]


def test_a_long_sentence_is_cut_at_a_comma():
    text = "字" * 300 + "，" + "词" * 300 + "。"
    assert [text[start:end][-1] for start, end in sentences(text)] == ["，", "。"]


@pytest.mark.parametrize("piece", ["字", "。", "，", "\n", " ", "”", "字 ", "。 ", "…”", "a。\n "])
def test_an_endless_line_takes_bounded_time(piece):
    text = piece * (1_000_000 // len(piece))
    start = time.process_time()
    spans = passages(text)
    assert time.process_time() - start < 10
    assert sum(end - begin for begin, end in spans) in (0, len(text))
