"""What could not be stored, with its reason: an index of its own, `NAME-dead-letters`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from simsearch.corpus.document import Document
from simsearch.indexer.elasticsearch import bulk
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection, RequestRefused
from simsearch.patience import READING, Patience

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
    too_large = {result.id for result in _write(connection, address, letters, patience) if result.status == 413}
    short = [
        bulk.index(document.id, time.time_ns(), _letter(document, reason, model, earlier[document.id], with_text=False))
        for document, reason in failed
        if document.id in too_large
    ]
    _write(connection, address, short, patience)


def count(connection: Connection, address: Address, patience: Patience = READING) -> int:
    """Return how many documents could not be stored."""
    path = f"/{address.dead_letters}/_count"
    return int(connection.ask("GET", path, patience=patience, ignore_unavailable=True)["count"])


def read(connection: Connection, address: Address, patience: Patience = READING) -> dict[str, dict[str, Any]]:
    """Return the oldest letters, by id."""
    body = {"size": MOST, "sort": ["first"]}
    path = f"/{address.dead_letters}/_search"
    found = connection.ask("POST", path, body, patience=patience, ignore_unavailable=True)
    return {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}


def forget(connection: Connection, address: Address, names: Sequence[str], patience: Patience) -> None:
    """Remove the letters of documents that were stored, or deleted, since."""
    _write(connection, address, [bulk.delete(name, time.time_ns()) for name in names], patience)
    connection.ask("POST", f"/{address.dead_letters}/_refresh", patience=patience)


def _write(
    connection: Connection, address: Address, actions: Sequence[bulk.Action], patience: Patience
) -> list[bulk.Result]:
    results = list(bulk.send(connection, address.dead_letters, actions, alias=True, patience=patience))
    for result in results:
        if result.kind == "index_not_found_exception":
            raise RequestRefused(server=connection.server, reason=result.reason, status=404, kind=result.kind)
    return results


def _letter(
    document: Document, reason: str, model: str, earlier: dict[str, Any], with_text: bool = True
) -> dict[str, Any]:
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
    if with_text and len(document.text) <= LONGEST_TEXT:
        letter |= {"title": document.title, "text": document.text, "metadata": document.metadata}
    return letter
