"""Candidates from the embedded engine: the best passages by words and by vector."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.document import storable
from simsearch.indexer.conditions import OPERATORS, TAGS, Condition, ConditionUnclear
from simsearch.indexer.engine import Candidate, Candidates, Passage, Question
from simsearch.indexer.matching import K1, B
from simsearch.indexer.sqlite.file import rows
from simsearch.model.quantisation import quantise_unit

#: Postings that are scored for candidates: the rarest words of a question come first, and what is in every
#: second passage is left to the ranker.
POSTINGS = 30_000
#: Passages that FTS5 finds for each candidate, as its order is not the final one.
DEEPER = 4
#: Words whose idf is this much too small in FTS5 change that order.
LEAST_GAIN = 0.02
#: sqlite-vec finds no more neighbours at a time.
MOST_NEIGHBOURS = 4_096


def candidates(connection: apsw.Connection, question: Question) -> Candidates:
    """Return the best passages among those that meet the conditions."""
    about = dict(rows(connection, "SELECT name, value FROM about"))
    total = about["passages"]
    average = about["words"] / max(total, 1)
    frequencies = _frequencies(connection, question.words)
    where, values = _meets(question.conditions, "passage")
    best = _by_words(connection, frequencies, where, values, DEEPER * question.limit)
    by_words = _ranks(_reordered(best, frequencies, total, average)[: question.limit])
    by_vector: dict[int, int] = {}
    if question.vector is not None and question.vector.any():
        by_vector = _ranks(_by_vector(connection, "passage_vectors", question.vector, where, values, question.limit))
    found = rows(
        connection,
        "SELECT p.number, d.id, p.position, p.words, p.start, p.end FROM json_each(?) AS wanted"
        " JOIN passages AS p ON p.number = wanted.value JOIN documents AS d ON d.number = p.document",
        json.dumps(list(by_words | by_vector)),
    )
    passages = [
        Candidate(name, position, Passage(words, start, end), by_words.get(number), by_vector.get(number))
        for number, name, position, words, start, end in found
    ]
    return Candidates(passages, frequencies, total, average)


def nearest(
    connection: apsw.Connection, vector: NDArray[np.float32], limit: int, conditions: Sequence[Condition]
) -> list[str]:
    """Return ids of the documents nearest to a vector."""
    where, values = _meets(conditions, "document")
    numbers = _by_vector(connection, "document_vectors", vector, where, values, limit)
    select = "SELECT number, id FROM documents WHERE number IN (SELECT value FROM json_each(?))"
    names = dict(rows(connection, select, json.dumps(numbers)))
    return [names[number] for number in numbers if number in names]


def facets(connection: apsw.Connection, conditions: Sequence[Condition], limit: int) -> list[tuple[str, int]]:
    """Return the most frequent tags among documents that meet the conditions, ties by tag."""
    where, values = _meets(conditions, "document")
    where = where.replace("AND rowid", "WHERE document", 1)
    select = f"SELECT tag, count(*) FROM tags {where} GROUP BY tag ORDER BY count(*) DESC, tag LIMIT ?"
    return [(tag, count) for tag, count in rows(connection, select, *values, limit)]


def _ranks(numbers: list[int]) -> dict[int, int]:
    return {number: rank for rank, number in enumerate(numbers, 1)}


def _frequencies(connection: apsw.Connection, words: Sequence[str]) -> dict[str, int]:
    select = "SELECT term, doc FROM frequencies WHERE term IN (SELECT value FROM json_each(?))"
    return dict.fromkeys(words, 0) | dict(rows(connection, select, json.dumps(list(words))))


def _by_words(
    connection: apsw.Connection, frequencies: dict[str, int], where: str, values: list[Any], limit: int
) -> list[tuple[int, float, str]]:
    """Return the best passages by FTS5's BM25, best first: number, score and words."""
    asked: list[str] = []
    postings = 0
    for frequency, word in sorted((frequency, word) for word, frequency in frequencies.items() if frequency):
        postings += frequency
        if asked and postings > POSTINGS and not where:  # a condition may leave only those that hold the next
            break
        asked.append('"' + word.replace('"', '""') + '"')
    if not asked:
        return []
    best = f"SELECT rowid, -rank AS score FROM postings WHERE postings MATCH ? {where} ORDER BY rank, rowid LIMIT ?"
    select = f"SELECT number, score, words FROM ({best}) JOIN passages ON number = rowid"
    return rows(connection, select, " OR ".join(asked), *values, limit)


