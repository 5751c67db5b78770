"""`simsearch enrich --in-place`: one field of each document is ours, and all others stay as they are."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cli.process import Simsearch
from servers.answers import ask
from servers.owner import Owner
from tiny import tiny

from simsearch.corpus import Document
from simsearch.errors import SimsearchError
from simsearch.indexer import open_index
from simsearch.indexer.conditions import parse
from simsearch.indexer.enrichment import enrich
from simsearch.model import Model

from .companion import differences, stored
from .conftest import FIELDS, QUICK, until
from .notices import notice, notices
from .test_follow import finish, following, script

IN_PLACE = (*FIELDS, "--in-place")
#: Small batches, so that one is stored before the next is read.
IN_PARTS = "import os; os.environ['SIMSEARCH_MAX_BATCH_DOCUMENTS'] = '50'"


def theirs(owner: Owner) -> dict[str, Any]:
    """Return the owner's own fields of all documents."""
    return {
        name: {field: value for field, value in kept.items() if field != "simsearch"}
        for name, kept in stored(owner.server, owner.name).items()
    }


def behind(owner: Owner, model: Model) -> list[str]:
    """Return the ids of documents whose field of ours is not what the model makes of them."""
    kept = stored(owner.server, owner.name)
    documents = [
        Document(id=name, text=each["body"], title=each["title"], metadata={"city": each["city"]})
        for name, each in kept.items()
        if "body" in each
    ]
    return [
        item.document.id
        for item in enrich(documents, model)
        if (ours := kept[item.document.id].get("simsearch", {})).get("digest") != item.digest
        or ours["model"] != model.id
        or [passage["words"] for passage in ours["passages"]] != [passage.words for passage in item.passages]
    ]


@pytest.fixture
def enriched(simsearch: Simsearch, owner: Owner, chance: random.Random) -> Owner:
    """Return an index with what is ours in it."""
    mappings = {"_meta": {"team": "通知"}, "properties": {"city": {"type": "keyword"}}}
    owner.make(mappings, number_of_shards=2)
    owner.fill(notices(chance, 500), ids=map(str, range(500)))
    before = theirs(owner)
    done = simsearch.ok("enrich", owner.url, *IN_PLACE)
    assert done.row["stored"] == 500
    assert done.err.startswith("In place: ")
    assert theirs(owner) == before
    return owner


def test_queries_ask_the_index_itself(
    simsearch: Simsearch, enriched: Owner, model: Model, chance: random.Random
) -> None:
    assert behind(enriched, model) == []
    (mapping,) = ask(f"{enriched.url}/_mapping").json.values()
    assert mapping["mappings"]["_meta"]["team"] == "通知", "what else the mapping says is kept"
    hits = simsearch.ok("query", "停水", "--where", "city=杭州", "-k", "3", "--explain").rows
    assert {hit["metadata"]["city"] for hit in hits} == {"杭州"}
    assert all("停水" in hit["passage"]["text"] for hit in hits)
    assert simsearch.ok("similar", hits[0]["id"], "-k", "2", "--where", "views>=0").rows
    status = simsearch.ok("status").row
    assert (status["documents"], status["owner"]) == (500, enriched.name)
    assert all(row["ok"] for row in simsearch.ok("doctor").rows)
    assert simsearch.ok("tags").rows
    again = simsearch.ok("enrich", enriched.url)
    assert (again.row["stored"], again.row["failed"]) == (0, 0)
    assert again.err.startswith("In place: "), "also without the option"


def test_full_writes_drop_our_field_and_the_next_run_brings_it_back(
    simsearch: Simsearch, enriched: Owner, model: Model, chance: random.Random
) -> None:
    enriched.fill([notice(chance, 1_000 + number) for number in range(20)], ids=map(str, range(20)))
    ask(f"{enriched.url}/_update/30?refresh=true", {"doc": {"title": "改了"}})
    enriched.delete("40")
    assert len(behind(enriched, model)) == 21
    before = theirs(enriched)
    assert simsearch.ok("enrich", enriched.url).row["stored"] == 21
    assert behind(enriched, model) == []
    assert theirs(enriched) == before


def test_vectors_of_the_owners_own_are_kept(simsearch: Simsearch, owner: Owner, chance: random.Random) -> None:
    """Newer servers leave vectors out of the source that they show, and a partial update has to bring them back."""
    owner.make({"properties": {"own": {"type": "dense_vector", "dims": 3}}})
    owner.fill([each | {"own": [0.25, chance.choice([0.5, -0.5]), 1.0]} for each in notices(chance, 50)])
    before = _own_vectors(owner)
    simsearch.ok("enrich", owner.url, *IN_PLACE)
    assert set(_own_vectors(owner).items()) == set(before.items())
    assert len(before) == 50


def _own_vectors(owner: Owner) -> dict[str, tuple[float, ...]]:
    ask(f"{owner.url}/_refresh", method="POST")
    body = {"size": 100, "fields": ["own"], "_source": False}
    hits = ask(f"{owner.url}/_search", body).json["hits"]["hits"]
    return {hit["_id"]: tuple(hit["fields"]["own"]) for hit in hits}


def test_a_program_and_a_follower_write_at_a_time(simsearch: Simsearch, owner: Owner, model: Model, seed: int) -> None:
    print(f"seed: {seed}")
    alone = Owner(owner.server)
    try:
        with script(simsearch, alone, seed, 300, pause=0):
            pass
        with script(simsearch, owner, seed, 300) as program, following(simsearch, owner, "--in-place"):
            finish(program)
            until(lambda: not behind(owner, model), "all documents are enriched")
        assert theirs(owner) == theirs(alone)
    finally:
        alone.remove()


