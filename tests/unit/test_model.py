"""The face of a model: what it says about words and texts, held against direct computation."""

# ruff: noqa: RUF001
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from simsearch.model import WordUnknown

#: Characters of no Chinese text, in no vocabulary.
STRANGE = "ᎠᎡᎢᏙᏓ"
BITS = (
    "我们|每天|睡觉|，|早睡早起|身体|健康|。|電腦|坏了|怎么|修|？|ＡＢＣ|1984|qwzxv|ᎠᎡᎢ|的|的|银行|利率|\n| |！|😀"
    "|魑魅魍魉|饕餮|踽踽独行|龃龉"
)
texts = st.lists(st.sampled_from(BITS.split("|")), max_size=25).map("".join)
some_text = st.one_of(texts, st.text(max_size=30))


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


@pytest.fixture(scope="module")
def places(model):
    return {word: place for place, word in enumerate(model.words)}


def known(model, places, text):
    return [word for word in model.segment(text) if word in places]


# Words


def test_words_come_most_frequent_first(model):
    assert (np.diff(model.counts) <= 0).all()
    assert len(model.words) == len(model.counts) == len(set(model.words)) > 1_000
    assert "的" in model.words[:10]
    assert model.counts[-1] > 0


def test_both_spaces_have_a_row_for_each_word(model):
    for vectors in (model.vectors, model.search_vectors):
        assert vectors.shape == (len(model.words), model.dimensions)
        assert vectors.dtype == np.float32
        assert np.isfinite(vectors).all()


def test_related_words_are_those_of_the_largest_inner_product(model, places):
    row = places["咖啡"]
    scores = model.vectors.astype(float) @ model.vectors[row].astype(float)
    found = model.related("咖啡", k=20)
    rest = np.delete(scores, [row, *(places[word] for word, _ in found)])
    for word, score in found:
        assert word != "咖啡"
        assert score == pytest.approx(scores[places[word]], rel=1e-4, abs=1e-4)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert rest.max() <= found[-1].score + 1e-3


def test_related_words_by_cosine(model, places):
    directions = unit(model.vectors.astype(float))
    scores = directions @ directions[places["咖啡"]]
    found = model.related("咖啡", k=20, by="cosine")
    for word, score in found:
        assert score == pytest.approx(scores[places[word]], abs=1e-4)
    assert np.sort(scores)[-21:-1][::-1] == pytest.approx([score for _, score in found], abs=1e-4)


@pytest.mark.parametrize("word", ["咖啡", "医生", "北京", "跑步", "的"])
@pytest.mark.parametrize("context", [500, 40])
def test_similar_words_in_a_context_are_those_of_the_largest_correlation(model, places, word, context):
    frequent = model.vectors[:context].astype(float)
    found = model.similar(word, k=8, context=context)
    rows = [places[word], *(places[other] for other, _ in found)]
    expected = np.corrcoef(model.vectors[rows].astype(float) @ frequent.T)[0, 1:]
    assert [score for _, score in found] == pytest.approx(expected, abs=2e-3)
    others = np.random.default_rng(context).choice(len(model.words), 200)
    rest = np.corrcoef(model.vectors[[places[word], *others]].astype(float) @ frequent.T)[0, 1:]
    rest = [score for other, score in zip(others, rest, strict=True) if other not in rows]
    assert max(rest) <= found[-1].score + 2e-3


def test_similar_words_are_near_in_the_search_space(model, places):
    directions = unit(model.search_vectors.astype(float))
    scores = np.delete(directions @ directions[places["医生"]], places["医生"])
    found = model.similar("医生", k=10)
    assert np.sort(scores)[-10:][::-1] == pytest.approx([score for _, score in found], abs=1e-4)
    assert model.word_similarity("医生", "护士") > model.word_similarity("医生", "银行")


@pytest.mark.parametrize("words", [("国王", "女人", "男人"), ("北京", "日本", "中国"), ("咖啡", "咖啡", "茶")])
def test_an_analogy_leaves_its_three_words_out(model, words):
    found = model.analogy(*words, k=30)
    assert len(found) == 30
    assert not set(words) & {word for word, _ in found}
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_an_analogy_of_the_article_adds_the_vectors_as_they_are(model, places):
    a, b, c = (model.vectors[places[word]].astype(float) for word in ("北京", "日本", "中国"))
    wanted = a + b - c
    for word, score in model.analogy("北京", "日本", "中国", 5, "article"):
        vector = model.vectors[places[word]].astype(float)
        assert score == pytest.approx(vector @ wanted / np.linalg.norm(vector) / np.linalg.norm(wanted), abs=1e-4)


