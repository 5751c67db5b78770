"""Dead letters in the embedded engine: a row each, its columns the fields of `DeadLetter`, its document as JSON.

Each function runs inside the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import apsw

from simsearch.corpus.document import Document
from simsearch.indexer.dead_letters import grown
from simsearch.indexer.engine import DeadLetter, Failed
from simsearch.indexer.sqlite.file import rows

_LISTED = "WHERE id IN (SELECT value FROM json_each(?))"


def bury(connection: apsw.Connection, model: str, failed: Sequence[Failed]) -> None:
    """Keep documents that could not be stored, each with its reason."""
    names = [each.document.id for each in failed]
    letters = grown({letter.id: letter for letter in read(connection, names)}, failed, model)
    connection.executemany(
        "INSERT OR REPLACE INTO dead_letters VALUES (?,?,?,?,?,?,?,?)",
        [(*letter[:-1], _encoded(letter.document)) for letter in letters.values()],
    )
    settle(connection, names)


def read(connection: apsw.Connection, ids: Sequence[str] | None = None) -> list[DeadLetter]:
    """Return dead letters, all or some, the oldest first."""
    where, values = ("", []) if ids is None else (_LISTED, [json.dumps(ids)])
    found = rows(connection, f"SELECT * FROM dead_letters {where} ORDER BY first, id", *values)
    return [DeadLetter._make([*row, _decoded(row[0], row[-1], document)]) for *row, document in found]


def forget(connection: apsw.Connection, ids: Sequence[str]) -> list[str]:
    """Remove dead letters; return the ids of those that were there."""
    found = rows(connection, f"DELETE FROM dead_letters {_LISTED} RETURNING id", json.dumps(ids))
    return [name for (name,) in found]


def settle(connection: apsw.Connection, ids: Sequence[str]) -> None:
    """Remove the dead letters of documents of which a reading at least as new is stored or deleted."""
    connection.execute(
        f"DELETE FROM dead_letters {_LISTED}"
        " AND (sequence <= (SELECT sequence FROM documents AS d WHERE d.id = dead_letters.id)"
        " OR sequence <= (SELECT sequence FROM tombstones AS t WHERE t.id = dead_letters.id))",
        (json.dumps(ids),),
    )


def _encoded(document: Document | None) -> str | None:
    if document is None:
        return None
    given = {"text": document.text, "title": document.title, "metadata": document.metadata, "source": document.source}
    return json.dumps(given, ensure_ascii=False)


def _decoded(name: str, sequence: int, document: str | None) -> Document | None:
    return Document(id=name, sequence=sequence, **json.loads(document)) if document else None
