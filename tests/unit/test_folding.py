"""The laws of folding: one spelling for one word, and the way back to the original."""

# ruff: noqa: RUF001 - look-alikes are what this is about
from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simsearch.corpus.folding import fold, fold_with_offsets
from simsearch.corpus.segmentation import Segmenter

#: Characters that folding treats in some way of their own, among others.
TRICKY = (
    "，。！？“”《》ＡｂＺ０９％臺灣乾後髮發裡麵電腦ⅣﬁſİßΣςÅ㌀㍿㎏①⼀⽇⾔の가ｶﾞ"
    "\u304b\u3099e\u0301\u0308\u1112\u1161\u200b\u200e\u202e\ufeff\ud800\x00\x85\t\n\r "
)
texts = st.text(st.one_of(st.characters(), st.sampled_from(TRICKY)), max_size=60)
segmenter = Segmenter()


def words(text: str) -> list[str]:
    return segmenter.segment(fold(text))


@given(texts)
@example("e\u200b\u0301")
@example("ｶﾞｰﾄﾞ")
@example("Ａ\u0301")
@example("か\u200b\u3099")
@example("\u1112\u200b\u1161")
@example("ẛ\u0323")
@example("薴")
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


def test_folding_any_assigned_character_twice_changes_nothing():
    assigned = (character for character in map(chr, range(0x110000)) if unicodedata.category(character) != "Cn")
    once = ((character, fold(character)) for character in assigned)
    changed = [hex(ord(character)) for character, folded in once if folded not in (character, fold(folded))]
    assert not changed


@given(texts.map(lambda text: unicodedata.normalize("NFC", text)))
def test_folding_with_offsets_says_the_same_for_composed_text(text):
    assert fold_with_offsets(text)[0] == fold(text)


@given(texts)
@example("\u1112\u1161\u11ab")
@example("\u0627\u0653")
def test_folding_with_offsets_says_the_same_for_any_text(text):
    assert fold_with_offsets(text)[0] == fold(text)


@given(texts)
def test_offsets_rise_and_stay_inside_the_text(text):
    folded, offsets = fold_with_offsets(text)
    assert len(offsets) == len(folded) + 1
    assert offsets == sorted(offsets)
    assert offsets[-1] == len(text)
    assert all(0 <= offset <= len(text) for offset in offsets)


@given(texts, texts)
def test_offsets_point_to_the_character_they_came_from(before, after):
    text = f"{before}。电。{after}"
    folded, offsets = fold_with_offsets(text)
    place = folded.index("。电。", len(fold_with_offsets(before)[0]))
    assert text[offsets[place + 1] : offsets[place + 2]] == "电"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("ﾊﾟﾝ", "パン"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("臺灣的電腦與軟體", "台湾的电脑与软体"),
        ("頭髮乾燥，發現問題", "头发干燥，发现问题"),
        ("⼀⽇⼈⽂", "一日人文"),
        ("㎏", "kg"),
        ("ﬁnance", "finance"),
        ("Café", "cafe\u0301"),
        ("电\u200b脑\ufeff", "电脑"),
        ("电脑\u00ad很\u202e好", "电脑很好"),
    ],
)
def test_spellings_of_one_word_become_one(one, other):
    assert words(one) == words(other)


@given(st.text(st.characters(max_codepoint=0x2FFF, exclude_categories=["Cs"]), max_size=40))
def test_composed_and_decomposed_text_are_equal(text):
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text(st.sampled_from("，。！？：；（）、“”‘’《》〈〉【】「」『』…—～·"), min_size=1))
def test_chinese_punctuation_stays(marks):
    assert fold(marks) == marks


@given(texts)
def test_what_is_no_text_never_reaches_a_word(text):
    banned = {"\0", "\u200b", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff", "\u2060"}
    for word in words(text):
        assert not banned & set(word)
        assert not any(unicodedata.category(character) in ("Cs", "Cc") for character in word)
        assert not any(map(str.isspace, word))
        word.encode()


def test_a_lone_surrogate_is_replaced_in_its_place():
    assert fold("好\ud83d的") == "好\ufffd的"


def test_lines_stay_lines():
    assert fold("一行\r\n二行\u2028三行").count("\n") >= 2
    assert len(fold("甲\x00乙").split()) == 2
