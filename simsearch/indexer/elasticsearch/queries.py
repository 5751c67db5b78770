"""The bodies of all questions to an index: pure functions of data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.document import storable
from simsearch.indexer.conditions import OPERATORS, TAGS, Condition, ConditionUnclear
from simsearch.indexer.elasticsearch.mapping import NUMBERS, PASSAGES, TERMS, TEXTS
from simsearch.indexer.elasticsearch.metadata import MOMENT, can_be_asked
from simsearch.indexer.engine import Question

#: Words of a question that are looked for, the rarest: each is a clause, and servers bound their number.
MOST_WORDS = 500
#: Longer words are cut in pieces by the whitespace analyzer.
LONGEST_WORD = 255
#: Passages of one document that can be candidates by words, and so many by vector.
INNER = 4
#: Documents that a server returns at a time, and neighbours that it looks for.
MOST_HITS = 10_000
#: Neighbours of a vector that are looked at for each that is wanted, and at least.
CANDIDATES_EACH, LEAST_CANDIDATES = 4, 1_000

Body = dict[str, Any]
_RANGES = {">=": "gte", ">": "gt", "<=": "lte", "<": "lt"}
_NOTHING: Body = {"match_none": {}}


class Scope(NamedTuple):
    """Which documents of an index searches are about, and which fields conditions ask for."""

    whole: Sequence[Body] = ()  #: what all of them meet
    clause: Callable[[Condition], Body] | None = None  #: of a condition, where metadata are the index's own fields

    def where(self, conditions: Sequence[Condition]) -> list[Body]:
        """Return the clauses of conditions, with those that all documents meet."""
        return [*self.whole, *map(self.clause or _clause, conditions)]


#: Indices of ours.
OURS = Scope()


def candidates(question: Question, scope: Scope = OURS) -> list[Body]:
    """Return the searches that find candidates: by words, by vector; the last one counts."""
    limit = min(question.limit, MOST_HITS)
    where = scope.where(question.conditions)
    words = question.words[:MOST_WORDS]
    searches = []
    if words:
        found = _holding(words)
        found["nested"]["inner_hits"] = _passages(INNER)
        query = {"bool": {"must": found, "filter": where}} if where else found
        searches.append({"size": limit, "_source": False, "track_total_hits": False, "query": query})
    if question.vector is not None and question.vector.any():
        near = _near(f"{PASSAGES}.vector", question.vector, limit, where)
        near["inner_hits"] = _passages(INNER)
        searches.append({"size": limit, "_source": False, "track_total_hits": False, "knn": near})
    return [*searches, _counts(words, scope)]


def nearest(vector: NDArray[np.float32], limit: int, conditions: Sequence[Condition], scope: Scope = OURS) -> Body:
    """Return the search for the documents nearest to a vector."""
    near = _near("simsearch.vector", vector, min(limit, MOST_HITS), scope.where(conditions))
    return {"size": min(limit, MOST_HITS), "_source": False, "track_total_hits": False, "knn": near}


def facets(conditions: Sequence[Condition], limit: int, scope: Scope = OURS) -> Body:
    """Return the search for the most frequent tags among documents that meet the conditions."""
    limit = min(limit, MOST_HITS)
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"bool": {"filter": scope.where(conditions)}},
        "aggs": {"tags": {"terms": {"field": "simsearch.tags", "size": limit, "shard_size": 2 * limit + 100}}},
    }


def states(scope: Scope = OURS) -> Body:
    """Return the search that counts documents by state, passages, and what a server has passed over."""
    return {
        **_whole(scope),
        "size": 0,
        "track_total_hits": True,
        "aggs": {
            "states": {"terms": {"field": "simsearch.state"}},
            "passages": {"nested": {"path": PASSAGES}},
            "ignored": {"filter": {"exists": {"field": "_ignored"}}},
        },
    }


def clause_on(condition: Condition) -> Body:
    """Return a condition on a field of any type; a text that is analysed meets = where it holds the words."""
    field, operator, _ = condition
    if field == TAGS or operator not in OPERATORS:
        return _clause(condition)
    if operator in _RANGES:
        return {"dis_max": {"queries": [{"range": {field: {_RANGES[operator]: condition.text}}}]}}
    met = {"dis_max": {"queries": [{"match_phrase": {field: condition.text}}]}}
    return {"bool": {"must_not": [met]}} if operator == "!=" else met


def _clause(condition: Condition) -> Body:
    field, operator, _ = condition
    if operator not in OPERATORS:
        raise ConditionUnclear(text=f"{field} {operator}")
    text, compare = storable(condition.text), "=" if operator == "!=" else operator
    name = storable(field)
    if field == TAGS:
        ways = [_compare("simsearch.tags", compare, text)]
    elif condition.moment is not None and can_be_asked(name):
        ways = [_compare(f"{NUMBERS}.{name}{MOMENT}", compare, condition.moment)]
    elif can_be_asked(name):
        ways = _value(name, compare, text, condition.number)
    else:
        ways = [_NOTHING]
    # The inner hits of a vector search fail ("Rewrite first") where a bool holds fields that no document has yet;
    # dis_max is left as it is, with what is inside.
    met = {"dis_max": {"queries": ways}}
    return {"bool": {"must_not": [met]}} if operator == "!=" else met


def _value(name: str, compare: str, text: str, number: float | None) -> list[Body]:
    """Return the ways in which metadata meet a condition: numbers by numbers, texts by texts."""
    texts, numbers = f"{TEXTS}.{name}", f"{NUMBERS}.{name}"
    if number is None:
        return [_compare(texts, compare, text)]
    by_text = _compare(texts, compare, text)
    if compare != "=":  # a text is neither more nor less than a number, unless it begins with a digit, like a date
        by_text = {"range": {texts: _digits(compare, text)}}
    return [by_text, _compare_number(numbers, compare, number)]


def _digits(compare: str, text: str) -> dict[str, str]:
    """Return the bounds of texts that begin with a digit and compare so with a text."""
    if compare.startswith("<"):
        return {"gte": "0", _RANGES[compare]: text}
    return {_RANGES[compare]: text, "lt": ":"} if text >= "0" else {"gte": "0", "lt": ":"}


def _compare_number(field: str, compare: str, number: float) -> Body:
    """Return the clause for a number: beyond all that are stored, where it has no name in JSON."""
    if math.isfinite(number):
        return _compare(field, compare, number)
    beyond = (number > 0 and compare.startswith("<")) or (number < 0 and compare.startswith(">"))
    return {"exists": {"field": field}} if beyond else _NOTHING


def _compare(field: str, compare: str, value: str | float) -> Body:
    if compare == "=":
        return {"term": {field: value}}
    return {"range": {field: {_RANGES[compare]: value}}}


def _holding(words: Sequence[str]) -> Body:
    """Return the query for documents by their passage that answers words best."""
    clauses = [{"term": {TERMS: word[:LONGEST_WORD]}} for word in words]
    return {"nested": {"path": PASSAGES, "score_mode": "max", "query": {"bool": {"should": clauses}}}}


def _near(field: str, vector: NDArray[np.float32], limit: int, where: list[Body]) -> Body:
    wanted = min(max(CANDIDATES_EACH * limit, LEAST_CANDIDATES), MOST_HITS)
    near = {"field": field, "query_vector": vector.tolist(), "k": max(limit, 1), "num_candidates": wanted}
    return {**near, "filter": where} if where else near


def _passages(size: int) -> Body:
    return {"size": size, "_source": [f"{PASSAGES}.{name}" for name in ("words", "start", "end")]}


def _whole(scope: Scope) -> Body:
    return {"query": {"bool": {"filter": list(scope.whole)}}} if scope.whole else {}


def _counts(words: Sequence[str], scope: Scope) -> Body:
    """Return the search that counts the passages, their words, and those that hold each word."""
    inside: Body = {"length": {"sum": {"field": f"{PASSAGES}.length"}}}
    if words:
        holding = {str(place): {"term": {TERMS: word[:LONGEST_WORD]}} for place, word in enumerate(words)}
        inside["holding"] = {"filters": {"filters": holding}}
    return {
        **_whole(scope),
        "size": 0,
        "track_total_hits": False,
        "aggs": {"passages": {"nested": {"path": PASSAGES}, "aggs": inside}},
    }
