"""Whatever bytes a file holds, and whatever a document or a question says: stored cleaned, read back, answered."""

# ruff: noqa: RUF001
from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simsearch.corpus import Document, Skipped
from simsearch.corpus.document import storable
from simsearch.corpus.sources import read
from simsearch.indexer import Index, open_index
from simsearch.indexer.enrichment import clean, enrich

from .conftest import drop

#: Batches, and questions: a server takes a hundred times as long as a file.
RUNS = {"sqlite": (20, 60), "http": (6, 30)}

#: Any characters, half ones included, and Chinese ones often.
pieces = st.sampled_from(
    ["失眠的人不喝咖啡。", "電腦壞了，", "\0", "\ud83d", "\u202e", "\n", "ＡＢＣ", "😀", "银行贷款"]
)
texts = st.text(st.characters(codec=None), max_size=30) | st.lists(pieces, max_size=10).map("".join)
encoded = st.builds(
    lambda text, encoding: text.encode(encoding, "ignore"),
    texts,
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "big5", "utf-16", "utf-16-le", "latin-1"]),
)
contents = st.binary(max_size=60) | encoded | st.tuples(encoded, st.binary(max_size=3), encoded).map(b"".join)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
documents = st.builds(
    Document,
    st.text(st.characters(codec=None), min_size=1, max_size=5),
    texts,
    title=texts,
    metadata=st.dictionaries(st.text(st.characters(codec=None), max_size=3), anything, max_size=2),
).map(lambda one: replace(one, source=one.title))  # one digest, one source: what differs by it alone is not stored anew


@pytest.fixture(scope="module")
def shelf(new_url, model) -> Iterator[Index]:
    """Return an index that takes whatever these tests think of."""
    with open_index(new_url(), model=model) as opened:
        yield opened
    drop(opened.engine.url)


def runs(index: Index) -> tuple[int, int]:
    return RUNS[index.engine.url.partition(":")[0]]


def assert_comes_back(index: Index, some: list[Document]) -> None:
    """Store documents, and check that what is read back is what they say, cleaned, and what was computed from it."""
    newest = {one.id: one for one in map(clean, some)}
    outcomes = index.add(some)
    assert outcomes["stored"] + outcomes["unchanged"] == len(newest)  # another example may have said the same
    found = index.engine.fetch(list(newest))
    assert {name: found[name].text for name in newest} == {name: storable(one.text) for name, one in newest.items()}
    for name, one in newest.items():
        assert (found[name].title, found[name].metadata, found[name].source) == (one.title, one.metadata, one.source)
        json.dumps(found[name]._asdict(), allow_nan=False, ensure_ascii=False).encode()
    enriched = {item.document.id: item for item in enrich(list(newest.values()), index.model)}
    assert index.engine.passages(list(newest)) == {name: item.passages for name, item in enriched.items()}
    vectors = index.engine.vectors(1_000)
    for name, item in enriched.items():
        assert np.isfinite(item.vector).all()
        assert np.isfinite(item.vectors).all()
        assert (name in vectors) == (item.state == "ok") == bool(item.vector.any())
        assert name not in vectors or vectors[name] == pytest.approx(item.vector, abs=0.01)


def test_whatever_bytes_files_hold_they_are_told_or_come_back_cleaned(shelf):
    @settings(max_examples=runs(shelf)[0])
    @given(st.lists(st.tuples(contents, st.sampled_from([".txt", ".md"])), min_size=1, max_size=8))
    def come_back(files):
        with TemporaryDirectory() as folder:
            for number, (content, ending) in enumerate(files):
                Path(folder, f"{number}{ending}").write_bytes(content)
            found = list(read([folder]))
        assert len(found) == len(files)
        assert all(item.failed and item.reason for item in found if isinstance(item, Skipped))
        assert_comes_back(shelf, [replace(item, source="") for item in found if isinstance(item, Document)])

    come_back()


def test_whatever_a_document_holds_comes_back_cleaned(shelf):
    @settings(max_examples=runs(shelf)[0])
    @given(st.lists(documents, max_size=8))
    def come_back(some):
        assert_comes_back(shelf, some)

    come_back()


def test_whatever_is_asked_is_answered(shelf, model):
    shelf.add([Document("问", "失眠的人不喝咖啡。"), Document("答", "電腦壞了，銀行貸款。"), Document("空", "")])

    @settings(max_examples=runs(shelf)[1])
    @given(texts, st.sampled_from(["hybrid", "similar", "keyword", "phrase"]), st.integers(1, 100))
    def answer(question, mode, k):
        hits = shelf.search(question, k=k, mode=mode, explain=True)
        assert len({hit.id for hit in hits}) == len(hits) <= k
        assert all(math.isfinite(hit.score) for hit in hits)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        json.dumps([hit._asdict() for hit in hits], allow_nan=False, ensure_ascii=False, default=str).encode()
        if not any(map(str.isalnum, model.fold(question))):
            assert hits == []

    answer()
