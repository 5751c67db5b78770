"""Writing into somebody else's index: one field of each document is ours, and nothing else changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simsearch.corpus.document import Document
from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch import bulk, documents, model_change, source
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection
from simsearch.indexer.elasticsearch.owner import Owner
from simsearch.indexer.elasticsearch.writing import Known, Writer
from simsearch.indexer.engine import Enriched, Outcome
from simsearch.indexer.enrichment import clean
from simsearch.patience import WRITING

#: What is read of our field.
OURS = ["simsearch.digest", "simsearch.model", "simsearch.read"]


class InPlace(SimsearchError):
    """What is computed is written into {url} itself: give it another model with `simsearch enrich {url} --in-place --model {model}`."""  # noqa: E501

    url: str
    model: str


class ExternalVersions(SimsearchError):
    """The documents of {index} bear versions of their owner's ({id} has version {version}), which writing in place would spoil: leave --in-place out."""  # noqa: E501

    index: str
    id: str
    version: int


class InPlaceWriter(Writer):
    """Writes our field into the documents of an owner's index, each only as long as it is as it was read."""

    def __init__(self, connection: Connection, beside: Address, model: str, packed: bool, owner: Owner) -> None:
        """Take the address of what goes with the index, such as dead letters."""
        super().__init__(connection, beside, model, packed)
        self._owner = owner

    def known(self, ids: Sequence[str]) -> dict[str, Known]:
        """Return what is stored of documents; an empty digest where it is another model's."""
        return {name: _known(hit, self._model) for name, hit in self._find(ids, OURS).items()}

    def store(self, batch: Sequence[Enriched]) -> list[Outcome]:
        """Write our field where the document is still the one that was enriched; else it will be read again.

        Raises `ModelChanged` where another model takes the place of ours.
        """
        index = Address(self._address.server, self._owner.name)
        if changed := model_change.changed(self._connection, index, self._model):
            raise changed
        hits = self._find([item.document.id for item in batch], self._owner.fields())
        as_read = {
            item.document.id: item
            for item in batch
            if item.document.id in hits and self._digest(hits[item.document.id]) == item.digest
        }
        actions = [bulk.update(hits[name], {"simsearch": self._body(item)}) for name, item in as_read.items()]
        results = {name: bulk.Result(name, bulk.ABSENT) for item in batch if (name := item.document.id) not in hits}
        results |= {result.id: result for result in bulk.send(self._connection, self._owner.name, actions)}
        return self._outcomes(batch, as_read, results)

    def renew(self, read: Sequence[Document]) -> list[Outcome]:
        """Return the documents that are stored just so."""
        known = self.known([document.id for document in read])
        return [
            Outcome(document.id, document.sequence, "unchanged")
            for document in read
            if document.id in known and known[document.id].digest == document.digest
        ]

    def delete(self, ids: Iterable[str], sequence: int) -> list[Outcome]:
        """Delete nothing: documents are their owner's."""
        return [Outcome(name, sequence, "absent") for name in ids]

    def _find(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Any]:
        with self.told():
            hits = source.find(self._connection, self._owner, dict.fromkeys(ids, ""), fields, WRITING)
        check_versions(self._owner.name, hits.values())
        return hits

    def _digest(self, hit: Mapping[str, Any]) -> str:
        return clean(self._owner.document(hit, 0)).digest

    def _body(self, item: Enriched) -> dict[str, Any]:
        ours = documents.body(item, self._model, self._packed)["simsearch"]
        del ours["filters"]  # conditions ask for the owner's fields
        # A partial update merges: what is not named stays.
        return {"vector": None, **ours, "read": item.document.sequence}


def check_versions(index: str, hits: Iterable[Mapping[str, Any]]) -> None:
    """Look whether documents bear more versions than there were writes.

    Raises `ExternalVersions`.
    """
    for hit in hits:
        if hit["_version"] > hit["_seq_no"] + 1:
            raise ExternalVersions(index=index, id=hit["_id"], version=hit["_version"])


def _known(hit: Mapping[str, Any], model: str) -> Known:
    ours = hit.get("_source", {}).get("simsearch", {})
    mine = ours.get("model") == model
    return Known(ours.get("digest", "") if mine else "", ours.get("read", 0) if mine else 0, held=mine)
