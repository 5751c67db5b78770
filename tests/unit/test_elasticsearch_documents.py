"""A document as it is stored on a server, and as it comes back."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.corpus import Document
from simsearch.indexer.elasticsearch import documents
from simsearch.indexer.elasticsearch.mapping import mapping
from simsearch.indexer.engine import Enriched, Found, Passage
from simsearch.indexer.enrichment import clean, enrich

STRANGE = "ᎠᎡᎢᏙᏓ"
TEXT = "我们每天早睡早起，喝咖啡。" * 20 + f"{STRANGE}。" * 60 + "银行贷款的利率很高。" * 20
FULL = Document("甲", TEXT, "健康", {"年": 2024, "城": "杭州", "主": {"名": "王"}, "列": [1]}, "a.txt", 5)


def enriched(model, document: Document) -> Enriched:
    (item,) = enrich([document], model)
    return item


@pytest.fixture(scope="module")
def item(model) -> Enriched:
    """Return a document of several passages, one of which has no known word."""
    found = enriched(model, FULL)
    filled = found.vectors.any(axis=1)
    assert filled.any()
    assert not filled.all()
    return found


@pytest.fixture(params=[False, True], ids=["numbers", "packed"])
def packed(request) -> bool:
    return request.param


def test_a_document_is_stored_with_all_that_is_computed_from_it(item, packed):
    stored = documents.body(item, "m", packed)
    ours = stored.pop("simsearch")
    assert stored == {"text": TEXT, "title": "健康", "source": "a.txt", "metadata": FULL.metadata}
    del ours["passages"], ours["vector"]
    assert ours == {
        "model": "m",
        "digest": FULL.digest,
        "state": "ok",
        "tags": item.tags,
        "known_ratio": pytest.approx(item.known_ratio, abs=1e-4),
        "filters": {"texts": {"城": "杭州", "主.名": "王"}, "numbers": {"年": 2024.0}},
    }


@pytest.mark.parametrize("name", ["title", "source", "metadata"])
def test_what_was_not_given_is_not_stored(model, packed, name):
    given = {"title": "题", "source": "a.txt", "metadata": {"a": 1}}
    assert name in documents.body(enriched(model, Document("甲", "咖啡", **given)), "m", packed)
    del given[name]
    assert name not in documents.body(enriched(model, Document("甲", "咖啡", **given)), "m", packed)


def test_a_zero_vector_is_not_stored(item, packed):
    stored = documents.body(item, "m", packed)["simsearch"]["passages"]
    assert ["vector" in passage for passage in stored] == item.vectors.any(axis=1).tolist()


def test_a_document_without_a_known_word_is_stored_without_vectors(model, packed):
    ours = documents.body(enriched(model, Document("甲", STRANGE)), "m", packed)["simsearch"]
    assert ours["state"] == "no_known_words"
    assert "vector" not in ours
    (passage,) = ours["passages"]
    assert set(passage) & {"vector", "parts"} == set()


def test_a_document_without_words_has_no_passages(model, packed):
    ours = documents.body(enriched(model, Document("甲", "")), "m", packed)["simsearch"]
    assert (ours["state"], ours["passages"], ours["tags"]) == ("empty", [], [])
    assert "vector" not in ours


def test_the_length_of_a_passage_is_the_number_of_its_words(item, packed):
    for passage in documents.body(item, "m", packed)["simsearch"]["passages"]:
        assert passage["length"] == len(passage["words"].split())


def test_shorter_words_inside_words_stand_beside_them(model, packed):
    (passage,) = documents.body(enriched(model, Document("甲", "银行贷款")), "m", packed)["simsearch"]["passages"]
    assert passage["words"] == "银行贷款"
    assert "贷款" in passage["parts"].split()
    (passage,) = documents.body(enriched(model, Document("甲", "的")), "m", packed)["simsearch"]["passages"]
    assert "parts" not in passage


def test_packed_vectors_are_the_same_numbers_in_the_order_of_the_network(item):
    ours = documents.body(item, "m", packed=True)["simsearch"]
    pairs = [(ours["vector"], item.vector)]
    pairs += [
        (passage["vector"], row) for passage, row in zip(ours["passages"], item.vectors, strict=True) if row.any()
    ]
    for stored, row in pairs:
        raw = base64.b64decode(stored, validate=True)
        assert len(raw) == 4 * len(row)
        assert np.array_equal(np.frombuffer(raw, ">f4"), row)


def test_vectors_as_numbers_have_six_digits(item):
    ours = documents.body(item, "m", packed=False)["simsearch"]
    pairs = [(ours["vector"], item.vector)]
    pairs += [
        (passage["vector"], row) for passage, row in zip(ours["passages"], item.vectors, strict=True) if row.any()
    ]
    for stored, row in pairs:
        assert stored == pytest.approx(row.tolist(), abs=5.1e-7)
        assert all(value == round(value, 6) for value in stored)
        assert any(value != round(value, 5) for value in stored)


def test_the_vector_that_comes_back_is_the_one_that_was_stored(item, packed):
    came = documents.vector(documents.body(item, "m", packed))
    assert came.dtype == np.float32
    assert came == pytest.approx(item.vector, abs=0 if packed else 1e-6)
    assert np.linalg.norm(came) == pytest.approx(1, abs=1e-5)
    assert came.dtype.isnative


def test_what_is_shown_comes_back_as_it_was_given(item, packed):
    came = documents.found("甲", documents.body(item, "m", packed))
    assert came == Found("甲", "健康", TEXT, item.tags, "a.txt", FULL.metadata, "ok")


def test_what_was_not_given_comes_back_empty(model, packed):
    came = documents.found("甲", documents.body(enriched(model, Document("甲", "")), "m", packed))
    assert came == Found("甲", "", "", [], "", {}, "empty")


def test_passages_come_back_in_their_order(item, packed):
    stored = documents.body(item, "m", packed)
    assert documents.passages(stored) == item.passages
    assert documents.passage(stored["simsearch"]["passages"][0]) == item.passages[0]
    assert documents.passages({}) == documents.passages({"simsearch": {}}) == []


def read(stored: dict[str, Any], names: list[str], above: str = "") -> dict[str, Any]:
    """Return the fields of these names, as a server leaves out the others."""
    found: dict[str, Any] = {}
    for name, value in stored.items():
        path = above + name
        if path in names:
            found[name] = value
        elif any(other.startswith(f"{path}.") for other in names):
            inside = value if isinstance(value, list) else [value]
            kept = [read(one, names, f"{path}.") for one in inside]
            found[name] = kept if isinstance(value, list) else kept[0]
    return found


def test_the_fields_that_are_read_suffice(item, packed):
    stored = documents.body(item, "m", packed)
    assert documents.found("甲", read(stored, documents.SHOWN)) == documents.found("甲", stored)
    assert documents.passages(read(stored, documents.OF_PASSAGES)) == item.passages
    assert np.array_equal(documents.vector(read(stored, documents.VECTOR)), documents.vector(stored))
    assert read(stored, documents.DIGEST)["simsearch"]["digest"] == FULL.digest
    shown = json.dumps(read(stored, [*documents.SHOWN, *documents.OF_PASSAGES]))
    assert "vector" not in shown, "too much to be sent for nothing"


def unknown(stored: dict[str, Any], field: dict[str, Any]) -> list[str]:
    """Return the names that a strict mapping refuses."""
    found = []
    for name, value in stored.items():
        inside = field["properties"].get(name)
        if inside is None:
            found.append(name)
        elif "properties" in inside:
            for one in value if isinstance(value, list) else [value]:
                found += unknown(one, inside)
    return found


texts = st.lists(
    st.sampled_from(["早睡早起。", "電腦", "，", "\n", STRANGE, "咖" * 250, "\ud800", "\0", "😀"]), max_size=12
)


@given(
    texts.map("".join),
    st.text(st.characters(), max_size=5),
    st.dictionaries(st.text(max_size=3), st.floats() | st.text()),
)
def test_the_mapping_takes_whatever_is_stored(model, text, title, metadata):
    document = clean(Document("甲", text, title, metadata))
    for packed in (False, True):
        stored = documents.body(enriched(model, document), model.id, packed)
        assert unknown(stored, mapping(model.id, model.dimensions)) == []
        sent = json.dumps(stored, allow_nan=False, ensure_ascii=False).encode()
        came = json.loads(sent)
        assert documents.found("甲", came)[1:3] == (document.title, document.text)
        assert all(isinstance(passage, Passage) for passage in documents.passages(came))
        if came["simsearch"]["state"] == "ok":
            assert len(documents.vector(came)) == model.dimensions
        else:
            assert "vector" not in came["simsearch"]
