"""A document as it is stored, and as it comes back: pure functions of data."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simsearch.indexer.elasticsearch.metadata import filters
from simsearch.indexer.engine import Enriched, Found, Passage

#: From this version on servers take vectors as base64, which is shorter than numbers and read faster.
PACKED_FROM = (9, 3)
#: From this version on servers leave vectors out of what they return.
APART_FROM = (9, 2)
#: What is read to show a document, or its passages, or to compare it.
SHOWN = ["title", "text", "source", "metadata", "simsearch.tags", "simsearch.state"]
OF_PASSAGES = ["simsearch.passages.words", "simsearch.passages.start", "simsearch.passages.end"]
DIGEST = ["simsearch.digest"]
VECTOR = ["simsearch.vector"]


def body(item: Enriched, model: str, packed: bool, keeps_text: bool = True) -> dict[str, Any]:
    """Return what is stored of a document; zero vectors are left out, and the text where its owner keeps it."""
    document = item.document
    filled = np.any(item.vectors, axis=1).tolist()
    passages = []
    for place, (words, start, end) in enumerate(item.passages):
        passage = {"words": words, "length": words.count(" ") + 1, "start": start, "end": end}
        if item.parts[place]:
            passage["parts"] = item.parts[place]
        if filled[place]:
            passage["vector"] = _vector(item.vectors[place], packed)
        passages.append(passage)
    ours: dict[str, Any] = {
        "model": model,
        "digest": item.digest,
        "state": item.state,
        "tags": item.tags,
        "known_ratio": round(item.known_ratio, 4),
        "filters": filters(document.metadata),
        "passages": passages,
    }
    if item.vector.any():
        ours["vector"] = _vector(item.vector, packed)
    stored = {"text": document.text, "simsearch": ours} if keeps_text else {"simsearch": ours}
    given = {"title": document.title, "source": document.source, "metadata": document.metadata}
    return stored | {name: value for name, value in given.items() if value}


def found(name: str, source: Mapping[str, Any]) -> Found:
    """Return a stored document as it is shown."""
    ours = source["simsearch"]
    return Found(
        id=name,
        title=source.get("title", ""),
        text=source.get("text", ""),
        tags=list(ours.get("tags", [])),
        source=source.get("source", ""),
        metadata=source.get("metadata", {}),
        state=ours["state"],
    )


def passages(source: Mapping[str, Any]) -> list[Passage]:
    """Return the passages of a stored document, in their order."""
    return [passage(one) for one in source.get("simsearch", {}).get("passages", [])]


def passage(source: Mapping[str, Any]) -> Passage:
    """Return a stored passage."""
    return Passage(source["words"], source["start"], source["end"])


def vector(source: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return the stored vector of a document, of unit length."""
    stored = source["simsearch"]["vector"]
    if isinstance(stored, str):
        return np.frombuffer(base64.b64decode(stored), ">f4").astype(np.float32)
    return np.array(stored, np.float32)


def _vector(values: NDArray[np.float32], packed: bool) -> str | list[float]:
    if packed:
        return base64.b64encode(values.astype(">f4").tobytes()).decode()
    return [round(value, 6) for value in values.tolist()]
