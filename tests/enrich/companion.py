"""What a companion is to be like: computed anew from its owner's documents, and compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from servers.answers import ask
from servers.owner import Owner

from simsearch.corpus import Document
from simsearch.indexer.enrichment import enrich
from simsearch.model import Model


def stored(server: str, name: str) -> dict[str, Any]:
    """Return what an index holds, by id, as searches see it."""
    ask(f"{server}/{name}/_refresh", method="POST")
    return {hit["_id"]: hit["_source"] for hit in _walk(server, name)}


def differences(owner: Owner, model: Model, title: str = "title", filters: tuple[str, ...] = ("city",)) -> list[str]:
    """Return the ids of documents in which companion and owner do not agree; texts are in `body`."""
    owners = stored(owner.server, owner.name)
    ours = stored(owner.server, owner.companion)
    found = [f"{name} only here" for name in ours.keys() - owners.keys()]
    documents = [
        Document(
            id=name,
            text=kept.get("body") or "",
            title=kept.get(title) or "",
            metadata={field: kept[field] for field in filters if kept.get(field) is not None},
        )
        for name, kept in owners.items()
    ]
    for item in enrich(documents, model):
        name = item.document.id
        if name not in ours:
            found.append(f"{name} missing")
        elif _shown(ours[name]) != (
            item.document.title,
            item.document.metadata,
            item.document.digest,
            item.state,
            [passage.words for passage in item.passages],
        ):
            found.append(f"{name} differs")
    return found


def _shown(kept: dict[str, Any]) -> tuple[Any, ...]:
    ours = kept["simsearch"]
    words = [passage["words"] for passage in ours["passages"]]
    return kept.get("title", ""), kept.get("metadata", {}), ours["digest"], ours["state"], words


def _walk(server: str, name: str) -> Iterator[Any]:
    after = None
    while True:
        body = {"size": 1_000, "sort": ["_doc"], "query": {"match_all": {}}}
        scroll = (
            ask(f"{server}/{name}/_search?scroll=1m", body)
            if after is None
            else ask(f"{server}/_search/scroll", {"scroll": "1m", "scroll_id": after})
        )
        if scroll.status in (404, 503):  # nobody has made it yet, or it has just been made
            return
        hits = scroll.json["hits"]["hits"]
        after = scroll.json["_scroll_id"]
        yield from hits
        if not hits:
            ask(f"{server}/_search/scroll", {"scroll_id": after}, method="DELETE")
            return
