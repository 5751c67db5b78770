"""Opening and creating an index on a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch import mapping
from simsearch.indexer.elasticsearch.address import Address
from simsearch.indexer.elasticsearch.connection import Connection, RequestRefused, path_of
from simsearch.indexer.errors import IndexFormatUnknown, IndexNotFound
from simsearch.patience import OPENING, WRITING, Patience

#: What a server says of an index whose name belongs to data streams.
STREAMS_ONLY = "creates data streams only"


class NotOurs(SimsearchError):
    """The index {url} was not made by simsearch and is left alone ({reason}): make it searchable with `simsearch enrich`, or choose another name."""  # noqa: E501

    url: str
    reason: str


class MadeForStreams(SimsearchError):
    """An index template of the server makes a data stream of {index}, which simsearch cannot change documents in: give simsearch's indices a template of their own, with index_patterns ["{pattern}"] and a higher priority (docs/enrich.md)."""  # noqa: E501

    index: str
    pattern: str


class Opened(NamedTuple):
    """What an alias leads to."""

    name: str  #: of the index behind the alias
    model: str
    dimensions: int
    meta: dict[str, Any]
    settings: dict[str, Any]
    aliases: list[str]
    properties: dict[str, Any]


def find(connection: Connection, address: Address, patience: Patience = OPENING, alias: str = "") -> Opened:
    """Return the index behind an alias, that of the address where no other is given.

    Raises `IndexNotFound`, `NotOurs`, `IndexFormatUnknown`.
    """
    try:
        found = connection.ask("GET", path_of(alias or address.name), patience=patience, flat_settings=True)
    except RequestRefused as error:
        if error.status != 404:
            raise
        raise IndexNotFound(url=address.url) from error
    if len(found) != 1:
        raise NotOurs(url=address.url, reason=f"it is an alias of {len(found)} indices")
    ((index, described),) = found.items()
    meta = described["mappings"].get("_meta", {}).get("simsearch")
    if not isinstance(meta, dict) or "model" not in meta:
        raise NotOurs(url=address.url, reason="its mapping names no model")
    if meta.get("format") != mapping.FORMAT:
        raise IndexFormatUnknown(url=address.url, found=meta.get("format"), known=mapping.FORMAT)
    return Opened(
        name=index,
        model=meta["model"],
        dimensions=meta["dimensions"],
        meta=meta,
        settings=described["settings"],
        aliases=list(described["aliases"]),
        properties=described["mappings"]["properties"],
    )


def create(
    connection: Connection,
    address: Address,
    model: str,
    dimensions: int,
    index_options: str,
    owner: dict[str, Any] | None = None,
) -> None:
    """Create an index for a model with its aliases and what goes with it, unless another process was faster.

    `owner` describes whose documents a companion is made from. The index and its aliases come in one step, so nobody
    meets half of them.

    Raises `MadeForStreams`.
    """
    aliases: dict[str, Any] = {address.name: {}, address.write_alias(model): {}}
    how = mapping.mapping(model, dimensions, index_options, owner)
    beside = {address.readings: mapping.readings_mapping(), address.dead_letters: mapping.dead_letters_mapping()}
    create_beside(connection, address, beside | ({address.progress: mapping.progress_mapping()} if owner else {}))
    body = {"mappings": how, "settings": mapping.settings(), "aliases": aliases}
    _create(connection, address, address.generation(model), body)


def create_beside(connection: Connection, address: Address, mappings: Mapping[str, Any]) -> None:
    """Create what goes with an index, by alias."""
    for name, how in mappings.items():
        _create(connection, address, f"{name}-1", {"mappings": how, "aliases": {name: {}}})


def change(connection: Connection, opened: Opened, index_options: str) -> None:
    """Change how vectors are kept; those that are stored follow as the server merges its segments.

    Raises `RequestRefused` where the server does not go from the one to the other.
    """
    wanted = mapping.mapping(opened.model, opened.dimensions, index_options)["properties"]["simsearch"]["properties"]
    vector = wanted["vector"]
    passages = {"type": "nested", "dynamic": "strict", "properties": {"vector": vector}}
    body = {"properties": {"simsearch": {"properties": {"vector": vector, "passages": passages}}}}
    connection.ask("PUT", path_of(opened.name, "_mapping"), body)


def note(connection: Connection, opened: Opened, meta: dict[str, Any]) -> None:
    """Replace what the mapping says of an index."""
    connection.ask("PUT", path_of(opened.name, "_mapping"), {"_meta": {"simsearch": meta}}, patience=WRITING)


def _create(connection: Connection, address: Address, index: str, body: dict[str, Any]) -> None:
    try:
        connection.ask("PUT", path_of(index), body)
    except RequestRefused as error:
        if STREAMS_ONLY in error.reason:
            raise MadeForStreams(index=index, pattern=f"{address.name}*") from error
        if error.kind != "resource_already_exists_exception":
            raise
