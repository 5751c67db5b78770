"""Exact conditions on tags and metadata, the same in every mode, harmless whatever they hold."""

from __future__ import annotations

import itertools
import json

import pytest

from simsearch.corpus import Document
from simsearch.indexer import Condition, open_index
from simsearch.indexer.conditions import ConditionUnclear, parse

PLACES = {
    "a": {"city": "杭州", "price": 100, "day": "2024-05-01", "owner": {"name": "王", "age": 30}, "on": True},
    "b": {"city": "北京", "price": 99.5, "day": "2024-12-31T08:00:00", "owner": {"name": "李", "age": 41}, "on": False},
    "c": {"city": "杭州市", "price": -3, "day": "1999-01-01"},
    "d": {"city": "Hangzhou", "price": "面议", "day": "", "zip": "310000", "year": "2024"},
    "e": {},
    "f": {"city": None, "price": None, "a.b": 1, "标签": ["x", "y"], "price ": 7},
}
MODES = ("hybrid", "similar", "keyword", "phrase")


TIMES = {
    "a": "2024-05-18T09:00:00+08:00",
    "b": "2024-05-18T02:00:00.000001Z",
    "c": "1970-01-01T00:00:00-05:00",
    "d": "2024-05-18T23:00:00",
    "e": "2024-05-19",
    "f": 7,
}


@pytest.fixture(scope="module")
def places(new_url, model):
    """Return an index of a text with different metadata, which these tests only read."""
    with open_index(new_url(), model=model) as opened:
        opened.add(Document(name, "咖啡很香。", metadata=metadata) for name, metadata in PLACES.items())
        yield opened


@pytest.fixture(scope="module")
def times(new_url, model):
    """Return an index of a text with different times, which these tests only read."""
    with open_index(new_url(), model=model) as opened:
        opened.add(Document(name, "咖啡好喝。", metadata={"at": time}) for name, time in TIMES.items())
        yield opened


def met(index, *conditions: str | Condition, mode="hybrid") -> str:
    """Return the ids, in order of the alphabet, of what meets all conditions."""
    where = [one for each in conditions for one in ([each] if isinstance(each, Condition) else parse(each))]
    return "".join(sorted(hit.id for hit in index.search("咖啡", k=50, mode=mode, where=where)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("city=杭州", "a"),
        ("city=杭", ""),
        ("city=hangzhou", ""),
        ("price=100", "a"),
        ("price=100.0", "a"),
        ("price<=99.5", "bc"),
        ("price<99.5", "c"),
        ("price<0", "c"),
        ("day>=2024-05-01", "ab"),
        ("owner.name=王", "a"),
        ("owner.age>30", "b"),
        ("owner.name.x=王", ""),
        ("nothing=1", ""),
        ("nothing>=0", ""),
        ("nothing.at.all<5", ""),
        ("owner=王", ""),
    ],
)
def test_a_condition_holds_in_every_mode(places, mode, condition, expected):
    assert met(places, condition, mode=mode) == expected


def test_a_stretch_of_time(places):
    assert met(places, "day>=1990-01-01", "day<2000-01-01") == "c"
    assert met(places, "day>=2024-05-01", "day<=2024-12-31") == "a"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("at>=2024-05-18T09:00:00+08:00", "ab"),
        ("at>2024-05-18T01:00:00Z", "b"),
        ("at=2024-05-18T01:00Z", "a"),
        ("at<2024-05-18 01:00:00.5Z", "ac"),
        ("at<=2024-05-18T01:00:00.123456Z", "ac"),
        ("at!=2024-05-18T01:00:00+0000", "bcdef"),
        ("at>=1969-01-01T00:00:00-05:00", "abc"),
        ("at>=2024-05-18", "abde"),
        ("at=2024-05-18..2024-05-18", "abd"),
        ("at=2024-05-19", "e"),
    ],
)
def test_times_with_a_zone_are_compared_as_the_moments_they_are(times, condition, expected):
    assert met(times, condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("price=99.5..100", "ab"),
        ("price=..99.5", "bc"),
        ("price=99.6..", "a"),
        ("day=2024-05-01..2024-12-31", "ab"),
        ("day=1999-01-01..1999-12-31", "c"),
    ],
)
def test_a_range_holds_both_its_ends(places, condition, expected):
    assert met(places, condition) == expected


@pytest.mark.parametrize("operator", [">=", ">"])
def test_a_text_is_not_greater_than_a_number(places, operator):
    expected = "a" if operator == ">=" else ""
    assert met(places, Condition("price", operator, 100.0)) == expected


def test_digits_that_were_given_as_text_are_found(places):
    assert met(places, "zip=310000") == "d"


def test_a_year_can_be_asked_of_dates(places):
    assert "c" not in met(places, "day>=2024")


def test_yes_and_no_can_be_asked_for(places):
    assert met(places, "on=true") == "a"


@pytest.mark.parametrize("condition", ["city!=杭州", "price!=100", "owner.name!=王"])
def test_what_is_unlike_is_not_what_is_like(places, condition):
    found = met(places, condition)
    assert "a" not in found
    assert "b" in found


