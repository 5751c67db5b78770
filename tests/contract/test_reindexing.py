"""Another model for an index: the same as indexing anew, without a pause and without losing a write."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from cli.process import Simsearch
from servers.answers import ask
from servers.find import Server
from tiny import WORDS, tiny

from simsearch.corpus import Document
from simsearch.indexer import Index, canaries, open_index
from simsearch.indexer.dead_letters import retry
from simsearch.indexer.differences import SHOWN, compare
from simsearch.indexer.engine import Failed
from simsearch.indexer.errors import ModelChanged, ModelChanging, ModelMismatch, NumbersDiffer, ReindexUnfinished
from simsearch.indexer.reindexing import CanariesLost, Reindexing, begin, build, reindex, swap
from simsearch.indexer.sqlite.file import connect
from simsearch.indexer.sqlite.writing import remove
from simsearch.model import Model

from .conftest import drop

#: An edition that is read later than now.
LATER = 5 * 10**15


@pytest.fixture(autouse=True)
def few_canaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fewer documents be asked for: a server that has just been started takes its time for each."""
    monkeypatch.setattr(canaries, "CANARIES", 10)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny(tmp_path_factory.mktemp("small") / "model", 1, 8)


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a model of the same words and dimension as `small`."""
    return tiny(tmp_path_factory.mktemp("alike") / "model", 2, 8)


@pytest.fixture(scope="module", params=[8, 12], ids=["same dimension", "other dimension"])
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny(tmp_path_factory.mktemp("other") / "model", 2, request.param)


@pytest.fixture
def index(url: str, small: Model) -> Iterator[Index]:
    """Return an index with model `small`."""
    with open_index(url, model=small) as opened:
        yield opened


@pytest.fixture
def in_file(tmp_path: Path, small: Model) -> Iterator[Index]:
    with open_index(tmp_path / "index.db", model=small) as opened:
        yield opened


@pytest.fixture
def on_server(elasticsearch: Server, small: Model) -> Iterator[Index]:
    address = f"{elasticsearch.url}/reindexing-{secrets.token_hex(4)}"
    with open_index(address, model=small, index_options="int4_hnsw") as opened:
        yield opened
    drop(address)


def texts(count: int, edition: int = 0, first: int = 0) -> list[Document]:
    """Return documents of random words; those of a later edition were read later."""
    choose = random.Random(f"{edition} {first}")
    return [
        Document(
            f"文-{number}",
            "，".join(choose.choices(WORDS, k=8)) + f"。第{edition}版。",
            title=f"题{number % 3}" * (number % 2),
            metadata={"year": 2000 + number % 20, "价": 1.5, "x": {"y": [1, None]}} if number % 4 else {},
            source=f"{number}.txt",
            sequence=1_000 * (edition + 1) + number,
        )
        for number in range(first, first + count)
    ]


def content(index: Index) -> dict[str, Any]:
    """Return all that an index holds of each document that has a vector."""
    vectors = index.engine.vectors(10_000)
    ids = sorted(vectors)
    digests, found, passages = index.engine.digests(ids), index.engine.fetch(ids), index.engine.passages(ids)
    return {
        name: (digests[name], found[name]._replace(tags=[]), passages[name], np.round(vectors[name], 2).tolist())
        for name in ids
    }


def sound(url: str, model: Model) -> dict[str, Any]:
    """Return the content of an index after checking that it is in order and has this model."""
    with open_index(url, create=False) as index:
        assert index.model.id == model.id
        index.engine.settle()
        assert index.engine.info(check=True).problems == []
        found = content(index)
        assert index.info().documents == len(found)
        return found


def anew(url: str, model: Model, *batches: list[Document], deleted: list[str] | None = None) -> dict[str, Any]:
    """Return what indexing documents with a model makes."""
    with open_index(url, model=model) as index:
        for batch in batches:
            index.add(batch)
        index.delete(deleted or [])
    found = sound(url, model)
    drop(url)
    return found


def built(begun: Reindexing | None) -> Reindexing:
    assert begun
    for _ in build(begun):
        pass
    return begun


def stored(url: str) -> dict[str, str]:
    """Return the texts that an index holds."""
    with open_index(url, create=False) as index:
        return {name: found.text for name, found in index.engine.fetch(list(index.engine.vectors(10_000))).items()}


def test_the_result_is_what_indexing_anew_with_the_new_model_makes(
    index: Index, url: str, new_url: Callable[[], str], other: Model
) -> None:
    index.add(texts(700))
    index.add(texts(50, edition=1))
    deleted = [f"文-{number}" for number in range(0, 90, 7)]
    index.delete(deleted)
    assert reindex(index, other)
    assert sound(url, other) == anew(new_url(), other, texts(700), texts(50, edition=1), deleted=deleted)


def test_a_long_run_is_shared_among_processes(
    index: Index, url: str, new_url: Callable[[], str], alike: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add(texts(600))
    monkeypatch.setenv("SIMSEARCH_MAX_BATCH_DOCUMENTS", "100")
    assert reindex(index, alike, processes=2)
    assert sound(url, alike) == anew(new_url(), alike, texts(600))


def test_an_empty_index_changes_its_model_too(index: Index, url: str, other: Model) -> None:
    assert reindex(index, other)
    assert sound(url, other) == {}
    with open_index(url) as again:
        assert again.add(texts(1)) == {"stored": 1}


def test_documents_without_a_known_word_are_taken_over(index: Index, url: str, alike: Model) -> None:
    index.add([Document("空", "。。。"), Document("异", "麒麟"), *texts(3)])
    assert reindex(index, alike)
    with open_index(url) as again:
        assert again.info().documents == 5
        assert [hit.id for hit in again.search("麒麟", mode="keyword")] == ["异"]


def test_with_the_same_model_there_is_nothing_to_do(index: Index, url: str, small: Model, alike: Model) -> None:
    index.add(texts(20))
    assert not reindex(index, small)
    assert reindex(index, alike)
    after = sound(url, alike)
    with open_index(url) as again:
        assert not reindex(again, alike)
    assert sound(url, alike) == after


def test_the_model_may_change_again_and_back(index: Index, url: str, small: Model, alike: Model) -> None:
    index.add(texts(20))
    before = sound(url, small)
    for model in (alike, small, alike, small):
        with open_index(url) as opened:
            assert reindex(opened, model)
    assert sound(url, small) == before


def test_readers_and_writers_with_the_old_model_are_refused_with_both_ids(
    index: Index, url: str, small: Model, other: Model
) -> None:
    index.add(texts(30))
    with open_index(url) as reader:
        assert reader.search("咖啡")
        assert reindex(index, other)
        for question in (
            lambda: reader.search("咖啡"),
            lambda: reader.search("咖啡", mode="keyword"),
            lambda: reader.similar("文-1"),
            lambda: reader.facets(),
            lambda: reader.info(),
            lambda: reader.engine.vectors(3),
            lambda: list(reader.engine.words()),
            lambda: reader.engine.fetch(["文-1"]),
            lambda: reader.add(texts(30)),
            lambda: reader.add(texts(1, edition=1)),
            lambda: reader.delete(["文-1"]),
        ):
            with pytest.raises(ModelChanged) as told:
                question()
            assert all(name in str(told.value) for name in (small.id, other.id, url))
    with pytest.raises(ModelMismatch, match=other.id):
        open_index(url, model=small)
    assert len(sound(url, other)) == 30


def test_what_is_written_meanwhile_is_there_afterwards(
    index: Index, url: str, new_url: Callable[[], str], alike: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMSEARCH_MAX_BATCH_DOCUMENTS", "50")
    index.add(texts(200))
    with open_index(url) as writer, begin(index, alike) as begun:
        batches = build(begun)
        next(batches)
        writer.add(texts(10, edition=1))  # of the first batch
        writer.add(texts(10, edition=1, first=190))  # of the last one
        writer.add(texts(10, first=200))
        writer.delete(["文-11", "文-180"])
        for _ in batches:
            pass
        writer.add(texts(10, edition=2, first=100))
        writer.delete(["文-12", "文-181"])
        writer.add(texts(1, edition=LATER, first=11))  # read after it was deleted
        writer.engine.bury([Failed(Document("坏", "坏", sequence=5), "太坏")])
        swap(begun)
    expected = anew(
        new_url(),
        alike,
        texts(200),
        texts(10, first=200),
        texts(10, edition=1),
        texts(10, edition=1, first=190),
        texts(10, edition=2, first=100),
        texts(1, edition=LATER, first=11),
        deleted=["文-180", "文-12", "文-181"],
    )
    assert sound(url, alike) == expected
    with open_index(url) as again:
        assert [letter.id for letter in again.engine.dead_letters()] == ["坏"]
        assert {outcome.status for batch in retry(again) for outcome in batch} == {"stored"}


def test_each_step_after_building_is_told(index: Index, alike: Model) -> None:
    index.add(texts(5))
    told: list[tuple[str, float, float | None]] = []
    with begin(index, alike) as begun:
        assert begun
        for _ in build(begun):
            pass
        swap(begun, lambda *step: told.append(step))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["settle", "compare", "swap"]
    assert [(done, total) for stage, done, total in told if stage == "compare"] == [(n, 10) for n in range(1, 11)]


def test_newest_readings_win_also_against_those_that_the_old_index_had(index: Index, url: str, alike: Model) -> None:
    index.add(texts(5, edition=1))
    later = texts(1, edition=1)[0]
    index.add([Document(later.id, later.text, later.title, later.metadata, later.source, 9_000)])  # unchanged, later
    index.delete(["文-1"])
    assert reindex(index, alike)
    with open_index(url) as again:
        assert again.add(texts(2)) == {"older": 2}
        assert again.add([Document("文-0", "咖啡", sequence=8_999)]) == {"older": 1}
        assert again.add([Document("文-0", "咖啡", sequence=9_001)]) == {"stored": 1}
        assert again.add([Document("文-1", "咖啡")]) == {"stored": 1}


#: Writes new documents, one of them again and again, and deletes every tenth, until it is refused.
WRITER = """
import itertools, sys, time
from simsearch.corpus import Document
from simsearch.errors import SimsearchError
from simsearch.indexer import open_index

