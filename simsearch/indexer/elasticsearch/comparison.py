"""Comparing a companion with its owner's index: what is gone, what differs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from simsearch.corpus.document import Document
from simsearch.indexer.elasticsearch import changes, dead_letters, reading, source
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection
from simsearch.indexer.elasticsearch.owner import Owner
from simsearch.indexer.engine import Engine
from simsearch.indexer.enrichment import clean
from simsearch.patience import WRITING

#: Documents compared at a time.
STEP = 1_000


def counts(connection: Connection, address: Address, owner: Owner, engine: Engine) -> tuple[int, int]:
    """Return how many documents the owner has, and how many are stored or, as dead letters, cannot be."""
    owners = source.count(connection, owner.name, owner.conditions(), WRITING)
    name, conditions = (owner.name, owner.conditions()) if owner.in_place else (address.name, [])
    stored = source.count(connection, name, [*conditions, {"term": {"simsearch.model": engine.model}}], WRITING)
    letters = [hit["_id"] for hit in _letters(connection, address)]
    held = engine.digests(letters) if letters else {}
    return owners, stored + sum(not held.get(letter, ("", 0))[0] for letter in letters)


def gone(connection: Connection, address: Address, owner: Owner) -> Iterator[tuple[list[str], int]]:
    """Yield, step by step, ids that the companion has and the owner has not, with the time when this was so, in ns.

    What was stored just now is left out: the owner's copies of it may not be visible on all of its nodes.
    """
    least = changes.lateness(connection, owner.name) * 1e9
    fields = ["source"] if owner.several else []
    walk = reading.walk(connection, address.name, fields, STEP, patience=WRITING)
    both = chain(walk, _letters(connection, address))
    while hits := list(islice(both, STEP)):
        sequence = time.time_ns()
        old = [hit for hit in hits if hit["_version"] < sequence - least]
        names = {hit["_id"]: hit.get("_source", {}).get("source", "") for hit in old}
        there = source.find(connection, owner, names, [], WRITING)
        yield [name for name in names if name not in there], sequence


def differing(engine: Engine, documents: Sequence[Document]) -> list[Document]:
    """Return those documents that are not stored just so."""
    cleaned = [clean(document) for document in documents]
    stored = engine.digests([document.id for document in cleaned])
    return [document for document in cleaned if stored.get(document.id, ("", 0))[0] != document.digest]


def _letters(connection: Connection, address: Address) -> Iterator[Any]:
    """Yield the dead letters that are documents; those of messages name none, and have no source."""
    if dead_letters.count(connection, address, WRITING):
        for hit in reading.walk(connection, address.dead_letters, ["source"], STEP, patience=WRITING):
            if "source" in hit.get("_source", {}):
                yield hit
