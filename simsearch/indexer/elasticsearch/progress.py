"""How far a companion is with the documents of its owner: one document in an index of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection, RequestRefused, path_of
from simsearch.patience import READING, WRITING, Patience

_ONLY = "1"
#: A time at which nothing was compared, and some time was.
LONG_AGO = 1


class OptionsChanged(SimsearchError):
    """Somebody else has begun to enrich {name} with other options: start this again, with the address alone to use theirs."""  # noqa: E501

    name: str


class Progress(NamedTuple):
    """What is stored already; times are ns since 1970."""

    owner: Mapping[str, Any]  #: from which fields and documents (`Owner`)
    positions: dict[str, int]  #: by part (`changes.Shard.key`), up to where all was looked at twice
    seen: int = 0  #: all that was visible then is stored
    swept: int = 0  #: when all documents were compared last
    stored: Mapping[str, int] = {}  #: by part, up to where all that was visible is stored
    marks: Mapping[str, int] = {}  #: by part, what of it a second look is to look at
    looked: int = 0  #: when these marks were set


class Notebook:
    """Reads and writes the progress; what is noted by others with other options is never overwritten."""

    def __init__(self, connection: Connection, address: Address, owner: Mapping[str, Any]) -> None:
        self._connection, self._address, self._owner = connection, address, owner
        self._last: dict[str, Any] = {}

    def read(self) -> Progress:
        """Return what is noted with the same options; nothing, if it is of others."""
        found, self._last = _read(self._connection, self._address, WRITING)
        return found if found and found.owner == self._owner else Progress(self._owner, {})

    def write(self, progress: Progress) -> None:
        """Note how far the companion is.

        Raises `OptionsChanged` where somebody else has noted other options since.
        """
        while True:
            unchanged = self._last or {"op_type": "create"}
            try:
                done = _write(self._connection, self._address, progress, unchanged)
            except RequestRefused as error:
                if error.status != 409:
                    raise
                found, self._last = _read(self._connection, self._address, WRITING)
                if found and found.owner != self._owner:
                    raise OptionsChanged(name=self._address.name) from error
            else:
                self._last = {"if_seq_no": done["_seq_no"], "if_primary_term": done["_primary_term"]}
                return


def begin(connection: Connection, address: Address, owner: Mapping[str, Any]) -> None:
    """Note that nothing is done yet with these options."""
    _write(connection, address, Progress(owner, {}), {})


def compare_all(connection: Connection, address: Address) -> None:
    """Let the next run compare all documents."""
    found, _ = _read(connection, address, WRITING)
    if found:
        _write(connection, address, found._replace(swept=LONG_AGO), {})


def companion(connection: Connection, address: Address, owner: str) -> dict[str, Any] | None:
    """Return whose companion an index is, and how many seconds old what it holds is; None where it is none."""
    return {"owner": owner, "behind": behind(connection, address)} if owner else None


def behind(connection: Connection, address: Address) -> float | None:
    """Return for how many seconds nobody has looked what is new; None where not all was stored yet."""
    found, _ = _read(connection, address, READING)
    return round((time.time_ns() - found.seen) / 1e9, 1) if found and found.seen else None


def _read(connection: Connection, address: Address, patience: Patience) -> tuple[Progress | None, dict[str, Any]]:
    try:
        found = connection.ask("GET", path_of(address.progress, "_doc", _ONLY), patience=patience)
    except RequestRefused as error:
        if error.status != 404:
            raise
        return None, {}
    last = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
    return Progress(**found["_source"]["progress"]), last


def _write(connection: Connection, address: Address, progress: Progress, conditions: Mapping[str, Any]) -> Any:
    path = path_of(address.progress, "_doc", _ONLY)
    body = {"progress": progress._asdict()}
    return connection.ask("PUT", path, body, patience=WRITING, require_alias=True, **conditions)
