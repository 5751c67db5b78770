"""The same documents and the same questions: the same answers, whatever engine keeps them."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from simsearch.corpus import Document
from simsearch.corpus.passages import sentences
from simsearch.indexer import Condition, Index, open_index

from .conftest import drop

EXAMPLES = Path(__file__).parents[2] / "examples"
MODES = ("hybrid", "similar", "keyword", "phrase")
QUESTIONS = [
    "怎样才能睡得香",
    "银行的存款安全吗",
    "停水了",
    "电脑坏了怎么办",
    "胖子怎样减肥",
    "去哪里看樱花",
    "孩子近视",
]
CONDITIONS = ["year>=2020", "year!=2021", "city=杭州", "city!=杭州", "day<2021-06-01", "day>=2021", "on=true", "year=x"]
CITIES = ["杭州", "北京", "成都", 7]


def spoken() -> list[str]:
    """Return the sentences of the examples."""
    texts = [path.read_text("utf-8") for path in sorted(EXAMPLES.rglob("*.txt"))]
    return [text[span.start : span.end] for text in texts for span in sentences(text) if len(text[slice(*span)]) > 8]


def collection(count: int, chance: random.Random) -> Iterator[Document]:
    """Yield documents made of sentences of the examples, with metadata of all kinds."""
    told = spoken()
    for number in range(count):
        metadata = {
            "year": 2015 + chance.randrange(10),
            "city": chance.choice(CITIES),
            "day": f"{2018 + chance.randrange(6)}-{1 + chance.randrange(12):02}-15",
            "on": chance.random() < 0.5,
        }
        text = "".join(chance.choices(told, k=chance.randint(1, 6)))
        kept = {name: value for name, value in metadata.items() if chance.random() < 0.8}
        yield Document(f"文-{number}", text, metadata=kept, sequence=number + 1)


class Pair:
    """The same documents in both engines."""

    def __init__(self, file: Index, server: Index) -> None:
        self.file, self.server = file, server

    def ask(self, question: str, **how: object) -> tuple[list[str], list[str]]:
        """Return the ids that each of them answers."""
        return tuple([hit.id for hit in index.search(question, **how)] for index in (self.file, self.server))


def open_pair(server: str, folder: Path, documents: list[Document], model) -> Iterator[Pair]:
    url = f"{server}/agree-{secrets.token_hex(4)}"
    with open_index(folder / "index.db", model=model) as file, open_index(url, model=model) as remote:
        for index in (file, remote):
            assert index.add(documents) == {"stored": len(documents)}
        yield Pair(file, remote)
    drop(url)


@pytest.fixture(scope="module")
def few(elasticsearch, tmp_path_factory, seed, model) -> Iterator[Pair]:
    """Return so few documents that all of them are candidates."""
    print(f"seed: {seed}")
    documents = list(collection(200, random.Random(seed)))
    yield from open_pair(elasticsearch.url, tmp_path_factory.mktemp("few"), documents, model)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_small_collection_answers_in_the_same_order(few, mode, question):
    one, other = few.ask(question, k=200, mode=mode)
    assert one == other
    assert one or mode in ("keyword", "phrase")


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions_leave_the_same_documents(few, condition):
    where = [Condition.parse(condition)]
    one, other = few.ask("怎样才能睡得香", k=200, where=where)
    assert one == other
    assert few.file.facets(50, where) == few.server.facets(50, where)


def test_scores_and_explanations_are_the_same(few):
    for question in QUESTIONS[::2]:
        for one, other in zip(*(i.search(question, k=200, explain=True) for i in (few.file, few.server)), strict=True):
            ranks = {"by_words": None, "by_vector": None}
            assert one._replace(**ranks) == other._replace(**ranks)


def test_similar_documents_are_the_same(few):
    for name in ("文-3", "文-77", "文-150"):
        one, other = ([hit.id for hit in index.similar(name, k=200)] for index in (few.file, few.server))
        assert one == other


def test_a_change_has_the_same_outcomes(few):
    changes = [Document("文-5", "新的内容，关于失眠。", sequence=9), Document("文-6", "旧的内容。", sequence=1)]
    again = [*changes, Document("新", "樱花开了。", sequence=3)]
    assert few.file.add(again) == few.server.add(again)
    for names, sequence in ((["文-8", "没有", "文-9"], 9), (["文-9"], 5)):
        one, other = (index.engine.delete(names, sequence) for index in (few.file, few.server))
        assert one == other
    few.server.engine.settle()
    one, other = few.ask("失眠", k=200)
    assert one == other
    assert few.file.info().states == few.server.info().states


@pytest.mark.parametrize("count", [1_500, pytest.param(20_000, marks=pytest.mark.slow)])
def test_the_first_ten_of_thousands_are_nearly_the_same(elasticsearch, tmp_path, seed, model, count):
    """Texts of words as frequent as in the model: no two say the same, as shuffled sentences would."""
    print(f"seed: {seed}")
    chance = np.random.default_rng(seed)
    often = model.counts / model.counts.sum()
    texts = ["".join(model.words[word] for word in chance.choice(len(often), 40, p=often)) for _ in range(count)]
    documents = [Document(f"文-{number}", text, sequence=number + 1) for number, text in enumerate(texts)]
    questions = [text[start : start + 16] for text in texts[:: len(texts) // 30] for start in [len(text) // 3]]
    overlap = {}
    for pair in open_pair(elasticsearch.url, tmp_path, documents, model):
        for mode in MODES:
            answers = [pair.ask(question, k=10, mode=mode) for question in questions]
            overlap[mode] = np.mean([len({*one} & {*other}) / len(one) for one, other in answers])
    print("overlap of the first ten:", {mode: round(float(share), 3) for mode, share in overlap.items()})
    assert min(overlap.values()) >= 0.98


# Facets, for every engine


def test_facets_count_the_documents_of_each_tag(index):
    texts = ["失眠的人不要喝咖啡，咖啡让人失眠。", "失眠怎么办，失眠的人早睡。", "银行利率下调，银行很忙。"]
    index.add(Document(str(place), text, metadata={"n": place}) for place, text in enumerate(texts))
    tags = {name: found.tags for name, found in index.engine.fetch(["0", "1", "2"]).items()}
    expected: dict[str, int] = {}
    for tag in [tag for of_document in tags.values() for tag in of_document]:
        expected[tag] = expected.get(tag, 0) + 1
    assert index.facets(100) == sorted(expected.items(), key=lambda item: (-item[1], item[0]))
    assert index.facets(1) == index.facets(100)[:1]
    assert dict(index.facets(100, [Condition("n", "=", 2.0)])) == dict.fromkeys(tags["2"], 1)
    assert index.facets(100, [Condition("n", "=", 9.0)]) == []
