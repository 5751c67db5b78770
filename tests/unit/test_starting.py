"""Training that starts from a base model: what stays, what moves, what is new, and whether it was worth it."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from simsearch.model import Model
from simsearch.model.saving import Tables, save
from simsearch.trainer import Bill, Settings, cooccurrence, equations, factorisation, held_out, train, words
from simsearch.trainer import start as starting
from simsearch.trainer.errors import DimensionsDiffer, EmptyCorpus, SettingsDiffer, StartWithoutPMI
from simsearch.trainer.settings import Objective
from simsearch.trainer.start import default_settings, seen_before, start
from simsearch.trainer.vocabulary import select

WHO = [["医生", "护士", "病人"], ["老师", "学生", "校长"], ["农民", "工人", "司机"]]
WHERE = [["医院", "病房", "诊所"], ["学校", "教室", "图书馆"], ["工厂", "车间", "仓库"]]
WHAT = [["检查身体", "开药", "治疗感冒"], ["上课", "读书", "准备考试"], ["修理汽车", "搬运货物", "加班"]]


def sentences(kinds: list[int], number: int, seed: int) -> list[str]:
    """Return texts of six sentences; in each kind of text words go with words of their kind."""
    choose = random.Random(seed).choice
    texts = []
    for _ in range(number):
        kind = choose(kinds)
        lines = [f"{choose(WHO[kind])}今天在{choose(WHERE[kind])}里{choose(WHAT[kind])}。" for _ in range(6)]
        texts.append("".join(lines))
    return texts


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a model of texts in which 工厂 and the like are unknown, with a user dictionary."""
    folder = tmp_path_factory.mktemp("base") / "base"
    how = Settings(dimensions=8, min_count=2)
    train(sentences([0, 1], 300, 1), folder, settings=how, dictionary=["今天在 1"], processes=1)
    return Model.load(folder)


def vectors_of(model: Model) -> dict[str, NDArray[np.float32]]:
    return dict(zip(model.words, model.vectors, strict=True))


def started(base: Model, texts: list[str], folder: Path, **how: object) -> tuple[Model, Bill]:
    settings = replace(default_settings(base), **how)
    bill = train(texts, folder, settings=settings, base=base, dictionary=["修理汽车 9"], processes=1)
    return Model.load(folder), bill


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch):
    """Return what sets how strongly words are held to the base model."""

    def held(value: float) -> None:
        fitted = replace(Settings().fitted, hold=value)
        monkeypatch.setattr(Settings, "fitted", property(lambda self: fitted))

    return held


def test_own_words_are_learnt_and_words_that_the_texts_lack_stay(base, tmp_path):
    model, bill = started(base, sentences([1, 2], 200, 2), tmp_path / "model")
    before, after = vectors_of(base), vectors_of(model)
    assert set(before) < set(after)
    assert {"工厂", "修理汽车"} <= set(after) - set(before)
    moved = {word: float(np.linalg.norm(after[word] - before[word])) for word in before}
    assert max(moved["医院"], moved["护士"]) < 0.02 < 0.05 < moved["学校"]  # 8 bits of another scale, and more
    assert np.linalg.norm(after["工厂"]) > 0.5  # equations 24-29: a word has about the length that its rarity asks for
    assert model.dictionary == ["今天在 1", "修理汽车 9"]
    assert bill.vocabulary == len(model.words)
    assert model.manifest["training"]["settings"]["start"] == base.id


def test_a_very_strong_hold_changes_no_vector_of_the_base_model(base, hold, tmp_path):
    hold(1e9)
    model, _ = started(base, sentences([1, 2], 100, 2), tmp_path / "model")
    after = vectors_of(model)
    for word, vector in vectors_of(base).items():
        np.testing.assert_allclose(after[word], vector, atol=0.02)


def test_a_weaker_hold_lets_words_go_further(base, hold, tmp_path):
    moved = []
    for value in (100.0, 1.0, 0.01):
        hold(value)
        after = vectors_of(started(base, sentences([1, 2], 100, 2), tmp_path / str(value))[0])
        moved.append(sum(float(np.linalg.norm(after[word] - old)) for word, old in vectors_of(base).items()))
    assert moved == sorted(moved)
    assert moved[0] < 0.5 * moved[-1]


