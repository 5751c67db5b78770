"""Tags: phrases that people would click; shown on texts, and held by properties."""

# ruff: noqa: RUF001
from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.corpus import Document
from simsearch.indexer.enrichment import enrich
from simsearch.indexer.furniture import repeated_lines

BITS = (
    "神经网络|图像|识别|鲁棒|性|的|和|，|。|\n| |support|vector|covid-19|covid|tf-idf|2024|三月|第二|尤|小|刚|咖啡|电腦"
    "|ＡＢＣ|进行|方法|版权所有|ᎠᎡᎢ|😀|3g|c++|-|研究"
)
texts = st.one_of(st.lists(st.sampled_from(BITS.split("|")), max_size=40).map("".join), st.text(max_size=30))


def words(model, text, k=8):
    return [word for word, _ in model.keywords(text, k)]


def tags(model, *texts):
    return [item.tags for item in enrich([Document(str(n), text) for n, text in enumerate(texts)], model)]


NETWORK = (
    "卷积神经网络在图像识别中应用广泛。卷积神经网络的参数很多，训练慢。"
    "为了让图像识别更快，我们压缩卷积神经网络，图像识别的精度没有下降。"
)
FURNITURE = ["首页 | 产品中心 | 联系我们", "本站文章未经许可不得摘抄"]
BODIES = [
    "失眠的人应当固定时间入睡，睡前不喝浓茶，失眠便会好转。",
    "冲泡绿茶用八十度左右的热水，绿茶水温太高汤色发黄。",
    "长城东起山海关，西到嘉峪关，明代长城保存得最完整。",
    "感冒多由病毒引起，抗生素对感冒没有作用，多喝水休息。",
]


# What a tag is


def test_words_that_are_repeated_together_are_one_tag(model):
    found = words(model, NETWORK, 3)
    assert "卷积神经网络" in found
    assert "图像识别" in found


def test_a_part_is_no_tag_where_it_says_nothing_else(model):
    found = words(model, NETWORK)
    assert not {"神经网络", "网络"} & set(found)
    assert "网络" in words(model, NETWORK + "网络很深，网络也能下棋。网络很贵，还有别的网络。", 10)


def test_phrases_that_share_most_of_their_characters_are_one_tag(model):
    text = "水运工程项目要管理。水运工程项目全过程管理很难，工程项目全过程管理更难，全过程管理有要求。"
    found = words(model, text * 2, 20)
    for one, other in combinations(found, 2):
        shared = SequenceMatcher(None, one, other).find_longest_match().size
        assert 3 * shared < 2 * max(len(one), len(other)), (one, other)


def test_a_suffix_belongs_to_its_word(model):
    text = "可操作性很重要。系统的可操作性不够，用户要求提高可操作性。"
    assert "可操作性" in words(model, text)
    assert "操作" not in words(model, text)


def test_a_name_cut_into_characters_is_offered_whole_or_not_at_all(model):
    text = "凃奕甯是画家。凃奕甯的画展今天开幕，观众很喜欢凃奕甯的山水。"
    found = words(model, text)
    assert "凃奕甯" in found
    assert not any(part in found for part in ("凃奕", "奕甯"))
    found = words(model, "柳士猛走进门来，柳士猛大笑。众人都怕柳士猛。")
    assert found[0] == "柳士猛"


def test_half_a_word_is_no_tag(model):
    assert "区交通" not in words(model, "朝阳区交通拥堵，朝阳区交通管理，朝阳区交通规划。")


def test_a_common_verb_may_be_part_of_a_term(model):
    assert words(model, "增强现实可以教学。增强现实设备昂贵，增强现实前景很好。")[0] == "增强现实"


def test_latin_words_are_joined_as_in_the_text(model):
    text = "Support Vector Machine 是分类器。用 support vector machine 做 Lyapunov函数 的实验，Lyapunov函数收敛。"
    found = words(model, text)
    assert "support vector machine" in found
    assert "lyapunov函数" in found


def test_letters_and_digits_make_a_tag_but_not_a_quantity(model):
    found = words(model, "4G网络比3G网络快，3G网络要关闭。袋子重25kg，长10cm，袋子装了25kg大米。")
    assert any(word.startswith("3g") for word in found)
    assert not [word for word in found if "kg" in word or "cm" in word]


def test_a_hyphen_joins(model):
    assert "covid-19" in words(model, "COVID-19 疫苗已经上市，接种 COVID-19 疫苗的人很多。")
    assert "covid" in words(model, "COVID 疫苗已经上市，COVID-19 是病名，预防 COVID 有办法。")


def test_nothing_is_joined_across_punctuation_function_words_and_line_ends(model):
    for between in "，", "、", "的", "和", "\n":
        text = f"苹果{between}香蕉。" * 3
        assert not [word for word in words(model, text) if "苹果" in word and "香蕉" in word], between


@pytest.mark.parametrize(
    "text",
    [
        "2024年三月第二次，2024年三月第二次。",
        "以后不要，一种情况，进行提出。以后不要，一种情况，进行提出。",
        "版权所有 上一篇 下一篇 责任编辑 点击查看 来源 版权所有 上一篇",
        "http www com http www com",
        "，。！？",
        "",
        " \n\t",
    ],
)
def test_what_tells_nothing_is_no_tag(model, text):
    assert words(model, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("小米充电宝怎么辨别真伪", "小米"),
        ("恶魔城月下夜想曲怎么玩", "夜想曲"),
        ("这是什么方法", "方法"),
        ("林志颖出售名下悍马车", "林志颖"),
        ("苹果手机用什么视频播放器好", "苹果手机"),
    ],
)
def test_a_short_text_with_a_noun_has_tags(model, text, expected):
    assert expected in words(model, text)