def test_a_killed_run_goes_on(simsearch: Simsearch, owner: Owner, model: Model, chance: random.Random) -> None:
    owner.fill(notices(chance, 3_000))
    before = theirs(owner)
    for _ in range(2):
        with simsearch.start("enrich", owner.url, *IN_PLACE, first=QUICK) as process:
            until(lambda: len(behind(owner, model)) < 3_000, "something is stored")
            process.kill() if chance.random() < 0.5 else None
            process.wait()
    simsearch.ok("enrich", owner.url)
    assert behind(owner, model) == []
    assert theirs(owner) == before


def test_two_models_are_never_mixed_while_one_takes_the_place_of_the_other(
    simsearch: Simsearch, enriched: Owner, model: Model, tmp_path: Path
) -> None:
    other = tiny(tmp_path / "model", 0, model.dimensions)
    slowly = ("--rate", "100", "--model", str(other.path))
    with simsearch.start("enrich", enriched.url, "--in-place", *slowly, first=IN_PARTS) as process:
        until(lambda: 0 < len(_of(enriched, other)) < 500, "both models are there")
        found = {hit["id"] for hit in simsearch.ok("query", "停水", "--mode", "similar", "-k", "1000").rows}
        assert not found & _of(enriched, model)
        process.communicate()
    assert behind(enriched, other) == []
    done = simsearch("enrich", enriched.url, "--in-place", "--model", tiny(tmp_path / "小", 0, 8).path)
    assert (done.code, f"take a model with {model.dimensions}" in done.err) == (1, True), done.err
    simsearch.environment["SIMSEARCH_MODEL"] = str(model.path)
    done = simsearch("enrich", enriched.url)
    assert (done.code, model.id in done.err, other.id in done.err) == (1, True, True), "only an option changes a model"


def _of(owner: Owner, model: Model) -> set[str]:
    kept = stored(owner.server, owner.name)
    return {name for name, each in kept.items() if each.get("simsearch", {}).get("model") == model.id}


def test_where_it_cannot_be_done_a_sentence_says_why(simsearch: Simsearch, owner: Owner, chance: random.Random) -> None:
    for number, (mappings, said) in enumerate(
        [
            ({"_source": {"excludes": ["views"]}}, "it does not keep documents as they were given"),
            ({"properties": {"simsearch": {"type": "keyword"}}}, "it has a field simsearch of its own"),
        ]
    ):
        other = Owner(owner.server, f"{owner.name}-{number}")
        other.make(mappings)
        other.fill(notices(chance, 2))
        before = other.everything()
        done = simsearch("enrich", other.url, *IN_PLACE)
        assert (done.code, said in done.err) == (1, True), done.err
        assert other.everything() == before
    owner.fill(notices(chance, 3), ids="abc")
    url = f"{owner.url}/_doc/d?version=1700000000&version_type=external&refresh=true"
    ask(url, notice(chance, 4), method="PUT")
    before = owner.everything()
    done = simsearch("enrich", owner.url, *IN_PLACE)
    assert (done.code, "d has version 1700000000" in done.err) == (1, True), done.err
    assert owner.everything() == before
    assert simsearch.ok("enrich", owner.url, *FIELDS).row["stored"] == 4, "a companion needs nothing of it"


def test_a_companion_and_a_filter_are_told(simsearch: Simsearch, owner: Owner, chance: random.Random) -> None:
    owner.fill(notices(chance, 20))
    part = Owner(owner.server, f"{owner.name}-part")
    some = {"filter": {"range": {"views": {"gte": 50}}}}
    assert ask(f"{owner.url}/_alias/{part.name}", some, method="PUT").status == 200
    simsearch.ok("enrich", owner.url, *FIELDS)
    before = owner.everything()
    for url, said in ((part.url, "is an alias with a filter"), (owner.url, "has a companion")):
        done = simsearch("enrich", url, *IN_PLACE)
        assert (done.code, said in done.err) == (1, True), done.err
    assert owner.everything() == before


def test_there_is_a_way_back(simsearch: Simsearch, enriched: Owner, model: Model) -> None:
    before = theirs(enriched)
    enriched.fill(list(before.values()), ids=before)
    assert ask(f"{enriched.url}/_mapping", {"_meta": {"team": "通知"}}, method="PUT").status == 200
    names = ",".join(f"{enriched.companion}-{what}-1" for what in ("progress", "dead-letters"))
    assert ask(f"{enriched.server}/{names}", method="DELETE").status == 200
    assert stored(enriched.server, enriched.name) == before
    assert simsearch.ok("enrich", enriched.url, *FIELDS).row["stored"] == len(before)
    assert differences(enriched, model) == []


def test_a_condition_on_the_owners_fields_is_one_of_values_whatever_it_names(
    simsearch: Simsearch, owner: Owner, chance: random.Random
) -> None:
    owner.fill(notices(chance, 10))
    simsearch.ok("enrich", owner.url, *IN_PLACE)
    ask(f"{owner.url}/_refresh", method="POST")  # theirs: it is not refreshed for them
    with open_index(owner.url, create=False) as index:
        assert index.search("请注意停水", where=parse("views>=0")), "a field of theirs can be asked for"
        for field in ("_id", "_source", "_routing", "simsearch.vector", "simsearch.passages", "__proto__", "-", "."):
            for rest in ("=*", ">=没有", "=x' OR '1'='1"):
                with suppress(SimsearchError):
                    assert index.search("请注意停水", where=parse(f"{field}{rest}")) == [], (field, rest)
    done = simsearch("query", "请注意停水", "--where", "simsearch.vector=*")
    assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 1), done.err
