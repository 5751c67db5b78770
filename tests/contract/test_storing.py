"""Storing: each document once, the newest reading wins, nothing is lost and nothing is left behind."""

from __future__ import annotations

import contextlib
import itertools
import time
from dataclasses import replace

import numpy as np
import pytest
from cli.process import Simsearch

from simsearch.corpus import Document
from simsearch.indexer import Index, open_index
from simsearch.indexer.enrichment import enrich

STRANGE = "ᎠᎡᎢᏙᏓ"
TEXTS = [
    "每天早睡早起，身体健康。",
    "睡觉前不要喝咖啡。",
    "银行的贷款利率是多少？",
    "明天有大雨，记得带伞。",
    "电脑坏了怎么修？",
]


def doc(name: str = "甲", text: str = TEXTS[0], sequence: int = 5, **more) -> Document:
    return Document(name, text, sequence=sequence, **more)


def collection(size: int = 5) -> list[Document]:
    return [doc(f"d{number:04}", f"{text}第{number}篇。") for number, text in zip(range(size), itertools.cycle(TEXTS))]


def stored(index: Index, *names: str) -> dict[str, str]:
    return {name: found.text for name, found in index.engine.fetch(names).items()}


def figures(index: Index) -> tuple:
    """Return all that an index says of itself, but for its size on disk."""
    info = index.engine.info(check=True)
    assert info.problems == []
    return info._replace(bytes=0)


# Adding


def test_an_empty_index_says_so(index, model, url):
    info = figures(index)
    assert (info.documents, info.passages, info.states) == (0, 0, {})
    assert (info.model, info.dimensions, info.url) == (model.id, model.dimensions, url)


def test_what_was_added_is_stored_once(index):
    given = collection()
    assert index.add(given) == {"stored": 5}
    assert stored(index, *(document.id for document in given)) == {document.id: document.text for document in given}
    assert figures(index).documents == 5


def test_a_document_comes_back_as_it_was_given(index):
    given = doc(
        "a/b c.txt:7", "第一行\n第二行。", title="题「目」", metadata={"年": 2024, "x": {"y": [1, None]}}, source="文件"
    )
    index.add([given])
    found = index.engine.fetch([given.id])[given.id]
    assert (found.text, found.title, found.metadata, found.source) == (given.text, given.title, given.metadata, "文件")


def test_adding_nothing_changes_nothing(index):
    assert index.add([]) == {}
    assert figures(index).documents == 0


def test_what_is_unchanged_is_skipped(index):
    index.add(collection())
    before = figures(index)
    again = [replace(document, sequence=9) for document in collection()]
    assert index.add(again) == {"unchanged": 5}
    assert figures(index) == before


@pytest.mark.parametrize("change", [{"text": "新的内容。"}, {"title": "新"}, {"metadata": {"a": 1}}], ids=str)
def test_what_has_changed_is_stored_anew(index, change):
    index.add(collection())
    changed = replace(collection()[2], sequence=9, **change)
    assert index.add([changed]) == {"stored": 1}
    found = index.engine.fetch([changed.id])[changed.id]
    assert (found.text, found.title, found.metadata) == (changed.text, changed.title, changed.metadata)
    assert figures(index).documents == 5


def test_a_changed_text_is_found_by_its_new_words_only(index):
    index.add([doc("甲", "睡觉前喝咖啡。")])
    index.add([doc("甲", "银行的利率。", sequence=6)])
    assert [hit.id for hit in index.search("利率", mode="keyword")] == ["甲"]
    assert index.search("咖啡", mode="keyword") == []


def test_batches_are_told_one_after_the_other_once_they_are_safe(index, url, model):
    given = collection(2_500)
    seen: list[str] = []
    with open_index(url) as reader:
        for outcomes in index.add_batches(given):
            seen += [outcome.id for outcome in outcomes]
            assert set(reader.engine.digests(seen)) == set(seen)
    assert sorted(seen) == [document.id for document in given]


# States


