"""Any condition on any metadata holds of the same documents as a plain Python predicate, on every engine."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simsearch.corpus import Document
from simsearch.corpus.document import storable
from simsearch.indexer import Condition, Index, open_index
from simsearch.indexer.conditions import OPERATORS
from simsearch.indexer.enrichment import clean

from .conftest import drop

COMPARE = dict(
    zip(OPERATORS, (operator.eq, operator.eq, operator.ge, operator.le, operator.gt, operator.lt), strict=True)
)
#: Collections, and conditions that each is asked under: a server takes a hundred times as long as a file.
RUNS = {"sqlite": 12, "http": 2}
DOCUMENTS, ASKED = 30, 40

names = st.sampled_from(["年", "城", "价 格", "a", "$", "*", "'", "\ud800"])
texts = st.sampled_from(["2024", "2024-05-01", "杭州", "杭", "true", "1", "1.0", "-1", "+1", "1e3", "", " ", "𠀀"])
numbers = (
    st.sampled_from([0, 1, -1, 2024, 1.5, 1e3, 2**53 + 1])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
)
scalars = texts | st.text(max_size=5) | numbers | st.booleans()
values = scalars | st.none() | st.lists(scalars, max_size=2)
metadata = st.dictionaries(names, values | st.dictionaries(names, values, max_size=2), max_size=4)
#: What is asked of names and values that are there as often as of others.
fields = st.lists(names, min_size=1, max_size=2).map(".".join) | st.just("tags")


def meets(condition: Condition, document: Document, tags: list[str]) -> bool:
    """Tell whether a document meets a condition, as `Condition` says."""
    if condition.field == "tags":
        like = any(COMPARE[condition.operator](tag, storable(condition.text)) for tag in tags)
    else:
        value: Any = document.metadata
        for name in storable(condition.field).split("."):
            value = value.get(name) if isinstance(value, dict) else None
        like = compares(condition, value)
    return like != (condition.operator == "!=")


def compares(condition: Condition, value: Any) -> bool:
    """Tell whether a value compares so: numbers with numbers, texts with texts."""
    compare, number = COMPARE[condition.operator], condition.number
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number is not None and compare(float(value), number)
    text = str(value).lower() if isinstance(value, bool) else value
    if not isinstance(text, str):
        return False
    dated = number is None or compare is operator.eq or text[:1] in tuple("0123456789")
    return dated and compare(text, storable(condition.text))


@pytest.fixture(scope="module")
def shelf(new_url, model) -> Iterator[Index]:
    """Return an index whose documents are others for each collection."""
    with open_index(new_url(), model=model) as opened:
        yield opened
    drop(opened.engine.url)


def test_any_condition_holds_as_a_predicate_does(shelf):
    @settings(max_examples=RUNS[shelf.engine.url.partition(":")[0]])
    @given(st.lists(metadata, min_size=1, max_size=DOCUMENTS), st.data())
    def hold(every, data):
        documents = [clean(Document(str(number), "睡前不喝咖啡。", metadata=each)) for number, each in enumerate(every)]
        assert sum(shelf.add(documents).values()) == len(documents)
        shelf.delete([str(number) for number in range(len(documents), DOCUMENTS)])
        tags = {name: found.tags for name, found in shelf.engine.fetch([one.id for one in documents]).items()}
        there = [value for each in every for value in each.values() if isinstance(value, str | int | float)]
        asked = st.sampled_from(there) | scalars if there else scalars
        for condition in data.draw(
            st.lists(st.builds(Condition, fields, st.sampled_from(OPERATORS), asked), min_size=ASKED, max_size=ASKED)
        ):
            mode = data.draw(st.sampled_from(["hybrid", "similar", "keyword"]))
            found = {hit.id for hit in shelf.search("咖啡", k=DOCUMENTS, mode=mode, where=[condition])}
            assert found == {one.id for one in documents if meets(condition, one, tags[one.id])}, condition

    hold()
