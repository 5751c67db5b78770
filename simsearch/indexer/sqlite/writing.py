"""Writing documents into the embedded engine; each function runs inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.document import Document
from simsearch.indexer.engine import Enriched, Outcome, stored
from simsearch.indexer.sqlite import dead_letters
from simsearch.indexer.sqlite.file import rows
from simsearch.model.quantisation import quantise_unit

_encode = json.JSONEncoder(ensure_ascii=False).encode


def store(connection: apsw.Connection, batch: Sequence[Enriched]) -> list[Outcome]:
    """Write documents that are at least as new as what is stored of them."""
    newest = sequences(connection, [item.document.id for item in batch])
    outcomes: list[Outcome] = []
    fresh: dict[str, Enriched] = {}
    for item in batch:
        document = item.document
        if document.sequence < newest.get(document.id, 0):
            outcomes.append(Outcome(document.id, document.sequence, "older"))
            continue
        newest[document.id] = document.sequence
        fresh[document.id] = item
        outcomes.append(stored(item))
    remove(connection, list(fresh))
    connection.executemany("DELETE FROM tombstones WHERE id = ?", [(name,) for name in fresh])
    _insert(connection, list(fresh.values()))
    dead_letters.settle(connection, [outcome.id for outcome in outcomes])
    return outcomes


def renew(connection: apsw.Connection, documents: Sequence[Document]) -> list[Outcome]:
    """Note when, and where, documents were read that are stored just so; pass over the others."""
    outcomes = []
    for document in documents:
        connection.execute(
            "UPDATE documents SET source = iif(sequence > ?1, source, ?2), sequence = max(sequence, ?1)"
            " WHERE id = ?3 AND digest = ?4",
            (document.sequence, document.source, document.id, document.digest),
        )
        if connection.changes():
            outcomes.append(Outcome(document.id, document.sequence, "unchanged"))
    dead_letters.settle(connection, [outcome.id for outcome in outcomes])
    return outcomes


def delete(connection: apsw.Connection, ids: Iterable[str], sequence: int) -> list[Outcome]:
    """Delete documents and leave a tombstone each, unless a newer reading is stored."""
    names = list(dict.fromkeys(ids))
    stored = {name for (name,) in _in(connection, "SELECT id FROM documents WHERE id", names)}
    newest = sequences(connection, names)
    gone = [name for name in names if newest.get(name, 0) <= sequence]
    remove(connection, gone)
    connection.executemany(
        "INSERT OR REPLACE INTO tombstones (id, sequence) VALUES (?, ?)", [(name, sequence) for name in gone]
    )
    dead_letters.settle(connection, names)
    status = {name: "deleted" if name in stored else "absent" for name in gone}
    return [Outcome(name, sequence, status.get(name, "older")) for name in names]  # type: ignore[arg-type]


def sequences(connection: apsw.Connection, ids: Sequence[str]) -> dict[str, int]:
    """Return the sequence of what is stored, or deleted, under each id."""
    stored = _in(connection, "SELECT id, sequence FROM documents WHERE id", ids)
    deleted = _in(connection, "SELECT id, sequence FROM tombstones WHERE id", ids)
    return dict(stored) | dict(deleted)


def _insert(connection: apsw.Connection, batch: Sequence[Enriched]) -> None:
    if not batch:
        return
    document = _next(connection, "documents")
    passage = first = _next(connection, "passages")
    documents, tags, passages, postings = [], [], [], []
    for number, item in enumerate(batch, document):
        source = item.document
        metadata, names = (_encode(value) for value in (source.metadata, item.tags))
        documents.append(
            (number, source.id, source.sequence, item.digest, item.state, item.known_ratio, source.title)
            + (source.source, metadata, names, source.text)
        )
        tags += [(tag, number) for tag in item.tags]
        filled: list[bool] = np.any(item.vectors, axis=1).tolist()
        for position, (words, start, end) in enumerate(item.passages):
            passages.append((passage, number, position, start, end, words, filled[position]))
            postings.append((passage, words, item.parts[position]))
            passage += 1
    connection.executemany("INSERT INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?)", documents)
    connection.executemany("INSERT INTO tags VALUES (?, ?)", sorted(tags))  # neighbours share a page
    connection.executemany("INSERT INTO passages VALUES (?,?,?,?,?,?,?)", passages)
    connection.executemany("INSERT INTO postings (rowid, words, parts) VALUES (?, ?, ?)", postings)
    _insert_vectors(connection, "document_vectors", document, np.stack([item.vector for item in batch]))
    _insert_vectors(connection, "passage_vectors", first, np.concatenate([item.vectors for item in batch]))
    _count(connection, len(passages), sum(row[5].count(" ") + 1 for row in passages))


def _insert_vectors(connection: apsw.Connection, table: str, first: int, vectors: NDArray[np.float32]) -> None:
    steps = quantise_unit(vectors)
    connection.executemany(
        f"INSERT INTO {table} (rowid, vector) VALUES (?, vec_int8(?))",
        ((first + int(row), steps[row].tobytes()) for row in np.flatnonzero(steps.any(axis=1))),
    )


def remove(connection: apsw.Connection, ids: Sequence[str]) -> None:
    """Take documents out, and leave no tombstones."""
    documents = _in(connection, "SELECT number, tags FROM documents WHERE id", ids)
    if not documents:
        return
    keys = [(number,) for number, _ in documents]
    passages = _in(connection, "SELECT number, words FROM passages WHERE document", [number for (number,) in keys])
    of_passages = [(number,) for number, _ in passages]
    for statement, bindings in (
        ("DELETE FROM postings WHERE rowid = ?", of_passages),
        ("DELETE FROM passage_vectors WHERE rowid = ?", of_passages),
        ("DELETE FROM passages WHERE document = ?", keys),
        ("DELETE FROM document_vectors WHERE rowid = ?", keys),
        ("DELETE FROM tags WHERE tag = ? AND document = ?", _tag_rows(documents)),
        ("DELETE FROM documents WHERE number = ?", keys),
    ):
        connection.executemany(statement, bindings)
    _count(connection, -len(passages), -sum(words.count(" ") + 1 for _, words in passages))


def _tag_rows(documents: Sequence[Any]) -> list[tuple[str, int]]:
    return [(tag, number) for number, tags in documents for tag in json.loads(tags)]


def _count(connection: apsw.Connection, passages: int, words: int) -> None:
    connection.executemany(
        "UPDATE about SET value = value + ? WHERE name = ?", [(passages, "passages"), (words, "words")]
    )


def _next(connection: apsw.Connection, table: str) -> int:
    ((last,),) = rows(connection, f"SELECT coalesce(max(number), 0) FROM {table}")
    return int(last) + 1


def _in(connection: apsw.Connection, select: str, values: Sequence[str] | Sequence[int]) -> list[Any]:
    return rows(connection, f"{select} IN (SELECT value FROM json_each(?))", json.dumps(values))
