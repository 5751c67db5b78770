"""Conditions as people write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.indexer import Condition
from simsearch.indexer.conditions import OPERATORS, ConditionUnclear, moment, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price>=100", ("price", ">=", "100")),
        ("price<=-1.5", ("price", "<=", "-1.5")),
        ("price>100", ("price", ">", "100")),
        ("price<+3", ("price", "<", "+3")),
        ("city=杭州", ("city", "=", "杭州")),
        ("城市!=杭州", ("城市", "!=", "杭州")),
        ("  city =  杭 州  ", ("city", "=", "杭 州")),
        ("day>=2024-05-01", ("day", ">=", "2024-05-01")),
        ("a.b.c=x", ("a.b.c", "=", "x")),
        ("a-b=x", ("a-b", "=", "x")),
        ("formula=a=b>=c", ("formula", "=", "a=b>=c")),
        ("quote='; DROP TABLE documents; --", ("quote", "=", "'; DROP TABLE documents; --")),
        ("version=1.2.3", ("version", "=", "1.2.3")),
    ],
)
def test_a_condition_is_read(text, expected):
    assert Condition.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "price", "price=", "=5", ">=5", "price==", "price==5", "price=>5", "price=<5", "price!==5", "price>==5"]
    + ["price ! 5", "a b=c", 'a"b=c', "a'=1", "$.a=1"],
)
def test_what_is_no_condition_is_refused_and_shown(text):
    with pytest.raises(ConditionUnclear) as told:
        Condition.parse(text)
    assert told.value.text == text
    assert text in str(told.value)


@given(
    st.from_regex(r"[a-z_城市年]+(\.[a-z]+)?", fullmatch=True),
    st.sampled_from(["=", "!=", ">=", "<=", ">", "<"]),
    st.one_of(
        st.floats(-1e9, 1e9).map(lambda number: f"{number:.3f}"),
        st.sampled_from(["杭州", "x y", "2024-01-01", "=", "a>b"]),
    ),
)
def test_what_was_written_is_what_is_asked(name, operator, value):
    found = Condition.parse(f"{name}{operator} {value}")
    assert (found.field, found.operator) == (name, operator)
    assert found.value == found.text == value
    assert found.number == (float(value) if value[-1].isdecimal() and value.count("-") < 2 else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("year=2020..2024", [("year", ">=", "2020"), ("year", "<=", "2024")]),
        ("price=-1.5..2.5", [("price", ">=", "-1.5"), ("price", "<=", "2.5")]),
        ("year=2020..", [("year", ">=", "2020")]),
        ("year=..2024", [("year", "<=", "2024")]),
        ("day=2024-02-01..2024-02-29", [("day", ">=", "2024-02-01"), ("day", "<", "2024-03-01")]),
        ("at=..2024-02-29T12:00Z", [("at", "<=", "2024-02-29T12:00Z")]),
        ("text=..", [("text", "=", "..")]),
        ("text=a..b", [("text", "=", "a..b")]),
        ("text=1...3", [("text", "=", "1...3")]),
        ("year!=2020..2024", [("year", "!=", "2020..2024")]),
        ("year>=2020", [("year", ">=", "2020")]),
    ],
)
def test_a_range_is_read(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["day=..2024-02-30", "day=2024-01-01..9999-12-31"])
def test_a_day_that_is_none_is_no_end_of_a_range(text):
    with pytest.raises(ConditionUnclear):
        parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "2024-05-18", "2024-05-18T09:00:00", "2024-05-18T25:00:00Z", "2024-13-01T00:00Z", "2024-05-18T09:00+24:00"],
)
def test_what_names_no_moment_is_none(text):
    assert moment(text) is None


@given(st.datetimes(min_value=datetime(1800, 1, 1), timezones=st.timezones()))
def test_a_moment_is_the_same_in_every_zone(time):
    for zone in (UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))):
        assert moment(time.astimezone(zone).isoformat()) == pytest.approx(time.timestamp(), abs=1e-5)


PIECES = ["price", "城市", "a.b", "-", *OPERATORS, " ", "\n", "100", "1e999", "+", "杭州", "'", "\ud800", "{0}"]


def assert_says_all(found: Condition, text: str) -> None:
    """Check that nothing of a text was added or left out."""
    assert "".join("".join(map(str, found)).split()) == "".join(text.split())
    assert found.operator in OPERATORS
    assert found.value == found.text == str(found.value).strip()
    assert found.number is None or found.number == float(found.value)


@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text(st.characters(codec=None)))
def test_any_text_is_a_condition_or_is_shown_as_none(text):
    if not any(operator in text for operator in OPERATORS):
        with pytest.raises(ConditionUnclear, match=re.escape(f"The condition {text} is not of the form")):
            Condition.parse(text)
    with suppress(ConditionUnclear):
        assert_says_all(Condition.parse(text), text)


def test_a_long_value_is_read_in_bounded_time():
    assert Condition.parse(f"a=x{' ' * 200_000}y").value == f"x{' ' * 200_000}y"


@pytest.mark.parametrize(("value", "text"), [(20240518.0, "20240518"), (0.1, "0.1"), (1e300, "1e+300"), (7, "7")])
def test_a_number_is_a_text_with_all_its_digits(value, text):
    assert Condition("day", "=", value).text == text
