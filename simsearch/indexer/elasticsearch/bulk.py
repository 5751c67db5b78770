"""Writing many documents: bounded requests, an outcome for each, and another try for what was not taken."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from simsearch.indexer.elasticsearch.connection import Connection, Passing, RequestRefused, path_of, refusal
from simsearch.patience import WRITING, Patience, Waiting

#: A request holds so many actions at most,
MOST_ACTIONS = 500
#: and so many bytes; a server takes 100 MB where nobody has changed it, and needs several times that of memory.
MOST_BYTES = 4_000_000
#: The status of what is not done because somebody else was faster, or has a newer version.
CONFLICT = 409
#: The status of an update of what is not there.
ABSENT = 404

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Action(NamedTuple):
    """One document to write or delete, as its lines of JSON."""

    id: str
    lines: list[bytes]

    @property
    def size(self) -> int:
        """In bytes, as it is sent."""
        return sum(map(len, self.lines)) + len(self.lines)


class Result(NamedTuple):
    """What became of an action: `status` and `kind` are Elasticsearch's; below 300 all went well."""

    id: str
    status: int
    kind: str = ""
    reason: str = ""
    target: str = ""  #: the index that was written to


def index(name: str, version: int, body: Any) -> Action:
    """Return the action that stores a document unless a newer version is stored."""
    return Action(name, [_header("index", name, _dated(version)), _encode(body).encode()])


def delete(name: str, version: int) -> Action:
    """Return the action that deletes a document unless a newer version is stored."""
    return Action(name, [_header("delete", name, _dated(version))])


def replace(seen: Mapping[str, Any], body: Any) -> Action:
    """Return the action that stores a document unless it has changed since `Connection.get` returned `seen`."""
    name = seen["_id"]
    header = _header("index", name, _unchanged(seen)) if seen["found"] else _header("create", name, {})
    return Action(name, [header, _encode(body).encode()])


def update(seen: Mapping[str, Any], part: Any) -> Action:
    """Return the action that merges fields into a document unless it has changed since a search returned `seen`."""
    routing = {"routing": seen["_routing"]} if "_routing" in seen else {}
    header = _header("update", seen["_id"], {"_index": seen["_index"], **routing, **_unchanged(seen)})
    return Action(seen["_id"], [header, _encode({"doc": part}).encode()])


def remove(name: str, seen: Mapping[str, Any] | None = None) -> Action:
    """Return the action that deletes a document, with `seen` unless it has changed since.

    For want of a version, no server makes an index for it.
    """
    return Action(name, [_header("delete", name, _unchanged(seen) if seen else {})])


def send(
    connection: Connection,
    target: str,
    actions: Iterable[Action],
    *,
    alias: bool = False,
    patience: Patience = WRITING,
) -> Iterator[Result]:
    """Write to an index, yielding what became of each action, in no particular order.

    With `alias` the target must be one: an index of that name is never made. What the server is too busy for is
    sent again until the deadline; it counts from the last action that was taken. Raises the errors of
    `connection`.
    """
    for chunk in chunks(actions):
        yield from _send(connection, path_of(target, "_bulk"), chunk, alias, patience)


def chunks(actions: Iterable[Action]) -> Iterator[list[Action]]:
    """Gather actions into requests bounded by number and bytes; an action that is too large alone is sent alone."""
    chunk: list[Action] = []
    size = 0
    for action in actions:
        if chunk and (len(chunk) >= MOST_ACTIONS or size + action.size > MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(action)
        size += action.size
    if chunk:
        yield chunk


def _send(
    connection: Connection, path: str, chunk: Sequence[Action], alias: bool, patience: Patience
) -> Iterator[Result]:
    waiting = Waiting(f"Elasticsearch at {connection.server}", patience)
    pending = list(chunk)
    while pending:
        lines = [line for action in pending for line in action.lines]
        try:
            # A shard that is away is told after 5 s, not a minute: waiting is our business.
            answer = connection.ask(
                "POST", path, lines, patience=patience, waiting=waiting, require_alias=alias, timeout="5s"
            )
        except RequestRefused as error:
            if error.status != 413:
                raise
            if len(pending) == 1:
                yield Result(pending[0].id, 413, error.kind, "it is larger than Elasticsearch takes")
                return
            half = len(pending) // 2
            yield from _send(connection, path, pending[:half], alias, patience)
            yield from _send(connection, path, pending[half:], alias, patience)
            return
        again: list[Action] = []
        told: Passing | None = None
        for action, item in zip(pending, answer["items"], strict=True):
            (item,) = item.values()
            refused = refusal(connection.server, item["status"], item) if "error" in item else None
            if isinstance(refused, Passing):
                again.append(action)
                told = refused
            elif refused is None or isinstance(refused, RequestRefused):
                kind, reason = (refused.kind, refused.reason) if refused else ("", "")
                yield Result(action.id, item["status"], kind, reason, item.get("_index", ""))
            else:  # access was taken away
                raise refused
        if told:
            if len(again) < len(pending):
                waiting = Waiting(f"Elasticsearch at {connection.server}", patience)
            waiting.wait(told)
        pending = again


def _header(kind: str, name: str, conditions: Mapping[str, Any]) -> bytes:
    return _encode({kind: {"_id": name, **conditions}}).encode()


def _dated(version: int) -> dict[str, Any]:
    return {"version": version, "version_type": "external_gte"}


def _unchanged(seen: Mapping[str, Any]) -> dict[str, Any]:
    return {"if_seq_no": seen["_seq_no"], "if_primary_term": seen["_primary_term"]}
