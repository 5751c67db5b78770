"""A folder of Chinese texts, an index of it, and a model trained on a few hundred sentences: each made once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .process import Simsearch, write_lines

TEXTS = {
    "睡眠.txt": "失眠的人应当在固定的时间入睡和起床，睡前不喝浓茶和咖啡，卧室保持黑暗、安静。午觉不宜超过半小时。",
    "绿茶.md": "# 绿茶的冲泡\n\n冲泡绿茶用八十度左右的热水，水温太高会把茶叶烫熟，汤色发黄，味道发苦。",
    "健康/感冒.txt": "感冒多由病毒引起，抗生素对它没有作用。多喝水，注意休息，一周左右便会好转。",
    "健康/近视.txt": "孩子看不清黑板，多半是近视了。每天在户外活动两小时，看书时眼睛离书本一尺远。",
    "历史/长城.md": "# 长城\n\n长城东起山海关，西到嘉峪关，历代都有修筑，明代的城墙保存得最完整。",
}
NOTICES = [
    {
        "id": "停水",
        "title": "停水通知",
        "text": "因更换供水管道，本小区定于星期六上午停水，请各户居民提前储备生活用水。",
        "metadata": {"year": 2024, "city": "杭州", "price": 0},
    },
    {
        "id": "公交",
        "title": "公交线路调整",
        "text": "由于地铁施工，公共汽车改由建设街绕行，乘客可以在文化宫站候车。",
        "metadata": {"year": 2023, "city": "成都", "price": 2},
    },
    {
        "id": "樱花",
        "title": "樱花展",
        "text": "植物园的樱花展三月开幕，门票三十元，六十五岁以上的老人免票。",
        "metadata": {"year": 2024, "city": "武汉", "price": 30},
    },
]


@pytest.fixture
def simsearch(tmp_path: Path) -> Simsearch:
    """Run commands in a folder of this test; no index is there yet."""
    return Simsearch(tmp_path)


@pytest.fixture(scope="session")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with TEXTS and NOTICES; only to be read."""
    folder = tmp_path_factory.mktemp("texts") / "docs"
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    write_lines(folder / "通知.jsonl", NOTICES)
    return folder


@pytest.fixture(scope="session")
def library(docs: Path, tmp_path_factory: pytest.TempPathFactory) -> Simsearch:
    """Run commands where `docs` are indexed; only to be read."""
    simsearch = Simsearch(tmp_path_factory.mktemp("library"))
    assert simsearch.ok("index", docs).row["stored"] == len(TEXTS) + len(NOTICES)
    return simsearch


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    """Return sentences to train on: who, where, what, in which two groups of words go together."""
    choose = random.Random(7).choice
    themes = [
        (["医生", "护士", "病人"], ["医院", "病房", "诊所"], ["检查身体", "开药", "治疗感冒", "量血压"]),
        (["老师", "学生", "校长"], ["学校", "教室", "图书馆"], ["上课", "读书", "准备考试", "写作业"]),
    ]
    return [f"{choose(who)}今天在{choose(where)}里{choose(what)}。" for who, where, what in themes for _ in range(200)]


@pytest.fixture(scope="session")
def trained(sentences: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small model; only to be read."""
    simsearch = Simsearch(tmp_path_factory.mktemp("trained"))
    simsearch.ok("train", "-", "--to", "model", "--min-count", "2", "--dimensions", "8", given="\n".join(sentences))
    return simsearch.folder / "model"
