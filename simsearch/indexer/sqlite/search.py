"""Candidates from the embedded engine: the best passages by words and by vector."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from simsearch.indexer.conditions import TAGS, Condition
from simsearch.indexer.engine import Candidate, Candidates, Passage, Question
from simsearch.indexer.sqlite.file import rows
from simsearch.model.quantisation import quantise_unit

#: Postings that are scored for candidates: the rarest words of a question come first, and what is in every
#: second passage is left to the ranker.
POSTINGS = 10_000


def candidates(connection: apsw.Connection, question: Question) -> Candidates:
    """Return the best passages among those that meet the conditions."""
    about = dict(rows(connection, "SELECT name, value FROM about"))
    frequencies = _frequencies(connection, question.words)
    where, values = _meets(question.conditions, "passage")
    by_words = _ranks(_by_words(connection, frequencies, where, values, question.limit))
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
    total = about["passages"]
    return Candidates(passages, frequencies, total, about["words"] / max(total, 1))


def nearest(
    connection: apsw.Connection, vector: NDArray[np.float32], limit: int, conditions: Sequence[Condition]
) -> list[str]:
    """Return ids of the documents nearest to a vector."""
    where, values = _meets(conditions, "document")
    numbers = _by_vector(connection, "document_vectors", vector, where, values, limit)
    select = "SELECT number, id FROM documents WHERE number IN (SELECT value FROM json_each(?))"
    names = dict(rows(connection, select, json.dumps(numbers)))
    return [names[number] for number in numbers]


def _ranks(numbers: list[int]) -> dict[int, int]:
    return {number: rank for rank, number in enumerate(numbers, 1)}


def _frequencies(connection: apsw.Connection, words: Sequence[str]) -> dict[str, int]:
    select = "SELECT term, doc FROM frequencies WHERE term IN (SELECT value FROM json_each(?))"
    return dict.fromkeys(words, 0) | dict(rows(connection, select, json.dumps(list(words))))


def _by_words(
    connection: apsw.Connection, frequencies: dict[str, int], where: str, values: list[Any], limit: int
) -> list[int]:
    asked: list[str] = []
    postings = 0
    for frequency, word in sorted((frequency, word) for word, frequency in frequencies.items() if frequency):
        postings += frequency
        if asked and postings > POSTINGS:
            break
        asked.append('"' + word.replace('"', '""') + '"')
    if not asked:
        return []
    select = f"SELECT rowid FROM postings WHERE postings MATCH ? {where} ORDER BY rank, rowid LIMIT ?"
    return [number for (number,) in rows(connection, select, " OR ".join(asked), *values, limit)]


def _by_vector(
    connection: apsw.Connection,
    table: str,
    vector: NDArray[np.float32],
    where: str,
    values: list[Any],
    limit: int,
) -> list[int]:
    steps = quantise_unit(vector)
    select = f"SELECT rowid FROM {table} WHERE vector MATCH vec_int8(?) AND k = ? {where} ORDER BY distance"
    return [number for (number,) in rows(connection, select, steps.tobytes(), limit, *values)]


def _meets(conditions: Sequence[Condition], kind: str) -> tuple[str, list[Any]]:
    """Return an SQL condition on the rowid of passages or documents, and its values."""
    if not conditions:
        return "", []
    tests: list[str] = []
    values: list[Any] = []
    for field, operator, value in conditions:
        if field == TAGS:
            tests.append(f"d.number {'NOT ' * (operator == '!=')}IN (SELECT document FROM tags WHERE tag = ?)")
            values.append(value if isinstance(value, str) else f"{value:g}")
        else:
            tests.append(f"json_extract(d.metadata, ?) {operator} ?")
            values += ["$" + "".join(f'."{part}"' for part in field.split(".")), value]
    met = " AND ".join(tests)
    if kind == "document":
        return f"AND rowid IN (SELECT d.number FROM documents AS d WHERE {met})", values
    passages = "SELECT p.number FROM documents AS d JOIN passages AS p ON p.document = d.number"
    return f"AND rowid IN ({passages} WHERE {met})", values