def test_words_of_the_base_model_count_however_rare_in_the_texts(base, monkeypatch, tmp_path):
    monkeypatch.setattr(starting, "RUNNING_WORDS", 500)
    texts = [*sentences([2], 100, 3), "护士今天在工厂里加班。"]
    corpus = words.read(texts, tmp_path / "numbers", base.dictionary)
    known = select(corpus, 5, tmp_path / "tokens", seen_before(base))
    seen = dict(zip(known.words, known.seen.tolist(), strict=True))
    assert seen["护士"] == 1
    assert seen["病人"] == 0
    assert set(base.words) <= set(seen)
    assert all(seen[word] >= 5 for word in set(seen) - set(base.words))
    assert (np.diff(known.counts) <= 0).all()
    earlier, weight = seen_before(base)
    assert weight == base.counts.sum() // 500 > 1
    together = dict(zip(known.words, known.counts.tolist(), strict=True))
    assert all(together[word] == weight * seen[word] + earlier.get(word, 0) for word in seen)
    pairs = cooccurrence.count(known, 5, tmp_path / "pairs")
    assert np.diff(pairs.rows.starts)[known.words.index("护士")] > 0


@pytest.mark.parametrize("strength", [0.0, 1.0, 30.0])
def test_one_pass_equals_a_dense_solution_with_the_pull_to_the_base(strength, base, monkeypatch, tmp_path):
    monkeypatch.setattr(factorisation, "STEPS", 40)
    monkeypatch.setattr(factorisation, "BLOCKS", 1)
    objective: Objective = replace(Settings().fitted, hold=strength)
    corpus = words.read(sentences([1, 2], 60, 4), tmp_path / "numbers", base.dictionary)
    known = select(corpus, 2, tmp_path / "tokens", seen_before(base))
    pairs = cooccurrence.count(known, 5, tmp_path / "pairs")
    system = equations.write(pairs, known, objective, tmp_path / "entries")
    where = start(base, known.words, objective)
    first = factorisation.begin(len(known.words), 8, 1, where)
    with ThreadPoolExecutor(1) as pool:
        table = factorisation.improve(first, system, 1, pool, start=where).table
    old = first.table.astype(float)
    for row in range(len(old)):
        entries = system.rows.read(row, row + 1).reshape(3, -1)
        if not entries.size:
            np.testing.assert_allclose(table[row], first.table[row], atol=1e-6)  # turned and turned back
            continue
        others, (targets, weights) = entries[0], entries[1:].view(np.float32).astype(float)
        near, pull = old[others], objective.absence * system.presence[row] * system.presence.astype(float)
        held = strength if known.words[row] in base.words else objective.ridge
        left = (near * weights[:, None]).T @ near + (old * pull[:, None]).T @ old + held * np.eye(8)
        left += 4 * objective.itself * np.outer(old[row], old[row])
        right = near.T @ (weights * targets) + old.T @ (pull * objective.floor) + held * where.vectors[row]
        right += 2 * objective.itself * (system.norms[row] + old[row] @ old[row]) * old[row]
        np.testing.assert_allclose(table[row], np.linalg.solve(left, right), rtol=5e-3, atol=5e-3)


class Stopped(Exception):
    """Ends a training as Ctrl-C would."""


@pytest.mark.parametrize("moment", ["count", "fit", "save"])
def test_a_training_from_a_base_goes_on_after_a_stop(moment, base, tmp_path):
    texts = sentences([1, 2], 600, 5)
    whole, bill = started(base, texts, tmp_path / "whole")

    def stop(stage: str, done: float, total: float | None) -> None:
        if stage == moment:
            raise Stopped

    how = {"settings": default_settings(base), "base": base, "dictionary": ["修理汽车 9"], "processes": 1}
    with pytest.raises(Stopped):
        train(texts, tmp_path / "model", **how, progress=stop)
    with pytest.raises(SettingsDiffer, match="start"):
        train([], tmp_path / "model", **how | {"base": whole}, resume=True)
    again = train([], tmp_path / "model", **how, resume=True)
    assert Model.load(tmp_path / "model").id == whole.id
    assert again.comparison == bill.comparison
    assert bill.comparison.texts >= held_out.FEWEST


