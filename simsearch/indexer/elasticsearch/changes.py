"""The documents of an index in the order in which they were written: what there is after a position.

Each shard numbers its writes (`_seq_no`): a document bears the number of its last one. So what was written after a
number is what has changed since, and a number says how far one has come.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from simsearch.indexer.elasticsearch.connection import Connection, path_of
from simsearch.patience import WRITING, Patience

#: Before the first write.
START = -1
#: Documents read at a time at most, and at first; and their numbers alone.
PAGE, FIRST_PAGE, MOST_NUMBERS = 400, 20, 10_000
#: Characters of a page: with more the next one gets fewer documents.
HEAVY = 4_000_000
#: A write may become visible after one with a higher number: at the next refresh; and a server tries for 60 s to bring
#: a copy up to date that was busy (`indices.replication.retry_timeout`).
LATE = 70.0
#: Seconds for an index whose refreshes its owner asks for.
UNKNOWN_REFRESH = 60.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
#: All reads ask the same copy of a shard: copies show what is new at different times.
COPY = "simsearch"

Body = dict[str, Any]


class Shard(NamedTuple):
    """A part of an index that numbers its writes by itself."""

    of: str  #: the index
    uuid: str  #: of the index: another one of the same name has another
    number: int

    @property
    def key(self) -> str:
        """A name for it that is never used again."""
        return f"{self.uuid}/{self.number}"


class Page(NamedTuple):
    """What was read at once."""

    shard: Shard
    end: int  #: what is visible up to this number has been read
    sequence: int  #: ns since 1970, just before the reading
    hits: list[Any]  #: with `_id`, `_version`, `_seq_no`, `_primary_term` and `_source`


def shards(connection: Connection, name: str, patience: Patience = WRITING) -> list[Shard]:
    """Return the shards of all indices that a name leads to."""
    found = connection.ask("GET", path_of(name, "_settings"), patience=patience, flat_settings=True)
    return [
        Shard(index, of_index["settings"]["index.uuid"], number)
        for index, of_index in sorted(found.items())
        for number in range(int(of_index["settings"]["index.number_of_shards"]))
    ]


def lateness(connection: Connection, name: str) -> float:
    """Return after how many seconds all is visible that was written before something visible, on all copies."""
    found = connection.ask("GET", path_of(name, "_settings"), patience=WRITING, flat_settings=True)
    told = [of_index["settings"].get("index.refresh_interval", "1s") for of_index in found.values()]
    return LATE + 2 * max(map(_seconds, told))


def newest(connection: Connection, name: str, after: Sequence[tuple[Shard, int]]) -> list[int]:
    """Return the highest number that is visible in each shard; the given one where there is none after it."""
    body = {"size": 1, "_source": False, "sort": _sort("desc"), "track_total_hits": False}
    searches = [
        (_header(name, shard), body | {"query": {"bool": {"filter": [_written(shard), _after(number)]}}})
        for shard, number in after
    ]
    answers = [answer["hits"]["hits"] for answer in connection.search_each(searches, WRITING)]
    return [int(hits[0]["sort"][0]) if hits else number for (_, number), hits in zip(after, answers, strict=True)]


def pages(
    connection: Connection,
    name: str,
    shard: Shard,
    after: int,
    upto: int,
    fields: Sequence[str],
    query: Sequence[Mapping[str, Any]] = (),
    most: int = PAGE,
) -> Iterator[Page]:
    """Yield the documents whose last write has a number from `after` + 1 to `upto`, oldest first, page by page.

    `name` may be an alias, whose filter holds; `query` are conditions. What is rewritten meanwhile gets a higher
    number, and is not among them. Documents have holes between their numbers where others were rewritten: a
    page looks at as many numbers as it takes to be about full. It holds at most `most` documents, and fewer long ones.
    """
    size = width = min(FIRST_PAGE, most)
    while after < upto:
        end = min(after + width, upto)
        sequence = time.time_ns()
        hits = _search(connection, name, shard, after, end, query, {"size": size, "_source": list(fields)})
        if len(hits) == size:
            end = int(hits[-1]["_seq_no"])
        weight = sum(len(str(hit.get("_source"))) for hit in hits)
        density = max(len(hits), 1) / (end - after)
        size = max(min(most, 2 * size, size * HEAVY // max(weight, 1)), 1)
        width = math.ceil(size / density)
        yield Page(shard, end, sequence, hits)
        after = end


def writes(
    connection: Connection, name: str, shard: Shard, after: int, upto: int, query: Sequence[Mapping[str, Any]] = ()
) -> Iterator[tuple[int, int]]:
    """Yield number and term of the last write of each document, without the documents.

    A number comes again, in another term, where a copy that had it was lost.
    """
    width = MOST_NUMBERS
    while after < upto:
        end = min(after + width, upto)
        hits = _search(connection, name, shard, after, end, query, {"size": MOST_NUMBERS, "_source": False})
        yield from ((int(hit["_seq_no"]), int(hit["_primary_term"])) for hit in hits)
        if len(hits) == MOST_NUMBERS:
            end = int(hits[-1]["_seq_no"])
        width = MOST_NUMBERS if len(hits) > MOST_NUMBERS // 2 else 2 * width
        after = end


def _search(
    connection: Connection,
    name: str,
    shard: Shard,
    after: int,
    upto: int,
    query: Sequence[Mapping[str, Any]],
    body: Body,
) -> list[Any]:
    conditions = [_written(shard), _after(after, upto), *query]
    asked = {"query": {"bool": {"filter": conditions}}, "sort": _sort("asc"), "track_total_hits": False}
    (answer,) = connection.search_each(
        [(_header(name, shard), asked | {"version": True, "seq_no_primary_term": True} | body)], WRITING
    )
    found: list[Any] = answer["hits"]["hits"]
    return found


def _seconds(interval: str) -> float:
    match = re.fullmatch(r"(\d+)(ms|s|m|h|d)", interval)
    return int(match[1]) * _UNITS[match[2]] if match else UNKNOWN_REFRESH


def _header(name: str, shard: Shard) -> Body:
    return {"index": name, "preference": f"_shards:{shard.number}|{COPY}"}


def _written(shard: Shard) -> Body:
    return {"term": {"_index": shard.of}}


def _after(number: int, upto: int | None = None) -> Body:
    return {"range": {"_seq_no": {"gt": number} | ({} if upto is None else {"lte": upto})}}


def _sort(order: str) -> list[Body]:
    return [{"_seq_no": {"order": order, "unmapped_type": "long"}}]  # an index without a document maps nothing