def test_the_shortest_vectors_come_first_and_are_the_least_important_words(model):
    found = model.norms(k=100)
    lengths = np.linalg.norm(model.vectors.astype(float), axis=1)
    assert [score for _, score in found] == pytest.approx(np.sort(lengths)[:100], rel=1e-4)
    assert {"的", "是", "在"} & {word for word, _ in found}


def test_asking_for_more_words_than_there_are_gives_all(model):
    assert len(model.norms(k=10**9)) == len(model.words)
    assert len(model.related("咖啡", k=10**9)) == len(model.words) - 1


@given(
    st.sampled_from(["咖啡", "茶", "的", "qwzxv", "魑魅", "ᎠᎡᎢ"]),
    st.sampled_from(["咖啡", "银行", "的", "饕餮", "ᎠᎡᎢ"]),
)
def test_the_similarity_of_words_is_symmetric(model, a, b):
    assert model.word_similarity(a, b) == pytest.approx(model.word_similarity(b, a), abs=1e-6)
    assert -1.00001 <= model.word_similarity(a, b) <= 1.00001


def test_a_word_is_like_itself_and_more_like_its_kin(model):
    assert model.word_similarity("咖啡", "咖啡") == pytest.approx(1, abs=1e-5)
    assert model.word_similarity("咖啡", "茶") > model.word_similarity("咖啡", "银行")
    assert model.word_similarity("ᎠᎡᎢ", "咖啡") == 0


def test_words_may_be_written_in_any_way(model):
    assert model.related("電腦") == model.related("电脑")
    assert model.similar("ＤＮＡ", k=3) == model.similar("dna", k=3)


@pytest.mark.parametrize("ask", ["related", "similar", "analogy"])
def test_an_unknown_word_is_named(model, ask):
    with pytest.raises(WordUnknown, match=STRANGE) as told:
        getattr(model, ask)(*(["咖啡", STRANGE, "茶"] if ask == "analogy" else [STRANGE]))
    assert told.value.word == STRANGE


# Texts


@given(some_text)
def test_a_text_is_folded_before_it_is_cut(model, text):
    assert model.segment(text) == model.segment(model.fold(text))


@given(some_text)
@example("")
@example("，。！")
@example(STRANGE)
def test_a_sentence_vector_has_length_one_or_nothing_is_known(model, text):
    (vector,) = model.encode([text])
    rows = model.table.vectors[model.table.rows(model.segment(text))]
    assert vector.dtype == np.float32
    if rows.any():
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    else:
        assert not vector.any()


def test_only_a_text_without_word_and_character_has_no_vector(model):
    vectors = model.encode(["", "，。！ \n", STRANGE, "\ud800\x00", "我", "爨", f"{STRANGE}我"])
    assert [bool(vector.any()) for vector in vectors] == [False] * 4 + [True] * 3


def test_no_texts_have_no_vectors(model):
    assert model.encode([]).shape == (0, model.dimensions)
    assert model.sum_vectors([]).shape == (0, model.dimensions)


def test_a_sentence_is_the_weighted_sum_of_its_words(model, places):
    text = "今天天气很好，我们去公园散步，天气真好。"
    words = [word for word in known(model, places, text) if word.isalnum()]
    rows = [places[word] for word in words]
    probability = model.counts[rows] / model.counts.sum()
    weights = 0.01 / (0.01 + probability)
    assert unit((model.search_vectors[rows] * weights[:, None]).sum(axis=0)) == pytest.approx(
        model.encode([text])[0], abs=1e-5
    )


@given(some_text)
def test_a_sentence_is_the_sum_of_its_words_rows(model, text):
    rows = model.table.vectors[model.table.rows(model.segment(text))].astype(float)
    assume(not rows.any() or np.linalg.norm(rows.sum(axis=0)) > 1e-3)
    assert model.encode([text])[0] == pytest.approx(unit(rows.sum(axis=0)), abs=1e-4)


@given(st.lists(some_text, max_size=8), st.randoms())
def test_the_order_of_a_batch_does_not_matter(model, batch, random):
    order = list(range(len(batch)))
    random.shuffle(order)
    together = model.encode(batch)
    shuffled = model.encode([batch[place] for place in order])
    assert shuffled == pytest.approx(together[order], abs=1e-6)
    for text, vector in zip(batch, together, strict=True):
        assert model.encode([text])[0] == pytest.approx(vector, abs=1e-6)


def test_a_batch_of_thousands_is_encoded_like_single_texts(model):
    batch = [f"第{number}篇讲的是健康" for number in range(1_300)]
    together = model.encode(batch)
    for place in (0, 511, 512, 1_299):
        assert together[place] == pytest.approx(model.encode([batch[place]])[0], abs=1e-6)


@given(some_text)
def test_the_articles_sentence_vector_is_a_plain_sum(model, places, text):
    rows = [places[word] for word in known(model, places, text)]
    expected = model.vectors[rows].astype(float).sum(axis=0) if rows else np.zeros(model.dimensions)
    assert model.sum_vectors([text])[0] == pytest.approx(expected, abs=1e-3)


