"""What could not be stored, with its reason: an index of its own, `NAME-dead-letters`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from simsearch.corpus.document import Document
from simsearch.indexer.elasticsearch import bulk
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection
from simsearch.indexer.elasticsearch.retry import Patience

#: A text of more characters is left where it came from: it may be why the document was refused.
LONGEST_TEXT = 100_000
#: Letters looked at in one go.
MOST = 1_000


def bury(
    connection: Connection,
    address: Address,
    model: str,
    failed: Sequence[tuple[Document, str]],
    patience: Patience,
) -> None:
    """Keep documents that could not be stored, each with its reason."""
    wanted = [{"_index": address.dead_letters, "_id": document.id} for document, _ in failed]
    earlier = {letter["_id"]: letter.get("_source", {}) for letter in connection.get(wanted, patience)}
    letters = [
        bulk.index(document.id, time.time_ns(), _letter(document, reason, model, earlier[document.id]))
        for document, reason in failed
    ]
    _write(connection, address, letters, patience)


def count(connection: Connection, address: Address) -> int:
    """Return how many documents could not be stored."""
    return int(connection.ask("GET", f"/{address.dead_letters}/_count", ignore_unavailable=True)["count"])


def read(connection: Connection, address: Address) -> dict[str, dict[str, Any]]:
    """Return the oldest letters, by id."""
    connection.ask("POST", f"/{address.dead_letters}/_refresh", ignore_unavailable=True)
    body = {"size": MOST, "sort": ["first"]}
    found = connection.ask("POST", f"/{address.dead_letters}/_search", body, ignore_unavailable=True)
    return {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}


def forget(connection: Connection, address: Address, names: Sequence[str], patience: Patience) -> None:
    """Remove the letters of documents that were stored, or deleted, since."""
    _write(connection, address, [bulk.delete(name, time.time_ns()) for name in names], patience)


def _write(connection: Connection, address: Address, actions: Sequence[bulk.Action], patience: Patience) -> None:
    for _ in bulk.send(connection, address.dead_letters, actions, patience=patience):
        pass


def _letter(document: Document, reason: str, model: str, earlier: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    letter = {
        "sequence": document.sequence,
        "reason": reason,
        "model": model,
        "first": earlier.get("first", now),
        "last": now,
        "tries": earlier.get("tries", 0) + 1,
        "source": document.source,
    }
    if len(document.text) <= LONGEST_TEXT:
        letter |= {"title": document.title, "text": document.text, "metadata": document.metadata}
    return letter
