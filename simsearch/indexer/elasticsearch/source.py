"""An index that is somebody else's, as a source of texts: it is read, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch import changes, owner, reading
from simsearch.indexer.elasticsearch.access import Access
from simsearch.indexer.elasticsearch.address import Address, parse
from simsearch.indexer.elasticsearch.connection import Connection, RequestRefused, path_of
from simsearch.patience import READING, WRITING, Patience

#: Documents read at a time: each may be long.
PAGE = 200
#: Documents that are looked at to tell which fields hold texts.
LOOKED_AT = 50
#: Documents whose versions are looked at.
VERSIONS = 1_000
#: Types of fields that have an order which grows with time.
ORDERED = {
    *("date", "date_nanos", "long", "integer", "short", "byte", "unsigned_long"),
    *("double", "float", "half_float", "scaled_float"),
}
#: Characters that a text has at least: shorter values are names and codes.
A_TEXT = 10
#: Fields that are named where one has no texts.
SHOWN = 10

Body = dict[str, Any]
Query = Sequence[Mapping[str, Any]]


class OwnersIndexNotFound(SimsearchError):
    """There is no index {url}: check its name and the address of the server."""

    url: str


class FieldWithoutText(SimsearchError):
    """The index {index} has no text in a field {field}: {remedy}."""

    index: str
    field: str
    remedy: str


class FieldUnknown(SimsearchError):
    """No document of {index} has a field {field}: mend the name, or leave the option out."""

    index: str
    field: str


class FieldNotOrdered(SimsearchError):
    """The field {field} of {index} is not kept as a date or number, and cannot tell what has changed: name another with --changed-field, or give --changed-field '' for none."""  # noqa: E501

    index: str
    field: str


class Source:
    """The documents of an index, an alias or a data stream on a server; a context manager."""

    def __init__(self, url: str) -> None:
        """Look whether it is there.

        Raises `OwnersIndexNotFound`, and what `address.parse` and `connection` raise.
        """
        self.address: Address = parse(url)
        self.connection = Connection(self.address.server, Access.from_environment())
        try:
            self.count = count(self.connection, self.address.name, [])
        except RequestRefused as error:
            self.close()
            raise (OwnersIndexNotFound(url=url) if error.status == 404 else error) from error
        except SimsearchError:
            self.close()
            raise

    def several(self) -> bool:
        """Tell whether the name leads to several indices, or will, so that an id alone may mean two documents."""
        found = self.connection.ask("GET", path_of("_resolve", "index", self.address.name))
        if found["data_streams"] or any(len(alias["indices"]) > 1 for alias in found["aliases"]):
            return True
        aliases = self.connection.ask("GET", path_of(self.address.name, "_alias")).values()
        mine = [of_index["aliases"].get(self.address.name, {}) for of_index in aliases]
        return any("is_write_index" in alias for alias in mine)  # it is to be rolled over

    def texts(self, field: str, sample: int | None = None, seed: int = 1) -> Iterator[str]:
        """Yield the text of each document that has one, or of about `sample` documents, taken at random.

        A field may stand in objects and arrays (`chapters.body`); the texts of a document are joined by lines.

        Raises `FieldWithoutText` where the field is not among those that are stored.
        """
        self.check(field)
        for hit in self.sample([field], sample, seed):
            text = "\n".join(owner.texts(hit.get("_source", {}), field))
            if text:
                yield text

    def sample(self, fields: Sequence[str], size: int | None, seed: int = 1, query: Query = ()) -> Iterator[Any]:
        """Yield all documents, or about so many, taken at random, as the index is now."""
        chosen = self._chosen(size, seed, query)
        return reading.walk(self.connection, self.address.name, fields, PAGE, chosen, WRITING)

    def check(self, field: str) -> None:
        """Look whether a field holds texts.

        Raises `FieldWithoutText`.
        """
        looked_at = self._look({"exists": {"field": field}}) or self._look(self._chosen(LOOKED_AT, 0))
        if not looked_at or any(any(owner.texts(document, field)) for document in looked_at):
            return
        others = sorted({path for document in looked_at for path in owner.paths(document, A_TEXT)})
        if not any(looked_at):
            remedy = "it does not keep what was stored (_source is off), so take its texts from where they came from"
        elif others:
            remedy = f"name one that has with --text-field, such as {', '.join(others[:SHOWN])}"
        else:
            remedy = "none of its fields has one"
        raise FieldWithoutText(index=self.address.url, field=field, remedy=remedy)

    def check_known(self, field: str) -> None:
        """Look whether a document has a field, if one is named.

        Raises `FieldUnknown`.
        """
        if not field or self._look({"exists": {"field": field}}):
            return
        if not any(list(owner.values(document, field)) for document in self._look(self._chosen(LOOKED_AT, 0))):
            raise FieldUnknown(index=self.address.url, field=field)

    def check_ordered(self, field: str) -> None:
        """Look whether a field is a date or a number in all indices, if one is named.

        Raises `FieldNotOrdered`.
        """
        if not field:
            return
        found = self.connection.ask("GET", path_of(self.address.name, "_field_caps"), fields=field)
        kinds = found["fields"].get(field, {})
        if not kinds or any(kind not in ORDERED or not can["aggregatable"] for kind, can in kinds.items()):
            raise FieldNotOrdered(index=self.address.url, field=field)

    def versions(self) -> list[Any]:
        """Return documents taken at random, with their versions and without what is in them."""
        body = {"size": VERSIONS, "query": self._chosen(VERSIONS, 0), "_source": False, "track_total_hits": False}
        body |= {"version": True, "seq_no_primary_term": True}
        hits: list[Any] = self.connection.ask("POST", path_of(self.address.name, "_search"), body)["hits"]["hits"]
        return hits

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _chosen(self, sample: int | None, seed: int, query: Query = ()) -> Body:
        """Return the query for documents taken at random, each with the same chance."""
        everything: Body = {"bool": {"filter": list(query)}} if query else {"match_all": {}}
        if sample is None or sample >= self.count:
            return everything
        chance: Body = {"random_score": {"seed": seed, "field": "_seq_no"}, "boost_mode": "replace"}
        return {"function_score": {"query": everything, **chance, "min_score": 1 - sample / self.count}}

    def _look(self, query: Body) -> list[Body]:
        """Return what is kept of some documents."""
        body = {"size": LOOKED_AT, "query": query, "track_total_hits": False}
        found = self.connection.ask("POST", path_of(self.address.name, "_search"), body)
        return [hit.get("_source", {}) for hit in found["hits"]["hits"]]


def count(connection: Connection, name: str, query: Query, patience: Patience = READING) -> int:
    """Return how many documents meet all conditions."""
    body = {"query": {"bool": {"filter": list(query)}}}
    return int(connection.ask("POST", path_of(name, "_count"), body, patience=patience)["count"])


def find(
    connection: Connection,
    whose: owner.Owner,
    names: Mapping[str, str],
    fields: Collection[str],
    patience: Patience = READING,
) -> dict[str, Any]:
    """Return those documents of a companion that its owner has, with these fields, by the companion's ids.

    `names` are ids with what finds them again (`Owner.names`). A search needs no routing, and finds documents
    behind aliases and in data streams.
    """
    if not names:
        return {}
    wanted: dict[str, list[str]] = {}
    for name, source in names.items():
        index, _, id = source.partition("/")
        wanted.setdefault(index, []).append(id if source else name)
    ways = [
        {"bool": {"filter": [{"ids": {"values": ids}}, *([{"term": {"_index": index}}] if index else [])]}}
        for index, ids in wanted.items()
    ]
    query = {"bool": {"should": ways, "minimum_should_match": 1, "filter": whose.conditions()}}
    body = {"size": len(names), "_source": list(fields) or False, "track_total_hits": False, "query": query}
    body |= {"version": True, "seq_no_primary_term": True}
    header = {"index": whose.name, "preference": changes.COPY}
    (answer,) = connection.search_each([(header, body)], patience)
    return {whose.names(hit)[0]: hit for hit in answer["hits"]["hits"]}


def texts(connection: Connection, whose: owner.Owner, names: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of those documents of a companion that its owner has."""
    found = find(connection, whose, names, [whose.text_field])
    return {name: whose.text(hit) for name, hit in found.items()}


def enriched(connection: Connection, whose: owner.Owner, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Any]:
    """Return documents of an index that is enriched in place, as far as they are."""
    found = find(connection, whose, dict.fromkeys(ids, ""), fields)
    return {name: hit for name, hit in found.items() if hit["_source"].get("simsearch")}
