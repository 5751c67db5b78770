"""`simsearch enrich`: a companion with what the owner's index holds, which itself stays as it was."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from cli.process import Simsearch
from servers.answers import ask
from servers.owner import Owner
from servers.redis import Redis

from simsearch.model import Model

from .companion import differences, stored
from .conftest import FIELDS, LATENESS, QUICK, until
from .notices import notice, notices


def test_the_companion_agrees_with_its_owner_which_stays_as_it_was(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model
) -> None:
    owner.make({}, number_of_shards=3)
    owner.fill([*notices(chance, 1_200), {"views": 3}, {"body": ""}, {"body": None, "title": "无"}])
    before = owner.everything()
    done = simsearch.ok("enrich", owner.url, *FIELDS)
    assert (done.row["stored"], done.row["without_text"], done.row["failed"]) == (1_203, 2, 0)
    assert differences(owner, model) == []
    assert all("text" not in kept for kept in stored(owner.server, owner.companion).values()), "the owner keeps it"
    assert simsearch.ok("enrich", owner.url).row["stored"] == 0
    simsearch.ok("query", "哪天停水")
    simsearch.ok("status")
    assert owner.everything() == before


def test_a_query_names_the_owners_index_and_shows_the_owners_text(
    simsearch: Simsearch, owner: Owner, chance: random.Random
) -> None:
    rows = [{"body": "周六上午小区停水。", "city": "杭州"}, {"body": "周六上午小区停水！", "city": ["成都", "武汉"]}]
    owner.fill([*rows, *notices(chance, 30)], ids=["甲", "乙/1", *map(str, range(30))])
    simsearch.ok("enrich", owner.url, *FIELDS)
    first, second, *_ = simsearch.ok("query", "小区什么时候没有水").rows
    assert {first["id"], second["id"]} == {"甲", "乙/1"}
    assert {first["passage"]["text"], second["passage"]["text"]} == {row["body"] for row in rows}
    found = simsearch.ok("query", "小区停水", "--where", "city=杭州", "-k", "1").row
    assert (found["id"], found["metadata"]) == ("甲", {"city": "杭州"})
    (same,) = simsearch.ok("similar", "甲", "-k", "1").rows
    assert same["id"] == "乙/1"
    owner.delete("甲")
    assert "甲" not in {hit["id"] for hit in simsearch.ok("query", "小区停水").rows}, "what is gone is not shown"


def test_a_second_run_stores_what_has_changed_and_deletes_what_is_gone(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model
) -> None:
    owner.fill(notices(chance, 300), ids=map(str, range(300)))
    assert simsearch("enrich", owner.url, *FIELDS, first=QUICK).row["stored"] == 300
    owner.fill([notice(chance, 1_000 + number) for number in range(20)], ids=map(str, range(290, 310)))
    owner.delete("1", "2", "3")
    ask(f"{owner.url}/_update/5?refresh=true", {"doc": {"views": 1_000}})  # nothing that is copied
    done = simsearch("enrich", owner.url, first=QUICK).row
    assert (done["stored"], done["failed"]) == (20, 0)

    def agreed() -> bool:  # those stored just now may be on their way to the owner's other copies
        simsearch("enrich", owner.url, first=QUICK)
        return not differences(owner, model)

    until(agreed, "what is gone is deleted")


def test_runs_that_end_at_once_read_nothing_a_third_time(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model
) -> None:
    def read() -> int:
        time.sleep(LATENESS)
        done = simsearch("enrich", owner.url, *FIELDS, first=QUICK).row
        return int(done["stored"] + done["unchanged"])

    owner.make({}, number_of_shards=2)
    owner.fill(notices(chance, 1_000), ids=map(str, range(1_000)))
    looks = [read() for _ in range(5)]
    assert (looks[0], sum(looks) <= 2_000, looks[3:]) == (1_000, True, [0, 0]), looks
    owner.fill([notice(chance, 5_000)], ids=["7"])
    assert [read() for _ in range(4)] in ([1, 0, 1, 0], [1, 1, 0, 0]), "it is looked at again, and nothing else"
    assert differences(owner, model) == []


@pytest.mark.parametrize("order", ["numbers", "times"])
def test_what_is_read_slowly_is_stored_as_it_is_read(
    simsearch: Simsearch, owner: Owner, chance: random.Random, order: str
) -> None:
    owner.make({"properties": {"changed": {"type": "date"}}})
    owner.fill([notice(chance, number) | {"changed": number} for number in range(1_000)])
    by = ("--changed-field", "changed") if order == "times" else ()
    with simsearch.start("enrich", owner.url, *FIELDS, *by, "--rate", "20") as process:
        until(lambda: _count(owner), "something is stored")
        assert _count(owner) <= 200
        process.kill()


def test_what_is_read_slowly_is_queued_as_it_is_read(
    simsearch: Simsearch, owner: Owner, chance: random.Random, own_redis: Callable[..., Redis]
) -> None:
    owner.fill(notices(chance, 1_000))
    broker = ("--broker", own_redis().url)
    with simsearch.start("enrich", owner.url, *FIELDS, "--queue", *broker, "--rate", "20") as process:
        until(lambda: _count(owner) is not None, "the companion is there")
        waiting = lambda: simsearch.ok("status", *broker).row["waiting"]  # noqa: E731
        until(waiting, "something is queued")
        assert waiting() <= 10
        process.kill()


def _count(owner: Owner) -> int | None:
    count: int | None = ask(f"{owner.server}/{owner.companion}/_count").json.get("count")
    return count


def test_what_becomes_visible_late_is_found_by_a_later_run(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model
) -> None:
    owner.fill(notices(chance, 100), ids=map(str, range(100)))
    simsearch.ok("enrich", owner.url, *FIELDS)
    # As if the last one had not been visible yet: it is not in the companion, and its number is below what was read.
    assert ask(f"{owner.server}/{owner.companion}/_doc/50?refresh=true", method="DELETE").status == 200
    assert simsearch.ok("enrich", owner.url).row["stored"] == 0, "it is too early for a second look"
    for _ in range(3):
        time.sleep(LATENESS)
        simsearch("enrich", owner.url, first=QUICK)
    assert differences(owner, model) == []


def test_other_options_compare_everything_again(simsearch: Simsearch, owner: Owner, chance: random.Random) -> None:
    owner.fill(notices(chance, 40))
    simsearch.ok("enrich", owner.url, "--text-field", "body")
    done = simsearch.ok("enrich", owner.url, "--title-field", "title", "--where", "city=杭州").row
    here = [kept for kept in stored(owner.server, owner.name).values() if kept["city"] == "杭州"]
    assert done["stored"] == len(here)

    def agreed() -> bool:
        simsearch("enrich", owner.url, first=QUICK)
        return len(stored(owner.server, owner.companion)) == len(here)

    until(agreed, "the others are deleted")
    titles = {kept["title"] for kept in stored(owner.server, owner.companion).values()}
    assert titles == {kept["title"] for kept in here}


def test_an_alias_over_several_indices_keeps_documents_of_the_same_id_apart(simsearch: Simsearch, owner: Owner) -> None:
    texts = {"0": "周六上午小区停水。", "1": "植物园的樱花开了。"}
    for number, text in texts.items():
        owner.fill([{"body": text}], ids=["1"], index=f"{owner.name}-{number}")
        ask(f"{owner.server}/{owner.name}-{number}/_alias/{owner.name}", {}, method="PUT")
    assert simsearch.ok("enrich", owner.url, "--text-field", "body").row["stored"] == 2
    found = {row["id"]: row["passage"]["text"] for row in simsearch.ok("query", "停水，樱花").rows}
    assert found == {f"{owner.name}-{number}/1": text for number, text in texts.items()}


def test_a_name_that_leads_to_several_indices_later_is_refused(simsearch: Simsearch, owner: Owner) -> None:
    for number in range(2):
        owner.fill([{"body": "周六上午小区停水。"}], ids=["1"], index=f"{owner.name}-{number}")
        ask(f"{owner.server}/{owner.name}-{number}/_alias/{owner.name}", {}, method="PUT")
        done = simsearch("enrich", owner.url, "--text-field", "body")
        assert (done.code, "leads to several indices now" in done.err) == (number, bool(number))


def test_an_alias_that_moves_to_another_index_is_followed(simsearch: Simsearch, owner: Owner) -> None:
    for number, text in enumerate(["周六上午小区停水。", "植物园的樱花开了。"]):
        owner.fill([{"body": text}, {"body": "不变的通知。"}], ids=["1", "2"], index=f"{owner.name}-{number}")
    ask(f"{owner.server}/{owner.name}-0/_alias/{owner.name}", {}, method="PUT")
    simsearch.ok("enrich", owner.url, "--text-field", "body")
    swap = [
        {"remove" if number == 0 else "add": {"index": f"{owner.name}-{number}", "alias": owner.name}}
        for number in (0, 1)
    ]
    assert ask(f"{owner.server}/_aliases", {"actions": swap}).status == 200
    done = simsearch.ok("enrich", owner.url).row
    assert (done["stored"], done["unchanged"]) == (1, 1)
    assert simsearch.ok("query", "樱花", "-k", "1").row["passage"]["text"] == "植物园的樱花开了。"


def test_an_alias_that_moves_there_and_back_is_read_again(simsearch: Simsearch, owner: Owner, model: Model) -> None:
    for number, text in enumerate(["周六上午小区停水。", "植物园的樱花开了。"]):
        owner.fill([{"body": text}], ids=["1"], index=f"{owner.name}-{number}")
    for number in (0, 1, 0):
        ask(f"{owner.server}/{owner.name}-*/_alias/{owner.name}", method="DELETE")
        ask(f"{owner.server}/{owner.name}-{number}/_alias/{owner.name}", {}, method="PUT")
        assert simsearch.ok("enrich", owner.url, "--text-field", "body").row["stored"] == 1
        assert differences(owner, model, filters=()) == []


def test_an_alias_that_is_to_be_rolled_over_keeps_ids_apart_from_the_beginning(
    simsearch: Simsearch, owner: Owner
) -> None:
    for number, text in enumerate(["周六上午小区停水。", "植物园的樱花开了。"]):
        owner.fill([{"body": text}], ids=["1"], index=f"{owner.name}-{number}")
        alias = {"is_write_index": True} if number == 0 else {}
        ask(f"{owner.server}/{owner.name}-{number}/_alias/{owner.name}", alias, method="PUT")
        assert simsearch.ok("enrich", owner.url, "--text-field", "body").row["stored"] == 1
    assert set(stored(owner.server, owner.companion)) == {f"{owner.name}-{number}/1" for number in range(2)}


def test_a_companion_that_is_made_anew_is_filled_anew(
    simsearch: Simsearch, owner: Owner, chance: random.Random, model: Model
) -> None:
    owner.fill(notices(chance, 30))
    simsearch.ok("enrich", owner.url, *FIELDS)
    (index,) = ask(f"{owner.server}/{owner.companion}").json
    ask(f"{owner.server}/{index}", method="DELETE")
    assert simsearch.ok("enrich", owner.url, *FIELDS).row["stored"] == 30
    assert differences(owner, model) == []


def test_answers_are_as_many_as_were_asked_for_though_most_documents_are_gone(
    simsearch: Simsearch, owner: Owner, chance: random.Random
) -> None:
    owner.fill([{"body": f"周六上午{number}号楼停水。"} for number in range(60)], ids=map(str, range(60)))
    simsearch.ok("enrich", owner.url, "--text-field", "body")
    owner.delete(*map(str, range(0, 40)))
    assert len(simsearch.ok("query", "停水", "-k", "8").rows) == 8


def test_a_data_stream_is_enriched_over_its_rollovers(simsearch: Simsearch, owner: Owner) -> None:
    template = {"index_patterns": [owner.name], "data_stream": {}, "priority": 500}
    assert ask(f"{owner.server}/_index_template/{owner.name}", template, method="PUT").status == 200
    for text in ("周六上午小区停水。", "植物园的樱花开了。"):
        owner.fill([{"body": text, "@timestamp": "2024-05-18T09:00:00Z"}], action="create")
        assert simsearch.ok("enrich", owner.url, "--text-field", "body").row["stored"] == 1
        assert simsearch.ok("query", text, "-k", "1").row["passage"]["text"] == text
        ask(f"{owner.url}/_rollover", {}, method="POST")


def test_a_template_that_takes_the_companion_for_a_data_stream_is_told_and_outranked(
    simsearch: Simsearch, owner: Owner
) -> None:
    template = {"index_patterns": [f"{owner.name}*"], "data_stream": {}, "priority": 500}
    assert ask(f"{owner.server}/_index_template/{owner.name}", template, method="PUT").status == 200
    owner.fill([{"body": "周六上午小区停水。", "@timestamp": "2024-05-18T09:00:00Z"}], action="create")
    done = simsearch("enrich", owner.url, "--text-field", "body")
    assert (done.code, len(done.err.splitlines())) == (1, 1), done.err
    assert f'index_patterns ["{owner.companion}*"] and a higher priority' in done.err
    ours = {"index_patterns": [f"{owner.companion}*"], "priority": 501, "template": {}}
    try:
        assert ask(f"{owner.server}/_index_template/{owner.companion}", ours, method="PUT").status == 200
        assert simsearch.ok("enrich", owner.url, "--text-field", "body").row["stored"] == 1
    finally:
        ask(f"{owner.server}/_index_template/{owner.companion}", method="DELETE")


def test_routed_documents_and_nested_texts_are_found(simsearch: Simsearch, owner: Owner) -> None:
    owner.make({"_routing": {"required": True}, "properties": {"parts": {"type": "nested"}}}, number_of_shards=2)
    for number in range(20):
        row = {"parts": [{"text": f"第{number}号通知。"}, {"text": "周六上午停水。"}]}
        ask(f"{owner.url}/_doc/{number}?routing={number % 3}&refresh=true", row, method="PUT")
    assert simsearch.ok("enrich", owner.url, "--text-field", "parts.text").row["stored"] == 20
    (hit,) = simsearch.ok("query", "7号通知", "--mode", "keyword", "-k", "1").rows
    assert hit["passage"]["text"] == "第7号通知。\n周六上午停水。"


@pytest.mark.parametrize(
    ("mappings", "said"),
    [
        ({}, "name one that has with --text-field, such as body"),
        ({"_source": {"enabled": False}}, "_source is off"),
        ({"_source": {"excludes": ["body"]}}, "such as title"),
    ],
)
def test_a_field_without_texts_is_told_and_nothing_is_made(
    simsearch: Simsearch, owner: Owner, mappings: dict[str, Any], said: str
) -> None:
    owner.make(mappings)
    owner.fill([{"body": "周六上午小区停水，请储备用水。", "title": "小区停水通知以及其他事项", "n": 7}])
    done = simsearch("enrich", owner.url, "--text-field", "n" if not mappings else "body")
    assert (done.code, said in done.err) == (1, True), done.err
    assert len(done.err.splitlines()) == 1
    assert ask(f"{owner.server}/{owner.companion}").status == 404


def test_what_cannot_be_done_is_told_in_a_sentence(simsearch: Simsearch, owner: Owner, chance: random.Random) -> None:
    done = simsearch("enrich", owner.url, "--text-field", "body")
    assert done.err.startswith("Error: There is no index")
    owner.fill(notices(chance, 3))
    assert "name the field with its texts" in simsearch("enrich", owner.url).err
    assert "make it searchable with `simsearch enrich`" in simsearch("query", "停水").err
    simsearch.ok("enrich", owner.url, "--text-field", "body")
    for arguments in (("delete", "1"), ("index", "-")):
        done = simsearch(*arguments, given="周六停水。")
        assert (done.code, "which is somebody else's" in done.err) == (1, True), done.err
    companion = f"{owner.server}/{owner.companion}"
    assert "which is somebody else's" in simsearch("delete", "1", "--index", companion).err
    assert "it is an index of simsearch" in simsearch("enrich", companion, "--text-field", "body").err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--where", "乱写"), "is not of the form NAME=VALUE"),
        (("--where", "citty=杭州"), "No document of"),
        (("--title-field", "titel"), "has a field titel"),
        (("--filter-fields", "citty"), "has a field citty"),
        (("--changed-field", "chnged"), "has a field chnged"),
        (("--changed-field", "title"), "is not kept as a date or number"),
        (("--where", "views>=许多"), "does not fit the fields of"),
    ],
)
def test_a_mistake_in_an_option_is_told_before_anything_is_noted(
    simsearch: Simsearch, owner: Owner, chance: random.Random, options: tuple[str, str], said: str
) -> None:
    owner.fill(notices(chance, 20))
    done = simsearch("enrich", owner.url, *FIELDS, *options)
    assert (done.code, said in done.err) == (1, True), done.err
    assert ask(f"{owner.server}/{owner.companion}").status == 404
    simsearch.ok("enrich", owner.url, *FIELDS)
    assert said in simsearch("enrich", owner.url, *options).err
    assert simsearch.ok("enrich", owner.url).row["deleted"] == 0
    assert len(stored(owner.server, owner.companion)) == 20
    estimate = simsearch.ok("enrich", owner.url, "--estimate").row
    assert estimate["documents"] == 20, "its options are known"


def test_conditions_can_be_taken_back(simsearch: Simsearch, owner: Owner, chance: random.Random) -> None:
    owner.fill(notices(chance, 40))
    here = sum(kept["city"] == "杭州" for kept in stored(owner.server, owner.name).values())
    assert simsearch.ok("enrich", owner.url, *FIELDS, "--where", "city=杭州").row["stored"] == here
    assert simsearch.ok("enrich", owner.url, "--where", "").row["stored"] == 40 - here


def test_an_estimate_stores_nothing(simsearch: Simsearch, owner: Owner, chance: random.Random) -> None:
    owner.fill(notices(chance, 400))
    done = simsearch.ok("enrich", owner.url, "--text-field", "body", "--where", "city=杭州", "--estimate").row
    here = sum(kept["city"] == "杭州" for kept in stored(owner.server, owner.name).values())
    assert (done["documents"], done["sampled"]) == (here, here)
    assert done["vectors"] == 2 * here
    assert ask(f"{owner.server}/{owner.companion}").status == 404
