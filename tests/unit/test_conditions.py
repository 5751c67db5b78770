"""Conditions as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.indexer import Condition
from simsearch.indexer.conditions import ConditionUnclear, moment, parse


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
    "text", ["", "price", "price=", "=5", ">=5", "price==", "price ! 5", "a b=c", 'a"b=c', "a'=1", "$.a=1"]
)
def test_what_is_no_condition_is_refused_and_shown(text):
    if text == "price==":  # the value is "="
        assert Condition.parse(text).value == "="
        return
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