def _reordered(
    best: list[tuple[int, float, str]], frequencies: dict[str, int], total: int, average: float
) -> list[int]:
    """Order passages as servers do, best first, ties by number.

    FTS5's idf is log((N - n + .5) / (n + .5)), and nothing from half of the passages on; Lucene's has a 1 added. Of
    rare words they are equal.
    """
    gains = {}
    for word, frequency in frequencies.items():
        odds = (total - frequency + 0.5) / (frequency + 0.5)
        gains[word] = math.log1p(odds) - max(math.log(odds), 0.0)
    telling = {word: gain * (K1 + 1) for word, gain in gains.items() if gain > LEAST_GAIN and frequencies[word]}
    scores = {}
    for number, score, words in best:
        text = words.split(" ")
        saturation = K1 * (1 - B + B * len(text) / average)
        for word, gain in telling.items():
            times = text.count(word)
            score += gain * times / (times + saturation)
        scores[number] = score
    return sorted(scores, key=lambda number: (-scores[number], number))


def _by_vector(
    connection: apsw.Connection,
    table: str,
    vector: NDArray[np.float32],
    where: str,
    values: list[Any],
    limit: int,
) -> list[int]:
    steps = quantise_unit(vector)
    limit = min(limit, MOST_NEIGHBOURS)
    select = f"SELECT rowid FROM {table} WHERE vector MATCH vec_int8(?) AND k = ? {where} ORDER BY distance"
    return [number for (number,) in rows(connection, select, steps.tobytes(), limit, *values)]


def _meets(conditions: Sequence[Condition], kind: str) -> tuple[str, list[Any]]:
    """Return an SQL condition on the rowid of passages or documents, and its values."""
    if not conditions:
        return "", []
    tests: list[str] = []
    values: list[Any] = []
    for condition in conditions:
        test, of_test = _test(condition)
        tests.append(test)
        values += of_test
    met = " AND ".join(tests)
    if kind == "document":
        return f"AND rowid IN (SELECT d.number FROM documents AS d WHERE {met})", values
    passages = "SELECT p.number FROM documents AS d JOIN passages AS p ON p.document = d.number"
    return f"AND rowid IN ({passages} WHERE {met})", values


def _test(condition: Condition) -> tuple[str, list[Any]]:
    """Return the SQL of one condition on documents `d`, and its values: numbers by numbers, texts by texts."""
    field, operator, _ = condition
    if operator not in OPERATORS:
        raise ConditionUnclear(text=f"{field} {operator}")
    refuse, compare = ("NOT ", "=") if operator == "!=" else ("", operator)
    text = storable(condition.text)
    if field == TAGS:
        return f"{refuse}d.number IN (SELECT document FROM tags WHERE tag {compare} ?)", [text]
    # Each level by its own json_each: a path in JSON's notation could not name every field.
    names = storable(field).split(".")
    levels = ["json_each(d.metadata) AS f0"]
    levels += [
        f"json_each(CASE WHEN f{depth}.type = 'object' THEN f{depth}.value ELSE '{{}}' END) AS f{depth + 1}"
        for depth in range(len(names) - 1)
    ]
    here = f"f{len(names) - 1}"
    found = " AND ".join(f"f{depth}.key = ?" for depth in range(len(names)))
    if condition.moment is not None:
        found += f" AND {here}.type = 'text' AND moment({here}.value) {compare} ?"
        return f"{refuse}EXISTS (SELECT 1 FROM {', '.join(levels)} WHERE {found})", [*names, condition.moment]
    held = f"iif({here}.type = 'text', {here}.value, {here}.type)"  # the type of true is true
    number = condition.number
    # A text is neither more nor less than a number, unless it begins like a date.
    dated = f" AND {held} GLOB '[0-9]*'" if number is not None and compare != "=" else ""
    fits = (
        f"CASE WHEN {here}.type IN ('integer', 'real') THEN CAST({here}.value AS REAL) {compare} ?"
        f" WHEN {here}.type IN ('text', 'true', 'false') THEN {held} {compare} ?{dated} END"
    )
    return f"{refuse}EXISTS (SELECT 1 FROM {', '.join(levels)} WHERE {found} AND {fits})", [*names, number, text]
