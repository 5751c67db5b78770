"""What could not be stored, with its reason: an index of its own, `NAME-dead-letters`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from simsearch.corpus.document import Document
from simsearch.indexer.dead_letters import grown
from simsearch.indexer.elasticsearch import bulk, mapping, reading
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection, RequestRefused, path_of
from simsearch.indexer.engine import DeadLetter, Failed
from simsearch.patience import READING, WRITING, Patience

#: Letters read or written at a time, as each may hold a long text.
MOST = 100
FIELDS = tuple(mapping.dead_letters_mapping()["properties"])
OF_DOCUMENT = ("title", "text", "source", "metadata")


def bury(connection: Connection, address: Address, model: str, failed: Sequence[Failed]) -> None:
    """Keep documents that could not be stored, each with its reason.

    A letter that another writer has changed meanwhile is read again, so that all tries count. A try counts twice
    where an answer is lost and the request is sent again. Raises `RequestRefused` where a letter is refused, too.
    """
    for start in range(0, len(failed), MOST):
        waiting = failed[start : start + MOST]
        bare: set[str] = set()  #: refused with their texts
        while waiting:
            names = dict.fromkeys(each.document.id for each in waiting)
            seen = {hit["_id"]: hit for hit in _get(connection, address, names, FIELDS, WRITING)}
            earlier = {name: _letter(hit) for name, hit in seen.items() if hit["found"]}
            letters = grown(earlier, waiting, model)
            actions = [bulk.replace(seen[name], _body(letter, name not in bare)) for name, letter in letters.items()]
            again = set()
            for result in _write(connection, address, actions):
                if result.status < 300:
                    continue
                if result.status != bulk.CONFLICT:
                    if result.id in bare:
                        raise _refused(connection, result)
                    bare.add(result.id)
                again.add(result.id)
            waiting = [each for each in waiting if each.document.id in again]
    _refresh(connection, address)


def count(connection: Connection, address: Address, patience: Patience = READING) -> int:
    """Return how many documents could not be stored."""
    path = f"/{address.dead_letters}/_count"
    return int(connection.ask("GET", path, patience=patience, ignore_unavailable=True)["count"])


def read(connection: Connection, address: Address, ids: Iterable[str] | None = None) -> list[DeadLetter]:
    """Return dead letters, all or some, the oldest first."""
    if ids is None:
        hits = reading.walk(connection, address.dead_letters, FIELDS, MOST)
    else:
        hits = (hit for hit in _get(connection, address, ids, FIELDS) if hit["found"])
    return sorted(map(_letter, hits), key=lambda letter: (letter.first, letter.id))


def names(connection: Connection, address: Address) -> list[str]:
    """Return the ids of all letters."""
    if not count(connection, address, WRITING):
        return []
    return [hit["_id"] for hit in reading.walk(connection, address.dead_letters, ["sequence"])]


def settle(connection: Connection, address: Address, newest: Mapping[str, int]) -> None:
    """Remove the letters that are not newer than these readings; one that is just growing stays."""
    settled = [
        bulk.remove(hit["_id"], hit)
        for hit in _get(connection, address, newest, ["sequence"], WRITING)
        if hit["found"] and hit["_source"]["sequence"] <= newest[hit["_id"]]
    ]
    if settled:
        _write(connection, address, settled)
        _refresh(connection, address)


def forget(connection: Connection, address: Address, ids: Iterable[str]) -> list[str]:
    """Remove dead letters; return the ids of those that were there."""
    results = _write(connection, address, [bulk.remove(name) for name in dict.fromkeys(ids)])
    _refresh(connection, address)
    return [result.id for result in results if result.status < 300]


def _get(
    connection: Connection,
    address: Address,
    ids: Iterable[str],
    fields: Sequence[str],
    patience: Patience = READING,
) -> Iterator[Any]:
    wanted = [{"_index": address.dead_letters, "_id": name, "_source": list(fields)} for name in ids]
    for start in range(0, len(wanted), MOST):
        yield from connection.get(wanted[start : start + MOST], patience)


def _write(connection: Connection, address: Address, actions: Sequence[bulk.Action]) -> list[bulk.Result]:
    results = list(bulk.send(connection, address.dead_letters, actions, alias=True))
    for result in results:
        if result.kind == "index_not_found_exception":
            raise _refused(connection, result)
    return results


def _refused(connection: Connection, result: bulk.Result) -> RequestRefused:
    return RequestRefused(server=connection.server, reason=result.reason, status=result.status, kind=result.kind)


def _refresh(connection: Connection, address: Address) -> None:
    connection.ask("POST", path_of(address.dead_letters, "_refresh"), patience=WRITING)


def _body(letter: DeadLetter, with_text: bool) -> dict[str, Any]:
    body = {name: value for name, value in letter._asdict().items() if name not in ("id", "document")}
    if letter.document and with_text:
        body |= {name: getattr(letter.document, name) for name in OF_DOCUMENT}
    return body


def _letter(hit: Mapping[str, Any]) -> DeadLetter:
    kept = hit["_source"]
    document = None
    if "text" in kept:
        given = {name: kept[name] for name in OF_DOCUMENT if name in kept}
        document = Document(id=hit["_id"], sequence=kept["sequence"], **given)
    return DeadLetter(
        id=hit["_id"],
        document=document,
        **{name: kept[name] for name in ("reason", "model", "first", "last", "tries", "sequence")},
    )
