"""A long run of writing: documents become visible less often, and as usual again afterwards, also after a kill."""

from __future__ import annotations

from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection, path_of
from simsearch.indexer.elasticsearch.creation import Opened, find, note
from simsearch.patience import WRITING

#: How often new documents become visible during a load: each time costs the server a small segment.
DURING = "30s"
_SETTING = "index.refresh_interval"
#: Where the mapping notes the interval to go back to; what the server uses by itself is noted as "".
NOTE = "refresh_interval"


def begin(connection: Connection, address: Address, alias: str = "") -> None:
    """Raise the refresh interval, and note in the mapping what it was; the note is there first."""
    found = find(connection, address, WRITING, alias)
    if NOTE not in found.meta:
        note(connection, found, found.meta | {NOTE: found.settings.get(_SETTING, "")})
    _set(connection, found, DURING)


def end(connection: Connection, address: Address, alias: str = "") -> None:
    """Go back to the interval that was noted, also by a process that was killed."""
    found = find(connection, address, WRITING, alias)
    if NOTE in found.meta:
        _set(connection, found, found.meta[NOTE])
        note(connection, found, {name: value for name, value in found.meta.items() if name != NOTE})


def is_raised(found: Opened) -> bool:
    """Tell whether the interval is that of a load."""
    return NOTE in found.meta


def _set(connection: Connection, found: Opened, interval: str) -> None:
    connection.ask("PUT", path_of(found.name, "_settings"), {_SETTING: interval or None}, patience=WRITING)