def test_words_of_one_spelling_in_all_documents(model):
    (one,), (other,) = tags(model, "電腦。電腦"), tags(model, "电脑，电脑")
    assert one == other == ["电脑"]


def test_what_is_spread_over_a_text_comes_before_what_is_crammed(model):
    filler = "他每天早上都去那里走一走，然后慢慢地回来，什么话也不说。" * 6
    found = words(model, f"咖啡很香。{filler}绿茶和绿茶。{filler}他又喝了咖啡。")
    assert found.index("咖啡") < found.index("绿茶")


# Properties


@given(texts)
def test_tags_stand_in_the_folded_text(model, text):
    folded = model.fold(text)
    assert all(word in folded for word in words(model, text, 50))


@given(texts)
def test_a_tag_holds_no_punctuation_and_is_no_number(model, text):
    for word in words(model, text, 50):
        assert len(word) > 1
        assert not word.isnumeric()
        assert "\n" not in word
        assert re.fullmatch(r"[\w+#.&' -]+", word), word
        assert word[0].isalnum()
        assert re.search(r"[^\x00-\x7f] | [^\x00-\x7f]{2}", word) is None or " " in text


@given(texts, st.integers(0, 12))
def test_there_are_at_most_k_distinct_tags_the_best_first(model, text, k):
    found = model.keywords(text, k)
    names = [word for word, _ in found]
    assert len(set(names)) == len(names) <= k
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert all(score > 0 for _, score in found)


@given(st.lists(texts.map(lambda text: text.replace("\n", " ")), max_size=6))
def test_a_batch_has_the_tags_of_each_text_alone(model, batch):
    for text, found in zip(batch, tags(model, *batch), strict=True):
        assert tags(model, text) == [found]
        if len(text) < 200:
            assert found == words(model, text)


def test_a_long_text_and_many_tags(model):
    line = "".join(model.words[5_000:8_000]) * 60
    assert len(line.encode()) > 1_000_000
    assert len(words(model, line)) == 8
    assert len(words(model, "".join(f"{word}，" for word in model.words[5_000:9_000]), 1_000)) == 1_000


# Furniture


def test_lines_of_several_documents_are_no_tags(model):
    pages = [f"{body[:4]}\n{FURNITURE[0]}\n{body}\n{FURNITURE[1]}" for body in BODIES]
    alone = [found for (found,) in (tags(model, page) for page in pages)]
    for body, found, before in zip(BODIES, tags(model, *pages), alone, strict=True):
        assert found != before
        assert not [tag for tag in found if tag not in body]


def test_furniture_stays_in_passages(model):
    pages = [Document(str(n), f"{body[:4]}\n{FURNITURE[0]}\n{body}") for n, body in enumerate(BODIES)]
    for page, together in zip(pages, enrich(pages, model), strict=True):
        (alone,) = enrich([page], model)
        assert together.passages == alone.passages
        assert together.known_ratio == alone.known_ratio


@pytest.mark.parametrize("title", ["养生常识", ""])
def test_a_heading_is_no_furniture(model, title):
    texts = BODIES if title else [f"养生常识\n{body}" for body in BODIES]
    pages = [Document(str(n), f"{text}\n第{n}页", title=title) for n, text in enumerate(texts)]
    assert [item.tags for item in enrich(pages, model)] == [enrich([page], model)[0].tags for page in pages]


def test_copies_of_a_document_keep_their_tags(model):
    page = f"失眠怎么办\n{BODIES[0]}"
    (alone,) = tags(model, page)
    assert tags(model, page, page, page, page) == [alone] * 4
    dated = [f"{page}\n3月{day}日" for day in range(1, 5)]
    assert [set(found) for found in tags(model, *dated)] == [set(alone)] * 4


def test_a_line_is_furniture_from_the_third_different_document_on():
    pages = [f"页面\n{FURNITURE[0]}\n{body}" for body in BODIES]
    assert repeated_lines(pages[:2]) == set()
    assert repeated_lines(pages[:3]) == {FURNITURE[0]}
    assert repeated_lines([*pages[:2], pages[0], pages[1]]) == set()
    assert repeated_lines([f"页面\n广告\n{body}" for body in BODIES]) == set()
    assert repeated_lines(BODIES) == set()


# The article's keywords


def test_by_cosine_is_the_inner_product_over_the_length(model):
    text = "银行吸收的存款由存款保险基金提供保障"
    inner = dict(model.keywords(text, 20, "article"))
    cosine = dict(model.keywords(text, 20, "article", "cosine"))
    assert inner.keys() == cosine.keys()
    place = {word: place for place, word in enumerate(model.words)}
    lengths = {word: float((model.vectors[place[word]] ** 2).sum() ** 0.5) for word in inner}
    ratios = [inner[word] / lengths[word] / cosine[word] for word in inner]
    assert ratios == pytest.approx([ratios[0]] * len(ratios), rel=1e-3)
    assert all(-1 <= score <= 1.00001 for score in cosine.values())


def test_dates_are_no_tags_but_ages_are(model):
    text = "北宋的汴京十分繁华。北宋展览于五月十八日星期六上午九时开放，周一闭馆，十二月结束。"
    found = [keyword.word for keyword in model.keywords(text, 20)]
    assert "北宋" in found
    assert not [word for word in found if any(part in word for part in ("星期", "周一", "月", "日", "时"))]


def test_a_heading_that_pages_share_still_counts(model):
    pages = [Document(str(n), f"存款保险条例\n{body}") for n, body in enumerate(BODIES)]
    assert len(pages) >= 3
    for item in enrich(pages, model):
        assert any("存款" in tag or "保险" in tag for tag in item.tags)
