"""An index under any order of steps is a dictionary of the newest readings, with the dead letters beside it."""

# ruff: noqa: RUF001, D102
from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from simsearch.corpus import Document
from simsearch.indexer import Condition, open_index
from simsearch.indexer.dead_letters import retry
from simsearch.indexer.engine import Failed
from simsearch.indexer.enrichment import enrich
from simsearch.indexer.errors import DocumentNotFound
from simsearch.model import Model

from .conftest import drop

NAMES = ("甲", "乙", "丙", "a'b")
TEXTS = ["咖啡和健康。", "银行利率。", "", "ᎠᎡᎢ。", "，", "睡觉。" * 150, "電腦壞了", "睡觉前不喝咖啡。" * 40]
WORDS = ("咖啡", "电脑", "睡觉")
#: Runs, and steps of each: a server takes a hundred times as long as a file.
RUNS = {"sqlite": (25, 20), "http": (4, 12)}

names = st.sampled_from(NAMES)
sequences = st.integers(1, 30)
metadata = st.fixed_dictionaries({}, optional={"城": st.sampled_from(["杭州", "成都"]), "年": st.integers(2020, 2025)})
documents = st.builds(
    Document,
    names,
    st.sampled_from(TEXTS),
    title=st.sampled_from(["", "咖啡"]),
    metadata=metadata,
    sequence=sequences,
).map(lambda one: replace(one, source=one.title))  # one digest, one source: of what is unchanged, a file notes it anew
failures = st.builds(Failed, documents, st.sampled_from(["太长", "服务器不要它"]), st.integers(1, 3), st.booleans())


