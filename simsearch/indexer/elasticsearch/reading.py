"""Reading an index: candidates, documents by id, and walks over all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch import documents, queries
from simsearch.indexer.elasticsearch.connection import Connection, Passing, RequestRefused, path_of
from simsearch.indexer.elasticsearch.mapping import PASSAGES
from simsearch.indexer.engine import Candidate, Candidates, Passage, Question
from simsearch.patience import READING, Patience

#: Documents asked for by id, or read in a walk, at a time.
MOST_IDS = 1_000
#: How long a server keeps the state of an index that is being walked, after each step.
KEPT = "5m"


class StateLost(SimsearchError):
    """Elasticsearch at {server} has forgotten the state of the index that was being read, as after a restart: run the same command again."""  # noqa: E501

    server: str


def candidates(
    connection: Connection, index: str, question: Question, scope: queries.Scope = queries.OURS
) -> Candidates:
    """Return the best passages by words and by vector among those that meet the conditions."""
    *lists, counts = connection.search(index, queries.candidates(question, scope))
    by_words = lists.pop(0) if question.words else None
    by_vector = lists.pop(0) if lists else None
    ranks: dict[tuple[str, int], list[int | None]] = {}
    passages: dict[tuple[str, int], Passage] = {}
    for place, answer in enumerate((by_words, by_vector)):
        for rank, (key, passage) in enumerate(_inner_hits(answer)[: question.limit], 1):
            passages[key] = passage
            ranks.setdefault(key, [None, None])[place] = rank
    inside = counts["aggregations"]["passages"]
    total = int(inside["doc_count"])
    holding = inside.get("holding", {}).get("buckets", {})
    frequencies = {word: int(holding[str(place)]["doc_count"]) for place, word in _asked(question.words)}
    found = [Candidate(*key, passages[key], *places) for key, places in ranks.items()]
    return Candidates(found, frequencies, total, float(inside["length"]["value"] or 0) / max(total, 1))


def get(connection: Connection, index: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Any]:
    """Return the fields of stored documents; ids that are not stored are left out."""
    found = {}
    for start in range(0, len(ids), MOST_IDS):
        wanted = [{"_index": index, "_id": name, "_source": list(fields)} for name in ids[start : start + MOST_IDS]]
        for document in connection.get(wanted):
            if document["found"]:
                found[document["_id"]] = document["_source"]
    return found


def words(connection: Connection, index: str, scope: queries.Scope = queries.OURS) -> Counter[str]:
    """Count, for each word of an index, the passages that hold it."""
    counts: Counter[str] = Counter()
    for hit in walk(connection, index, [f"{PASSAGES}.words"], query={"bool": {"filter": list(scope.whole)}}):
        for passage in hit["_source"].get("simsearch", {}).get("passages", []):
            counts.update({word for word in passage["words"].split(" ") if word})
    return counts


def sources(connection: Connection, index: str) -> list[tuple[str, str]]:
    """Return each document's id with its source."""
    return [(hit["_id"], hit["_source"].get("source", "")) for hit in walk(connection, index, ["source"])]


def walk(
    connection: Connection,
    index: str,
    fields: Sequence[str],
    size: int = MOST_IDS,
    query: Mapping[str, Any] | None = None,
    patience: Patience = READING,
) -> Iterator[Any]:
    """Yield every document, or those of a query, with its id, version and these fields, as the index is now.

    `size` documents are read at a time. Raises `StateLost` where a server was restarted meanwhile.
    """
    opened = connection.ask("POST", path_of(index, "_pit"), keep_alive=KEPT, patience=patience)["id"]
    try:
        after: Any = None
        while True:
            body: dict[str, Any] = {"size": size, "_source": list(fields), "sort": ["_shard_doc"], "version": True}
            body |= {"pit": {"id": opened, "keep_alive": KEPT}, "track_total_hits": False}
            body |= {"query": query} if query else {}
            if after:
                body["search_after"] = after
            answer = _next(connection, body, patience)
            opened = answer["pit_id"]
            hits = answer["hits"]["hits"]
            if not hits:
                return
            yield from hits
            after = hits[-1]["sort"]
    finally:
        try:
            connection.ask("DELETE", "/_pit", {"id": opened})
        except Passing:  # the server lets go by itself
            pass
        except RequestRefused as error:
            if error.status != 404:  # it was let go already, and only the answer was lost
                raise


def _next(connection: Connection, body: Mapping[str, Any], patience: Patience) -> Any:
    try:
        return connection.ask("POST", "/_search", body, patience=patience)
    except RequestRefused as error:
        if error.kind != "search_context_missing_exception":
            raise
        raise StateLost(server=connection.server) from error


def vectors(
    connection: Connection, index: str, limit: int, apart: bool, scope: queries.Scope = queries.OURS
) -> dict[str, NDArray[np.float32]]:
    """Return the stored vectors of at most so many documents, taken at random.

    `apart`: the server leaves vectors out of what it returns where it is not told otherwise.
    """
    having = {"bool": {"filter": [{"term": {"simsearch.state": "ok"}}, *scope.whole]}}
    chance = {"function_score": {"query": having, "random_score": {}, "boost_mode": "replace"}}
    body = {"size": limit, "query": chance, "_source": documents.VECTOR}
    wanted: dict[str, Any] = {"_source_exclude_vectors": False} if apart else {}  # older servers refuse the parameter
    found = connection.ask("POST", path_of(index, "_search"), body, **wanted)
    return {hit["_id"]: documents.vector(hit["_source"]) for hit in found["hits"]["hits"]}


def _asked(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    return enumerate(words[: queries.MOST_WORDS])


def _inner_hits(answer: Any) -> list[tuple[tuple[str, int], Passage]]:
    """Return the passages that a search has found, best first, each with its document and place in it."""
    if answer is None:
        return []
    inner = [
        (one["_score"], (hit["_id"], int(one["_nested"]["offset"])), documents.passage(one["_source"]))
        for hit in answer["hits"]["hits"]
        for one in hit["inner_hits"][PASSAGES]["hits"]["hits"]
    ]
    return [(key, passage) for _, key, passage in sorted(inner, key=lambda found: (-found[0], found[1]))]
