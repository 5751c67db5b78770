"""What an index must be at the end, looked at document by document, vector by vector and word by word."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from servers.answers import ask

from simsearch.corpus import Document
from simsearch.indexer import Index, open_index
from simsearch.indexer.elasticsearch import documents
from simsearch.indexer.elasticsearch.queries import MOST_WORDS
from simsearch.indexer.engine import Enriched, Question
from simsearch.indexer.enrichment import enrich
from simsearch.model.quantisation import quantise_unit

from .place import Place

#: Documents looked at at a time.
BATCH = 200
#: What a vector may differ by that a server has divided by its length, kept as float32, and multiplied again.
ROUNDED = 2e-6

#: The vectors of a document, under WHOLE, and of its passages, from 0 on.
Vectors = dict[int, NDArray[np.float32]] | dict[int, NDArray[np.int8]]
WHOLE = -1


def check(place: Place, expected: Mapping[str, str | None]) -> dict[str, Any]:
    """Compare an index with the texts that it must hold; return figures, and the ids of what is wrong."""
    there = {name: text for name, text in expected.items() if text is not None}
    with open_index(place.url, create=False) as index:
        found: dict[str, Any] = {"model": index.engine.model, "documents": len(there)}
        stored = {name: each.text for some in _batches(expected) for name, each in index.engine.fetch(some).items()}
        found["deleted"] = len(expected) - len(there)
        found["lost"] = [name for name in there if name not in stored]
        found["came_back"] = [name for name in stored if name not in there]
        found["wrong_text"] = [name for name in there if name in stored and stored[name] != there[name]]
        found["duplicated"] = index.info().documents - len(stored)
        fresh = [item for some in _batches(stored) for item in _enriched(index, stored, some)]
        found["vectors"] = sum(len(_computed(item)) for item in fresh)
        found["wrong_vectors"] = [name for some in _batches(fresh) for name in _strangers(index, place, some)]
        found["passages"] = sum(len(item.passages) for item in fresh)
        found["wrong_passages"] = [name for some in _batches(fresh) for name in _cut_otherwise(index, some)]
        found["postings"], found["wrong_postings"] = _postings(index, fresh)
    return found


def _enriched(index: Index, texts: Mapping[str, str], names: Sequence[str]) -> list[Enriched]:
    return enrich([Document(name, texts[name]) for name in names], index.model)


def _strangers(index: Index, place: Place, items: Sequence[Enriched]) -> list[str]:
    """Return the ids of documents of which a vector is not the one that the index's model gives."""
    names = [item.document.id for item in items]
    kept = _in_file(index, names) if place.engine == "sqlite" else _on_server(index, place.url, names)
    return [name for name, item in zip(names, items, strict=True) if not _same(_computed(item), kept.get(name, {}))]


def _computed(item: Enriched) -> dict[int, NDArray[np.float32]]:
    vectors = {WHOLE: item.vector} | dict(enumerate(item.vectors))
    return {number: vector for number, vector in vectors.items() if vector.any()}


def _same(computed: dict[int, NDArray[np.float32]], kept: Vectors) -> bool:
    if computed.keys() != kept.keys():
        return False
    for number, vector in computed.items():
        there = kept[number]
        if there.dtype == np.int8:
            vector, rounded = quantise_unit(vector), 0.0
        else:
            rounded = ROUNDED
        if there.shape != vector.shape or np.abs(there - vector).max() > rounded:
            return False
    return True


def _in_file(index: Index, names: Sequence[str]) -> dict[str, Vectors]:
    """Return the vectors of documents as a file keeps them."""
    whole = f"SELECT d.id, {WHOLE}, v.vector FROM documents AS d JOIN document_vectors AS v ON v.rowid = d.number"
    of_passages = (
        "SELECT d.id, p.position, v.vector FROM documents AS d JOIN passages AS p ON p.document = d.number"
        " JOIN passage_vectors AS v ON v.rowid = p.number"
    )
    found: dict[str, Vectors] = {}
    for select in (whole, of_passages):
        where = "WHERE d.id IN (SELECT value FROM json_each(?))"
        for name, number, vector in index.engine._rows(f"{select} {where}", json.dumps(names)):
            found.setdefault(name, {})[number] = np.frombuffer(vector, np.int8)
    return found


def _on_server(index: Index, url: str, names: Sequence[str]) -> dict[str, Vectors]:
    """Return the vectors of documents as a server gives them back."""
    server, _, name = url.rpartition("/")
    release = tuple(map(int, ask(server).json["version"]["number"].split(".")[:2]))
    apart = "?_source_exclude_vectors=false" if release >= documents.APART_FROM else ""
    body = {"size": len(names), "query": {"ids": {"values": list(names)}}, "_source": ["simsearch"]}
    found: dict[str, Vectors] = {}
    for hit in ask(f"{server}/{name}/_search{apart}", body).json["hits"]["hits"]:
        ours = hit["_source"]["simsearch"]
        assert ours["model"] == index.engine.model, hit["_id"]
        parts = {WHOLE: ours} | dict(enumerate(ours.get("passages", [])))
        found[hit["_id"]] = {
            at: documents.vector({"simsearch": part}) for at, part in parts.items() if "vector" in part
        }
    return found


def _cut_otherwise(index: Index, items: Sequence[Enriched]) -> list[str]:
    """Return the ids of documents whose passages are not those of their texts."""
    kept = index.engine.passages([item.document.id for item in items])
    return [item.document.id for item in items if kept.get(item.document.id) != item.passages]


def _postings(index: Index, items: Sequence[Enriched]) -> tuple[int, list[str]]:
    """Count anew what the index counts for a question; return how many postings there are, and what differs."""
    passages = [
        (passage.words, {*passage.words.split(" "), *parts.split(" ")} - {""})
        for item in items
        for passage, parts in zip(item.passages, item.parts, strict=True)
    ]
    counts = Counter(word for _, words in passages for word in words)
    wrong = []
    for some in _batches(sorted(counts), MOST_WORDS):
        told = index.engine.candidates(Question(some, None, (), 1))
        wrong += [word for word in some if told.frequencies[word] != counts[word]]
    if told.total != len(passages):
        wrong.append(f"{told.total} passages instead of {len(passages)}")
    average = sum(words.count(" ") + 1 for words, _ in passages) / len(passages)
    if abs(told.average_length - average) > 1e-6 * average:
        wrong.append(f"{told.average_length} words a passage instead of {average}")
    return counts.total(), wrong


def _batches(items: Any, size: int = BATCH) -> Iterator[list[Any]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
