"""`simsearch train https://host/name --text-field body`: a team's own index is what a model learns from."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from servers.answers import ask
from servers.owner import Owner

from .process import Done, Simsearch

SMALL = ("--min-count", "2", "--dimensions", "8", "--passes", "2", "--to", "model")


def train(simsearch: Simsearch, owner: Owner, *arguments: str) -> Done:
    return simsearch("train", owner.url, *arguments, *SMALL)


def test_the_model_is_that_of_the_same_texts_in_a_file_and_the_index_stays_as_it_was(
    simsearch: Simsearch, owner: Owner, sentences: list[str], tmp_path: Path
) -> None:
    owner.fill([{"body": text, "n": number} for number, text in enumerate(sentences)])
    before = owner.everything()
    done = train(simsearch, owner, "--text-field", "body")
    assert done.code == 0, done.err
    assert done.row["documents"] == len(sentences)
    assert owner.everything() == before
    (tmp_path / "文.txt").write_text("\n".join(sentences), "utf-8")
    assert simsearch.ok("train", "文.txt", *SMALL).row["id"] == done.row["id"]


@pytest.mark.parametrize(
    ("field", "hide"),
    [
        ("body", lambda text: {"body": text}),
        ("body", lambda text: {"body": [text[:9], text[9:]]}),
        ("article.body", lambda text: {"article": {"body": text}}),
        ("article.body", lambda text: {"article.body": text}),
        ("chapters.body", lambda text: {"chapters": [{"body": text}, {"title": "无"}, {"body": None}]}),
    ],
    ids=["plain", "array", "object", "dotted name", "nested"],
)
def test_texts_are_found_in_objects_and_arrays(
    simsearch: Simsearch, owner: Owner, sentences: list[str], field: str, hide: Any
) -> None:
    owner.make({"properties": {"chapters": {"type": "nested"}}})
    owner.fill([hide(text) for text in sentences] + [{"n": 7}, {"body": ""}, {"body": 8} if field != "body" else {}])
    done = train(simsearch, owner, "--text-field", field)
    assert done.code == 0, done.err
    assert done.row["documents"] == len(sentences)


def test_an_alias_over_several_indexes_and_a_data_stream_are_read(
    simsearch: Simsearch, owner: Owner, sentences: list[str]
) -> None:
    template = {"index_patterns": [owner.name], "data_stream": {}, "priority": 500}
    assert ask(f"{owner.server}/_index_template/{owner.name}", template, method="PUT").status == 200
    rows = [{"body": text, "@timestamp": "2024-05-18T09:00:00Z"} for text in sentences]
    owner.fill(rows, action="create")
    done = train(simsearch, owner, "--text-field", "body")
    assert done.row["documents"] == len(sentences)
    alias = Owner(owner.server)
    for name in (f"{owner.name}-2", f"{alias.name}-3"):
        alias.fill(rows[:50], index=name)
        assert ask(f"{owner.server}/{name}/_alias/{alias.name}", method="PUT").status == 200
    done = train(simsearch, alias, "--text-field", "body")
    ask(f"{owner.server}/{alias.name}-3", method="DELETE")
    assert done.row["documents"] == 100


def test_a_sample_is_taken_at_random_and_the_same_again(
    simsearch: Simsearch, owner: Owner, sentences: list[str], seed: int
) -> None:
    chance = random.Random(seed)
    owner.fill([{"body": chance.choice(sentences)} for _ in range(2_000)])
    first = train(simsearch, owner, "--text-field", "body", "--sample", "500").row
    assert 400 < first["documents"] < 600
    assert train(simsearch, owner, "--text-field", "body", "--sample", "500").row["id"] == first["id"]
    other = train(simsearch, owner, "--text-field", "body", "--sample", "500", "--seed", "2").row
    assert other["id"] != first["id"]
    assert train(simsearch, owner, "--text-field", "body", "--sample", "5000").row["documents"] == 2_000


@pytest.mark.parametrize(
    ("mappings", "said"),
    [
        ({}, "name one that has with --text-field, such as body"),
        ({"_source": {"enabled": False}}, "_source is off"),
        ({"_source": {"excludes": ["body"]}}, "none of its fields has one"),
    ],
)
def test_a_field_without_texts_is_told_with_those_that_have_some(
    simsearch: Simsearch, owner: Owner, sentences: list[str], mappings: dict[str, Any], said: str
) -> None:
    owner.make(mappings)
    owner.fill([{"body": text, "n": 7} for text in sentences])
    done = train(simsearch, owner, "--text-field", "n" if not mappings else "body")
    assert done.code == 1
    assert said in done.err.splitlines()[-1]
    assert not (simsearch.folder / "model").exists()


def test_an_index_that_is_not_there_is_not_made(simsearch: Simsearch, owner: Owner) -> None:
    done = train(simsearch, owner, "--text-field", "body")
    assert (done.code, done.err.splitlines()[-1][:26]) == (1, "Error: There is no index h")
    assert ask(owner.url, method="HEAD").status == 404


def test_an_empty_index_has_nothing_to_learn_from(simsearch: Simsearch, owner: Owner) -> None:
    owner.make({})
    done = train(simsearch, owner, "--text-field", "body")
    assert done.code == 1
    assert done.err.startswith("Error: ")


@pytest.mark.parametrize(
    "arguments", [("https://localhost:9200/texts",), ("-", "--text-field", "body"), ("-", "--sample", "5")]
)
def test_options_of_indexes_go_with_indexes(simsearch: Simsearch, arguments: tuple[str, ...]) -> None:
    done = simsearch("train", *arguments, *SMALL)
    assert done.code == 2
    assert "--text-field" in json.dumps(done.err)
