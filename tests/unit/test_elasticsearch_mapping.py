"""The layout of an index: nothing is stored that nobody has thought of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from simsearch.indexer.elasticsearch import mapping as layout
from simsearch.indexer.elasticsearch.mapping import (
    ALL_INDEX_OPTIONS,
    INDEX_OPTIONS,
    dead_letters_mapping,
    mapping,
    readings_mapping,
    settings,
)

VECTOR = {
    "type": "dense_vector",
    "dims": 3,
    "index": True,
    "similarity": "cosine",
    "index_options": {"type": "int8_hnsw"},
}
UNSEEN = {"type": "text", "index": False}
STORED_KEYWORD = {"type": "keyword", "index": False, "doc_values": False}
STORED_NUMBER = {"type": "integer", "index": False, "doc_values": False}
WHOLE = {
    "dynamic": "strict",
    "_meta": {"simsearch": {"format": 1, "model": "m", "dimensions": 3}},
    "dynamic_templates": [
        {
            "texts": {
                "path_match": "simsearch.filters.texts.*",
                "mapping": {"type": "keyword", "ignore_above": 8191},
            }
        },
        {"numbers": {"path_match": "simsearch.filters.numbers.*", "mapping": {"type": "double"}}},
    ],
    "properties": {
        "title": UNSEEN,
        "text": UNSEEN,
        "source": STORED_KEYWORD,
        "metadata": {"type": "object", "enabled": False},
        "simsearch": {
            "dynamic": "strict",
            "properties": {
                "model": {"type": "keyword"},
                "digest": STORED_KEYWORD,
                "state": {"type": "keyword"},
                "tags": {"type": "keyword", "ignore_above": 8191},
                "known_ratio": {"type": "float"},
                "filters": {
                    "dynamic": "strict",
                    "properties": {
                        "texts": {"type": "object", "dynamic": True, "subobjects": False},
                        "numbers": {"type": "object", "dynamic": True, "subobjects": False},
                    },
                },
                "vector": VECTOR,
                "passages": {
                    "type": "nested",
                    "dynamic": "strict",
                    "properties": {
                        "words": {"type": "text", "index": False, "copy_to": "simsearch.passages.terms"},
                        "parts": {"type": "text", "index": False, "copy_to": "simsearch.passages.terms"},
                        "terms": {"type": "text", "analyzer": "whitespace", "index_options": "freqs"},
                        "length": {"type": "integer", "index": False},
                        "start": STORED_NUMBER,
                        "end": STORED_NUMBER,
                        "vector": VECTOR,
                    },
                },
            },
        },
    },
}


def fields(found: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every field of a mapping with its full name."""
    for name, field in found.get("properties", {}).items():
        yield above + name, field
        yield from fields(field, f"{above}{name}.")


def test_the_mapping_is_this():
    assert mapping("m", 3) == WHOLE


@pytest.mark.parametrize("made", [mapping("m", 3), readings_mapping(), dead_letters_mapping()])
def test_a_name_that_nobody_has_thought_of_is_refused_everywhere_but_in_metadata(made):
    assert made["dynamic"] == "strict"
    for name, field in fields(made):
        if field.get("enabled") is False:
            assert name == "metadata", "stored as it is given"
        elif "properties" in field:
            assert field["dynamic"] == "strict", name
        elif field.get("dynamic") is not None:
            assert name in (layout.TEXTS, layout.NUMBERS)


def test_every_name_that_metadata_bring_gets_the_type_of_its_side():
    made = mapping("m", 3)
    brought = {name for name, field in fields(made) if field.get("dynamic") is True}
    templates = {
        template["path_match"]: template["mapping"]["type"]
        for named in made["dynamic_templates"]
        for template in named.values()
    }
    assert brought == {"simsearch.filters.texts", "simsearch.filters.numbers"}
    assert templates == {"simsearch.filters.texts.*": "keyword", "simsearch.filters.numbers.*": "double"}


def test_a_text_that_lucene_would_refuse_is_passed_over_instead():
    (texts, _) = mapping("m", 3)["dynamic_templates"]
    assert 4 * texts["texts"]["mapping"]["ignore_above"] <= 32_766, "characters of up to 4 bytes"


def test_names_that_others_use_lead_to_fields_of_the_mapping():
    every = dict(fields(mapping("m", 3)))
    assert every[layout.PASSAGES]["type"] == "nested"
    assert every[layout.TERMS]["analyzer"] == "whitespace"
    for name in ("words", "parts"):
        assert every[f"{layout.PASSAGES}.{name}"]["copy_to"] == layout.TERMS
    assert {layout.TEXTS, layout.NUMBERS} <= set(every)


@pytest.mark.parametrize("options", ALL_INDEX_OPTIONS)
def test_all_vectors_are_kept_as_was_asked_and_not_as_a_server_likes(options):
    kept = {name: field for name, field in fields(mapping("m", 128, options)) if field.get("type") == "dense_vector"}
    assert set(kept) == {"simsearch.vector", "simsearch.passages.vector"}
    for field in kept.values():
        assert field == VECTOR | {"dims": 128, "index_options": {"type": options}}


def test_the_way_to_keep_vectors_does_nothing_else():
    def without(made: dict[str, Any]) -> str:
        return (
            json.dumps(made)
            .replace('"index_options": {"type": "bbq_hnsw"}', "")
            .replace('"index_options": {"type": "int8_hnsw"}', "")
        )

    assert INDEX_OPTIONS == ALL_INDEX_OPTIONS[0] == "int8_hnsw"
    assert without(mapping("m", 3, "bbq_hnsw")) == without(mapping("m", 3))
    assert mapping("m", 3, "bbq_hnsw") != mapping("m", 3)


@pytest.mark.parametrize("make", [lambda: mapping("m", 3), settings, readings_mapping, dead_letters_mapping])
def test_who_changes_a_layout_changes_no_other_one(make):
    made, expected = make(), json.dumps(make())
    for field in made.values():
        if isinstance(field, dict):
            field.clear()
    assert json.dumps(make()) == expected


def test_the_settings_leave_shards_and_replicas_to_the_cluster():
    assert settings() == {
        "index.gc_deletes": "1h",
        "index.refresh_interval": "1s",
        "index.mapping.total_fields.limit": 1000,
        "index.mapping.total_fields.ignore_dynamic_beyond_limit": True,
    }


def test_the_companions_hold_this():
    assert readings_mapping() == {"dynamic": "strict", "properties": {"deleted": {"type": "boolean"}}}
    made = dead_letters_mapping()
    assert {name: field["type"] for name, field in made["properties"].items()} == {
        "sequence": "long",
        "reason": "text",
        "model": "keyword",
        "first": "date",
        "last": "date",
        "tries": "integer",
        "title": "text",
        "text": "text",
        "source": "keyword",
        "metadata": "object",
    }
