"""Dead letters: what could not be stored is kept with its reason, until it is stored, deleted or given up."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from cli.process import Simsearch

from simsearch.corpus import Document
from simsearch.indexer import Index, open_index
from simsearch.indexer.dead_letters import LONGEST_TEXT, retry
from simsearch.indexer.engine import DeadLetter, Failed
from simsearch.indexer.enrichment import storable_id

TEXT = "睡觉前不要喝咖啡。"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def doc(name: str = "甲", text: str = TEXT, sequence: int = 5, **more) -> Document:
    return Document(name, text, sequence=sequence, **more)


def bury(index: Index, *documents: Document, reason: str = "太长", tries: int = 1) -> None:
    index.engine.bury([Failed(document, reason, tries) for document in documents])


def only(index: Index) -> DeadLetter:
    """Return the only dead letter."""
    (letter,) = index.engine.dead_letters()
    return letter


def ids(index: Index) -> list[str]:
    return [letter.id for letter in index.engine.dead_letters()]


def retried(index: Index, names: list[str] | None = None) -> dict[str, str]:
    """Store dead letters again; return what became of each."""
    return {outcome.id: outcome.status for batch in retry(index, names) for outcome in batch}


def stored(index: Index, name: str = "甲") -> str | None:
    found = index.engine.fetch([name])
    return found[name].text if found else None


# Kept


def test_a_new_index_has_none(index):
    assert index.engine.dead_letters() == index.engine.dead_letters(["甲"]) == []
    assert index.info().dead_letters == 0
    assert retried(index) == {}


def test_a_document_that_failed_is_kept_as_it_was_with_its_reason(index):
    given = doc(title="题", metadata={"年": 2024, "x": {"y": [1, None, {}]}}, source="文件")
    bury(index, given, reason="服务器不要它", tries=3)
    letter = only(index)
    assert letter == DeadLetter("甲", "服务器不要它", index.model.id, letter.first, letter.last, 3, 5, given)
    assert letter.first == letter.last
    assert MOMENT.fullmatch(letter.first)
    assert index.info().dead_letters == 1
    assert index.info().documents == 0
    assert index.search("咖啡", mode="keyword") == []


def test_some_are_read_by_id_and_the_oldest_come_first(index, monkeypatch):
    for moment, names in (("2024-01-02", "丙甲"), ("2024-01-01", "丁"), ("2024-01-03", "乙")):
        monkeypatch.setattr("time.strftime", lambda *_, moment=moment: f"{moment}T00:00:00Z")
        bury(index, *map(doc, names))
    assert ids(index) == ["丁", *sorted("丙甲"), "乙"]
    assert [letter.id for letter in index.engine.dead_letters(["乙", "没有", "丁"])] == ["丁", "乙"]
    assert index.engine.dead_letters([]) == []


def test_over_a_thousand_are_all_read_retried_and_settled(index):
    names = [f"d{number:04}" for number in range(1_050)]
    bury(index, *map(doc, names))
    assert index.info().dead_letters == len(names)
    assert ids(index) == names
    assert retried(index) == dict.fromkeys(names, "stored")
    assert ids(index) == []


def test_they_survive_reopening(index, url):
    bury(index, doc())
    before = only(index)
    index.close()
    with open_index(url, create=False) as again:
        assert only(again) == before


def test_a_text_that_is_too_long_is_not_kept_and_cannot_be_retried(index):
    bury(index, doc("长", "长" * (LONGEST_TEXT + 1)), doc("短", "短" * LONGEST_TEXT))
    found = {letter.id: letter.document for letter in index.engine.dead_letters()}
    assert found["长"] is None
    assert found["短"] == doc("短", "短" * LONGEST_TEXT)
    outcomes = {outcome.id: outcome for batch in retry(index) for outcome in batch}
    assert (outcomes["长"].status, outcomes["短"].status) == ("failed", "stored")
    assert "index its source again" in outcomes["长"].reason
    assert ids(index) == ["长"]
    assert index.add([doc("长", "长" * (LONGEST_TEXT + 1))]) == {"stored": 1}
    assert ids(index) == []


def test_what_is_no_text_is_kept_cleaned(index):
    dirty = Document("a\ud800", "咖\0啡\ud83d。", "题\0", {"k\ud800": float("nan")}, "s\ud800", 5)
    bury(index, dirty, reason="坏\0的\ud800")
    letter = only(index)
    kept = Document("a\ufffd", "咖\ufffd啡\ufffd。", "题\ufffd", {"k\ufffd": None}, "s\ufffd", 5)
    assert (letter.id, letter.reason, letter.document) == ("a\ufffd", "坏\ufffd的\ufffd", kept)
    assert retried(index, ["a\ud800"]) == {"a\ufffd": "stored"}
    assert index.add([dirty]) == {"unchanged": 1}
    assert ids(index) == []


@pytest.mark.parametrize(
    "name", ["a'b", 'a"b', "a;b --", "%", "*", "甲 乙", "a\nb", "../x", "[1]", "null", "字" * 5_000]
)
def test_any_id_is_kept(index, name):
    bury(index, doc(name), doc("other"))
    (outcome,) = retried(index, [name]).items()
    assert outcome == (storable_id(name), "stored")
    assert ids(index) == ["other"]
    bury(index, doc(name, sequence=6))
    assert index.engine.forget([storable_id(name)]) == [storable_id(name)]


# Growing


def test_tries_add_up_and_the_first_time_stays(index, monkeypatch):
    monkeypatch.setattr("time.strftime", lambda *_: "2024-01-01T00:00:00Z")
    bury(index, doc(), tries=2)
    monkeypatch.setattr("time.strftime", lambda *_: "2024-01-02T00:00:00Z")
    bury(index, doc(), reason="又太长", tries=3)
    letter = only(index)
    assert (letter.tries, letter.reason) == (5, "又太长")
    assert (letter.first, letter.last) == ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z")


@pytest.mark.parametrize("together", [True, False], ids=["in one call", "one after the other"])
@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=["older first", "newer first"])
def test_of_two_readings_the_newer_is_kept_and_all_tries_count(index, order, together):
    failed = [Failed(doc(text=f"第{number}次", sequence=number), f"第{number}个", number) for number in order]
    for part in [failed] if together else [[each] for each in failed]:
        index.engine.bury(part)
    letter = only(index)
    assert (letter.sequence, letter.reason, letter.document.text, letter.tries) == (2, "第2个", "第2次", 3)


def test_a_newer_reading_that_is_too_long_takes_the_older_ones_place(index):
    bury(index, doc(sequence=1))
    bury(index, doc(text="长" * (LONGEST_TEXT + 1), sequence=2))
    assert (only(index).document, only(index).sequence) == (None, 2)


BURIER = """
import sys
from simsearch.corpus import Document
from simsearch.indexer import open_index
from simsearch.indexer.engine import Failed

