"""Comparing a companion with its owner's index: what is gone, what differs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice

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


def counts(connection: Connection, address: Address, owner: Owner, model: str) -> tuple[int, int]:
    """Return how many documents the owner has, and how many of them are stored, or are dead letters."""
    owners = source.count(connection, owner.name, owner.conditions(), WRITING)
    stored = [{"term": {"simsearch.model": model}}]
    if owner.in_place:
        ours = source.count(connection, owner.name, [*owner.conditions(), *stored], WRITING)
    else:
        ours = source.count(connection, address.name, stored, WRITING)
    return owners, ours + dead_letters.count(connection, address, WRITING)


def gone(connection: Connection, address: Address, owner: Owner) -> Iterator[tuple[list[str], int]]:
    """Yield, step by step, ids that the companion has and the owner has not, with the time when this was so, in ns.

    What was stored just now is left out: the owner's copies of it may not be visible on all of its nodes.
    """
    least = changes.lateness(connection, owner.name) * 1e9
    walk = reading.walk(connection, address.name, ["source"], STEP, patience=WRITING)
    while hits := list(islice(walk, STEP)):
        sequence = time.time_ns()
        old = [hit for hit in hits if hit["_version"] < sequence - least]
        names = {hit["_id"]: hit.get("_source", {}).get("source", "") for hit in old}
        there = source.find(connection, owner, names, [], WRITING)
        yield [name for name in names if name not in there], sequence


def differing(engine: Engine, documents: Sequence[Document]) -> list[Document]:
    """Return those documents that are not stored just so."""
    stored = engine.digests([clean(document).id for document in documents])
    return [document for document in documents if stored.get(document.id, ("", 0))[0] != clean(document).digest]
