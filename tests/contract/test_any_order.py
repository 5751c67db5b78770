"""An index under any order of adding, deleting and reading again is a dictionary of the newest readings."""

# ruff: noqa: RUF001, D102
from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from simsearch.corpus import Document
from simsearch.indexer import Index, open_index

TEXTS = ["咖啡和健康。", "银行利率。", "", "ᎠᎡᎢ。", "，", "睡觉。" * 150, "電腦壞了"]
names = st.sampled_from(["甲", "乙", "丙", "a'b"])
texts = st.sampled_from(TEXTS)
sequences = st.integers(1, 30)


class Readings(RuleBasedStateMachine):
    """Documents with a sequence each, in an index and in a dictionary; None marks a deleted one."""

    index: Index

    def __init__(self):
        super().__init__()
        self.index = self.open()
        self.newest: dict[str, tuple[int, str | None]] = {}

    @rule(batch=st.lists(st.tuples(names, texts, sequences), max_size=4))
    def add(self, batch):
        self.index.add(Document(name, text, sequence=sequence) for name, text, sequence in batch)
        for name, text, sequence in batch:
            if sequence >= self.newest.get(name, (0, None))[0]:
                self.newest[name] = sequence, text

    @rule(some=st.sets(names, max_size=3), sequence=sequences)
    def delete(self, some, sequence):
        self.index.engine.delete(some, sequence)
        for name in some:
            if sequence >= self.newest.get(name, (0, None))[0]:
                self.newest[name] = sequence, None

    @rule()
    def add_again(self):
        again = [
            Document(name, text, sequence=sequence)
            for name, (sequence, text) in self.newest.items()
            if text is not None
        ]
        assert set(self.index.add(again)) <= {"unchanged"}

    @rule()
    def reopen(self):
        self.index.close()
        self.index = self.reopened(self.index)

    @invariant()
    def holds_what_the_dictionary_holds(self):
        expected = {name: text for name, (_, text) in self.newest.items() if text is not None}
        found = self.index.engine.fetch(["甲", "乙", "丙", "a'b"])
        assert {name: document.text for name, document in found.items()} == expected
        info = self.index.engine.info(check=True)
        assert info.problems == []
        assert info.documents == len(expected)
        assert info.passages == sum(len(passages) for passages in self.index.engine.passages(list(expected)).values())

    @invariant()
    def finds_what_the_dictionary_holds(self):
        for word in ("咖啡", "电脑", "睡觉"):
            holding = {name for name, (_, text) in self.newest.items() if text and word in self.index.model.fold(text)}
            assert {hit.id for hit in self.index.search(word, mode="keyword")} == holding

    def teardown(self):
        self.index.close()


def test_an_index_is_a_dictionary_of_the_newest_readings(new_url, model):
    urls = {}

    class Here(Readings):
        def open(self):
            url = new_url()
            index = open_index(url, model=model)
            urls[id(index)] = url
            return index

        def reopened(self, index):
            url = urls.pop(id(index))
            again = open_index(url, model=model, create=False)
            urls[id(again)] = url
            return again

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
