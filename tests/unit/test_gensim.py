"""To gensim and back: it reads what is exported, and what it saves is imported, with the same numbers."""

from __future__ import annotations

import random
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from tiny import tiny

from simsearch.model import Model
from simsearch.model.export import export
from simsearch.model.search_space import SMOOTHING
from simsearch.trainer.importing import import_vectors

#: gensim leaves closing compressed files to Python.
left_open = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def gensim() -> ModuleType:
    """Return gensim's models; not before they are needed, as they take seconds to import."""
    return pytest.importorskip("gensim.models", reason="gensim has no wheel for this Python")


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Model:
    return tiny(tmp_path_factory.mktemp("small") / "model", seed=3, dimensions=8)


@pytest.fixture(scope="module")
def learnt(gensim: ModuleType) -> Any:
    """Return vectors that gensim learnt: in two kinds of sentences words go together."""
    choose = random.Random(7).choice
    themes = [
        (["医生", "护士", "病人"], ["医院", "病房", "诊所"], ["检查", "开药", "治疗"]),
        (["老师", "学生", "校长"], ["学校", "教室", "图书馆"], ["上课", "读书", "考试"]),
    ]
    sentences = [[choose(who), "在", choose(where), choose(what)] for who, where, what in themes for _ in range(200)]
    return gensim.Word2Vec(sentences, vector_size=16, min_count=1, epochs=20, seed=1, workers=1)


@left_open
@pytest.mark.parametrize("space", ["article", "search"])
@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("v.txt", {}),
        ("v.txt.gz", {}),
        ("v.bin", {"binary": True}),
        ("v.bin.gz", {"binary": True}),
        ("v.glove.txt", {"no_header": True}),
    ],
)
def test_gensim_reads_what_is_exported(gensim, small, tmp_path, name, how, space):
    export(small, tmp_path / name, space=space)
    vectors = gensim.KeyedVectors.load_word2vec_format(str(tmp_path / name), **how)
    assert vectors.index_to_key == small.words
    np.testing.assert_array_equal(vectors.vectors, small.vectors if space == "article" else small.search_vectors)


def test_in_gensim_the_base_model_has_the_same_neighbours(gensim, model, tmp_path):
    export(model, tmp_path / "v.bin", space="search")
    vectors = gensim.KeyedVectors.load_word2vec_format(str(tmp_path / "v.bin"), binary=True)
    for word in ("喜欢", "银行", "睡觉"):
        found, expected = vectors.most_similar(word, topn=10), model.similar(word)
        assert [name for name, _ in found] == [name for name, _ in expected]
        assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-4)


def save(learnt: Any, folder: Path, kind: str) -> Path:
    name = folder / {"text": "v.txt", "binary": "v.bin", "GloVe": "v.glove", "gzip": "v.txt.gz"}[kind]
    counts = str(folder / "词频.txt")
    learnt.wv.save_word2vec_format(str(name), fvocab=counts, binary=kind == "binary", write_header=kind != "GloVe")
    return name


@left_open
@pytest.mark.parametrize("kind", ["text", "binary", "GloVe", "gzip"])
def test_what_gensim_saves_is_imported_with_its_counts_and_sentences_are_its_weighted_sums(learnt, tmp_path, kind):
    path = save(learnt, tmp_path, kind)
    told = import_vectors(path, tmp_path / "模型", most=100, counts=tmp_path / "词频.txt", as_is=True)
    model, vectors = Model.load(tmp_path / "模型"), learnt.wv
    assert (told.merged, told.left_out, told.uncounted) == (0, 0, 0)
    assert model.words == vectors.index_to_key
    counts = np.array([vectors.get_vecattr(word, "count") for word in model.words])
    assert model.counts.tolist() == counts.tolist()
    step = np.abs(vectors.vectors).max(axis=1, keepdims=True) / 127
    assert (np.abs(model.vectors - vectors.vectors) <= 0.501 * step).all()

    words = ["医生", "在", "医院", "治疗"]
    assert model.segment("".join(words)) == words
    share = {word: vectors.get_vecattr(word, "count") / counts.sum() for word in words}
    expected = sum(vectors[word] * SMOOTHING / (SMOOTHING + share[word]) for word in words)
    assert model.encode(["".join(words)])[0] @ expected / np.linalg.norm(expected) == pytest.approx(1, abs=1e-4)

    for word in ("医生", "学校"):
        found = dict(model.similar(word, 20))
        assert found == pytest.approx(dict(vectors.most_similar(word, topn=20)), abs=0.02)


def test_without_counts_the_order_in_which_gensim_saves_is_that_of_frequency(learnt, tmp_path):
    path = save(learnt, tmp_path, "text")
    import_vectors(path, tmp_path / "模型", most=100)
    model = Model.load(tmp_path / "模型")
    assert model.words == learnt.wv.index_to_key
    assert model.counts[0] == model.counts.max()
    assert model.similarity("医生在医院", "护士在诊所") > model.similarity("医生在医院", "学生在教室")
