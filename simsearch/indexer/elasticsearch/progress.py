"""How far a companion is with the documents of its owner: one document in an index of its own."""

from __future__ import annotations

from typing import Any, NamedTuple

from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection, RequestRefused, path_of
from simsearch.patience import READING, WRITING, Patience

_ONLY = "1"


class Progress(NamedTuple):
    """What is stored already; times are ns since 1970."""

    positions: dict[str, int]  #: by shard, the number up to which all writes are stored (`changes.Shard.key`)
    seen: int = 0  #: all that was visible then is stored
    swept: int = 0  #: when all documents were compared last


def read(connection: Connection, address: Address, patience: Patience = READING) -> Progress:
    """Return how far a companion is; nothing is done where nothing is noted."""
    try:
        found = connection.ask("GET", path_of(address.progress, "_doc", _ONLY), patience=patience)
    except RequestRefused as error:
        if error.status != 404:
            raise
        return Progress({})
    return Progress(**found["_source"]["progress"])


def write(connection: Connection, address: Address, progress: Progress) -> None:
    """Note how far a companion is."""
    body: dict[str, Any] = {"progress": progress._asdict()}
    path = path_of(address.progress, "_doc", _ONLY)
    connection.ask("PUT", path, body, patience=WRITING, require_alias=True)
