"""The companion of somebody else's index: an index of ours, `NAME-simsearch`, made from its documents."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch import creation, mapping, progress
from simsearch.indexer.elasticsearch.connection import RequestRefused, path_of
from simsearch.indexer.elasticsearch.in_place import check_versions
from simsearch.indexer.elasticsearch.owner import Owner
from simsearch.indexer.elasticsearch.owner import of as owner_of
from simsearch.indexer.elasticsearch.source import Source, count
from simsearch.indexer.errors import IndexNotFound, ModelMismatch
from simsearch.indexer.index import Index, open_index
from simsearch.model import Model
from simsearch.patience import WRITING


class TextFieldUnknown(SimsearchError):
    """The index {url} has no companion yet: name the field with its texts, such as --text-field body."""

    url: str


class SearchableAlready(SimsearchError):
    """The index {url} needs no companion, it is an index of simsearch: `simsearch query --index {url}` asks it."""

    url: str


class NotInPlace(SimsearchError):
    """Nothing can be written into the index {url} ({reason}): leave --in-place out, a companion needs nothing of it."""

    url: str
    reason: str


class HasCompanion(SimsearchError):
    """The index {url} has a companion, which --in-place would leave behind: leave --in-place out, or delete the indices of {companion} first."""  # noqa: E501

    url: str
    companion: str


class OtherDimensions(SimsearchError):
    """The field simsearch of {url} holds vectors of {kept} dimensions, and {model} has {dimensions}: take a model with {kept}, or leave it in place and make the index anew for another."""  # noqa: E501

    url: str
    kept: int
    model: str
    dimensions: int


class ConditionUnfit(SimsearchError):
    """The condition {where} does not fit the fields of {url}: compare numbers with numbers, and dates with dates."""

    url: str
    where: str


class NothingMeets(SimsearchError):
    """No document of {url} meets {where}: mend the condition, or give --where '' for all documents."""

    url: str
    where: str


class LeadsToSeveral(SimsearchError):
    """The name {url} leads to several indices now, in which the same id may mean two documents, and to one when its companion was made: delete the indices of {companion} and enrich anew."""  # noqa: E501

    url: str
    companion: str


def open_companion(
    source: Source, options: dict[str, Any], model: Model | None = None, index_options: str | None = None
) -> tuple[Index, Owner]:
    """Open the companion of an index, or create it; return it with what it is made from.

    `options` are fields of `Owner`, as far as they are given; others stay as they were. Where they change, all
    documents are compared again.

    Raises what `described` and `open_index` raise.
    """
    address, connection = source.address.companion, source.connection
    owner = described(source, options)
    try:
        opened = creation.find(connection, address)
    except IndexNotFound:
        model = model or Model.load()
        model.install()
        how = index_options or mapping.INDEX_OPTIONS
        creation.create(connection, address, model.id, model.dimensions, how, owner.noted())
        progress.begin(connection, address, owner.noted())  # what there was is of another companion
        opened = creation.find(connection, address)
    index = open_index(address.url, model=model, create=False, index_options=index_options)
    if owner.noted() != opened.meta["owner"]:
        creation.note(connection, opened, opened.meta | {"owner": owner.noted()})
        progress.begin(connection, address, owner.noted())
    return index, owner


def open_in_place(
    source: Source,
    options: dict[str, Any],
    model: Model | None = None,
    index_options: str | None = None,
    another: bool = False,
) -> tuple[Index, Owner]:
    """Prepare an index so that what is computed is written into it; return it with what it is made from.

    If `another` model is allowed, it takes the place of the old one document by document; queries see its own only.

    Raises `NotInPlace`, `HasCompanion`, `ExternalVersions`, `ModelMismatch`, `OtherDimensions`, and what `described`
    and `open_index` raise.
    """
    connection, address, beside = source.connection, source.address, source.address.companion
    found, *others = connection.ask("GET", path_of(address.name), flat_settings=True).values()
    if reason := "the name leads to several indices" if others or source.several() else _unfit(found, address.name):
        raise NotInPlace(url=address.url, reason=reason)
    meta = found["mappings"].get("_meta", {})
    before = meta.get("simsearch", {})
    if not before and _has_companion(source):
        raise HasCompanion(url=address.url, companion=beside.name)
    owner = described(source, options)._replace(in_place=True)
    model = model or (Model.of_index(before["model"]) if before else Model.load())
    if before and before["model"] != model.id and not another:
        raise ModelMismatch(url=address.url, index_model=before["model"], model=model.id)
    kept = _dimensions(found)
    if kept not in (None, model.dimensions):
        raise OtherDimensions(url=address.url, kept=kept, model=model.id, dimensions=model.dimensions)
    if not before:
        check_versions(address.name, source.versions())
    model.install()
    ours = {"format": mapping.FORMAT, "model": model.id, "dimensions": model.dimensions, "owner": owner.noted()}
    if ours != before:
        how = {beside.dead_letters: mapping.dead_letters_mapping(), beside.progress: mapping.progress_mapping()}
        creation.create_beside(connection, beside, how)
        fields = mapping.in_place(model.id, model.dimensions, index_options or mapping.INDEX_OPTIONS)
        # The server replaces `_meta` as a whole: what else is in it is the owner's.
        body = {"properties": fields, "_meta": {**meta, "simsearch": ours}}
        connection.ask("PUT", path_of(address.name, "_mapping"), body, patience=WRITING)
        progress.begin(connection, beside, owner.noted())
    return open_index(address.url, model=model, create=False), owner


def described(source: Source, options: dict[str, Any]) -> Owner:
    """Return what is made searchable: what was noted, and the options that are given.

    Raises `SearchableAlready`, `TextFieldUnknown`, `LeadsToSeveral`, `NothingMeets`, `FieldWithoutText`,
    `FieldUnknown`, `FieldNotOrdered`, `ConditionUnclear`, `ConditionUnfit`.
    """
    known = _known(source)
    owner = known._replace(**options) if known else None
    if owner is None:
        if not options.get("text_field"):
            raise TextFieldUnknown(url=source.address.url)
        owner = Owner(name=source.address.name, several=source.several(), **options)
    check_names(source, owner, [owner.name] if not source.several() else ["", owner.name])
    if known == owner:
        return owner
    source.check(owner.text_field)
    for field in (owner.title_field, *owner.filter_fields, owner.changed_field):
        source.check_known(field)
    source.check_ordered(owner.changed_field)
    if owner.where and source.count:
        _check_conditions(source, owner)
    return owner


def check_names(source: Source, owner: Owner, indices: Collection[str]) -> None:
    """Look whether a name leads to as many indices as when its companion was made.

    Raises `LeadsToSeveral`.
    """
    if len(indices) > 1 and not owner.several:
        raise LeadsToSeveral(url=source.address.url, companion=source.address.companion.name)


def is_in_place(source: Source) -> bool:
    """Tell whether what is computed is written into an index itself."""
    return any(meta.get("owner", {}).get("in_place") for meta in _metas(source))


def _check_conditions(source: Source, owner: Owner) -> None:
    where = " and ".join(owner.where)
    try:
        met = count(source.connection, owner.name, owner.conditions())
    except RequestRefused as error:
        if error.status != 400:
            raise
        raise ConditionUnfit(url=source.address.url, where=where) from error
    if not met:
        raise NothingMeets(url=source.address.url, where=where)


def _has_companion(source: Source) -> bool:
    try:
        creation.find(source.connection, source.address.companion)
    except IndexNotFound:
        return False
    return True


def _known(source: Source) -> Owner | None:
    """Return what was noted of an index that is enriched already."""
    for meta in _metas(source):
        if (owner := owner_of(meta)) and owner.in_place:
            return owner
        raise SearchableAlready(url=source.address.url)
    try:
        known = owner_of(creation.find(source.connection, source.address.companion).meta)
    except IndexNotFound:
        return None
    if known is None:
        url = source.address.companion.url
        raise creation.NotOurs(url=url, reason="it is an index of its own, and nobody's companion")
    return known


def _metas(source: Source) -> list[dict[str, Any]]:
    """Return what simsearch has noted in the mappings of an index."""
    found = source.connection.ask("GET", path_of(source.address.name, "_mapping"))
    metas = [of_index["mappings"].get("_meta", {}) for of_index in found.values()]
    return [meta["simsearch"] for meta in metas if "simsearch" in meta]


def _dimensions(found: dict[str, Any]) -> int | None:
    """Return how many dimensions the vectors of our field have, which a mapping never forgets."""
    ours = found["mappings"].get("properties", {}).get("simsearch", {}).get("properties", {})
    dimensions: int | None = ours.get("vector", {}).get("dims")
    return dimensions


def _unfit(found: dict[str, Any], name: str) -> str:
    """Return why an index cannot be written to in place, by a name, if it cannot."""
    if "filter" in found["aliases"].get(name, {}):
        return "the name is an alias with a filter, and what is noted would be so for the whole index"
    mappings, settings = found["mappings"], found["settings"]
    if mappings.get("_source") or settings.get("index.mapping.source.mode", "stored") != "stored":
        return "it does not keep documents as they were given (_source), so a part cannot be written"
    ours = mappings.get("properties", {}).get("simsearch")
    if ours and "simsearch" not in mappings.get("_meta", {}) and "passages" not in ours.get("properties", {}):
        return "it has a field simsearch of its own"
    return ""