def test_conditions_are_all_met(places):
    assert met(places, "price>50", "price<=100", "city=北京") == "b"
    assert met(places, "city=北京", "city=杭州") == ""


def test_tags(index):
    index.add(
        [
            Document("a", "失眠的人不要喝咖啡，咖啡让人失眠。"),
            Document("b", "咖啡好喝。"),
            Document("c", "咖啡和银行利率。"),
        ]
    )
    tags = {name: index.engine.fetch([name])[name].tags for name in "abc"}
    assert "失眠" in tags["a"]
    for tag in {tag for of_document in tags.values() for tag in of_document}:
        holding = "".join(name for name in "abc" if tag in tags[name])
        assert met(index, f"tags={tag}") == holding
        assert met(index, f"tags!={tag}") == "".join(name for name in "abc" if name not in holding)
    assert met(index, "tags=没有这个") == ""
    assert met(index, "tags=失") == ""


def test_conditions_hold_for_similar_documents_too(places):
    assert [hit.id for hit in places.similar("a", where=[Condition("city", "=", "北京")])] == ["b"]
    assert places.similar("a", where=[Condition("city", "=", "杭州")]) == []


def test_conditions_are_met_before_the_best_are_taken(index):
    index.add(Document(f"d{number}", "咖啡咖啡咖啡。", metadata={"n": number}) for number in range(300))
    index.add([Document("x", "很多别的事情，还有一点咖啡。", metadata={"n": -1})])
    for mode in MODES:
        assert met(index, "n<0", mode=mode) == "x"


NASTY = [
    "' OR 1=1 --",
    '" OR 1=1 --',
    '"); DROP TABLE documents; --',
    "\0",
    "\ud800",
    "$",
    "[0]",
    "*",
    "a" * 10_000,
    '"',
    "\\",
    "..",
    ".",
    "",
    " ",
    "number",
    "d.id",
]


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "similar"])
@pytest.mark.parametrize("text", NASTY, ids=lambda text: ascii(text[:20]))
def test_a_value_is_only_a_value(places, text, mode):
    assert met(places, Condition("city", "=", text), mode=mode) == ""
    assert met(places, Condition("tags", "=", text), mode=mode) == ""
    assert places.info().documents == len(PLACES)


@pytest.mark.parametrize("name", NASTY, ids=lambda text: ascii(text[:20]))
def test_a_field_is_only_a_field(places, name):
    assert met(places, Condition(name, "=", "杭州")) == ""
    assert met(places, Condition(name, "=", 1.0)) == ""
    assert places.info().documents == len(PLACES)


#: Names that mean something to an engine, and values that end what they stand in.
INTERNAL = [
    "_id",
    "_all",
    "_source",
    "_index",
    "rowid",
    "d.id",
    "simsearch.state",
    "simsearch.tags",
    "__proto__",
    "tags.x",
    "city.keyword",
    "ci*",
]
ENDS = ["a", "杭州' OR '1'='1", '"" OR ""="', "*", "a) OR (1=1", "杭州\\", "[* TO *]", "{$ne: 1}"]


def test_what_a_user_writes_asks_for_metadata_and_nothing_else(places):
    for field, end, operator in itertools.product(INTERNAL, ENDS, ("=", ">=")):
        assert met(places, Condition(field, operator, end), mode="keyword") == "", (field, operator, end)
    for end in ENDS:
        assert met(places, f"city={end}") == met(places, f"tags={end}") == "", end
    assert met(places, "city=杭州") == "a"
    assert places.info().documents == len(PLACES)


@pytest.mark.parametrize("field", ["*", "ci*", "city'--", 'city"', "city; DROP", "a b", "$a", "(city)", "城\x00"])
def test_a_name_of_other_than_letters_digits_and_dots_is_refused(field):
    with pytest.raises(ConditionUnclear):
        Condition.parse(f"{field}=杭州")


def test_a_field_of_any_name_can_be_asked_for(index):
    names = ['a"b', "a'b", "a b", "价 格", "a[0]", "$a", "a\\b", "😀"]
    index.add([Document(name, "咖啡", metadata={name: "x"}) for name in [*names, "other"]])
    assert [met(index, Condition(name, "=", "x")) for name in names] == names


@pytest.mark.parametrize("operator", ["IS NOT NULL OR 1 =", "; DROP TABLE documents; --", "LIKE", "", "=="])
def test_an_operator_that_is_none_is_refused(places, operator):
    with pytest.raises(Exception) as told:  # noqa: PT011 - whatever it is, it is told before anything is asked
        met(places, Condition("price", operator, 5.0))
    assert type(told.value).__module__.partition(".")[0] != "apsw", "noticed by the database only"


def test_numbers_that_are_none_do_not_spoil_other_documents(index):
    broken = [Document("x", "咖啡", metadata={"price": value}) for value in (float("nan"), float("inf"))]
    index.add([*broken, Document("y", "咖啡", metadata={"price": 5})])
    assert "y" in met(index, "price>=1")
    for hit in index.search("咖啡"):
        json.dumps(hit.metadata, allow_nan=False)