@pytest.mark.parametrize(
    ("document", "state"),
    [
        (doc(text=""), "empty"),
        (doc(text=" \n\n "), "empty"),
        (doc(text="，。！"), "empty"),
        (doc(text="", title="咖啡"), "ok"),
        (doc(text=STRANGE), "no_known_words"),
        (doc(text="咖啡"), "ok"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value.text),
)
def test_every_document_is_stored_and_counted_by_its_state(index, document, state):
    assert index.add([document]) == {"stored": 1}
    assert index.add([document]) == {"unchanged": 1}
    assert figures(index).states == {state: 1}
    assert index.engine.fetch(["甲"])["甲"].state == state
    index.search("咖啡")
    index.similar("甲")


def test_a_title_alone_is_found(index):
    index.add([doc(text="", title="怎样睡得好"), doc("乙", "银行利率")])
    for mode in ("hybrid", "similar", "keyword", "phrase"):
        assert index.search("睡得好", mode=mode)[0].id == "甲"


def test_a_text_without_a_known_word_is_found_by_its_words(index):
    index.add([doc(text=STRANGE), doc("乙", TEXTS[1])])
    for mode in ("hybrid", "keyword", "phrase"):
        assert [hit.id for hit in index.search(STRANGE, mode=mode)] == ["甲"]
    assert index.search(STRANGE, mode="similar") == []


def test_what_is_no_text_is_stored_cleaned(index):
    dirty = Document("a\ud800", "咖\0啡\ud83d。", "题\0", {"k\ud800": "v\udfff"}, "s\ud800", 5)
    assert index.add([dirty]) == {"stored": 1}
    assert index.add([dirty]) == {"unchanged": 1}
    (hit,) = index.search("咖", mode="keyword") or index.search("咖啡")
    "".join([hit.id, hit.title, hit.snippet, hit.source, *hit.metadata, *hit.metadata.values()]).encode()


def test_a_long_id_is_stored_once(index):
    assert index.add([doc("字" * 5_000), doc("字" * 5_001)]) == {"stored": 2}
    assert index.add([doc("字" * 5_000)]) == {"unchanged": 1}
    assert figures(index).documents == 2


@pytest.mark.parametrize("name", ["a'b", 'a"b', "a;b --", "%", "*", "甲 乙", "a\nb", "../x", "[1]", "-1", "null"])
def test_any_id_is_kept(index, name):
    index.add([doc(name), doc("other", TEXTS[1])])
    assert index.search("健康", k=1)[0].id == name
    assert [hit.id for hit in index.similar("other")] in ([name], [])
    assert [outcome.status for outcome in index.delete([name])] == ["deleted"]
    assert figures(index).documents == 1


def test_a_document_of_three_thousand_passages_is_stored_up_to_the_limit(index, model, monkeypatch):
    monkeypatch.setenv("SIMSEARCH_MAX_DOCUMENT_BYTES", "3000000")
    long = doc("长", "".join(f"{'咖啡很好喝，' * 33}{number}。" for number in range(3_000)))
    (enriched,) = enrich([long], model)
    assert enriched.dropped == 1_000
    index.add([long, doc("短", "睡觉")])
    assert figures(index).passages == 2_001
    assert index.search("1999", mode="keyword")[0].snippet.rstrip("。").endswith("1999")
    assert index.search("2500", mode="keyword") == []
    index.delete(["长"])
    assert figures(index).passages == 1


def test_deeply_nested_metadata_stop_nothing(index):
    deep: dict = {"end": 1}
    for _ in range(200):
        deep = {"a": deep}
    assert index.add([doc(metadata=deep), doc("乙", metadata={"a": 1})]) == {"stored": 2}
    assert index.engine.fetch(["甲"])["甲"].metadata == deep


# The newest reading wins


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_the_newest_reading_wins_in_any_order(index, order):
    for sequence in order:
        index.add([doc(text=f"第{sequence}次读到。", sequence=sequence)])
    assert stored(index, "甲") == {"甲": "第3次读到。"}
    assert figures(index).documents == 1


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_the_newest_reading_wins_inside_a_batch(index, order):
    counts = index.add([doc(text=f"第{sequence}次读到。", sequence=sequence) for sequence in order] + [doc("乙")])
    assert counts["stored"] == 2
    assert stored(index, "甲") == {"甲": "第3次读到。"}
    assert figures(index).documents == 2


def test_of_two_readings_at_one_time_in_a_batch_the_later_wins(index):
    index.add([doc(text="前。"), doc(text="后。")])
    assert stored(index, "甲") == {"甲": "后。"}


def test_an_older_reading_is_told_as_older(index):
    index.add([doc(text="新。", sequence=9)])
    assert index.add([doc(text="旧。", sequence=8)]) == {"older": 1}
    assert stored(index, "甲") == {"甲": "新。"}


def test_a_retry_of_the_same_reading_changes_nothing(index):
    index.add([doc()])
    before = figures(index)
    assert index.add([doc()]) == {"unchanged": 1}
    assert figures(index) == before


def test_an_unchanged_newer_reading_counts_as_the_newest(index):
    index.add([doc(text="甲。", sequence=1)])
    index.add([doc(text="甲。", sequence=5)])
    assert index.add([doc(text="乙。", sequence=3)]) == {"older": 1}
    assert stored(index, "甲") == {"甲": "甲。"}


def test_an_unchanged_older_reading_does_not_turn_time_back(index):
    index.add([doc(text="甲。", sequence=5)])
    index.add([doc(text="甲。", sequence=1)])
    assert index.add([doc(text="乙。", sequence=3)]) == {"older": 1}


def test_a_write_between_comparing_and_noting_unchanged_is_not_passed_over(index, url):
    """A reads the first text again while B stores a second, which is older than A's reading."""
    index.add([doc(text="第一。", sequence=1)])

    class Late:
        """The engine, with somebody else's write just before it notes what was unchanged."""

        def __getattr__(self, name):
            return getattr(index.engine, name)

        def renew(self, documents):
            with open_index(url) as other:
                other.add([doc(text="第二。", sequence=2)])
            return index.engine.renew(documents)

    Index(Late(), index.model).add([doc(text="第一。", sequence=3)])
    assert stored(index, "甲") == {"甲": "第一。"} or index.engine.digests(["甲"])["甲"][1] < 3


@pytest.mark.parametrize(("theirs", "status"), [("甲。", "unchanged"), ("乙。", "older")], ids=["same", "other"])
def test_an_older_reading_of_what_another_process_has_just_stored_is_unchanged(index, url, theirs, status):
    """Two processes read the same folder: who comes second has nothing to say where the text is the same."""

    class Late:
        """The engine, with somebody else's newer reading just before it stores."""

        def __getattr__(self, name):
            return getattr(index.engine, name)

        def store(self, batch):
            with open_index(url) as other:
                other.add([doc(text=theirs, sequence=2)])
            return index.engine.store(batch)

    assert Index(Late(), index.model).add([doc(text="甲。", sequence=1)]) == {status: 1}
    assert stored(index, "甲") == {"甲": theirs}


# Deleting


def test_a_deleted_document_is_gone(index):
    index.add(collection())
    outcomes = index.delete(["d0001", "d0003", "没有", "d0001"])
    assert {outcome.id: outcome.status for outcome in outcomes} == {
        "d0001": "deleted",
        "d0003": "deleted",
        "没有": "absent",
    }
    assert figures(index).documents == 3
    assert stored(index, "d0001", "d0003") == {}
    for mode in ("hybrid", "similar", "keyword"):
        assert not {"d0001", "d0003"} & {hit.id for hit in index.search("咖啡 大雨", mode=mode)}


def test_figures_after_deleting_are_those_of_before(index):
    index.add(collection())
    before = figures(index)
    more = [doc(f"x{number}", text * 40, title="题") for number, text in enumerate([*TEXTS, "", STRANGE])]
    index.add(more)
    assert figures(index).passages > before.passages + 7
    index.delete([document.id for document in more])
    assert figures(index) == before


def test_frequencies_after_deleting_are_those_of_before(index):
    index.add(collection())
    before = [(hit.id, hit.score) for hit in index.search("咖啡和利率", mode="keyword")]
    index.add([doc(f"x{number}", "咖啡。咖啡和茶。") for number in range(30)])
    index.delete([f"x{number}" for number in range(30)])
    after = [(hit.id, hit.score) for hit in index.search("咖啡和利率", mode="keyword")]
    assert after == [(name, pytest.approx(score)) for name, score in before]


def test_a_delete_is_a_version_too(index):
    index.add([doc(sequence=5)])
    index.engine.delete(["甲"], 7)
    assert index.add([doc(sequence=6)]) == {"older": 1}
    assert stored(index, "甲") == {}
    assert index.add([doc(sequence=8)]) == {"stored": 1}
    assert list(stored(index, "甲")) == ["甲"]


def test_a_delete_older_than_the_reading_changes_nothing(index):
    index.add([doc(sequence=5)])
    assert [outcome.status for outcome in index.engine.delete(["甲"], 4)] == ["older"]
    assert list(stored(index, "甲")) == ["甲"]


def test_a_delete_that_comes_before_the_reading_it_is_newer_than_wins(index):
    assert [outcome.status for outcome in index.engine.delete(["甲"], 7)] == ["absent"]
    assert index.add([doc(sequence=6)]) == {"older": 1}
    assert figures(index).documents == 0


def test_an_older_delete_does_not_weaken_a_newer_one(index):
    index.engine.delete(["甲"], 9)
    index.engine.delete(["甲"], 3)
    assert index.add([doc(sequence=6)]) == {"older": 1}


def test_a_document_read_after_it_was_deleted_is_stored(index):
    index.add([Document("甲", "咖啡")])
    index.delete(["甲"])
    assert index.add([Document("甲", "咖啡")]) == {"stored": 1}


def test_what_is_no_text_or_too_long_is_deleted_under_the_id_it_was_stored_by(index):
    names = ["a\ud800", "字" * 5_000]
    index.add([doc(name) for name in names])
    assert [outcome.status for outcome in index.delete(names)] == ["deleted"] * 2
    assert figures(index).documents == 0


def test_deleting_nothing_and_from_nothing(index):
    assert index.delete([]) == []
    assert [outcome.status for outcome in index.delete(["甲"])] == ["absent"]


# Several at a time

WRITER = """
import sys
from simsearch.corpus import Document
from simsearch.indexer import open_index

url, name, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open_index(url) as index:
    for start in range(0, size, 50):
        index.add(Document(f"{name}-{n}", f"第{n}篇讲咖啡和健康，由{name}所写。") for n in range(start, start + 50))
        index.add([Document("共有", f"{name}在{start}写的。")])
"""


def test_two_processes_write_while_a_third_reads(url, model, tmp_path):
    size = 500
    with open_index(url, model=model) as reader, contextlib.ExitStack() as stack:
        start = Simsearch(tmp_path).script
        writers = [stack.enter_context(start(WRITER, url, name, str(size))) for name in "ab"]
        last = 0
        while any(writer.poll() is None for writer in writers):
            info = reader.info()
            assert info.documents == sum(info.states.values()) >= last
            last = info.documents
            hits = reader.search("咖啡和健康", k=5)
            assert len({hit.id for hit in hits}) == len(hits)
            time.sleep(0.02)  # without a rest it would take what the writers need
        assert [writer.returncode for writer in writers] == [0, 0]
        assert figures(reader).documents == 2 * size + 1
        names = [f"{name}-{number}" for name in "ab" for number in range(size)]
        assert len(stored(reader, *names)) == 2 * size


@pytest.mark.parametrize("processes", [2])
def test_two_processes_create_the_same_index(new_url, processes, tmp_path):
    start = Simsearch(tmp_path).script
    for _ in range(3):
        url = new_url()
        with contextlib.ExitStack() as stack:
            writers = [stack.enter_context(start(WRITER, url, str(number), "50")) for number in range(processes)]
            assert [writer.wait(60) for writer in writers] == [0] * processes
        with open_index(url) as index:
            assert figures(index).documents == 50 * processes + 1


def test_vectors_of_zeros_are_never_stored_and_never_found(index):
    index.add([doc("空", ""), doc("怪", STRANGE), doc("好", "咖啡")])
    vector = np.ones(index.model.dimensions, np.float32) / np.sqrt(index.model.dimensions)
    assert index.engine.nearest(vector, 10, []) == ["好"]


# Limits


def test_what_is_beyond_the_limits_is_a_dead_letter_and_stored_once_they_allow_it(index, monkeypatch):
    monkeypatch.setenv("SIMSEARCH_MAX_DOCUMENT_BYTES", "60")
    monkeypatch.setenv("SIMSEARCH_MAX_METADATA_FIELDS", "2")
    long, wide = doc("长", TEXTS[0] * 9), doc("宽", metadata=dict.fromkeys("abc", 1))
    assert index.add([long, doc(), wide, doc("乙")]) == {"stored": 2, "failed": 2}
    assert set(stored(index, "长", "宽", "甲", "乙")) == {"甲", "乙"}
    reasons = {letter.id: letter.reason for letter in index.engine.dead_letters()}
    assert "SIMSEARCH_MAX_DOCUMENT_BYTES" in reasons["长"]
    assert "SIMSEARCH_MAX_METADATA_FIELDS" in reasons["宽"]
    monkeypatch.setenv("SIMSEARCH_MAX_DOCUMENT_BYTES", "1000")
    monkeypatch.setenv("SIMSEARCH_MAX_METADATA_FIELDS", "3")
    assert index.add([long, wide]) == {"stored": 2}
    assert index.engine.dead_letters() == []


def test_passages_beyond_the_limit_are_cut_and_counted(index, monkeypatch):
    monkeypatch.setenv("SIMSEARCH_MAX_PASSAGES", "2")
    (outcomes,) = index.add_batches([doc(text="天气很好，我们去公园。" * 100)])
    assert outcomes[0].dropped > 0
    assert len(index.engine.passages(["甲"])["甲"]) == 2


def test_a_batch_holds_as_many_documents_as_the_limit_says(index, monkeypatch):
    monkeypatch.setenv("SIMSEARCH_MAX_BATCH_DOCUMENTS", "3")
    assert [len(batch) for batch in index.add_batches(collection(7))] == [3, 3, 1]