class Readings(RuleBasedStateMachine):
    """The documents of an index, and its dead letters, each by id; beside them how new the newest reading is."""

    new_url: Callable[[], str]
    model: Model

    def __init__(self):
        super().__init__()
        self.index = open_index(self.new_url(), model=self.model)
        self.held: dict[str, Document] = {}
        self.newest: dict[str, int] = {}  # the sequence of the newest reading, or delete
        self.letters: dict[str, Failed] = {}

    @rule(batch=st.lists(documents, max_size=4))
    def add(self, batch):
        read: dict[str, Document] = {}
        for document in batch:
            if document.sequence >= read.get(document.id, document).sequence:
                read[document.id] = document
        assert self.index.add(batch) == Counter(map(self.keep, read.values()))

    @rule(later=st.integers(-3, 3))
    def read_again(self, later):
        again = [replace(one, sequence=max(1, self.newest[name] + later)) for name, one in self.held.items()]
        assert self.index.add(again) == Counter(map(self.keep, again))

    @rule(some=st.sets(names, max_size=3), sequence=sequences)
    def delete(self, some, sequence):
        outcomes = self.index.engine.delete(some, sequence)
        assert {each.id: each.status for each in outcomes} == {name: self.remove(name, sequence) for name in some}

    @rule(failed=st.lists(failures, max_size=3))
    def bury(self, failed):
        self.index.engine.bury(failed)
        for each in failed:
            before = self.letters.get(each.document.id, each._replace(tries=0))
            last = before if before.document.sequence > each.document.sequence else each
            self.letters[each.document.id] = last._replace(tries=before.tries + each.tries)

    @rule(some=st.just(NAMES) | st.sets(names, max_size=3))
    def retry(self, some):
        outcomes = [each for batch in retry(self.index, None if some is NAMES else sorted(some)) for each in batch]
        letters = [each for name, each in self.letters.items() if name in some]
        expected = {each.document.id: self.keep(each.document) if each.again else "failed" for each in letters}
        assert {each.id: each.status for each in outcomes} == expected

    @rule(some=st.sets(names, max_size=3))
    def forget(self, some):
        assert set(self.index.engine.forget(sorted(some))) == some & set(self.letters)
        self.letters = {name: each for name, each in self.letters.items() if name not in some}

    @rule()
    def reopen(self):
        self.index.close()
        self.index = open_index(self.index.engine.url, create=False)

    @rule(word=st.sampled_from(WORDS), city=st.sampled_from(["杭州", "成都"]), year=st.integers(2020, 2025))
    def ask_under_conditions(self, word, city, year):
        where = [Condition("城", "=", city), Condition("年", ">=", float(year))]
        meets = {
            name
            for name, one in self.held.items()
            if one.metadata.get("城") == city and one.metadata.get("年", 0) >= year
        }
        assert {hit.id for hit in self.index.search(word, mode="keyword", where=where)} == self.holding(word) & meets
        assert dict(self.index.facets(100, where)) == self.tags(meets)

    @rule(name=names)
    def ask_for_similar_ones(self, name):
        if name not in self.held:
            with pytest.raises(DocumentNotFound):
                self.index.similar(name)
            return
        vectors = {item.document.id: item.vector for item in self.enriched()}
        own = vectors.pop(name)
        alike = {other for other, vector in vectors.items() if own @ vector > 0}  # what is unlike it is no answer
        assert {hit.id for hit in self.index.similar(name)} == alike

    @invariant()
    def the_index_is_the_dictionary(self):
        self.index.engine.settle()
        self.holds_what_the_dictionary_holds()
        self.says_what_was_computed()
        self.finds_what_the_dictionary_holds()

    def holds_what_the_dictionary_holds(self):
        engine = self.index.engine
        self.letters = {
            name: each for name, each in self.letters.items() if each.document.sequence > self.newest.get(name, 0)
        }
        shown = {name: (one.text, one.title, one.metadata, one.source) for name, one in engine.fetch(NAMES).items()}
        assert shown == {name: (one.text, one.title, one.metadata, one.source) for name, one in self.held.items()}
        digests = {name: self.held[name].digest if name in self.held else "" for name in self.newest}
        assert engine.digests(NAMES) == {name: (digests[name], self.newest[name]) for name in self.newest}
        letters = {each.id: (each.document, each.reason, each.tries) for each in engine.dead_letters()}
        kept = {name: each.document if each.again else None for name, each in self.letters.items()}
        assert letters == {name: (kept[name], each.reason, each.tries) for name, each in self.letters.items()}

    def says_what_was_computed(self):
        engine, enriched = self.index.engine, self.enriched()
        passages = {item.document.id: item.passages for item in enriched}
        assert engine.passages(NAMES) == passages
        words = Counter(word for each in passages.values() for passage in each for word in set(passage.words.split()))
        assert dict(engine.words()) == words
        info = engine.info(check=True)
        assert info.problems == []
        assert info.states == Counter(item.state for item in enriched)
        assert (info.documents, info.dead_letters) == (len(self.held), len(self.letters))
        assert info.passages == sum(map(len, passages.values()))

    def finds_what_the_dictionary_holds(self):
        holding = set().union(*map(self.holding, WORDS))
        assert {hit.id for hit in self.index.search("，".join(WORDS), mode="keyword")} == holding
        assert dict(self.index.facets(100)) == self.tags(self.held)

    def keep(self, document):
        """Read a document; return what becomes of it."""
        name, sequence = document.id, document.sequence
        if name in self.held and self.held[name].digest == document.digest:
            self.newest[name] = max(self.newest[name], sequence)
            return "unchanged"
        if sequence < self.newest.get(name, 0):
            return "older"
        self.held[name], self.newest[name] = document, sequence
        return "stored"

    def remove(self, name, sequence):
        """Delete a document; return what becomes of it."""
        if sequence < self.newest.get(name, 0):
            return "older"
        self.newest[name] = sequence
        return "deleted" if self.held.pop(name, None) else "absent"

    def enriched(self):
        return enrich(list(self.held.values()), self.model)

    def holding(self, word):
        fold = self.index.model.fold
        return {name for name, one in self.held.items() if word in fold(f"{one.title}\n{one.text}")}

    def tags(self, ids):
        """Return the tags of documents with their numbers: what they are depends on what was stored with them."""
        return Counter(tag for one in self.index.engine.fetch(sorted(ids)).values() for tag in one.tags)

    def teardown(self):
        self.index.close()
        drop(self.index.engine.url)


def test_an_index_is_a_dictionary_of_the_newest_readings(new_url, model):
    machine = type("Machine", (Readings,), {"new_url": staticmethod(new_url), "model": model})
    runs, steps = RUNS[new_url().partition(":")[0]]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
