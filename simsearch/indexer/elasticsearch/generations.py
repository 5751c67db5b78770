"""The indices behind a name: that to which it leads, older ones that are kept, and one that is being made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from simsearch.indexer.elasticsearch import creation, load, mapping
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection, RequestRefused, path_of
from simsearch.indexer.elasticsearch.creation import Opened
from simsearch.indexer.errors import IndexNotFound
from simsearch.model import Model
from simsearch.patience import WRITING

#: Where the mapping of a new index notes the index whose documents it takes over, until it has them all.
FROM = "reindexed_from"
#: Settings that somebody may have changed, and that a new index takes over.
_KEPT = (
    "index.number_of_shards",
    "index.number_of_replicas",
    "index.auto_expand_replicas",
    "index.refresh_interval",
    "index.gc_deletes",
    "index.mapping.total_fields.limit",
    "index.mapping.nested_objects.limit",
)


def names(connection: Connection, address: Address) -> list[str]:
    """Return the names of all generations of an index; others may bear names like theirs, and no model."""
    found = connection.ask("GET", path_of(f"{address.name}-*-*", "_mapping"), filter_path="*.mappings._meta")
    ours = re.compile(re.escape(address.name) + r"-([0-9a-f]{8})-\d+")
    return sorted(name for name, about in found.items() if (of := ours.fullmatch(name)) and _model(about)[:8] == of[1])


def drop(connection: Connection, address: Address, current: str, old: Sequence[str]) -> None:
    """Delete generations in one step, in which the name still leads to the current one.

    Raises `RequestRefused` where it does not.
    """
    if not old:
        return
    actions: list[dict[str, Any]] = [{"remove": {"index": current, "alias": address.name, "must_exist": True}}]
    actions += [{"add": {"index": current, "alias": address.name}}]
    actions += [{"remove_index": {"index": name}} for name in old]
    connection.ask("POST", "/_aliases", {"actions": actions}, patience=WRITING)


def _model(about: Mapping[str, Any]) -> str:
    return str(about.get("mappings", {}).get("_meta", {}).get("simsearch", {}).get("model", ""))


def make(connection: Connection, address: Address, old: Opened, model: Model) -> tuple[Opened, bool]:
    """Return the unfinished index of a model, and whether it is new. Nobody else writes to it.

    Which numbers are free is asked first: of two processes that make one, one finds the number taken.
    """
    alias = address.build_alias(model.id)
    made = False
    while True:
        taken = names(connection, address)
        try:
            found = creation.find(connection, address, alias=alias)
        except IndexNotFound:
            free = next(number for number in range(1, 10**9) if address.generation(model.id, number) not in taken)
            made = _create(connection, address.generation(model.id, free), _body(old, model, alias)) or made
            continue
        meta = taken_over(found.meta, old) | {FROM: old.name}
        if meta != found.meta:
            creation.note(connection, found, meta)
        return found, made


def taken_over(meta: Mapping[str, Any], old: Opened) -> dict[str, Any]:
    """Return what a new index notes, with what a companion is made from as the old one has it now."""
    return {**meta, "owner": old.meta["owner"]} if "owner" in old.meta else dict(meta)


def _create(connection: Connection, name: str, body: dict[str, Any]) -> bool:
    """Create an index; tell whether it was not there."""
    try:
        connection.ask("PUT", path_of(name), body)
    except RequestRefused as error:
        if error.kind != "resource_already_exists_exception":
            raise
        return False
    return True


def _body(old: Opened, model: Model, alias: str) -> dict[str, Any]:
    options = old.properties["simsearch"]["properties"]["vector"]["index_options"]["type"]
    how = mapping.mapping(model.id, model.dimensions, options, old.meta.get("owner"))
    how["_meta"]["simsearch"][FROM] = old.name
    kept = {name: old.settings[name] for name in _KEPT if name in old.settings}
    if load.is_raised(old):
        kept["index.refresh_interval"] = old.meta[load.NOTE] or None
    return {"mappings": how, "settings": mapping.settings() | kept, "aliases": {alias: {}}}
