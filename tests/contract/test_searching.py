"""Searching: every mode, any question, as many answers as were asked for, every score explained."""

# ruff: noqa: RUF001
from __future__ import annotations

import math
import random

import pytest

from simsearch.corpus import Document
from simsearch.indexer import Condition, open_index
from simsearch.indexer.errors import DocumentNotFound

MODES = ("hybrid", "similar", "keyword", "phrase")
TEXTS = {
    "睡眠": "失眠的人应该早睡早起，睡前不要看手机。",
    "咖啡": "咖啡和茶哪个更健康？每天喝两杯咖啡对身体有好处。",
    "银行": "银行的贷款利率又下调了，买房的人很高兴。",
    "天气": "明天有大雨，出门记得带伞。",
    "電腦": "我的電腦壞了，開不了機，怎麼辦？",
    "翻译": "统计翻译的方法很多，统计机器学习是其中一种。",
    "方法": "机器学习的统计方法很多，翻译的方法是其中一种。",
    "空": "",
    "怪": "ᎠᎡᎢᏙᏓ。",
}


@pytest.fixture(scope="module")
def filled(new_url, model):
    """Return an index of a few texts, which these tests only read."""
    with open_index(new_url(), model=model) as opened:
        opened.add(Document(name, text, title="标题" if name == "天气" else "") for name, text in TEXTS.items())
        yield opened


def ids(hits) -> list[str]:
    return [hit.id for hit in hits]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("question", "answer"), [("睡前看手机", "睡眠"), ("贷款利率", "银行"), ("电脑坏了", "電腦")])
def test_the_answer_comes_first_in_every_mode(filled, mode, question, answer):
    assert ids(filled.search(question, mode=mode))[0] == answer


def test_meaning_finds_what_shares_no_word(filled):
    assert filled.search("降雨预报", mode="keyword") == []
    assert ids(filled.search("降雨预报", mode="similar"))[0] == "天气"
    assert ids(filled.search("降雨预报"))[0] == "天气"


def test_words_find_exactly_the_texts_that_hold_them(filled):
    assert set(ids(filled.search("咖啡", mode="keyword"))) == {"咖啡"}
    assert set(ids(filled.search("机器", mode="keyword"))) == {"翻译", "方法"}
    assert set(ids(filled.search("标题", mode="keyword"))) == {"天气"}


def test_a_phrase_prefers_the_words_side_by_side(filled):
    assert ids(filled.search("统计翻译", mode="phrase")) == ["翻译", "方法"]


@pytest.mark.parametrize(
    "question", ["电脑", "電腦", "電脑", "电\u200b脑", "\ufeff电脑", "我的電腦壞了，開不了機，怎麼辦？"]
)
def test_a_question_may_be_written_in_any_way(filled, question):
    hit = filled.search(question, mode="keyword")[0]
    assert hit.id == "電腦"
    assert "電腦" in [TEXTS[hit.id][start:end] for start, end in hit.highlights] or len(question) > 4


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "question",
    [
        "",
        " \n\t",
        "，。！？",
        "ᏣᎳᎩ",
        "\0",
        "\ud800",
        "'\"; DROP TABLE documents; --",
        '" OR 1=1',
        "*",
        "NEAR(a b)",
        "-电脑",
        "AND OR NOT",
        "words:电脑",
        "^电脑",
        "电脑*",
        "{}",
        "\\",
        "😀",
        "%_",
        "(",
        "c++ c# .net 3.14 50%",
    ],
    ids=ascii,
)
def test_any_question_is_answered(filled, mode, question):
    hits = filled.search(question, mode=mode, explain=True)
    assert set(ids(hits)) <= set(TEXTS)
    if not any(map(str.isalnum, question)):
        assert hits == []
    assert filled.info().documents == len(TEXTS)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("repeat", ["咖啡和健康", "，", "字", "x", " "])
def test_a_question_of_ten_thousand_characters_is_answered(filled, mode, repeat):
    hits = filled.search((repeat * 10_000)[:10_000], mode=mode)
    assert ids(hits)[:1] == ["咖啡"] or repeat != "咖啡和健康"


@pytest.mark.parametrize("mode", MODES)
def test_a_question_of_thousands_of_different_words_is_answered(filled, model, mode):
    words = [word for word in model.words[500:4_000] if word.isalnum()]
    filled.search("，".join(words), mode=mode)
    assert ids(filled.search("，".join([*words, "ᎠᎡᎢᏙᏓ"]), k=100, mode="keyword"))


