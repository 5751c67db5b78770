"""An index of another model, made beside the one that a name leads to, whose place it takes in one step.

What was written is read in the order of its numbers. All writes up to a shard's checkpoint are done, so after a refresh
they are visible, and none with a smaller number comes later.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from simsearch.corpus.document import Document
from simsearch.indexer.elasticsearch import (
    bulk,
    changes,
    creation,
    generations,
    model_change,
    progress,
    reading,
    source,
)
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.changes import Shard
from simsearch.indexer.elasticsearch.connection import Connection, ElasticsearchBusy, RequestRefused, path_of
from simsearch.indexer.elasticsearch.creation import Opened
from simsearch.indexer.elasticsearch.generations import FROM
from simsearch.indexer.elasticsearch.owner import of as owner_of
from simsearch.indexer.engine import Engine
from simsearch.indexer.enrichment import clean
from simsearch.indexer.errors import ReindexUnfinished
from simsearch.model import Model
from simsearch.patience import WRITING, Waiting

if TYPE_CHECKING:
    from simsearch.indexer.elasticsearch.engine import ElasticsearchEngine

#: What is read of a document.
GIVEN = ["text", "title", "metadata", "source"]
#: Documents whose texts are asked for at a time: each may be long.
AT_ONCE = 50


def begin(
    engine: ElasticsearchEngine, connection: Connection, address: Address, model: Model
) -> ElasticsearchSuccession | None:
    """Make the new index or go on with it; None where the index has the model, and nothing is left to do.

    Raises `ReindexUnfinished` where an earlier change, to another model, has to come to its end first.
    """
    current = creation.find(connection, address)
    old = current.meta.get(FROM)
    unfinished = old in generations.names(connection, address)
    if current.model != model.id:
        if unfinished:
            raise ReindexUnfinished(url=address.url, model=current.model)
        _, made = generations.make(connection, address, current, model)
        return ElasticsearchSuccession(engine, connection, address, model, current.name, resumed=not made)
    if not unfinished:
        if old:  # it was deleted by hand before the last step: there is nothing left to take over
            _end(connection, address.build_alias(model.id), current)
        return None
    back = {"add": {"index": current.name, "alias": address.build_alias(model.id)}}
    connection.ask("POST", "/_aliases", {"actions": [back]}, patience=WRITING)
    return ElasticsearchSuccession(engine, connection, address, model, str(old), swapped=True)


def drop(connection: Connection, address: Address) -> list[str]:
    """Delete all generations but that to which the name leads; return their names.

    Raises `ReindexUnfinished`.
    """
    current = creation.find(connection, address)
    found = [name for name in generations.names(connection, address) if name != current.name]
    if current.meta.get(FROM) in found:
        raise ReindexUnfinished(url=address.url, model=current.model)
    generations.drop(connection, address, current.name, found)
    return found


def open_new(model: str, url: str) -> tuple[Engine, Model]:
    """Open the new index in a process of its own, which waits as long for a server as the run does."""
    from simsearch.indexer.elasticsearch.engine import ElasticsearchEngine

    os.environ.setdefault("SIMSEARCH_PATIENCE", "300")
    return ElasticsearchEngine.beside(url, model), Model.of_index(model)


class ElasticsearchSuccession:
    """The index of a new model, and how far it has read the old one."""

    def __init__(
        self,
        engine: ElasticsearchEngine,
        connection: Connection,
        address: Address,
        model: Model,
        old: str,
        resumed: bool = False,
        swapped: bool = False,
    ) -> None:
        self.new = engine.beside(address.url, model.id)
        self.opener = partial(open_new, model.id)
        self.swapped = swapped
        self._old_engine, self._connection, self._address = engine, connection, address
        self._owner = owner_of(creation.find(connection, address).meta)
        self._lateness = changes.lateness(connection, self._owner.name) if self._owner else 0.0
        self._old = old
        self._alias = address.build_alias(model.id)
        self._resumed = resumed
        self._absent: set[str] = set()  #: what a companion holds and its owner does not, as far as it was seen
        self._read: dict[str, int] = {}  #: of each shard, the number up to which all was taken over

    def changed(self, again: Collection[str] = ()) -> Iterator[Document]:
        """Yield what was written to the old index since the last call and the new one lacks; and `again`, by id.

        Raises `ModelChanged` where another process was faster.
        """
        gone = model_change.changed(self._connection, self._address, self._old_engine.model)
        if gone and not self.swapped:
            raise gone
        for hits in self._since(self._old, GIVEN):
            stored = self.new.digests([hit["_id"] for hit in hits])
            for document in self._documents(hits):
                digest, sequence = stored.get(document.id, ("", 0))
                if digest != document.digest or sequence < document.sequence:
                    yield document
        names = iter(again)
        while wanted := [{"_index": self._old, "_id": name, "_source": GIVEN} for name in islice(names, changes.PAGE)]:
            yield from self._documents([hit for hit in self._connection.get(wanted, WRITING) if hit["found"]])

    def remove_deleted(self) -> None:
        """Take out of the new index what was deleted from the old one."""
        for hits in self._since(self._address.readings, ["deleted"], [{"term": {"deleted": True}}]):
            names = [hit["_id"] for hit in hits]
            if not self.swapped:  # whose process was killed once it had noted the delete
                self._old_engine.settle_deletes(names)
            self.new.settle_deletes(names)
        if self._resumed:  # what was made earlier may come from an index that was replaced by hand since
            self._remove_strays()
            self._resumed = False

    def behind(self) -> int:
        """Return how many documents of the old index the new one may lack, at most."""
        shards = changes.shards(self._connection, self._old)
        written = self._numbers(shards, "max_seq_no")
        left = (number - self._read.get(shard.key, changes.START) for shard, number in written.items())
        return len(self._absent) + sum(left)

    def swap(self, catch_up: Callable[[], None]) -> None:
        """Let the name lead to the new index, and take over what was under way to the old one.

        Raises `ModelChanged` where another process was faster.
        """
        if not self.swapped:
            self._turn()
            self.swapped = True
        # Waits for the writes that are under way; later ones find the old alias gone.
        self._insist("PUT", path_of(self._old, "_block", "write"), _blocked)
        catch_up()
        old = creation.find(self._connection, self._address, WRITING, self._old)
        found = creation.find(self._connection, self._address, WRITING, self._alias)
        _end(self._connection, self._alias, found._replace(meta=generations.taken_over(found.meta, old)))
        if self._owner:  # its texts were read at another time than it was followed
            progress.compare_all(self._connection, self._address)

    def close(self) -> None:
        """Close the connections of the new index."""
        self.new.close()

    def _turn(self) -> None:
        new = creation.find(self._connection, self._address, WRITING, self._alias).name
        name, old_alias = self._address.name, self._address.write_alias(self._old_engine.model)
        actions: list[Mapping[str, Any]] = [
            {"remove": {"index": self._old, "alias": name, "must_exist": True}},
            {"remove": {"index": self._old, "alias": old_alias, "must_exist": False}},
            {"add": {"index": new, "alias": name}},
            {"add": {"index": new, "alias": self._address.write_alias(self.new.model)}},
        ]
        try:
            self._connection.ask("POST", "/_aliases", {"actions": actions}, patience=WRITING)
        except RequestRefused as error:
            if error.status != 404:
                raise
            if creation.find(self._connection, self._address, WRITING).name == new:
                return  # it was done, and only the answer was lost
            self._old_engine.tell_changed(error)
            raise

    def _since(self, name: str, fields: Sequence[str], query: Sequence[Mapping[str, Any]] = ()) -> Iterator[list[Any]]:
        """Yield what was written since the last call, page by page."""
        shards = changes.shards(self._connection, name)
        # Once nobody writes any more, the last number is certain; a checkpoint may come after it.
        ends = self._numbers(shards, "max_seq_no" if self.swapped and name == self._old else "global_checkpoint")
        self._insist("POST", path_of(name, "_refresh"), lambda answer: not answer["_shards"]["failed"])
        for shard, end in ends.items():
            after = self._read.get(shard.key, changes.START)
            for page in changes.pages(self._connection, name, shard, after, end, fields, query):
                yield page.hits
            self._read[shard.key] = end

    def _documents(self, hits: Sequence[Mapping[str, Any]]) -> list[Document]:
        """Return stored documents as they were given, with the sequences of their readings; where texts come from.

        A companion's come from its owner as they are now; what the owner does not have any more is deleted.
        """
        if not self._owner:
            return list(map(_document, hits))
        found = []
        for start in range(0, len(hits), AT_ONCE):
            versions = {hit["_id"]: hit["_version"] for hit in hits[start : start + AT_ONCE]}
            names = {hit["_id"]: hit["_source"].get("source", "") for hit in hits[start : start + AT_ONCE]}
            theirs = source.find(self._connection, self._owner, names, self._owner.fields(), WRITING)
            now = time.time_ns()
            gone = [name for name in names if name not in theirs]
            self._absent = (self._absent | {*gone}) - {*theirs}
            old = [name for name in gone if versions[name] < now - 1e9 * self._lateness]
            if old and not self.swapped:
                self._old_engine.delete(old, now)
            found += [clean(self._owner.document(hit, versions[name])) for name, hit in theirs.items()]
        return found

    def _insist(self, method: str, path: str, done: Callable[[Any], bool]) -> None:
        """Ask until it is done on all copies."""
        waiting = Waiting(f"Elasticsearch at {self._connection.server}", WRITING)
        while not done(self._connection.ask(method, path, patience=WRITING, waiting=waiting)):
            waiting.wait(self._busy(f"{path} is not done on all copies"))

    def _busy(self, reason: str) -> ElasticsearchBusy:
        return ElasticsearchBusy(server=self._connection.server, reason=reason, remedy="see its cluster health")

    def _numbers(self, shards: Sequence[Shard], what: str) -> dict[Shard, int]:
        """Return a number of the primary copy of each shard."""
        names = ",".join(sorted({shard.of for shard in shards}))
        told = self._connection.ask("GET", path_of(names, "_stats"), level="shards", patience=WRITING)["indices"]
        found = {}
        for shard in shards:
            copies = told.get(shard.of, {}).get("shards", {}).get(str(shard.number), [])
            primary = next((copy for copy in copies if copy["routing"]["primary"]), None)
            if primary is None:
                raise self._busy(f"shard {shard.number} of {shard.of} is not available")
            found[shard] = int(primary["seq_no"][what])
        return found

    def _remove_strays(self) -> None:
        """Take out what the old index does not hold."""
        walk = reading.walk(self._connection, self._alias, ["simsearch.state"])
        while ids := [hit["_id"] for hit in islice(walk, reading.MOST_IDS)]:
            stored = self._old_engine.digests(ids)
            strays = [bulk.remove(name) for name in ids if not stored.get(name, ("",))[0]]
            for _ in bulk.send(self._connection, self._alias, strays, alias=True):
                pass


def _end(connection: Connection, alias: str, new: Opened) -> None:
    """Note that an index has taken over all there was."""
    gone = {"remove": {"index": new.name, "alias": alias, "must_exist": False}}
    connection.ask("POST", "/_aliases", {"actions": [gone]}, patience=WRITING)
    creation.note(connection, new, {name: value for name, value in new.meta.items() if name != FROM})


def _blocked(answer: Mapping[str, Any]) -> bool:
    """Tell whether all shards take no more writes; the index of an earlier run is blocked already."""
    return answer["shards_acknowledged"] or not answer["indices"]


def _document(hit: Mapping[str, Any]) -> Document:
    """Return a stored document as it was given, with the sequence of its reading."""
    given = {name: hit["_source"][name] for name in GIVEN if name in hit["_source"]}
    return Document(id=hit["_id"], sequence=hit["_version"], **given)
