"""What is computed from a document: the same alone as in a batch, storable, with its places in the original."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simsearch.corpus import Document
from simsearch.indexer.enrichment import clean, enrich
from simsearch.limits import LIMITS

STRANGE = "ᎠᎡᎢᏙᏓ"
parts = st.sampled_from(
    [
        "我们每天早睡早起。",
        "電腦壞了怎麼辦？",
        "，",
        "\n",
        " ",
        "ＡＢＣ公司",
        STRANGE,
        "咖啡和茶哪个健康！",
        "x" * 250,
        "😀",
        "的",
    ]
)
texts = st.one_of(st.lists(parts, max_size=40).map("".join), st.text(max_size=50))
documents = st.builds(
    Document,
    id=st.text(min_size=1, max_size=5),
    text=texts,
    title=st.one_of(st.just(""), texts.map(lambda text: text[:30])),
).map(clean)


@given(st.lists(documents, max_size=6))
def test_a_batch_says_the_same_as_each_document_alone(model, batch):
    together = enrich(batch, model)
    assert [item.document for item in together] == batch
    for item in together:
        (alone,) = enrich([item.document], model)
        assert alone.vector == pytest.approx(item.vector, abs=1e-6)
        assert alone.vectors == pytest.approx(item.vectors, abs=1e-6)
        # Tags leave out the lines that a batch repeats: tests/unit/test_keywords.py.
        assert alone._replace(vector=None, vectors=None, tags=[]) == item._replace(vector=None, vectors=None, tags=[])


def test_no_documents_are_nothing(model):
    assert enrich([], model) == []


@given(documents)
def test_passages_hold_the_words_of_their_place_in_the_text(model, document):
    (item,) = enrich([document], model)
    for number, passage in enumerate(item.passages):
        words = model.segment(document.text[passage.start : passage.end])
        if number == 0:
            words = model.segment(document.title) + words
        assert passage.words.split() == [word for word in words if any(map(str.isalnum, word))]
    assert len(item.vectors) == len(item.passages)


@given(documents)
def test_vectors_are_those_of_the_words(model, document):
    (item,) = enrich([document], model)
    assert item.vector.shape == (model.dimensions,)
    assert item.vectors.shape == (len(item.passages), model.dimensions)
    for vector, words in [*zip(item.vectors, [passage.words for passage in item.passages], strict=True)]:
        split = words.split()
        rows = model.table.vectors[model.table.rows(split)].astype(float).sum(axis=0)
        length = np.linalg.norm(rows)
        assert length < 1e-3 or vector == pytest.approx(rows / length, abs=1e-4)
    lengths = np.linalg.norm([item.vector, *item.vectors], axis=1)
    assert all(length == 0 or length == pytest.approx(1, abs=1e-5) for length in lengths)


@pytest.mark.parametrize(
    ("text", "title", "state"),
    [
        ("我们喝咖啡。", "", "ok"),
        ("", "咖啡", "ok"),
        (STRANGE, "咖啡", "ok"),
        (STRANGE, "", "no_known_words"),
        ("", STRANGE, "no_known_words"),
        ("", "", "empty"),
        (" \n\t", "", "empty"),
        ("，。！？……", "——", "empty"),
    ],
)
def test_the_state_tells_what_is_known(model, text, title, state):
    (item,) = enrich([Document("甲", text, title)], model)
    assert item.state == state
    assert item.vector.any() == (state == "ok")


def test_the_known_ratio_counts_words_of_the_vocabulary(model):
    ratios = [
        item.known_ratio for item in enrich([Document("甲", text) for text in ("咖啡，健康！", STRANGE, "")], model)
    ]
    assert ratios == [1, 0, 0]
    (mixed,) = enrich([Document("甲", f"咖啡，{STRANGE}")], model)
    assert 0 < mixed.known_ratio < 1


def test_a_document_has_so_many_passages_and_the_rest_is_counted(model):
    document = Document("甲", ("字" * 200 + "。") * 3_000)
    (item,) = enrich([document], model)
    assert len(item.passages) == len(item.vectors) == LIMITS["passages"].default == 2_000
    assert item.dropped == 1_000


def test_an_endless_line_is_cut_into_passages(model):
    (item,) = enrich([Document("甲", "咖啡" * 50_000)], model)
    assert item.state == "ok"
    assert item.passages[0].end - item.passages[0].start <= 400
    assert item.passages[-1].end == 100_000


# The digest

BASE = Document("甲", "咖啡和茶", "题", {"年": 2024, "城": "杭州"}, "a.txt", 5)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "咖啡和茶 "},
        {"title": "题目"},
        {"title": ""},
        {"metadata": {}},
        {"metadata": {"年": 2025, "城": "杭州"}},
        {"metadata": {"年": "2024", "城": "杭州"}},
        {"text": "题咖啡和茶", "title": ""},
    ],
    ids=str,
)
def test_the_digest_changes_with_text_title_and_metadata(change):
    assert replace(BASE, **change).digest != BASE.digest


@pytest.mark.parametrize(
    "change", [{"id": "乙"}, {"source": "b"}, {"sequence": 6}, {"metadata": {"城": "杭州", "年": 2024}}], ids=str
)
def test_the_digest_changes_with_nothing_else(change):
    assert replace(BASE, **change).digest == BASE.digest


# Cleaning


def test_a_clean_document_stays_as_it_is():
    assert clean(BASE) == BASE


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)


@given(
    st.builds(
        Document,
        id=st.text(),
        text=st.text(),
        title=st.text(),
        source=st.text(),
        metadata=st.dictionaries(st.text(), anything),
    )
)
@example(Document("a\ud800", "b\0\udfff", "c\ud83d", {"\ud800": "\udc00"}, "d\0"))
def test_whatever_is_no_text_is_cleaned_away(document):
    done = clean(document)
    for text in (done.id, done.text, done.title, done.source, json.dumps(done.metadata, ensure_ascii=False)):
        text.encode()
        assert "\0" not in text
    assert len(done.text) == len(document.text), "offsets stay"
    assert len(done.digest) == 32


def test_cleaning_twice_changes_nothing():
    dirty = Document("a\ud800" * 999, "b\0", metadata={"x": "\ud800", "日": date(2024, 5, 1), "n": (1, 2)})
    assert clean(clean(dirty)) == clean(dirty)


def test_a_date_in_the_metadata_becomes_iso():
    assert clean(replace(BASE, metadata={"日": date(2024, 5, 1)})).metadata == {"日": "2024-05-01"}


def test_numbers_that_are_none_do_not_stay_in_the_metadata():
    json.dumps(clean(replace(BASE, metadata={"价": float("nan"), "高": float("inf")})).metadata, allow_nan=False)


@pytest.mark.parametrize(
    ("name", "same"), [("a" * 512, True), ("a" * 513, False), ("字" * 170, True), ("字" * 171, False)]
)
def test_an_id_that_is_too_long_is_replaced(name, same):
    done = clean(replace(BASE, id=name))
    assert (done.id == name) is same
    assert len(done.id.encode()) <= 512
    assert done.id == clean(replace(BASE, id=name)).id
    assert done.id != clean(replace(BASE, id=name + "b")).id