with open_index(sys.argv[1], create=False) as index:
    for number in itertools.count():
        try:
            index.add([Document(f"写-{number}", "咖啡，睡觉。"), Document("又写", f"咖啡{number}")])
            if number % 10 == 9:
                index.delete([f"写-{number - 5}"])
        except SimsearchError as error:
            print(type(error).__name__, flush=True)
            break
        print(number, flush=True)
        time.sleep(0.01)  # without a rest it would take what the change of the model needs
"""


def test_a_process_that_writes_all_the_time_loses_nothing(index: Index, url: str, alike: Model, tmp_path: Path) -> None:
    index.add(texts(100))
    with Simsearch(tmp_path).script(WRITER, url) as writer:
        first = writer.stdout.readline()
        assert reindex(index, alike)
        *_, last, refused = (first + writer.communicate(timeout=60)[0]).decode().split()
    assert refused in ("ModelChanged", "ModelChanging")
    found = stored(url)
    numbers = {int(name[2:]) for name in found if name.startswith("写-")}
    kept = {number for number in range(int(last) + 1) if number % 10 != 4 or number + 5 > int(last)}
    # What was under way when the writer was refused may have been done.
    assert kept - {int(last) - 4} <= numbers <= kept | {int(last) + 1}
    assert int(found["又写"][2:]) in (int(last), int(last) + 1)
    assert len(sound(url, alike)) == 100 + len(numbers) + 1


#: Asks the same question again and again, until it is refused: the answer must not change.
READER = """
import sys, time
from simsearch.errors import SimsearchError
from simsearch.indexer import open_index