@pytest.mark.parametrize("mode", MODES)
def test_the_same_question_has_the_same_answers_in_the_same_order(filled, mode):
    one, other = (filled.search("机器学习和健康", mode=mode, explain=True) for _ in range(2))
    assert one == other
    assert one


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", ["机器翻译的方法", "怎样睡得好", "ᎠᎡᎢ和咖啡", "的", "電腦 電腦 开机"])
def test_every_score_is_explained_to_the_last_digit(filled, mode, question):
    hits = filled.search(question, mode=mode, explain=True)
    assert hits or (question, mode) == ("怎样睡得好", "keyword") or mode in ("keyword", "phrase")
    for hit in hits:
        why = hit.why
        by_words = math.fsum(pair.part for pair in why.words)
        assert by_words + why.share * why.similarity == pytest.approx(hit.score, abs=1e-5)
        assert math.fsum(pair.part for pair in why.pairs) == pytest.approx(why.similarity, abs=1e-5)
        assert hit.by_words or hit.by_vector
    assert all(hit.why is None for hit in filled.search(question, mode=mode))


def test_a_hit_points_into_the_text(filled):
    for hit in filled.search("咖啡 机器 电脑 手机"):
        text = TEXTS[hit.id]
        assert text[hit.passage.start : hit.passage.end] == hit.snippet
        assert all(hit.passage.start <= start < end <= hit.passage.end for start, end in hit.highlights)


def test_the_passage_that_answers_is_shown(index):
    long = "我们去公园散步，天气很好。" * 60 + "咖啡机坏了，请打电话报修。" + "晚上大家一起吃饭聊天。" * 60
    index.add([Document("长", long), Document("短", "银行利率")])
    for mode in MODES:
        hit = index.search("咖啡机坏了报修", mode=mode)[0]
        assert hit.id == "长"
        assert "咖啡机坏了" in hit.snippet
        assert len(hit.snippet) < 450


# How many


@pytest.mark.parametrize("mode", MODES)
def test_no_more_than_k_and_all_where_k_is_larger(filled, mode):
    assert filled.search("机器的统计方法", k=0, mode=mode) == []
    some, every = (filled.search("机器的统计方法", k=k, mode=mode) for k in (1, 100_000))
    assert ids(some) == ids(every)[:1]
    assert 1 < len(every) <= len(TEXTS)


@pytest.mark.parametrize("mode", MODES)
def test_five_hundred_of_six_hundred_are_found(index, mode):
    index.add(Document(f"d{number:03}", f"第{number}篇讲咖啡和健康。") for number in range(600))
    hits = index.search("咖啡健康", k=500, mode=mode)
    assert len(set(ids(hits))) == len(hits) == 500
    # Candidates come from vectors of 8 bits: among hundreds of near ties others may be found, hardly worse ones.
    few = index.search("咖啡健康", k=10, mode=mode)
    assert [hit.score for hit in few] == pytest.approx([hit.score for hit in hits[:10]], abs=0.01)


def test_equal_documents_are_ordered_by_id(index):
    names = [f"d{number:02}" for number in range(60)]
    shuffled = random.Random(3).sample(names, len(names))
    index.add(Document(name, "第一杯咖啡，健康的早晨。") for name in shuffled)
    for mode in MODES:
        assert ids(index.search("咖啡健康", k=60, mode=mode)) == names


def test_a_long_document_does_not_push_the_others_out(index):
    index.add(
        [
            Document("长", "。".join("咖啡真的很健康，" * 25 for _ in range(300))),
            *(Document(f"d{n}", "咖啡不太健康") for n in range(5)),
        ]
    )
    for mode in MODES:
        assert len(index.search("咖啡健康", k=6, mode=mode)) == 6


@pytest.mark.parametrize("mode", MODES)
def test_an_empty_index_has_no_answers(index, mode):
    assert index.search("咖啡", mode=mode) == []


# Every word can be found


def test_every_word_of_a_text_finds_it(index, model):
    texts = [
        "C++和C#以及.NET 4.5，价格50%折扣",
        "it's a don't test",
        "email: a.b-c@d.com，v1.2.3",
        "ＡＢＣ　１２３",
        "naïve café Ⅳ㍿",
        "𠮷野家𠮷",
        "한국어 カタカナ ｶﾞ",
        "x_y z&w q/r",
    ]
    index.add(Document(str(place), text) for place, text in enumerate(texts))
    for place, text in enumerate(texts):
        for word in model.segment(text):
            if any(map(str.isalnum, word)):
                assert str(place) in ids(index.search(word, mode="keyword")), (word, text)