def test_threads_change_nothing(base, tmp_path):
    texts = sentences([1, 2], 200, 6)
    ids = set()
    for processes in (1, 3):
        train(texts, tmp_path / "model", settings=default_settings(base), base=base, processes=processes)
        ids.add(Model.load(tmp_path / "model").id)
    assert len(ids) == 1


def test_a_base_model_that_does_not_fit_is_refused(base, tmp_path):
    with pytest.raises(DimensionsDiffer, match="have 8 numbers, and 16 were asked for"):
        started(base, sentences([1], 100, 7), tmp_path / "model", dimensions=16)
    foreign = Tables(
        words=["猫", "狗"],
        counts=np.array([2, 1]),
        vectors=np.eye(2, 8, dtype=np.float32),
        whitening=np.eye(8, dtype=np.float32),
        characters="",
        character_vectors=np.zeros((0, 8), np.float32),
        mean=np.zeros(8, np.float32),
        unknown_norm=1.0,
        pmi=False,
    )
    save(tmp_path / "foreign", foreign)
    with pytest.raises(StartWithoutPMI, match="such as base"):
        started(Model.load(tmp_path / "foreign"), sentences([1], 100, 7), tmp_path / "model")
    with pytest.raises(EmptyCorpus):
        started(base, [], tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["foreign"]


# The comparison


def test_some_texts_are_held_out_and_are_not_trained_on():
    texts = [f"{text}第{number}天。" for number, text in enumerate(sentences([0, 1, 2], 30_000, 8))]
    kept: dict[str, None] = {}
    rest = list(held_out.others(iter(texts), kept))
    assert sorted([*kept, *rest]) == sorted(texts)
    assert 25 < len(set(texts[: held_out.FIRST_TEXTS]) & set(kept)) < 90
    assert len(kept) == held_out.MOST


def test_copies_of_a_text_held_out_are_not_trained_on_and_short_texts_are_never_held_out():
    kept: dict[str, None] = {}
    texts = sentences([0, 1], 100, 8)
    assert not set(held_out.others(iter(texts * 20), kept)) & set(kept)
    short: dict[str, None] = {}
    assert list(held_out.others(["猫。狗。"] * 500, short)) == ["猫。狗。"] * 500
    assert not short


def test_the_comparison_finds_halves_by_cosine(base):
    class Fixed:
        """Encode a half by what its first character says."""

        def encode(self, texts: list[str]) -> NDArray[np.float32]:
            angles = {"甲": 0.0, "乙": 0.5, "丙": 1.0, "丁": 1.5}
            chosen = np.array([angles[text[0]] for text in texts])
            return np.stack([np.cos(chosen), np.sin(chosen)], axis=1).astype(np.float32)

    def asked(halves: str) -> float:
        return held_out.found(Fixed(), ["。".join(half * 2) + "。" for half in halves.split()])

    assert asked("甲甲 乙乙 丙丙 丁丁") == 1.0
    assert asked("甲乙 乙甲") == 0.5
    assert asked("甲甲 甲甲") == pytest.approx(1 / 1.5)  # both halves tie


@pytest.fixture
def themes() -> list[str]:
    """Return texts of many themes, each with a name of its own that the base model does not know."""
    chance = random.Random(9)
    names = [first + second for first in "鲲鹏麒麟貔貅饕餮" for second in "舟斋轩庐阁榭"]
    texts = []
    for own in names[:40]:
        for _ in range(10):
            lines = [f"{chance.choice(WHO[1])}今天在{own}里{chance.choice(WHAT[1])}。" for _ in range(6)]
            texts.append("".join(lines))
    chance.shuffle(texts)
    return texts


def test_the_bill_compares_both_models_where_there_are_enough_texts(base, themes, tmp_path):
    _, bill = started(base, themes, tmp_path / "model")
    assert bill.comparison.texts >= held_out.FEWEST
    assert 0 < bill.comparison.base < bill.comparison.model < 1
    _, bill = started(base, sentences([1, 2], 30, 10), tmp_path / "few")
    assert bill.comparison.texts < held_out.FEWEST
    assert (bill.comparison.base, bill.comparison.model) == (None, None)
