"""The engine on a server: documents, postings and vectors in an Elasticsearch index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.document import Document
from simsearch.indexer.conditions import Condition
from simsearch.indexer.dead_letters import cleaned
from simsearch.indexer.elasticsearch import (
    creation,
    dead_letters,
    documents,
    health,
    load,
    mapping,
    owner,
    progress,
    queries,
    reading,
    source,
)
from simsearch.indexer.elasticsearch.access import Access
from simsearch.indexer.elasticsearch.address import Address, parse
from simsearch.indexer.elasticsearch.connection import Connection, RequestRefused, path_of
from simsearch.indexer.elasticsearch.in_place import InPlace, InPlaceWriter
from simsearch.indexer.elasticsearch.model_change import changed, told
from simsearch.indexer.elasticsearch.writing import Writer
from simsearch.indexer.engine import (
    Candidates,
    Check,
    DeadLetter,
    Enriched,
    Failed,
    Found,
    Info,
    Outcome,
    Passage,
    Question,
)
from simsearch.indexer.errors import IndexNotFound, OwnersIndex
from simsearch.patience import WRITING

if TYPE_CHECKING:
    from simsearch.indexer.elasticsearch.succession import ElasticsearchSuccession
    from simsearch.model import Model


class ElasticsearchEngine:
    """An index on a server; any number of processes may read and write it at a time."""

    exclusive = False

    @classmethod
    def open(cls, url: str, index_options: str | None = None) -> ElasticsearchEngine:
        """Open the index at `https://host:9200/name`; `index_options` changes how it keeps vectors from now on.

        Where the name belongs to somebody else's index, its companion is opened, to be read.

        Raises `IndexNotFound`, `NotOurs`, `IndexFormatUnknown`, and what `address`, `access` and `connection` raise.
        """
        address, connection = _connect(url)
        try:
            engine = cls(address, connection)
        except creation.NotOurs as error:
            try:
                engine = cls(address.companion, connection)
            except IndexNotFound:
                raise error from None
            if index_options:
                raise OwnersIndex(url=engine.url, owner=engine.owner) from None
        if index_options:
            creation.change(connection, engine._opened, index_options)
        return engine

    @classmethod
    def create(cls, url: str, model: str, dimensions: int, index_options: str | None = None) -> ElasticsearchEngine:
        """Create the index for a model, or open the one that another process has just created."""
        address, connection = _connect(url)
        creation.create(connection, address, model, dimensions, index_options or mapping.INDEX_OPTIONS)
        return cls(address, connection)

    @classmethod
    def beside(cls, url: str, model: str) -> ElasticsearchEngine:
        """Open the index that is being made for another model, and takes copies of documents."""
        address, connection = _connect(url)
        return cls(address, connection, address.build_alias(model))

    def __init__(self, address: Address, connection: Connection, build: str = "") -> None:
        self.url = address.url
        self._address = address
        self._connection = connection
        self._build = build  #: the alias of an index that the name does not lead to
        self._opened = creation.find(connection, address, alias=build)
        self.model = self._opened.model
        self._owner = owner.of(self._opened.meta)
        self.owner = self._owner.name if self._owner else ""
        self._in_place = self._owner is not None and self._owner.in_place
        #: Reads go through the alias of our model: the name may lead to another one later.
        self._alias = build or (address.name if self._in_place else address.write_alias(self.model))
        self._scope, self._aside = queries.OURS, address  #: where dead letters and progress are
        if self._owner and self._in_place:
            whole = [{"term": {"simsearch.model": self.model}}, *self._owner.conditions()]
            self._scope = queries.Scope(whole, queries.clause_on)
            self._aside = address.companion

    @told
    def info(self, check: bool = False) -> Info:
        """Return the figures of the index; with `check`, list what is wrong."""
        if check:
            self.refresh()
        (counted,) = self._connection.search(self._alias, [queries.states(self._scope)])
        statistics = self._connection.ask("GET", path_of(self._alias, "_stats", "store"))
        states = {bucket["key"]: bucket["doc_count"] for bucket in counted["aggregations"]["states"]["buckets"]}
        return Info(
            url=self.url,
            model=self.model,
            dimensions=self._opened.dimensions,
            documents=sum(states.values()),
            passages=counted["aggregations"]["passages"]["doc_count"],
            bytes=statistics["_all"]["primaries"]["store"]["size_in_bytes"],
            states=states,
            problems=[found.what for found in self.checks() if not found.ok] if check else [],
            dead_letters=dead_letters.count(self._connection, self._aside),
            companion=progress.companion(self._connection, self._aside, self.owner),
        )

    def checks(self) -> list[Check]:
        """Look at the server, the index and its state, each with what to do where it is not in order."""
        return list(health.checks(self._connection, self._address))

    def digests(self, ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Return digest and sequence of those documents that are stored; ("", sequence) of deleted ones."""
        return {name: (known.digest, known.sequence) for name, known in self._writer.known(ids).items()}

    def renew(self, documents: Sequence[Document]) -> list[Outcome]:
        """Note that stored documents were read again and had not changed."""
        return self._writer.renew(documents)

    def store(self, batch: Sequence[Enriched]) -> list[Outcome]:
        """Write documents; afterwards those stored survive a crash. The newest reading wins."""
        return self._writer.store(batch)

    def delete(self, ids: Iterable[str], sequence: int) -> list[Outcome]:
        """Delete documents; an older reading that arrives later does not bring them back."""
        return self._writer.delete(ids, sequence)

    def bury(self, failed: Sequence[Failed]) -> None:
        """Keep documents that could not be stored, each with its reason; tries of the same document add up."""
        self._writer.bury(cleaned(failed))

    def dead_letters(self, ids: Sequence[str] | None = None) -> list[DeadLetter]:
        """Return the documents that could not be stored, all or some, the oldest first."""
        with self._writer.told():
            return dead_letters.read(self._connection, self._aside, ids)

    def forget(self, ids: Sequence[str]) -> list[str]:
        """Remove dead letters; return the ids of those that were there."""
        with self._writer.told():
            return dead_letters.forget(self._connection, self._aside, ids)

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Prepare the index for a long run of `store`, and go back afterwards."""
        if self._in_place:  # its settings are its owner's
            yield
            return
        load.begin(self._connection, self._address, self._build)
        try:
            yield
        finally:
            load.end(self._connection, self._address, self._build)

    def settle(self) -> None:
        """Make what was written visible to searches, and mend what earlier runs have left behind."""
        if not self._in_place:
            load.end(self._connection, self._address, self._build)
            self.refresh()
        self.settle_dead_letters()

    def settle_dead_letters(self) -> None:
        """Remove the dead letters of what was stored, or deleted, since."""
        self._writer.forget_dead_letters()

    def refresh(self) -> None:
        """Make what was written visible to searches."""
        names = f"{self._build or self._address.name},{self._aside.dead_letters}"
        self._connection.ask("POST", path_of(names, "_refresh"), patience=WRITING)

    @told
    def candidates(self, question: Question) -> Candidates:
        """Return the best passages by words and by vector among those that meet the conditions."""
        return reading.candidates(self._connection, self._alias, question, self._scope)

    @told
    def nearest(self, vector: NDArray[np.float32], limit: int, conditions: Sequence[Condition]) -> list[str]:
        """Return ids of the documents nearest to a vector."""
        (answer,) = self._connection.search(self._alias, [queries.nearest(vector, limit, conditions, self._scope)])
        return [hit["_id"] for hit in answer["hits"]["hits"]]

    @told
    def facets(self, conditions: Sequence[Condition], limit: int) -> list[tuple[str, int]]:
        """Return the most frequent tags among documents that meet the conditions, with their numbers."""
        (answer,) = self._connection.search(self._alias, [queries.facets(conditions, limit, self._scope)])
        found = [(bucket["key"], bucket["doc_count"]) for bucket in answer["aggregations"]["tags"]["buckets"]]
        return sorted(found, key=lambda tag: (-tag[1], tag[0]))

    @told
    def passages(self, ids: Sequence[str]) -> dict[str, list[Passage]]:
        """Return the passages of documents, in their order; ids that are not stored are left out."""
        if self._owner and self._in_place:
            hits = source.enriched(self._connection, self._owner, ids, documents.OF_PASSAGES)
            return {name: documents.passages(hit["_source"]) for name, hit in hits.items()}
        found = reading.get(self._connection, self._alias, ids, documents.OF_PASSAGES)
        return {name: documents.passages(source) for name, source in found.items()}

    @told
    def fetch(self, ids: Sequence[str]) -> dict[str, Found]:
        """Return stored documents; ids that are not stored are left out."""
        if self._owner and self._in_place:
            fields = [*self._owner.fields(), *documents.SHOWN]
            hits = source.enriched(self._connection, self._owner, ids, fields)
            return {name: documents.found(name, self._owner.shown(hit)) for name, hit in hits.items()}
        found = reading.get(self._connection, self._alias, ids, documents.SHOWN)
        shown = {name: documents.found(name, source) for name, source in found.items()}
        if not self._owner:
            return shown
        texts = source.texts(self._connection, self._owner, {name: each.source for name, each in shown.items()})
        return {name: shown[name]._replace(text=text) for name, text in texts.items()}

    @told
    def sources(self) -> Iterable[tuple[str, str]]:
        """Return each document's id with its source."""
        return reading.sources(self._connection, self._alias)

    @told
    def words(self) -> Iterable[tuple[str, int]]:
        """Return each word of the index with the number of passages that hold it."""
        return reading.words(self._connection, self._alias, self._scope).items()

    @told
    def vectors(self, limit: int) -> dict[str, NDArray[np.float32]]:
        """Return the stored vectors (d) of at most `limit` documents from all over the index, by id."""
        apart = health.version(self._connection) >= documents.APART_FROM
        return reading.vectors(self._connection, self._alias, limit, apart, self._scope)

    def succeed(self, model: Model) -> ElasticsearchSuccession | None:
        """Make an index of another model beside this one, or go on with it; None where this one has the model.

        Raises `InPlace`.
        """
        from simsearch.indexer.elasticsearch import succession  # not needed to search

        if self._in_place:
            raise InPlace(url=self.url, model=model.id)
        return succession.begin(self, self._connection, self._address, model)

    def drop_old(self) -> list[str]:
        """Remove what earlier models, and changes of model that were given up, have left; return the names.

        Raises `ReindexUnfinished`.
        """
        from simsearch.indexer.elasticsearch import succession  # not needed to search

        return [] if self._in_place else succession.drop(self._connection, self._address)

    def settle_deletes(self, ids: Sequence[str]) -> None:
        """Delete those documents that the index holds, and of which a newer delete is noted."""
        self._writer.settle_deletes(ids)

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def tell_changed(self, error: RequestRefused) -> None:
        """Raise `ModelChanged` if the name leads to an index of another model."""
        found = changed(self._connection, self._address, self.model)
        if found:
            raise found from error

    @cached_property
    def _writer(self) -> Writer:
        packed = health.version(self._connection) >= documents.PACKED_FROM
        if self._owner and self._owner.in_place:
            return InPlaceWriter(self._connection, self._aside, self.model, packed, self._owner)
        keeps_text = self._owner is None
        return Writer(self._connection, self._address, self.model, packed, self._build, keeps_text=keeps_text)


def _connect(url: str) -> tuple[Address, Connection]:
    address = parse(url)
    return address, Connection(address.server, Access.from_environment())
