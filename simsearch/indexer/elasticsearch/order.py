"""The order in which an owner's documents change: by the numbers of writes, or by a field with the time."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from simsearch.indexer.elasticsearch import changes, reading
from simsearch.indexer.elasticsearch.changes import START, Page, Shard
from simsearch.indexer.elasticsearch.connection import Connection
from simsearch.indexer.elasticsearch.owner import Owner, values
from simsearch.patience import WRITING

#: Seconds by which the clocks of an owner's programs differ, and that their writes take.
CLOCKS = 60.0

#: What tells a document from the same one after a change, and from all others.
State = tuple[Any, ...]


class Order(Protocol):
    """Tells what has changed after a position; each part of an index has positions of its own."""

    def parts(self) -> list[Shard]:
        """Return the parts that there are now."""

    def newest(self, after: Sequence[tuple[Shard, int]]) -> list[int]:
        """Return the highest position that is visible in each part, the given one where there is none after it."""

    def pages(self, part: Shard, after: int, upto: int) -> Iterator[Page]:
        """Yield the documents after a position, page by page."""

    def late(self, part: Shard, after: int, upto: int, read: set[State]) -> Iterator[Page]:
        """Yield those that were not read in the state that they are in."""

    def state(self, part: Shard, hit: Any) -> State:
        """Return the state that a document was read in."""

    def lateness(self) -> float:
        """Return after how many seconds all is visible that has a lower position than something visible."""


def order(connection: Connection, owner: Owner, most: int = changes.PAGE) -> Order:
    """Return the order of an owner's changes, in which at most `most` documents are read at a time."""
    return (ByTime if owner.changed_field else ByNumber)(connection, owner, most)


class ByNumber:
    """By the numbers that each shard gives its writes: exact, whatever clocks say."""

    def __init__(self, connection: Connection, owner: Owner, most: int) -> None:
        self._connection, self._name, self._most = connection, owner.name, most
        self._fields, self._conditions = owner.fields(), owner.conditions()

    def parts(self) -> list[Shard]:
        """Return the shards."""
        return changes.shards(self._connection, self._name)

    def newest(self, after: Sequence[tuple[Shard, int]]) -> list[int]:
        """Return the highest number that is visible in each shard."""
        return changes.newest(self._connection, self._name, after)

    def pages(self, part: Shard, after: int, upto: int) -> Iterator[Page]:
        """Yield the documents written after a number."""
        return changes.pages(
            self._connection, self._name, part, after, upto, self._fields, self._conditions, self._most
        )

    def late(self, part: Shard, after: int, upto: int, read: set[State]) -> Iterator[Page]:
        """Yield documents of which another write was read, or none."""
        writes = changes.writes(self._connection, self._name, part, after, upto, self._conditions)
        for number, term in writes:
            if (part.key, number, term) not in read:
                yield from self.pages(part, number - 1, number)

    def state(self, part: Shard, hit: Any) -> State:
        """Return number and term of a document's last write."""
        return part.key, hit["_seq_no"], hit["_primary_term"]

    def lateness(self) -> float:
        """Return the seconds after which a write is visible."""
        return changes.lateness(self._connection, self._name)


class ByTime:
    """By a field with the time, or a growing number, of the last change; sweeps alone see documents without it."""

    def __init__(self, connection: Connection, owner: Owner, most: int) -> None:
        self._connection, self._owner, self._most = connection, owner, most

    def parts(self) -> list[Shard]:
        """Return the whole as one part."""
        return [Shard(self._owner.name, self._owner.changed_field, 0)]

    def newest(self, after: Sequence[tuple[Shard, int]]) -> list[int]:
        """Return the latest time, in ms since 1970, but no time to come; or the highest number."""
        ((_, before),) = after
        highest = self._highest([])
        if (
            "value_as_string" in highest and highest["value"] > time.time() * 1000
        ):  # a date to come would hide all others
            highest = self._highest([{"range": {self._owner.changed_field: {"lte": "now"}}}])
        return [before if highest["value"] is None else max(before, math.ceil(highest["value"]))]

    def _highest(self, conditions: list[Any]) -> Any:
        aggregation = {"max": {"field": self._owner.changed_field}}
        query = {"bool": {"filter": [*self._owner.conditions(), *conditions]}}
        body = {"size": 0, "query": query, "aggs": {"highest": aggregation}, "track_total_hits": False}
        (found,) = self._connection.search(self._owner.name, [body], WRITING)
        return found["aggregations"]["highest"]

    def pages(self, part: Shard, after: int, upto: int) -> Iterator[Page]:
        """Yield the documents changed at a time or after it; from START on all, also those without one."""
        bounds = {"gte": after, "lte": upto, "format": "epoch_millis"}  # times may be coarse: as many as you like agree
        changed = [{"range": {self._owner.changed_field: bounds}}] if after > START else []
        query = {"bool": {"filter": [*self._owner.conditions(), *changed]}}
        fields = [*self._owner.fields(), self._owner.changed_field]
        sequence = time.time_ns()
        found = reading.walk(self._connection, self._owner.name, fields, self._most, query, WRITING)
        while hits := list(islice(found, self._most)):
            yield Page(part, after, sequence, hits)
            sequence += 1  # the state of the whole walk is that of its beginning; pages are told apart by it
        yield Page(part, upto, sequence, [])

    def late(self, part: Shard, after: int, upto: int, read: set[State]) -> Iterator[Page]:
        """Yield documents of which another time was read, or none."""
        for page in self.pages(part, after, upto) if upto > START else ():
            yield page._replace(hits=[hit for hit in page.hits if self.state(part, hit) not in read])

    def state(self, part: Shard, hit: Any) -> State:
        """Return id and time of a document's last change."""
        return hit["_index"], hit["_id"], str(list(values(hit.get("_source", {}), self._owner.changed_field)))

    def lateness(self) -> float:
        """Return the seconds after which a change is visible."""
        return CLOCKS + changes.lateness(self._connection, self._owner.name)
