"""The bodies of all questions to an index: what is asked, in which order, and never more than a server allows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.indexer import Condition
from simsearch.indexer.conditions import OPERATORS, ConditionUnclear
from simsearch.indexer.elasticsearch import queries
from simsearch.indexer.elasticsearch.mapping import mapping
from simsearch.indexer.elasticsearch.queries import LONGEST_WORD, MOST_HITS, MOST_WORDS, candidates, facets, nearest
from simsearch.indexer.engine import Question

VECTOR = np.array([0.6, 0.0, -0.8], np.float32)
NUMBERS = VECTOR.tolist()
WHERE = [Condition("city", "=", "杭州"), Condition("tags", "!=", "茶")]
FILTER = [
    {"dis_max": {"queries": [{"term": {"simsearch.filters.texts.city": "杭州"}}]}},
    {"bool": {"must_not": [{"dis_max": {"queries": [{"term": {"simsearch.tags": "茶"}}]}}]}},
]
SHOWN = ["simsearch.passages.words", "simsearch.passages.start", "simsearch.passages.end"]
HOLDING = {
    "nested": {
        "path": "simsearch.passages",
        "score_mode": "max",
        "query": {
            "bool": {
                "should": [{"term": {"simsearch.passages.terms": "咖啡"}}, {"term": {"simsearch.passages.terms": "茶"}}]
            }
        },
        "inner_hits": {"size": queries.INNER, "_source": SHOWN},
    }
}
NEAR = {
    "field": "simsearch.passages.vector",
    "query_vector": NUMBERS,
    "k": 60,
    "num_candidates": 1_000,
    "inner_hits": {"size": queries.INNER, "_source": SHOWN},
}
PAGE = {"size": 60, "_source": False, "track_total_hits": False}
LENGTH = {"sum": {"field": "simsearch.passages.length"}}


def counts(**inside: Any) -> dict[str, Any]:
    """Return the search that counts passages, with what is counted besides their words."""
    passages = {"nested": {"path": "simsearch.passages"}, "aggs": {"length": LENGTH, **inside}}
    return {"size": 0, "track_total_hits": False, "aggs": {"passages": passages}}


EACH = {
    "filters": {
        "filters": {
            "0": {"term": {"simsearch.passages.terms": "咖啡"}},
            "1": {"term": {"simsearch.passages.terms": "茶"}},
        }
    }
}


@pytest.mark.parametrize(
    ("words", "vector", "where", "expected"),
    [
        ([], None, [], [counts()]),
        ([], None, WHERE, [counts()]),
        (["咖啡", "茶"], None, [], [PAGE | {"query": HOLDING}, counts(holding=EACH)]),
        (
            ["咖啡", "茶"],
            None,
            WHERE,
            [PAGE | {"query": {"bool": {"must": HOLDING, "filter": FILTER}}}, counts(holding=EACH)],
        ),
        ([], VECTOR, [], [PAGE | {"knn": NEAR}, counts()]),
        ([], VECTOR, WHERE, [PAGE | {"knn": NEAR | {"filter": FILTER}}, counts()]),
        (["咖啡", "茶"], VECTOR, [], [PAGE | {"query": HOLDING}, PAGE | {"knn": NEAR}, counts(holding=EACH)]),
        (
            ["咖啡", "茶"],
            VECTOR,
            WHERE,
            [
                PAGE | {"query": {"bool": {"must": HOLDING, "filter": FILTER}}},
                PAGE | {"knn": NEAR | {"filter": FILTER}},
                counts(holding=EACH),
            ],
        ),
        (
            ["咖啡", "茶"],
            np.zeros(3, np.float32),
            [],
            [PAGE | {"query": HOLDING}, counts(holding=EACH)],
        ),
    ],
    ids=[
        "neither",
        "neither where",
        "words",
        "words where",
        "vector",
        "vector where",
        "both",
        "both where",
        "zero vector",
    ],
)
def test_candidates_are_asked_for_by_words_then_by_vector_then_counted(words, vector, where, expected):
    assert candidates(Question(words, vector, where, 60)) == expected


@pytest.mark.parametrize(
    ("limit", "size", "wanted"),
    [
        (1, 1, 1_000),
        (250, 250, 1_000),
        (251, 251, 1_004),
        (5_000, 5_000, 10_000),
        (6_000, 6_000, 10_000),
        (10**6, 10_000, 10_000),
    ],
)
def test_no_more_is_asked_for_than_a_server_gives(limit, size, wanted):
    by_words, by_vector, _ = candidates(Question(["茶"], VECTOR, [], limit))
    of_documents = nearest(VECTOR, limit, [])
    assert [found["size"] for found in (by_words, by_vector, of_documents)] == [size] * 3
    assert facets([], limit)["aggs"]["tags"]["terms"]["size"] == size
    for near in (by_vector["knn"], of_documents["knn"]):
        assert (near["k"], near["num_candidates"]) == (size, wanted)


@given(st.integers(0, 10**7))
def test_a_server_looks_at_as_many_neighbours_as_are_wanted_or_more(limit):
    near = nearest(VECTOR, limit, [])["knn"]
    assert 1 <= near["k"] <= near["num_candidates"] <= MOST_HITS


def test_of_a_long_question_the_first_words_are_asked_for():
    words = [f"词{number}" for number in range(MOST_WORDS + 100)]
    by_words, counted = candidates(Question(words, None, [], 60))
    asked = [
        clause["term"]["simsearch.passages.terms"] for clause in by_words["query"]["nested"]["query"]["bool"]["should"]
    ]
    held = counted["aggs"]["passages"]["aggs"]["holding"]["filters"]["filters"]
    assert asked == words[:MOST_WORDS]
    assert [held[str(place)]["term"]["simsearch.passages.terms"] for place in range(len(held))] == asked


def test_a_word_that_the_server_cuts_in_pieces_is_found_by_the_first():
    by_words, counted = candidates(Question(["a" * 1_000], None, [], 60))
    (clause,) = by_words["query"]["nested"]["query"]["bool"]["should"]
    held = counted["aggs"]["passages"]["aggs"]["holding"]["filters"]["filters"]
    assert clause == held["0"] == {"term": {"simsearch.passages.terms": "a" * LONGEST_WORD}}


def test_the_nearest_documents_are_asked_for():
    near = {"field": "simsearch.vector", "query_vector": NUMBERS, "k": 10, "num_candidates": 1_000}
    page = {"size": 10, "_source": False, "track_total_hits": False}
    assert nearest(VECTOR, 10, []) == page | {"knn": near}
    assert nearest(VECTOR, 10, WHERE) == page | {"knn": near | {"filter": FILTER}}


def test_tags_are_counted_among_those_that_meet_the_conditions():
    tags = {"terms": {"field": "simsearch.tags", "size": 20, "shard_size": 140}}
    expected = {"size": 0, "track_total_hits": False, "query": {"bool": {"filter": FILTER}}, "aggs": {"tags": tags}}
    assert facets(WHERE, 20) == expected
    assert facets([], 20) == expected | {"query": {"bool": {"filter": []}}}


def test_states_are_counted_exactly():
    asked = queries.states()
    assert (asked["size"], asked["track_total_hits"]) == (0, True)
    assert asked["aggs"] == {
        "states": {"terms": {"field": "simsearch.state"}},
        "passages": {"nested": {"path": "simsearch.passages"}},
        "ignored": {"filter": {"exists": {"field": "_ignored"}}},
    }


@pytest.mark.parametrize(
    "ask",
    [
        lambda where: candidates(Question(["茶"], VECTOR, where, 10)),
        lambda where: nearest(VECTOR, 10, where),
        lambda where: facets(where, 10),
    ],
    ids=["candidates", "nearest", "facets"],
)
def test_an_operator_that_is_none_is_refused_before_anything_is_asked(ask):
    with pytest.raises(ConditionUnclear):
        ask([Condition("price", "LIKE", "x")])


#: What needs a license, runs code, or parses a user's text.
FORBIDDEN = {"query_string", "simple_query_string", "script", "script_score", "retriever", "rrf", "wildcard", "regexp"}
texts = st.text(st.characters(), max_size=8)
values = st.one_of(texts, st.booleans(), st.floats(), st.integers(), st.sampled_from(["1e999", 10**400, "*", "\ud800"]))
names = st.one_of(st.sampled_from(["tags", "price", "a.b", "", *sorted(FORBIDDEN)]), texts)
where = st.lists(st.builds(Condition, names, st.sampled_from(OPERATORS), values), max_size=4)
words = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs", "Z"]), min_size=1, max_size=6), st.sampled_from(["*", "script"])
    ),
    max_size=5,
    unique=True,
)
vectors = st.sampled_from([None, VECTOR, np.zeros(3, np.float32)])


def keys(body: Any) -> Iterator[str]:
    """Yield all names of a body, at all depths."""
    if isinstance(body, dict):
        yield from body
        body = list(body.values())
    if isinstance(body, list):
        for inside in body:
            yield from keys(inside)


@given(words, vectors, where, st.integers(1, 20_000))
def test_whatever_is_asked_it_is_plain_json_and_no_language(words, vector, where, limit):
    bodies = [*candidates(Question(words, vector, where, limit)), nearest(VECTOR, limit, where), facets(where, limit)]
    for body in [*bodies, queries.states()]:
        assert not FORBIDDEN & set(keys(body))
        sent = json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
        assert json.loads(sent) == body
    assert len(bodies) == 3 + bool(words) + (vector is VECTOR)


def test_every_field_that_is_asked_for_is_one_of_the_mapping():
    made = mapping("m", 3)["properties"]["simsearch"]["properties"]
    known = {f"simsearch.{name}" for name in made}
    known |= {f"simsearch.passages.{name}" for name in made["passages"]["properties"]}
    bodies = [*candidates(Question(["茶"], VECTOR, [], 10)), nearest(VECTOR, 10, []), facets([], 10), queries.states()]
    sent = json.dumps(bodies).split('"')
    assert {name for name in sent if name.startswith("simsearch.")} <= known
