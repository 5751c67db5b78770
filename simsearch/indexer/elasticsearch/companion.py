"""The companion of somebody else's index: an index of ours, `NAME-simsearch`, made from its documents."""

from __future__ import annotations

from typing import Any

from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch import creation, mapping, progress
from simsearch.indexer.elasticsearch.connection import path_of
from simsearch.indexer.elasticsearch.owner import Owner
from simsearch.indexer.elasticsearch.owner import of as owner_of
from simsearch.indexer.elasticsearch.progress import Progress
from simsearch.indexer.elasticsearch.source import Source
from simsearch.indexer.errors import IndexNotFound
from simsearch.indexer.index import Index, open_index
from simsearch.model import Model


class TextFieldUnknown(SimsearchError):
    """The index {url} has no companion yet: name the field with its texts, such as --text-field body."""

    url: str


class SearchableAlready(SimsearchError):
    """The index {url} needs no companion, it is an index of simsearch: `simsearch query --index {url}` asks it."""

    url: str


class LeadsToSeveral(SimsearchError):
    """The name {url} leads to several indices now, in which the same id may mean two documents, and to one when its companion was made: delete the indices {companion}* and enrich anew."""  # noqa: E501

    url: str
    companion: str


def open_companion(
    source: Source, options: dict[str, Any], model: Model | None = None, index_options: str | None = None
) -> tuple[Index, Owner]:
    """Open the companion of an index, or create it; return it with what it is made from.

    `options` are fields of `Owner`, as far as they are given; others stay as they were. Where they change, all
    documents are to be compared again.

    Raises `SearchableAlready`, `TextFieldUnknown`, `FieldWithoutText`, `LeadsToSeveral`, and what `open_index` raises.
    """
    address = source.address.companion
    try:
        opened = creation.find(source.connection, address)
    except IndexNotFound:
        owner = described(source, options)
        model = model or Model.load()
        model.install()
        how = index_options or mapping.INDEX_OPTIONS
        creation.create(source.connection, address, model.id, model.dimensions, how, owner._asdict())
        opened = creation.find(source.connection, address)
    known = owner_of(opened.meta)
    if known is None:
        raise creation.NotOurs(url=address.url, reason="it is an index of its own, and nobody's companion")
    if source.several() and not known.several:
        raise LeadsToSeveral(url=source.address.url, companion=address.name)
    owner = known._replace(**options)
    index = open_index(address.url, model=model, create=False, index_options=index_options)
    if owner != known:
        source.check(owner.text_field)
        progress.write(source.connection, address, Progress({}))
        creation.note(source.connection, opened, opened.meta | {"owner": owner._asdict()})
    return index, owner


def described(source: Source, options: dict[str, Any]) -> Owner:
    """Return what a new companion would be made from.

    Raises `SearchableAlready`, `TextFieldUnknown`, `FieldWithoutText`.
    """
    found = source.connection.ask("GET", path_of(source.address.name, "_mapping"))
    if any("simsearch" in of_index["mappings"].get("_meta", {}) for of_index in found.values()):
        raise SearchableAlready(url=source.address.url)
    if not options.get("text_field"):
        raise TextFieldUnknown(url=source.address.url)
    owner = Owner(name=source.address.name, several=source.several(), **options)
    source.check(owner.text_field)
    return owner