with open_index(sys.argv[1], create=False) as index:
    expected = index.search("咖啡和绿茶", k=20)
    assert len(expected) == 20
    print("ready", flush=True)
    try:
        while index.search("咖啡和绿茶", k=20) == expected:
            index.similar("文-1")
            time.sleep(0.02)  # without a rest it would take what the change of the model needs
    except SimsearchError as error:
        print(type(error).__name__, flush=True)
"""


def test_a_process_that_reads_all_the_time_gets_the_old_answers_until_it_is_refused(
    index: Index, url: str, other: Model, tmp_path: Path
) -> None:
    index.add(texts(300))
    with Simsearch(tmp_path).script(READER, url) as reader:
        assert reader.stdout.readline() == b"ready\n"
        assert reindex(index, other)
        assert reader.communicate(timeout=60)[0] == b"ModelChanged\n"


def test_a_run_that_was_given_up_is_gone_on_with(
    index: Index, url: str, new_url: Callable[[], str], alike: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add(texts(300))
    monkeypatch.setenv("SIMSEARCH_MAX_BATCH_DOCUMENTS", "100")
    with begin(index, alike) as begun:
        next(build(begun))
    index.delete(["文-1", "文-2"])
    index.add(texts(1, edition=1, first=3))
    with begin(index, alike) as begun:
        assert len(begun.new.engine.digests([f"文-{number}" for number in range(300)])) >= 100
        assert sum(map(len, build(begun))) == 201, "what is there is not made again"
        swap(begun)
    expected = anew(new_url(), alike, texts(300), texts(1, edition=1, first=3), deleted=["文-1", "文-2"])
    assert sound(url, alike) == expected


def test_of_two_runs_at_a_time_both_lead_to_one_index(index: Index, url: str, alike: Model) -> None:
    index.add(texts(100))
    with open_index(url) as second, begin(index, alike) as left, begin(second, alike) as right:
        built(left)
        built(right)
        swap(left)
        with open_index(url) as again:
            again.add(texts(5, edition=1))
        with pytest.raises(ModelChanged):
            swap(right)
    assert {text[-5:] for name, text in stored(url).items() if name in ("文-0", "文-4")} == {"。第1版。"}
    assert len(sound(url, alike)) == 100


def test_a_model_may_be_tried_and_given_up(index: Index, url: str, small: Model, alike: Model) -> None:
    index.add(texts(30))
    with begin(index, alike) as begun:
        built(begun)
    assert sound(url, small).keys() == {f"文-{number}" for number in range(30)}
    assert not reindex(index, small)
    (dropped,) = index.engine.drop_old()
    assert alike.id[:8] in dropped
    assert index.engine.drop_old() == []
    assert len(sound(url, small)) == 30


def test_who_knows_the_model_from_two_changes_ago_does_not_meet_the_unfinished_index(
    index: Index, url: str, small: Model, alike: Model
) -> None:
    index.add(texts(20))
    with open_index(url) as early:
        assert reindex(index, alike)
        with open_index(url) as now, begin(now, small) as begun:
            built(begun)
            for question in (
                lambda: early.search("咖啡"),
                lambda: early.add(texts(1, edition=1)),
                lambda: early.delete(["文-1"]),
            ):
                with pytest.raises(ModelChanged, match=alike.id):
                    question()
            now.add(texts(2, edition=2))
            swap(begun)
    assert len(sound(url, small)) == 20
    assert [stored(url)[name][-5:] for name in ("文-0", "文-2")] == ["。第2版。", "。第0版。"]


# Before the swap


def test_documents_that_are_missing_are_noticed_and_made_up_for(
    index: Index, url: str, small: Model, alike: Model
) -> None:
    index.add(texts(30))
    with begin(index, alike) as begun:
        built(begun)
        if url.startswith("http"):
            ask(
                f"{url}-build-{alike.id[:8]}/_doc/{quote('文-3')}?version=1003&version_type=external_gte",
                method="DELETE",
            )
            begun.new.engine.settle()
            with pytest.raises(NumbersDiffer, match="29 documents where 30"):
                swap(begun)
        else:
            connection = connect(Path(f"{url.removeprefix('sqlite:///')}.reindex-{alike.id[:8]}"))
            remove(connection, ["文-3"])
            connection.close()
    assert len(sound(url, small)) == 30
    assert reindex(index, alike)
    assert len(sound(url, alike)) == 30


def test_answers_that_get_worse_change_nothing(
    index: Index, url: str, small: Model, alike: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canaries, "CANARIES", 30)
    index.add(texts(30))
    with begin(index, alike) as begun:
        built(begun)
        # The same documents by other texts: as if the model understood nothing.
        begun.new.add(
            Document(document.id, "学校", document.title, sequence=document.sequence + 1) for document in texts(30)
        )
        with pytest.raises(CanariesLost) as told:
            swap(begun)
    assert (told.value.asked, told.value.before) == (30, 30)
    assert told.value.after < 20
    assert len(sound(url, small)) == 30


@pytest.mark.parametrize(
    ("lost", "gained", "refused"),
    [(0, 0, False), (2, 0, False), (4, 0, False), (5, 0, True), (6, 3, False), (12, 3, True), (20, 12, False)],
)
def test_answers_are_worse_where_more_are_lost_than_by_chance(lost: int, gained: int, refused: bool) -> None:
    before = [True] * lost + [False] * gained + [True] * (50 - lost - gained)
    after = [not found for found in before[: lost + gained]] + before[lost + gained :]
    assert canaries.worse(before, after) == refused
    assert not canaries.worse(before, before)


def test_the_difference_is_shown_before_and_its_pairs_add_up(
    index: Index, url: str, small: Model, alike: Model
) -> None:
    index.add(texts(60))
    with begin(index, alike) as begun:
        built(begun)
        changes = compare(index, begun.new, "医生在银行喝咖啡")
        expected = [[hit.id for hit in one.search("医生在银行喝咖啡")] for one in (index, begun.new)]
    before = {change.rank_before: change.id for change in changes if change.kind != "entered"}
    after = {change.rank_after: change.id for change in changes if change.kind != "left"}
    assert [[ranks[rank] for rank in range(1, SHOWN + 1)] for ranks in (before, after)] == expected
    assert {change.kind for change in changes} > {"entered", "left"}
    for change in changes:
        difference = (change.score_after or 0) - (change.score_before or 0)
        assert sum(pair.after - pair.before for pair in change.pairs) == pytest.approx(difference, abs=1e-5)
    assert len(sound(url, small)) == 60


# Afterwards


def test_the_old_index_is_kept_until_it_is_dropped(index: Index, url: str, small: Model, alike: Model) -> None:
    index.add(texts(10))
    assert reindex(index, alike)
    with open_index(url) as again:
        kept = [check.what for check in again.engine.checks() if check.check == "generations"]
        dropped = again.engine.drop_old()
        if url.startswith("sqlite"):
            assert (kept, dropped) == ([], [])
            return
        (name,) = dropped
        assert name.endswith(f"-{small.id[:8]}-1")
        assert [told.startswith(f"{name} is kept from an earlier model") for told in kept] == [True]
        assert again.engine.drop_old() == []
        assert [check for check in again.engine.checks() if check.check == "generations"] == []
    assert len(sound(url, alike)) == 10


# For Elasticsearch


def test_a_new_index_takes_over_what_somebody_has_set(on_server: Index, alike: Model) -> None:
    url = on_server.engine.url
    ask(f"{url}/_settings", {"index.refresh_interval": "7s", "index.number_of_replicas": 2}, method="PUT")
    with open_index(url) as opened:
        assert reindex(opened, alike)
    (found,) = ask(f"{url}?flat_settings=true").json.values()
    settings = found["settings"]
    assert settings["index.refresh_interval"] == "7s"
    assert settings["index.number_of_replicas"] == "2"
    vector = found["mappings"]["properties"]["simsearch"]["properties"]["vector"]
    assert vector["index_options"]["type"] == "int4_hnsw"
    assert "reindexed_from" not in found["mappings"]["_meta"]["simsearch"]


def test_what_the_new_index_refuses_is_a_dead_letter_and_holds_up_nothing(on_server: Index, alike: Model) -> None:
    url = on_server.engine.url
    on_server.add([*texts(20), *(Document(name, "咖啡。" * 200, sequence=5) for name in ("长", "更长"))])
    with begin(on_server, alike) as begun:
        ask(f"{url}-build-{alike.id[:8]}/_settings", {"index.mapping.nested_objects.limit": 1}, method="PUT")
        built(begun)
        assert begun.refused == {"长", "更长"}
        assert on_server.engine.dead_letters() == [], "the old index has them"
        on_server.delete(["长"])
        swap(begun)
    with open_index(url) as again:
        assert again.info().documents == 20
        (letter,) = again.engine.dead_letters(["更长"])
        assert (letter.model, letter.sequence, letter.document.text) == (alike.id, 5, "咖啡。" * 200)
        ask(f"{url}/_settings", {"index.mapping.nested_objects.limit": 10_000}, method="PUT")
        assert {outcome.id: outcome.status for batch in retry(again) for outcome in batch}["更长"] == "stored"


def test_what_was_written_at_the_moment_of_the_swap_is_taken_over_afterwards(
    on_server: Index, small: Model, alike: Model
) -> None:
    """The name leads to the new index, and the run is killed: until it is run again, the old one is not dropped."""
    url = on_server.engine.url
    on_server.add(texts(20))
    with begin(on_server, alike) as begun:
        built(begun)
        on_server.add(texts(3, edition=1))
        on_server.delete(["文-7"])

        class Killed(Exception):
            pass

        def die() -> None:
            raise Killed

        with pytest.raises(Killed):
            begun.succession.swap(die)
    with open_index(url) as again:
        assert again.model.id == alike.id
        again.add(texts(1, edition=2))
        with pytest.raises(ReindexUnfinished, match=alike.id):
            again.engine.drop_old()
        with pytest.raises(ReindexUnfinished, match=alike.id):
            reindex(again, small)
        assert [check.ok for check in again.engine.checks() if check.check == "generations"] == [False]
        assert reindex(again, alike)
        assert not reindex(again, alike)
        assert len(again.engine.drop_old()) == 1
    found = stored(url)
    assert [found[f"文-{number}"][-5:] for number in range(4)] == ["。第2版。", "。第1版。", "。第1版。", "。第0版。"]
    assert "文-7" not in found
    assert len(sound(url, alike)) == 19


def test_an_old_index_that_was_deleted_before_the_last_step_leaves_nothing_behind(
    on_server: Index, alike: Model
) -> None:
    url = on_server.engine.url
    on_server.add(texts(20))
    (old,) = ask(url).json
    with begin(on_server, alike) as begun:
        built(begun)
        begun.succession.swap(lambda: None)
    (new,) = ask(url).json
    # As it was before the last step, and then somebody deletes the old one.
    about = ask(url).json[new]["mappings"]["_meta"]
    about["simsearch"]["reindexed_from"] = old
    ask(f"{url}/_mapping", {"_meta": about}, method="PUT")
    server = url.rpartition("/")[0]
    ask(f"{server}/{new}/_alias/{url.rpartition('/')[2]}-build-{alike.id[:8]}", method="PUT")
    ask(f"{server}/{old}", method="DELETE")
    with open_index(url) as again:
        assert not reindex(again, alike)
    (found,) = ask(url).json.values()
    assert not [name for name in found["aliases"] if "-build-" in name]
    assert "reindexed_from" not in found["mappings"]["_meta"]["simsearch"]


# For SQLite


def test_a_file_whose_last_step_was_killed_takes_no_documents_and_is_read(
    in_file: Index, small: Model, alike: Model
) -> None:
    in_file.add(texts(20))
    path = Path(in_file.engine.url.removeprefix("sqlite:///"))
    connection = connect(path)
    connection.execute("INSERT INTO about VALUES ('successor', ?)", (alike.id,))
    connection.close()
    with pytest.raises(ModelChanging, match=f"reindex --model {alike.id}"):
        in_file.add(texts(1, edition=1))
    assert in_file.search("咖啡")
    with pytest.raises(ModelChanging):
        in_file.engine.drop_old()
    assert reindex(in_file, alike)
    assert len(sound(str(path), alike)) == 20
    assert not list(path.parent.glob(f"{path.name}.*"))


def test_a_change_that_was_killed_at_its_last_step_can_be_given_up(in_file: Index, small: Model, alike: Model) -> None:
    connection = connect(Path(in_file.engine.url.removeprefix("sqlite:///")))
    connection.execute("INSERT INTO about VALUES ('successor', ?)", (alike.id,))
    connection.close()
    assert not reindex(in_file, small)
    assert in_file.add(texts(20)) == {"stored": 20}
