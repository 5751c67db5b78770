"""An index that is somebody else's: what is taken from its documents. Pure functions of data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from simsearch.corpus.document import Document
from simsearch.indexer.conditions import parse
from simsearch.indexer.elasticsearch.queries import clause_on
from simsearch.indexer.enrichment import storable_id

Body = dict[str, Any]


class Owner(NamedTuple):
    """Which documents a companion is made from, and of which fields; noted in the companion's mapping."""

    name: str  #: of an index, an alias or a data stream
    text_field: str
    title_field: str = ""
    filter_fields: Sequence[str] = ()
    where: Sequence[str] = ()  #: conditions on the owner's fields
    changed_field: str = ""  #: the time of a document's last change, where numbers of writes are not to be used
    in_place: bool = False  #: what is computed is written into the index itself, and there is no companion
    several: bool = False  #: the name may lead to several indices, in which the same id may mean two documents

    def noted(self) -> dict[str, Any]:
        """Return this as JSON gives it back."""
        return {name: value if isinstance(value, str | bool) else list(value) for name, value in self._asdict().items()}

    def fields(self) -> list[str]:
        """Return the fields that are read."""
        return [name for name in (self.text_field, self.title_field, *self.filter_fields) if name]

    def conditions(self) -> list[Body]:
        """Return what documents have to meet, as clauses of Elasticsearch."""
        return [clause_on(condition) for text in self.where for condition in parse(text)]

    def document(self, hit: Mapping[str, Any], sequence: int) -> Document:
        """Return the document that is made from one of the owner's."""
        kept = hit.get("_source", {})
        id, source = self.names(hit)
        return Document(
            id=id,
            text=self.text(hit),
            title=" ".join(texts(kept, self.title_field)) if self.title_field else "",
            metadata=_taken(kept, self.filter_fields),
            source=source,
            sequence=sequence,
        )

    def text(self, hit: Mapping[str, Any]) -> str:
        """Return the text of one of the owner's documents."""
        return "\n".join(texts(hit.get("_source", {}), self.text_field))

    def shown(self, hit: Mapping[str, Any]) -> dict[str, Any]:
        """Return one of the owner's documents, which holds what is ours, as one of our own."""
        document = self.document(hit, 0)
        given = {"title": document.title, "text": document.text, "metadata": document.metadata}
        return {**given, "simsearch": hit["_source"]["simsearch"]}

    def names(self, hit: Mapping[str, Any]) -> tuple[str, str]:
        """Return the id of a document in the companion, and what finds it again at its owner's where that differs."""
        if not self.several:
            return hit["_id"], ""
        source = f"{hit['_index']}/{hit['_id']}"
        return storable_id(source), source


def of(meta: Mapping[str, Any]) -> Owner | None:
    """Return whose companion an index is, by what its mapping says."""
    return Owner(**meta["owner"]) if "owner" in meta else None


def texts(value: Any, path: str) -> Iterator[str]:
    """Yield the texts at a path of field names, through objects and arrays; names themselves may hold dots."""
    return (text for text in values(value, path) if isinstance(text, str) and text.strip())


def values(value: Any, path: str) -> Iterator[Any]:
    """Yield what stands at a path of field names, through objects and arrays."""
    if isinstance(value, list):
        for each in value:
            yield from values(each, path)
    elif isinstance(value, Mapping):
        names = path.split(".")
        for end in range(1, len(names) + 1):
            inside = value.get(".".join(names[:end]))
            if inside is not None:
                yield from values(inside, ".".join(names[end:]))
    elif not path and value is not None:
        yield value


def paths(value: Any, least: int, path: str = "") -> Iterator[str]:
    """Yield the paths of all texts of at least so many characters."""
    if isinstance(value, list):
        for each in value:
            yield from paths(each, least, path)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from paths(each, least, f"{path}.{name}" if path else name)
    elif isinstance(value, str) and len(value) >= least:
        yield path


def _taken(kept: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Return the fields that conditions ask for: dots go deeper, and several values are a list."""
    metadata: dict[str, Any] = {}
    for path in fields:
        found = list(values(kept, path))
        if found:
            _put(metadata, path.split("."), found if len(found) > 1 else found[0])
    return metadata


def _put(metadata: dict[str, Any], path: Sequence[str], value: Any) -> None:
    name, *deeper = path
    if not deeper:
        metadata[name] = value
    elif isinstance(inside := metadata.setdefault(name, {}), dict):
        _put(inside, deeper, value)
