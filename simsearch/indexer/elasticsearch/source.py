"""An index that is somebody else's, as a source of texts: it is read, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch import reading
from simsearch.indexer.elasticsearch.access import Access
from simsearch.indexer.elasticsearch.address import Address, parse
from simsearch.indexer.elasticsearch.connection import Connection, RequestRefused, path_of
from simsearch.patience import WRITING

#: Documents read at a time: each may be long.
PAGE = 200
#: Documents that are looked at to tell which fields hold texts.
LOOKED_AT = 100
#: Characters that a text has at least: shorter values are names and codes.
A_TEXT = 10
#: Fields that are named where one has no texts.
SHOWN = 10

Body = dict[str, Any]


class OwnersIndexNotFound(SimsearchError):
    """There is no index {url}: check its name and the address of the server."""

    url: str


class FieldWithoutText(SimsearchError):
    """The index {index} has no text in a field {field}: {remedy}."""

    index: str
    field: str
    remedy: str


class Source:
    """The documents of an index, an alias or a data stream on a server; a context manager."""

    def __init__(self, url: str) -> None:
        """Look whether it is there.

        Raises `OwnersIndexNotFound`, and what `address.parse` and `connection` raise.
        """
        self.address: Address = parse(url)
        self._connection = Connection(self.address.server, Access.from_environment())
        try:
            self.count = int(self._connection.ask("GET", path_of(self.address.name, "_count"))["count"])
        except RequestRefused as error:
            self.close()
            raise (OwnersIndexNotFound(url=url) if error.status == 404 else error) from error
        except SimsearchError:
            self.close()
            raise

    def texts(self, field: str, sample: int | None = None, seed: int = 1) -> Iterator[str]:
        """Yield the text of each document that has one, or of about `sample` documents, taken at random.

        A field may stand in objects and arrays (`chapters.body`); the texts of a document are joined by lines.

        Raises `FieldWithoutText` where the field is not among those that are stored.
        """
        self._check(field)
        chosen = self._chosen(sample, seed)
        for hit in reading.walk(self._connection, self.address.name, [field], PAGE, chosen, WRITING):
            text = "\n".join(texts_of(hit.get("_source", {}), field))
            if text:
                yield text

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _chosen(self, sample: int | None, seed: int) -> Body:
        """Return the query for documents taken at random, each with the same chance."""
        everything: Body = {"match_all": {}}
        if sample is None or sample >= self.count:
            return everything
        chance: Body = {"random_score": {"seed": seed, "field": "_seq_no"}, "boost_mode": "replace"}
        return {"function_score": {"query": everything, **chance, "min_score": 1 - sample / self.count}}

    def _check(self, field: str) -> None:
        looked_at = self._look({"exists": {"field": field}}) or self._look(self._chosen(LOOKED_AT, 0))
        if not looked_at or any(any(texts_of(document, field)) for document in looked_at):
            return
        others = sorted({path for document in looked_at for path in _paths(document)})
        if not any(looked_at):
            remedy = "it does not keep what was stored (_source is off); train on where its texts came from"
        elif others:
            remedy = f"name one that has with --text-field, such as {', '.join(others[:SHOWN])}"
        else:
            remedy = "none of its fields has one"
        raise FieldWithoutText(index=self.address.url, field=field, remedy=remedy)

    def _look(self, query: Body) -> list[Body]:
        """Return what is kept of some documents."""
        body = {"size": LOOKED_AT, "query": query, "track_total_hits": False}
        found = self._connection.ask("POST", path_of(self.address.name, "_search"), body)
        return [hit.get("_source", {}) for hit in found["hits"]["hits"]]


def texts_of(value: Any, path: str) -> Iterator[str]:
    """Yield the texts at a path of field names, through objects and arrays; names themselves may hold dots."""
    if isinstance(value, list):
        for each in value:
            yield from texts_of(each, path)
    elif isinstance(value, Mapping):
        names = path.split(".")
        for end in range(1, len(names) + 1):
            inside = value.get(".".join(names[:end]))
            if inside is not None:
                yield from texts_of(inside, ".".join(names[end:]))
    elif isinstance(value, str) and not path and value.strip():
        yield value


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of all that may be texts."""
    if isinstance(value, list):
        for each in value:
            yield from _paths(each, path)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _paths(each, f"{path}.{name}" if path else name)
    elif isinstance(value, str) and len(value) >= A_TEXT:
        yield path
