"""Mapping and settings of an index: pure functions of data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Format of the layout; an index of another format is refused.
FORMAT = 1
#: How vectors are kept where nothing else is asked for, and what may be asked for.
INDEX_OPTIONS = "int8_hnsw"
ALL_INDEX_OPTIONS = ("int8_hnsw", "bbq_hnsw", "hnsw", "int4_hnsw", "flat", "int8_flat", "bbq_flat", "bbq_disk")
#: Longer values of metadata are stored, and not found by conditions: Lucene's longest term is 32,766 bytes.
LONGEST_VALUE = 8_191
#: Names of metadata that can be asked for; what comes beyond them is stored only.
MOST_FIELDS = 1_000
#: How long a server itself refuses to bring back what was deleted: longer than any write is under way.
REMEMBERED = "1h"
#: How often new documents become visible to searches.
REFRESH = "1s"

PASSAGES = "simsearch.passages"
TERMS = f"{PASSAGES}.terms"
TEXTS, NUMBERS = "simsearch.filters.texts", "simsearch.filters.numbers"


def mapping(
    model: str, dimensions: int, index_options: str = INDEX_OPTIONS, owner: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the mapping for documents of a model, or for the companion of somebody else's index.

    Words and parts are found through one field, `terms`, so that a passage that holds a word either way counts
    once. Metadata come back from `metadata` as they were given; conditions ask `filters`, where texts and
    numbers are apart, so that no value is ever of the wrong type.
    """
    unseen = {"type": "text", "index": False}
    number = {"type": "integer", "index": False, "doc_values": False}
    vector = {
        "type": "dense_vector",
        "dims": dimensions,
        "index": True,
        "similarity": "cosine",
        "index_options": {"type": index_options},
    }
    open_object = {"type": "object", "dynamic": True, "subobjects": False}
    meta = {"format": FORMAT, "model": model, "dimensions": dimensions} | ({"owner": owner} if owner else {})
    return {
        "dynamic": "strict",
        "_meta": {"simsearch": meta},
        "dynamic_templates": [
            {
                "texts": {
                    "path_match": f"{TEXTS}.*",
                    "mapping": {"type": "keyword", "ignore_above": LONGEST_VALUE},
                }
            },
            {"numbers": {"path_match": f"{NUMBERS}.*", "mapping": {"type": "double"}}},
        ],
        "properties": {
            "title": unseen,
            "text": unseen,
            "source": {"type": "keyword", "index": False, "doc_values": False},
            "metadata": {"type": "object", "enabled": False},
            "simsearch": {
                "dynamic": "strict",
                "properties": {
                    "model": {"type": "keyword"},
                    "digest": {"type": "keyword", "index": False, "doc_values": False},
                    "state": {"type": "keyword"},
                    "tags": {"type": "keyword", "ignore_above": LONGEST_VALUE},
                    "known_ratio": {"type": "float"},
                    "filters": {
                        "dynamic": "strict",
                        "properties": {"texts": open_object, "numbers": open_object},
                    },
                    "vector": vector,
                    "passages": {
                        "type": "nested",
                        "dynamic": "strict",
                        "properties": {
                            "words": {**unseen, "copy_to": TERMS},
                            "parts": {**unseen, "copy_to": TERMS},
                            "terms": {"type": "text", "analyzer": "whitespace", "index_options": "freqs"},
                            "length": {"type": "integer", "index": False},
                            "start": number,
                            "end": number,
                            "vector": vector,
                        },
                    },
                },
            },
        },
    }


def in_place(model: str, dimensions: int, index_options: str = INDEX_OPTIONS) -> dict[str, Any]:
    """Return the mapping of our field in somebody else's index, whose own fields conditions ask for."""
    ours = mapping(model, dimensions, index_options)["properties"]["simsearch"]
    fields = {name: field for name, field in ours["properties"].items() if name != "filters"}
    fields["read"] = {"type": "long", "index": False, "doc_values": False}
    return {"simsearch": {"dynamic": "strict", "properties": fields}}


def settings() -> dict[str, Any]:
    """Return the settings of a new index; the numbers of shards and replicas are left to the cluster."""
    return {
        "index.refresh_interval": REFRESH,
        "index.gc_deletes": REMEMBERED,
        "index.mapping.total_fields.limit": MOST_FIELDS,
        "index.mapping.total_fields.ignore_dynamic_beyond_limit": True,
    }


def readings_mapping() -> dict[str, Any]:
    """Return the mapping of the newest readings that are not in the index itself."""
    return {"dynamic": "strict", "properties": {"deleted": {"type": "boolean"}}}


def progress_mapping() -> dict[str, Any]:
    """Return the mapping of how far a companion is."""
    return {"dynamic": "strict", "properties": {"progress": {"type": "object", "enabled": False}}}


def dead_letters_mapping() -> dict[str, Any]:
    """Return the mapping of what could not be stored."""
    date, unseen = {"type": "date"}, {"type": "text", "index": False}
    return {
        "dynamic": "strict",
        "properties": {
            "sequence": {"type": "long"},
            "reason": {"type": "text"},
            "model": {"type": "keyword"},
            "first": date,
            "last": date,
            "tries": {"type": "integer"},
            "title": unseen,
            "text": unseen,
            "source": {"type": "keyword", "index": False, "doc_values": False},
            "metadata": {"type": "object", "enabled": False},
        },
    }