# Similar documents


def test_similar_documents_are_nearest_first_without_the_asked_one(index):
    index.add(Document(name, text) for name, text in TEXTS.items())
    hits = index.similar("翻译", explain=True)
    assert hits[0].id == "方法"
    assert "翻译" not in ids(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        assert math.fsum(pair.part for pair in hit.why.pairs) == pytest.approx(hit.score, abs=1e-5)
        assert hit.score == pytest.approx(index.model.similarity(TEXTS["翻译"], TEXTS[hit.id]), abs=1e-4)


@pytest.mark.parametrize("k", [0, 1, 3, 5_000])
def test_similar_documents_are_no_more_than_k(index, k):
    index.add(Document(f"d{number}", f"第{number}篇讲咖啡和健康。") for number in range(8))
    assert len(index.similar("d3", k=k)) == min(k, 7)


def test_a_document_without_a_vector_is_similar_to_none(filled):
    assert filled.similar("空") == []
    assert filled.similar("怪") == []
    assert not {"空", "怪"} & set(ids(filled.similar("咖啡", k=100)))


def test_similar_to_what_is_not_there_is_an_error(index):
    with pytest.raises(DocumentNotFound, match="没有"):
        index.similar("没有")
    index.add([Document("甲", "咖啡")])
    index.delete(["甲"])
    with pytest.raises(DocumentNotFound):
        index.similar("甲")


def test_similar_documents_by_their_whole_texts(index):
    half = "银行的贷款利率下调了。" * 30
    index.add([Document("问", half + "咖啡很健康。" * 30), Document("半", half), Document("别", "明天有大雨。" * 30)])
    assert ids(index.similar("问"))[0] == "半"
    (first, *_) = index.similar("问")
    assert first.passage.start == 0
    assert first.passage.end == len(half)


def test_asking_whether_anything_is_known(filled):
    assert [filled.knows(text) for text in ("咖啡", "ᎠᎡᎢ咖", "ᎠᎡᎢ", "，", "")] == [True, True, False, False, False]


def test_answers_stay_the_same_when_the_words_that_were_met_are_forgotten(index):
    index.add(Document(name, text) for name, text in TEXTS.items())
    before = [(hit.id, pytest.approx(hit.score, abs=1e-6)) for hit in index.search("统计翻译")]
    index.model.table.trim(room=0)
    assert [(hit.id, hit.score) for hit in index.search("统计翻译")] == before
    assert before


def test_the_parts_of_two_hundred_random_questions_add_up(filled, model, seed):
    chance = random.Random(seed)
    spoken = [word for text in TEXTS.values() for word in model.segment(text)]
    for _ in range(200):
        words = chance.choices(spoken, k=chance.randint(1, 12)) + chance.choices(model.words, k=chance.randint(0, 4))
        mode = chance.choice(MODES)
        for hit in filled.search("".join(words), k=5, mode=mode, explain=True):
            similarity = math.fsum(pair.part for pair in hit.why.pairs)
            words_part = math.fsum(pair.part for pair in hit.why.words)
            assert words_part + hit.why.share * similarity == pytest.approx(hit.score, abs=1e-5), (words, mode)


def test_the_least_score_leaves_out_what_scores_less(filled):
    every = filled.search("统计机器翻译")
    assert len(every) > 2
    assert filled.search("统计机器翻译", min_score=every[1].score) == every[:2]
    assert filled.search("统计机器翻译", min_score=1.0) == []
    alike = filled.similar("翻译")
    assert filled.similar("翻译", min_score=alike[0].score) == alike[:1]


#: Texts of as many words as each other, which have no word in common with TEXTS and nothing to do with it.
UNRELATED = ["螺丝拧紧扳手", "足球守门员扑救", "小麦播种施肥"]


@pytest.mark.parametrize("mode", MODES)
def test_a_change_of_one_document_leaves_the_order_of_others_alone(new_url, model, mode):
    assert len({len(model.segment(text)) for text in UNRELATED}) == 1
    questions = ["睡前看手机", "咖啡对身体的好处", "统计机器翻译", "银行的贷款", "明天有大雨吗", "电脑开不了机"]
    with open_index(new_url(), model=model) as index:
        index.add(Document(name, text) for name, text in TEXTS.items())
        orders = []
        for unrelated in UNRELATED:
            index.add([Document("变", unrelated)])
            found = {question: index.search(question, mode=mode, k=20) for question in questions}
            orders.append({question: [hit for hit in hits if hit.id != "变"] for question, hits in found.items()})
            assert all(found.values())
    told = [{q: [(hit.id, hit.score) for hit in hits] for q, hits in order.items()} for order in orders]
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "phrase"])
@pytest.mark.parametrize(
    ("question", "found"),
    [("贷款", "长短"), ("银行贷款", "长短"), ("银行", "长短"), ("保险", "险"), ("法院", "法")],
)
def test_a_word_is_found_inside_a_longer_one_and_a_longer_one_by_its_parts(new_url, model, mode, question, found):
    texts = {"长": "申请银行贷款的条件", "短": "银行给学生的贷款", "险": "保险公司的理赔", "法": "人民法院的判决"}
    with open_index(new_url(), model=model) as index:
        index.add(Document(name, text) for name, text in texts.items())
        hits = index.search(question, mode=mode, k=len(found), explain=True)
        assert set(ids(hits)) == set(found)
        for hit in hits:
            told = [pair for pair in hit.why.words if pair.part > 0.01]
            assert {pair.a for pair in told} == {question} or mode == "hybrid"
            assert {word for pair in told for word in pair.b.split(" ")} <= set(model.segment(texts[hit.id]))
        if mode != "hybrid":
            assert set(ids(index.search(question, mode=mode))) == set(found)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("咖啡", "咖啡"),  # one word
        ("ᎠᎡᎢᏙᏓ", "怪"),  # a word that the model has never seen
        ("睡不好怎么办？", "睡眠"),  # a question
        ("電腦開不了機", "電腦"),  # in traditional characters
        ("computer电脑坏了please", "電腦"),  # Latin and Chinese mixed
        ("银行宣布，从下个月起下调个人住房贷款的利率，打算买房的市民因此都很高兴，纷纷前往售楼处看房。" * 3, "银行"),
        ("天气", "天气"),
    ],
    ids=["word", "unseen", "question", "traditional", "mixed", "paragraph", "related"],
)
def test_every_shape_of_question_finds_its_answer(filled, question, answer):
    assert ids(filled.search(question))[0] == answer