@given(texts)
def test_keywords_of_the_article_are_equation_43(model, places, text):
    rows = [places[word] for word in known(model, places, text)]
    vectors = model.vectors[rows].astype(float)
    scores = zip((model.words[row] for row in rows), vectors @ vectors.sum(axis=0), strict=True)
    expected = {word: score for word, score in scores if any(map(str.isalnum, word))}
    found = model.keywords(text, k=5, method="article")
    assert len(found) == min(5, len(expected))
    for word, score in found:
        assert score == pytest.approx(expected[word], rel=1e-4, abs=1e-2)
    assert sorted(expected.values(), reverse=True)[:5] == pytest.approx(
        [score for _, score in found], rel=1e-4, abs=1e-2
    )


def test_a_text_is_told_by_its_subject(model):
    text = "失眠的人应该早睡早起，睡前不要喝咖啡，也不要看手机，这样失眠就会好转。"
    assert "失眠" in [word for word, _ in model.keywords(text, k=3)]


@given(some_text, some_text)
def test_similarity_is_symmetric_and_bounded(model, a, b):
    one, other = model.similarity(a, b), model.similarity(b, a)
    assert one == pytest.approx(other, abs=1e-6)
    assert -1.00001 <= one <= 1.00001


@given(some_text)
def test_a_text_is_like_itself(model, text):
    assert model.similarity(text, text) == pytest.approx(float(model.encode([text]).any()), abs=1e-5)


def test_what_means_the_same_is_nearer(model):
    near = model.similarity("怎样才能睡得香", "失眠了怎么办")
    assert near > model.similarity("怎样才能睡得香", "银行贷款利率是多少")


# Explanations


@settings(max_examples=100)
@given(some_text, some_text)
@example("的" * 50 + "睡觉", "睡觉")
@example(STRANGE, STRANGE)
@example("", "睡觉")
def test_the_parts_of_an_explanation_add_up_to_the_similarity(model, a, b):
    told = model.explain(a, b)
    assert told.similarity == pytest.approx(model.similarity(a, b), abs=1e-5)
    assert math.fsum(pair.part for pair in told.pairs) == pytest.approx(told.similarity, abs=1e-5)


@settings(max_examples=100)
@given(some_text, some_text)
@example("睡觉，睡觉。", "睡觉")
@example(STRANGE, "睡觉")
@example("", "")
def test_the_articles_similarity_is_equation_46_and_the_sum_of_its_parts(model, places, a, b):
    sums = model.sum_vectors([a, b]).astype(float)
    inner = sums[0] @ sums[1]
    lengths = np.linalg.norm(sums[0]) * np.linalg.norm(sums[1])
    for by, expected in (("inner", inner), ("cosine", inner / max(lengths, 1e-12))):
        told = model.explain(a, b, "article", by)
        assert told.similarity == pytest.approx(expected, rel=1e-4, abs=1e-4)
        assert math.fsum(pair.part for pair in told.pairs) == pytest.approx(told.similarity, abs=1e-6)
        assert len({(pair.a, pair.b) for pair in told.pairs}) == len(told.pairs)
    assert set(told.unknown) == {
        word for word in model.segment(a + "\n" + b) if any(map(str.isalnum, word)) and word not in places
    }


@given(texts, texts)
def test_an_explanation_names_each_pair_once_the_largest_first(model, a, b):
    told = model.explain(a, b)
    pairs = [(pair.a, pair.b) for pair in told.pairs]
    assert len(pairs) == len(set(pairs))
    assert {one for one, _ in pairs} <= set(model.segment(a))
    assert {other for _, other in pairs} <= set(model.segment(b))
    assert [pair.part for pair in told.pairs] == sorted((pair.part for pair in told.pairs), reverse=True)


@given(texts, texts)
def test_an_explanation_marks_the_words_that_the_model_does_not_know(model, places, a, b):
    told = model.explain(a, b)
    strange = {word for word in model.segment(a + "\n" + b) if any(map(str.isalnum, word))} - set(places)
    marked = [*told.by_characters, *told.unknown]
    assert len(marked) == len(set(marked))
    assert set(told.unknown) == {word for word in marked if not model.encode([word]).any()}
    assert set(marked) == {word for word in strange if word in model.segment(a) + model.segment(b)}


def test_a_strange_word_is_unknown_and_a_new_one_goes_by_its_characters(model):
    told = model.explain_words([STRANGE, "苹果", "，"], ["果苹香甜"])
    assert told.unknown == [STRANGE]
    assert told.by_characters == ["果苹香甜"]
    assert model.word_similarity("果苹香甜", "苹果") > model.word_similarity("果苹香甜", "银行")
