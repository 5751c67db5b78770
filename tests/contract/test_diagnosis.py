"""What an index says about its model, and when it pays to train another."""

from __future__ import annotations

import numpy as np
import pytest

from simsearch.corpus import Document
from simsearch.indexer import diagnosis, open_index
from simsearch.model.model import unit

from .conftest import drop


@pytest.fixture
def filled(index):
    texts = ["咖啡和茶哪个更健康", "龘和咖啡，2024年", "茶和龘龘龘", "，。"]
    index.add(Document(str(number), text) for number, text in enumerate(texts))
    return index


def test_each_word_counts_once_a_passage_and_numbers_do_not(filled, model):
    found = diagnosis.vocabulary(filled)
    words = dict(filled.engine.words())
    assert (words["咖啡"], words["龘"], words["和"]) == (2, 2, 3)
    assert found.total == sum(count for word, count in words.items() if not word.isnumeric())
    assert found.unknown == sum(count for word, count in words.items() if word not in model.words and word != "2024")
    assert ("龘", 2) in found.most_frequent
    assert "2024" not in dict(found.most_frequent)
    assert diagnosis.vocabulary(filled, k=1).most_frequent == found.most_frequent[:1]


def test_only_frequent_unknown_words_can_be_learnt(index, monkeypatch):
    index.add(Document(str(number), "今天的龘到货了") for number in range(diagnosis.LEARNABLE - 1))
    assert diagnosis.vocabulary(index).learnable == 0
    index.add([Document("又", "今天的龘到货了")])
    found = diagnosis.vocabulary(index)
    assert found.learnable == found.unknown == diagnosis.LEARNABLE
    assert not found.retraining_pays, "so few words are no corpus"
    monkeypatch.setattr(diagnosis, "CORPUS", found.total)
    assert found.retraining_pays
    index.add(Document(f"更多{number}", "今天的咖啡到货了" * 10) for number in range(800))
    rarer = diagnosis.vocabulary(index)
    assert rarer.learnable == diagnosis.LEARNABLE
    assert not rarer.retraining_pays, "too small a share of the words is unknown"


def test_an_empty_index_has_no_words(index):
    assert diagnosis.vocabulary(index) == (0, 0, 0, [])
    assert diagnosis.strangers(index) == (0, [])


def test_all_vectors_are_the_models(filled):
    assert diagnosis.strangers(filled) == (3, [])


def test_vectors_of_few_dimensions_are_the_models(new_url, other_model):
    url = new_url()
    with open_index(url, model=other_model) as index:
        index.add(Document(text, text) for text in ("咖啡", "睡觉", "银行", "长城和樱花"))
        assert diagnosis.strangers(index) == (4, [])
    drop(url)


def test_stored_vectors_are_those_of_whole_texts_from_all_over_the_index(index, model):
    index.add(Document(str(number), f"第{number}杯咖啡" + "和茶" * number) for number in range(50))
    every = index.engine.vectors(1_000)
    assert set(every) == {str(number) for number in range(50)}
    for name in ("0", "49"):
        (vector,) = model.encode([f"第{name}杯咖啡" + "和茶" * int(name)])
        assert float(unit(every[name][None])[0] @ vector) > 0.999
    some = index.engine.vectors(10)
    assert len(some) == 10
    assert np.ptp([int(name) for name in some]) >= 25