def test_the_words_inside_a_word_that_stands_nowhere_are_found_by_hybrid_too(new_url, model):
    texts = {"月供": "住房贷款的月供和利息", "租房": "租客和房东签合同", "养老": "退休以后靠养老金生活"}
    with open_index(new_url(), model=model) as index:
        index.add(Document(name, text) for name, text in texts.items())
        best = index.search("住房", explain=True)[0]
        assert best.id == "月供"
        assert ("住房", "住房贷款") in [(pair.a, pair.b) for pair in best.why.words]


def test_a_run_of_words_is_no_run_of_words_inside_words(new_url, model):
    with open_index(new_url(), model=model) as index:
        index.add([Document("甲", "银行贷款用处很多，今天讲自然保护区。")])
        (hit,) = index.search("贷款自然", mode="phrase", explain=True)
        assert "贷款 自然" not in [pair.a for pair in hit.why.words]


def test_a_word_that_is_there_is_not_answered_by_its_parts(new_url, model):
    with open_index(new_url(), model=model) as index:
        index.add([Document("一", "银行贷款。"), Document("多", "银行贷款。" + "银行的钱，贷款的钱。" * 8)])
        scores = {hit.id: hit.score for hit in index.search("银行贷款", mode="keyword")}
        assert scores["一"] > scores["多"], "the word stands once in both, and one is shorter"


def test_a_condition_finds_what_holds_only_a_common_word(new_url, model, monkeypatch):
    with open_index(new_url(), model=model) as index:
        index.add(Document(str(number), "咖啡可以提神", metadata={"year": 2}) for number in range(30))
        index.add([Document("肥皂", "肥皂水"), Document("要找的", "可以很重要", metadata={"year": 1})])
        monkeypatch.setattr("simsearch.indexer.sqlite.search.POSTINGS", 5)
        hits = index.search("肥皂水可以", mode="keyword", where=[Condition.parse("year=1")])
        assert ids(hits) == ["要找的"]


def test_no_number_of_answers_is_too_large(filled):
    for k in (10_001, 10**6, 10**9):
        assert len(filled.search("咖啡", k=k)) > 1
        assert len(filled.similar("咖啡", k=k)) > 1
        assert len(filled.facets(k)) > 1
