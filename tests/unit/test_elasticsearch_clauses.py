"""Conditions as Elasticsearch is asked: texts with texts, numbers with numbers, whatever they hold."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simsearch.indexer import Condition
from simsearch.indexer.conditions import OPERATORS, ConditionUnclear
from simsearch.indexer.elasticsearch.queries import OURS

RANGES = {">=": "gte", ">": "gt", "<=": "lte", "<": "lt"}
TEXTS, NUMBERS = "simsearch.filters.texts", "simsearch.filters.numbers"


def ways(condition: Condition) -> list[dict[str, Any]]:
    """Return the ways in which a document may meet a condition that is not turned round."""
    (clause,) = OURS.where([condition])
    assert set(clause) == {"dis_max"}
    assert set(clause["dis_max"]) == {"queries"}
    return clause["dis_max"]["queries"]


def test_a_text_is_looked_for_among_texts():
    assert ways(Condition("city", "=", "杭州")) == [{"term": {f"{TEXTS}.city": "杭州"}}]


@pytest.mark.parametrize(("operator", "name"), RANGES.items())
def test_a_text_is_compared_with_texts(operator, name):
    assert ways(Condition("day", operator, "2024-05-01")) == [{"range": {f"{TEXTS}.day": {name: "2024-05-01"}}}]


@pytest.mark.parametrize(
    ("value", "text", "number"),
    [("100", "100", 100.0), ("-1.5", "-1.5", -1.5), ("+1e3", "+1e3", 1000.0), (99.5, "99.5", 99.5), (7, "7", 7.0)],
)
def test_a_number_is_looked_for_among_numbers_and_as_a_text(value, text, number):
    assert ways(Condition("price", "=", value)) == [
        {"term": {f"{TEXTS}.price": text}},
        {"term": {f"{NUMBERS}.price": number}},
    ]


@pytest.mark.parametrize(("operator", "name"), RANGES.items())
@pytest.mark.parametrize("value", ["2024", 2024.0])
def test_a_number_is_compared_with_numbers_and_with_texts_that_begin_like_dates(operator, name, value):
    bound = {"gte": "0"} if operator.startswith("<") else {"lt": ":"}
    assert ways(Condition("day", operator, value)) == [
        {"range": {f"{TEXTS}.day": {name: "2024", **bound}}},
        {"range": {f"{NUMBERS}.day": {name: 2024.0}}},
    ]


def meets(bounds: dict[str, str], text: str) -> bool:
    """Tell whether a text lies within the bounds of a range, as Lucene orders terms."""
    tests = {"gte": "__ge__", "gt": "__gt__", "lte": "__le__", "lt": "__lt__"}
    return all(getattr(text.encode(), tests[name])(bound.encode()) for name, bound in bounds.items())


digits = st.from_regex(r"[+-]?[0-9]{1,4}(\.[0-9]{1,2})?", fullmatch=True)


@given(digits, st.sampled_from(sorted(RANGES)), st.one_of(digits, st.text(st.characters(exclude_categories=["Cs"]))))
@example("-5", ">", "面议")
@example("-5", ">", "2024-05-01")
@example("2024", ">=", "面议")
def test_of_all_texts_those_that_begin_with_a_digit_compare_with_a_number(number, operator, text):
    (by_text, _) = ways(Condition("day", operator, number))
    ((field, bounds),) = by_text["range"].items()
    assert field == f"{TEXTS}.day"
    compares = {">=": text >= number, ">": text > number, "<=": text <= number, "<": text < number}[operator]
    assert meets(bounds, text) == (text[:1] in tuple("0123456789") and compares)


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false")])
def test_yes_and_no_are_texts(value, text):
    assert ways(Condition("on", "=", value)) == [{"term": {f"{TEXTS}.on": text}}]


def test_tags_are_looked_for_among_tags_also_those_of_digits():
    assert ways(Condition("tags", "=", "失眠")) == [{"term": {"simsearch.tags": "失眠"}}]
    assert ways(Condition("tags", "=", "2024")) == [{"term": {"simsearch.tags": "2024"}}]
    assert ways(Condition("tags", ">=", "失")) == [{"range": {"simsearch.tags": {"gte": "失"}}}]


def test_a_deeper_name_is_one_name_with_dots():
    assert ways(Condition("owner.name", "=", "王")) == [{"term": {f"{TEXTS}.owner.name": "王"}}]
    assert ways(Condition("tags.x", "=", "王")) == [{"term": {f"{TEXTS}.tags.x": "王"}}]


@pytest.mark.parametrize("name", ["", " ", ".", "..", "a..b", ".a", "a.", "a" * 501])
def test_nobody_meets_a_condition_on_a_name_that_no_field_can_have(name):
    assert ways(Condition(name, "=", "x")) == [{"match_none": {}}]
    assert ways(Condition(name, ">=", 1.0)) == [{"match_none": {}}]


values = st.one_of(
    st.text(st.characters(), max_size=8),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.sampled_from(["2024", "-1", "1e999", "-1e999", "9" * 400, 10**400, -(10**400), "\ud800", "\0", "a\udfff"]),
)
fields = st.one_of(
    st.sampled_from(
        ["tags", "price", "a.b", "", " ", "*", "_id", "simsearch.tags", "query_string", "script", "\ud800"]
    ),
    st.text(st.characters(), max_size=8),
)
conditions = st.builds(Condition, fields, st.sampled_from(OPERATORS), values)


@given(conditions)
def test_unlike_is_the_opposite_of_like(condition):
    (like,) = OURS.where([condition._replace(operator="=")])
    (unlike,) = OURS.where([condition._replace(operator="!=")])
    assert unlike == {"bool": {"must_not": [like]}}


@given(st.lists(conditions, max_size=4))
def test_every_condition_is_a_clause_of_its_own(found):
    assert json.dumps(OURS.where(found)) == json.dumps([OURS.where([condition])[0] for condition in found])


@given(conditions)
@example(Condition("\ud800", "=", "x"))
@example(Condition("x", "=", "\ud800"))
@example(Condition("tags", "!=", "\0"))
@example(Condition("price", "=", "1e999"))
@example(Condition("price", "<", 10**400))
def test_whatever_a_condition_holds_it_can_be_sent(condition):
    sent = json.dumps(OURS.where([condition]), allow_nan=False, ensure_ascii=False).encode()
    assert json.loads(sent) == OURS.where([condition])
    assert b"\\u0000" not in sent


def test_a_condition_asks_for_no_field_but_those_of_metadata_and_tags():
    for name in ("_id", "text", "simsearch.tags", "simsearch.state", "*", "_index"):
        (by_text,) = ways(Condition(name, "=", "x"))
        assert list(by_text["term"]) == [f"{TEXTS}.{name}"]


@pytest.mark.parametrize("value", ["1e999", "9" * 400, math.inf, 10**400], ids=["text", "digits", "inf", "integer"])
@pytest.mark.parametrize("sign", [1, -1])
def test_beyond_all_numbers_there_is_none_and_before_it_are_all(value, sign):
    if sign < 0:
        value = f"-{value}" if isinstance(value, str) else -value
    every = {"exists": {"field": f"{NUMBERS}.price"}}
    for operator in ("=", ">", ">=", "<", "<="):
        (_, by_number) = ways(Condition("price", operator, value))
        before = operator.startswith("<" if sign > 0 else ">")
        assert by_number == (every if before else {"match_none": {}})


@pytest.mark.parametrize("operator", ["=", ">", ">=", "<", "<="])
def test_what_is_no_number_compares_with_none(operator):
    (_, by_number) = ways(Condition("price", operator, math.nan))
    assert by_number == {"match_none": {}}


@pytest.mark.parametrize("operator", ["", "==", "LIKE", "in", "=>", "; DROP TABLE documents; --", "gte"])
@pytest.mark.parametrize("field", ["price", "tags", ""])
def test_an_operator_that_is_none_is_refused(field, operator):
    with pytest.raises(ConditionUnclear) as told:
        OURS.where([Condition("city", "=", "杭州"), Condition(field, operator, 5.0)])
    assert operator in told.value.text