with open_index(sys.argv[1], create=False) as index:
    for number in range(20):
        index.engine.bury([Failed(Document(name, "文", sequence=number), sys.argv[2]) for name in "甲乙丙"])
"""


def test_two_processes_bury_the_same_documents_and_every_try_counts(index, url, tmp_path):
    start = Simsearch(tmp_path).script
    with start(BURIER, url, "左") as one, start(BURIER, url, "右") as other:
        assert [one.wait(60), other.wait(60)] == [0, 0]
    letters = index.engine.dead_letters()
    assert sorted(letter.id for letter in letters) == sorted("甲乙丙")
    assert {(letter.tries, letter.sequence) for letter in letters} == {(40, 19)}
    assert all(letter.first <= letter.last for letter in letters)


# Going


def test_forgotten_ones_are_gone_and_told(index):
    bury(index, doc("甲"), doc("乙"), doc("丙"))
    assert sorted(index.engine.forget(["丙", "没有", "甲", "甲"])) == sorted(["丙", "甲"])
    assert (ids(index), index.info().dead_letters) == (["乙"], 1)
    assert index.engine.forget([]) == index.engine.forget(["甲"]) == []
    bury(index, doc("甲"))
    assert [letter.tries for letter in index.engine.dead_letters(["甲"])] == [1], "it begins anew"


@pytest.mark.parametrize(("sequence", "left"), [(4, 1), (5, 0), (6, 0)], ids=["older", "same", "newer"])
def test_a_letter_goes_once_a_reading_at_least_as_new_is_stored(index, sequence, left):
    bury(index, doc("甲", sequence=5), doc("乙"))
    index.add([doc("甲", "别的。", sequence=sequence)])
    assert len(index.engine.dead_letters(["甲"])) == left
    assert "乙" in ids(index), "others stay"


@pytest.mark.parametrize(("sequence", "left"), [(4, 1), (5, 0), (6, 0)], ids=["older", "same", "newer"])
def test_a_letter_goes_once_its_document_is_found_unchanged(index, sequence, left):
    index.add([doc(text="别的。", sequence=3)])
    bury(index, doc(sequence=5))
    assert index.add([doc(text="别的。", sequence=sequence)]) == {"unchanged": 1}
    assert len(ids(index)) == left


@pytest.mark.parametrize("before", [True, False], ids=["stored before", "never stored"])
def test_a_letter_goes_once_its_document_is_deleted(index, before):
    if before:
        index.add([doc(sequence=1)])
    bury(index, doc())
    index.delete(["甲"])
    assert ids(index) == []


def test_a_delete_that_is_older_leaves_the_letter(index):
    bury(index, doc(sequence=5))
    index.engine.delete(["甲"], 4)
    index.engine.settle()
    assert ids(index) == ["甲"]


@pytest.mark.parametrize("sequence", [5, 6], ids=["same", "newer"])
@pytest.mark.parametrize("deleted", [False, True], ids=["stored", "deleted"])
def test_who_buries_too_late_leaves_nothing(index, sequence, deleted):
    if deleted:
        index.engine.delete(["甲"], sequence)
    else:
        index.add([doc(sequence=sequence)])
    bury(index, doc(sequence=5))
    index.engine.settle()
    assert ids(index) == []


# Retrying


def test_a_retry_stores_the_reading_that_failed(index):
    given = doc(title="题", metadata={"年": 2024}, source="文件")
    bury(index, given)
    assert retried(index) == {"甲": "stored"}
    found = index.engine.fetch(["甲"])["甲"]
    assert (found.text, found.title, found.metadata, found.source) == (TEXT, "题", {"年": 2024}, "文件")
    assert index.engine.digests(["甲"])["甲"] == (given.digest, given.sequence)
    assert [hit.id for hit in index.search("咖啡", mode="keyword")] == ["甲"]
    assert ids(index) == []


def test_only_those_that_are_named_are_retried(index):
    bury(index, doc("甲"), doc("乙"))
    assert retried(index, ["乙", "没有"]) == {"乙": "stored"}
    assert ids(index) == ["甲"]
    assert retried(index, []) == {}


def delete(index: Index) -> None:
    index.engine.delete(["甲"], 7)


def store_newer(index: Index) -> None:
    index.engine.delete(["甲"], 6)
    index.add([doc(text="新的。", sequence=7)])


@pytest.mark.parametrize("happens", [delete, store_newer])
def test_a_retry_brings_back_nothing_deleted_and_replaces_nothing_newer(
    index: Index, url: str, happens: Callable[[Index], None]
) -> None:
    """Another process is faster, after the letter was read."""
    bury(index, doc(sequence=5))

    class Late:
        """The engine, with somebody else's write just before it stores."""

        def __getattr__(self, name):
            return getattr(index.engine, name)

        def store(self, batch):
            with open_index(url, create=False) as other:
                happens(other)
            return index.engine.store(batch)

    assert retried(Index(Late(), index.model)) == {"甲": "older"}
    assert stored(index) == (None if happens is delete else "新的。")
    assert ids(index) == []
    assert retried(index) == {}


def test_a_retry_of_what_is_stored_already_ends_it(index):
    index.add([doc(sequence=1)])
    bury(index, doc(sequence=5))
    assert retried(index) == {"甲": "unchanged"}
    assert ids(index) == []
    assert index.engine.digests(["甲"])["甲"][1] == 5
