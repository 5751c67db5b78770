"""Writing documents: the newest reading wins, whatever order readings arrive in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from simsearch.corpus.document import Document
from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch import bulk, dead_letters, documents, model_change
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection, RequestRefused, path_of
from simsearch.indexer.engine import Enriched, Failed, Outcome, stored
from simsearch.patience import WRITING

#: Documents asked for by id at a time.
MOST_IDS = 200


class IndexGone(SimsearchError):
    """The index {url} takes no documents of model {model} any more: it was deleted; run the command again."""

    url: str
    model: str


class Known(NamedTuple):
    """What is known of a document."""

    digest: str  #: of what is stored; "" if it was deleted
    sequence: int  #: of the newest reading or delete
    held: bool  #: whether the index holds it
    version: int = 0  #: of what the index holds: the sequence of the reading that wrote it


class Writer:
    """Writes documents of one model.

    A document's version is the sequence of its reading, so the server itself refuses older ones. The newest
    readings that change nothing in the index, of unchanged and of deleted documents, are noted in an index of
    their own: a document would have to be written anew with its vectors to bear another version, and a
    server forgets the versions of what it has deleted. There, too, who replaces a document announces it first.

    `build` is the alias of an index that is being made: it takes documents as an index of another model holds them,
    which may be older than the note that they were unchanged.
    """

    def __init__(
        self,
        connection: Connection,
        address: Address,
        model: str,
        packed: bool,
        build: str = "",
        keeps_text: bool = True,
    ) -> None:
        self._connection = connection
        self._address = address
        self._model = model
        self._alias = build or address.write_alias(model)
        self._packed = packed
        self._keeps_text = keeps_text
        self._build = build

    def known(self, ids: Sequence[str]) -> dict[str, Known]:
        """Return what is known of those documents that were ever stored or deleted."""
        found: dict[str, Known] = {}
        for document, reading in self._get(ids, self._alias, self._address.readings):
            version, newer = document.get("_version", 0), reading.get("_version", 0)
            deleted = reading.get("_source", {}).get("deleted", False) and newer > version
            if document["found"] and not deleted:
                digest = document["_source"]["simsearch"]["digest"]
                found[document["_id"]] = Known(digest, max(version, newer), held=True, version=version)
            elif document["found"] or reading["found"]:
                found[document["_id"]] = Known("", max(version, newer), held=document["found"], version=version)
        return found

    def store(self, batch: Sequence[Enriched]) -> list[Outcome]:
        """Write documents that are at least as new as what is known of them."""
        newest = {} if self._build else self._announce(batch)
        fresh = {item.document.id: item for item in batch if item.document.sequence >= newest.get(item.document.id, 0)}
        results = {result.id: result for result in self._send(self._actions(fresh.values()))}
        overtaken = self._overtaken(
            {i: fresh[i].document.sequence for i, result in results.items() if result.status < 300}
        )
        return self._outcomes(batch, fresh, {name: result for name, result in results.items() if name not in overtaken})

    def _announce(self, batch: Sequence[Enriched]) -> dict[str, int]:
        """Say which stored documents are about to be replaced; return the newest readings that are noted, by id.

        Who notes meanwhile that one of them was unchanged sees the announcement, or was seen here.
        """
        newest: dict[str, int] = {}
        replaced: set[str] = set()
        names = [item.document.id for item in batch]
        for document, reading in self._get(names, self._alias, self._address.readings):
            newest[reading["_id"]] = reading.get("_version", 0)
            if document["found"]:
                replaced.add(document["_id"])
        dated = [(item.document.id, item.document.sequence) for item in batch if item.document.id in replaced]
        self._note([bulk.index(_announcement(name), sequence, {}) for name, sequence in dated])
        noted = self._get(list(replaced), self._address.readings)
        return newest | {reading["_id"]: reading.get("_version", 0) for (reading,) in noted}

    def renew(self, read: Sequence[Document]) -> list[Outcome]:
        """Note that documents were read again, and return those that are stored just so, and not about to be replaced.

        The others are to be stored: then they bear a version that no older reading replaces.
        """
        self._note([bulk.index(document.id, document.sequence, {}) for document in read])
        # Looked at afterwards: who stores an older reading from now on sees the note, who did so before is seen here,
        # and so is who is at it.
        names = {_announcement(document.id): document.id for document in read}
        announced = {
            names[each["_id"]]: each.get("_version", 0) for (each,) in self._get(list(names), self._address.readings)
        }
        known = self.known([document.id for document in read])
        return [
            Outcome(document.id, document.sequence, "unchanged")
            for document in read
            if document.id in known
            and known[document.id].digest == document.digest
            and known[document.id].version >= announced[document.id]
        ]

    def delete(self, ids: Iterable[str], sequence: int) -> list[Outcome]:
        """Delete documents and note it, unless a newer reading is known."""
        names = list(dict.fromkeys(ids))
        known = self.known(names)
        newer = self._note([bulk.index(name, sequence, {"deleted": True}) for name in names])
        going = [bulk.delete(name, sequence) for name in names if name not in newer]
        newer |= {result.id for result in self._send(going) if result.status == bulk.CONFLICT}
        held = {name for name in names if name in known and known[name].held}
        return [
            Outcome(name, sequence, "older" if name in newer else "deleted" if name in held else "absent")
            for name in names
        ]

    def settle_deletes(self, ids: Sequence[str]) -> None:
        """Delete those documents that the index holds, and of which a newer delete is noted."""
        known = self.known(ids).items()
        for _ in self._send([bulk.delete(name, one.sequence) for name, one in known if one.held and not one.digest]):
            pass

    def _overtaken(self, stored: dict[str, int]) -> set[str]:
        """Delete again what a newer delete had taken away while it was under way; return the ids.

        A server that was restarted meanwhile has forgotten the delete. Its note comes first: who stored before
        the note is seen by the delete, who stored after it sees the note here.
        """
        deleted = {
            note["_id"]: note["_version"]
            for (note,) in self._get(list(stored), self._address.readings)
            if note["found"] and note["_source"].get("deleted") and note["_version"] > stored[note["_id"]]
        }
        for _ in self._send([bulk.delete(name, version) for name, version in deleted.items()]):
            pass
        return set(deleted)

    def bury(self, failed: Sequence[Failed]) -> None:
        """Keep documents that could not be stored, each with its reason; not while the name leads to another index."""
        if self._unseen():
            return
        with self.told():
            dead_letters.bury(self._connection, self._address, self._model, failed)

    def forget_dead_letters(self) -> None:
        """Remove the dead letters of documents that were stored, or deleted, since."""
        if self._unseen():
            return
        with self.told():
            known = self.known(dead_letters.names(self._connection, self._address))
            newest = {name: found.sequence for name, found in known.items()}
            dead_letters.settle(self._connection, self._address, newest)

    def _outcomes(
        self, batch: Sequence[Enriched], sent: Mapping[str, Enriched], results: Mapping[str, bulk.Result]
    ) -> list[Outcome]:
        """Return what became of each document of a batch, and bury what was refused.

        Of several readings of a document only one was sent; `results` are by id.
        """
        outcomes: list[Outcome] = []
        failed: list[Failed] = []
        for item in batch:
            name, sequence = item.document.id, item.document.sequence
            result = results.get(name)
            if result and result.status == bulk.ABSENT:
                outcomes.append(Outcome(name, sequence, "absent"))
            elif sent.get(name) is not item or result is None or result.status == bulk.CONFLICT:
                outcomes.append(Outcome(name, sequence, "older"))
            elif result.status < 300:
                outcomes.append(stored(item))
            else:
                outcomes.append(Outcome(name, sequence, "failed", reason=result.reason))
                failed.append(Failed(item.document, result.reason))
        if failed:
            self.bury(failed)
        return outcomes

    def _unseen(self) -> bool:
        """Tell whether the index is only being made: what it refuses is still in the one that the name leads to."""
        return bool(self._build and model_change.changed(self._connection, self._address, self._model))

    def _actions(self, items: Iterable[Enriched]) -> Iterator[bulk.Action]:
        for item in items:
            body = documents.body(item, self._model, self._packed, self._keeps_text)
            yield bulk.index(item.document.id, item.document.sequence, body)

    def _note(self, notes: Sequence[bulk.Action]) -> set[str]:
        """Write down readings; return the ids of which newer ones are known."""
        results = self._send(notes, self._address.readings)
        return {result.id for result in results if result.status == bulk.CONFLICT}

    def _send(self, actions: Iterable[bulk.Action], alias: str = "") -> Iterator[bulk.Result]:
        with self.told():
            target = alias or self._alias
            for result in bulk.send(self._connection, target, actions, alias=True):
                if result.kind == "index_not_found_exception":
                    raise self._gone()
                if result.target == target:  # a server makes an index for a delete, alias or not
                    self._connection.ask("DELETE", path_of(target), patience=WRITING)
                    raise self._gone()
                yield result

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say that the index has gone where the server says that something was not found.

        Raises `ModelChanged`, `IndexGone`.
        """
        try:
            yield
        except RequestRefused as error:
            if error.status != 404:
                raise
            raise self._gone() from error

    def _gone(self) -> SimsearchError:
        changed = model_change.changed(self._connection, self._address, self._model)
        return changed or IndexGone(url=self._address.url, model=self._model)

    def _get(self, ids: Sequence[str], *indices: str) -> Iterator[list[Any]]:
        """Yield what each of the indices holds of each id."""
        for start in range(0, len(ids), MOST_IDS):
            wanted = [
                {"_index": index, "_id": name, "_source": [*documents.DIGEST, "deleted"]}
                for name in ids[start : start + MOST_IDS]
                for index in indices
            ]
            with self.told():
                found = self._connection.get(wanted, WRITING)
            for place in range(0, len(found), len(indices)):
                yield found[place : place + len(indices)]


def _announcement(name: str) -> str:
    """Return the id, among the readings, under which it is said that a document is about to be replaced."""
    return f"replacing-{hashlib.sha256(name.encode()).hexdigest()}"
