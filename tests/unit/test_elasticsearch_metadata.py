"""Metadata as conditions ask for them: texts and numbers apart, and nothing that a server would refuse."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simsearch.indexer.elasticsearch.metadata import LONGEST_FIELD, can_be_asked, filters

NOTHING: dict[str, Any] = {"texts": {}, "numbers": {}}


@pytest.mark.parametrize(
    ("metadata", "texts", "numbers"),
    [
        ({}, {}, {}),
        ({"城": "杭州", "price": 100}, {"城": "杭州"}, {"price": 100.0}),
        ({"price": 99.5, "n": -3, "zero": 0}, {}, {"price": 99.5, "n": -3.0, "zero": 0.0}),
        ({"zip": "310000", "empty": ""}, {"zip": "310000", "empty": ""}, {}),
        ({"on": True, "off": False}, {"on": "true", "off": "false"}, {}),
        ({"owner": {"name": "王", "age": 30}}, {"owner.name": "王"}, {"owner.age": 30.0}),
        ({"a": {"b": {"c": {"d": 1}}}, "e": {}}, {}, {"a.b.c.d": 1.0}),
        ({"a b": "x", "$": "y", "[0]": "z", "*": "w"}, {"a b": "x", "$": "y", "[0]": "z", "*": "w"}, {}),
        ({"big": 2**70, "small": 5e-324}, {}, {"big": 2.0**70, "small": 5e-324}),
        ({"day": "2024-05-01"}, {"day": "2024-05-01"}, {}),
    ],
)
def test_texts_and_numbers_are_apart(metadata, texts, numbers):
    assert filters(metadata) == {"texts": texts, "numbers": numbers}


@pytest.mark.parametrize(
    "value",
    [None, [], ["x", "y"], [1], [{"a": 1}], math.nan, math.inf, -math.inf, 10**400, -(10**400), b"x", {}, ("x",)],
    ids=lambda value: str(value)[:12],
)
def test_what_no_condition_can_compare_is_left_out(value):
    assert filters({"a": value}) == NOTHING
    assert filters({"a": {"b": value, "c": 1}, "d": "x"}) == {"texts": {"d": "x"}, "numbers": {"a.c": 1.0}}


@pytest.mark.parametrize("name", ["a.b", ".", "..", ".a", "a.", "", " ", "\t", "\u3000", "a" * (LONGEST_FIELD + 1)])
def test_a_name_that_cannot_be_asked_for_is_left_out_with_all_that_is_below(name):
    assert filters({name: "x"}) == NOTHING
    assert filters({name: {"inside": 1}, "ok": 2}) == {"texts": {}, "numbers": {"ok": 2.0}}
    assert filters({"above": {name: "x", "ok": "y"}}) == {"texts": {"above.ok": "y"}, "numbers": {}}


def test_a_name_with_a_dot_is_not_taken_for_a_deeper_one():
    assert filters({"a.b": "shallow", "a": {"b": "deep"}}) == {"texts": {"a.b": "deep"}, "numbers": {}}


def test_names_count_with_all_that_is_above_them():
    half = "a" * (LONGEST_FIELD // 2)
    assert filters({half: {half[1:]: 1}})["numbers"] == {f"{half}.{half[1:]}": 1.0}
    assert filters({half: {half: 1}}) == NOTHING


@pytest.mark.parametrize("name", ["a", "a.b", "城.市", " a ", "a b", "a" * LONGEST_FIELD, "$", "-", "*"])
def test_a_name_of_a_field_can_be_asked_for(name):
    assert can_be_asked(name)


@pytest.mark.parametrize("name", ["", " ", ".", "a.", ".a", "a..b", "a. .b", "\n", "a" * (LONGEST_FIELD + 1)])
def test_a_name_that_is_empty_somewhere_or_too_long_cannot(name):
    assert not can_be_asked(name)


words = st.one_of(st.sampled_from(["a", "b", "a.b", ".", "", " ", "x" * 300]), st.text(max_size=4))
anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from([10**400, -(10**400)]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(words, anything, max_size=5))
def test_whatever_metadata_hold_a_server_takes_what_comes_of_it(metadata):
    found = filters(metadata)
    assert set(found) == {"texts", "numbers"}
    assert all(type(value) is str for value in found["texts"].values())
    assert all(type(value) is float and math.isfinite(value) for value in found["numbers"].values())
    for name in [*found["texts"], *found["numbers"]]:
        assert can_be_asked(name)
    assert not set(found["texts"]) & set(found["numbers"]), "a name has one value"
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@given(st.dictionaries(words, anything, max_size=5))
@example({"a": 2**53 + 1})
def test_every_name_leads_to_its_value_in_the_metadata(metadata):
    found = filters(metadata)
    for name, value in (found["texts"] | found["numbers"]).items():
        here: Any = metadata
        for part in name.split("."):
            here = here[part]
        assert value == (
            float(here) if isinstance(value, float) else str(here).lower() if isinstance(here, bool) else here
        )
