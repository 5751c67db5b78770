"""The trainer: exact counts, fits near a dense solution, the same with any number of workers."""

from __future__ import annotations

import json
import multiprocessing
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simsearch.model.saving import Tables
from simsearch.trainer import (
    EmptyCorpus,
    NoPairs,
    Settings,
    VocabularyTooSmall,
    WorkerDied,
    cooccurrence,
    factorisation,
    search_space,
    train,
    words,
)
from simsearch.trainer.errors import InvalidSetting
from simsearch.trainer.threads import ranges
from simsearch.trainer.vocabulary import Vocabulary, select

SUBJECTS = ["猫", "狗", "鸟", "鱼", "马", "牛", "羊", "老师", "学生", "医生", "农民", "工人"]
VERBS = ["吃", "看", "喜欢", "寻找", "画", "卖", "买", "讨厌"]
OBJECTS = ["苹果", "面包", "书", "电影", "草", "水", "衣服", "汽车", "房子", "土地"]
SMALL = Settings(dimensions=16, min_count=2)

corpora = st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=30), min_size=1, max_size=8)


def sentences(number: int = 400) -> list[str]:
    """Make sentences in which some words are frequent and like goes with like."""
    chance = random.Random(7)
    texts = []
    for _ in range(number):
        kind = chance.randrange(2)
        subject = chance.choice(SUBJECTS[6 * kind : 6 * kind + 6])
        thing = chance.choice(OBJECTS[5 * kind : 5 * kind + 5])
        texts.append(f"{subject}在{chance.choice(VERBS)}{thing}，{subject}和{thing}。\n这是{thing}。")
    return texts


def corpus_of(lines: list[list[int]]) -> words.Corpus:
    tokens = [token for line in lines for token in [*line, words.LINE_END]]
    names = [f"w{number:02d}" for number in range(max(map(max, lines)) + 1)]
    return words.Corpus(names, np.array(tokens, np.int32), len(lines))


def naive_pairs(lines: list[list[int]], window: int) -> tuple[dict[tuple[int, int], float], Counter[tuple[int, int]]]:
    weights: dict[tuple[int, int], float] = defaultdict(float)
    times: Counter[tuple[int, int]] = Counter()
    for line in lines:
        for i, a in enumerate(line):
            for j, b in enumerate(line):
                if i != j and abs(i - j) <= window:
                    weights[a, b] += 1 / abs(i - j)
                    times[a, b] += 1
    return weights, times


def dense(pairs: cooccurrence.Pairs) -> dict[tuple[int, int], float]:
    rows = np.repeat(np.arange(len(pairs.starts) - 1), np.diff(pairs.starts))
    return {
        (int(row), int(other)): float(count) for row, other, count in zip(rows, pairs.others, pairs.counts, strict=True)
    }


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> list[Tables]:
    """Collect what training would save."""
    tables: list[Tables] = []
    monkeypatch.setattr("simsearch.model.saving.save", lambda folder, given: tables.append(given))
    return tables


@pytest.fixture(scope="module")
def small() -> tuple[Vocabulary, cooccurrence.Pairs]:
    known = select(words.read(sentences()), 2)
    return known, cooccurrence.count(known, 5)


# Words


def test_reading_numbers_words_and_ends_lines():
    corpus = words.read(["老师看書\r\n學生", "", "  \n老师"])
    assert corpus.words == ["老师", "看书", "学生"]
    assert corpus.tokens.tolist() == [0, 1, -1, 2, -1, 0, -1]
    assert corpus.documents == 3


def test_reading_is_the_same_in_chunks_and_processes(monkeypatch):
    texts = sentences(60)
    whole = words.read(texts)
    monkeypatch.setattr(words, "CHUNK", 300)
    for processes in (1, 2):
        parts = words.read(iter(texts), processes=processes)
        assert parts.words == whole.words
        assert parts.documents == 60
        np.testing.assert_array_equal(parts.tokens, whole.tokens)


def test_a_dead_worker_is_an_error(monkeypatch):
    monkeypatch.setattr(words, "CHUNK", 300)

    def texts() -> Iterator[str]:
        for text in sentences(2000):
            yield text
            for child in multiprocessing.active_children():
                child.kill()

    with pytest.raises(WorkerDied, match="processes=1"):
        words.read(texts(), processes=2)
    assert not multiprocessing.active_children()


def test_an_error_in_the_texts_ends_the_workers(monkeypatch):
    monkeypatch.setattr(words, "CHUNK", 300)

    def texts() -> Iterator[str]:
        yield from sentences(200)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        words.read(texts(), processes=2)
    assert not multiprocessing.active_children()


def test_a_user_dictionary_is_used():
    assert "猫在看" in words.read(["猫在看书"], ["猫在看 100000"]).words


@given(corpora, st.integers(1, 4))
def test_the_vocabulary_is_the_frequent_words_in_order(lines, min_count):
    corpus = corpus_of(lines)
    counts = Counter(token for line in lines for token in line)
    expected = sorted((n for n in counts if counts[n] >= min_count), key=lambda n: (-counts[n], corpus.words[n]))
    if len(expected) < 2:
        with pytest.raises(VocabularyTooSmall):
            select(corpus, min_count)
        return
    known = select(corpus, min_count)
    assert known.words == [corpus.words[n] for n in expected]
    assert known.counts.tolist() == [counts[n] for n in expected]
    back = [expected[token] if token >= 0 else token for token in known.tokens]
    assert back == [token for token in corpus.tokens if token < 0 or token in expected]


# Pairs


@settings(deadline=None)
@given(corpora, st.integers(1, 3), st.integers(1, 12), st.booleans())
def test_pairs_equal_a_plain_count(lines, min_count, window, every_pair):
    """Harmonic weights within a line; rare words take no place; marginals hold what is dropped, too."""
    counts = Counter(token for line in lines for token in line)
    try:
        known = select(corpus_of(lines), min_count)
    except VocabularyTooSmall:
        return
    ranks = {name: rank for rank, name in enumerate(known.words)}
    kept = [[ranks[f"w{n:02d}"] for n in line if counts[n] >= min_count] for line in lines]
    weights, times = naive_pairs(kept, window)
    expected = {
        (a, b): weight
        for (a, b), weight in weights.items()
        if a != b and (every_pair or times[a, b] > 1 or weight >= 1 / cooccurrence.NEAR)
    }
    if not expected:
        with pytest.raises(NoPairs):
            cooccurrence.count(known, window, every_pair)
        return
    pairs = cooccurrence.count(known, window, every_pair, threads=2)
    assert dense(pairs) == pytest.approx(expected)
    marginals = [sum(w for (a, _), w in weights.items() if a == row) for row in range(len(known.words))]
    assert pairs.marginals == pytest.approx(marginals)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=50), st.integers(1, 60))
def test_ranges_lie_end_to_end_and_none_is_empty(costs, parts):
    cut = ranges(np.array(costs), parts)
    assert [start for start, _ in cut] == [0, *[end for _, end in cut[:-1]]]
    assert cut[-1][1] == len(costs)
    assert len(cut) <= parts
    assert all(start < end for start, end in cut)


# The fit


def full_loss(system: factorisation.Equations, table: np.ndarray) -> float:
    """Everything that is minimised, counted densely; the diagonal as the square of |w|^2's error."""
    objective = system.objective
    rows = np.repeat(np.arange(len(table)), np.diff(system.starts))
    table = table.astype(float)
    inner = table @ table.T
    loss = (system.weights * (system.targets - inner[rows, system.others]) ** 2).sum()
    presence = np.outer(system.presence, system.presence)
    loss += objective.absence * (presence * (inner - (objective.floor or 0)) ** 2).sum()
    return float(loss + 2 * objective.ridge * (table**2).sum())


def test_targets_are_smoothed_mutual_information(small):
    known, pairs = small
    objective = Settings().fitted
    system = factorisation.equations(pairs, known.counts, objective)
    r, b = pairs.marginals, objective.smoothing
    for row in range(0, len(r), 5):
        for at in range(pairs.starts[row], pairs.starts[row + 1]):
            seen = float(pairs.counts[at])
            share = seen * (r**b).sum() ** 2 / (r.sum() * r[row] ** b * r[pairs.others[at]] ** b)
            assert system.targets[at] == pytest.approx(max(np.log(share), -0.5), abs=1e-4)
            assert system.weights[at] == pytest.approx(min(1, (seen / 30) ** 0.75), rel=1e-4)


def test_the_article_weights_are_truncated_or_not(small):
    known, pairs = small
    cut, whole = (
        factorisation.equations(pairs, known.counts, Settings(objective="article", truncate=truncate).fitted)
        for truncate in (True, False)
    )
    assert cut.weights.max() == 1
    np.testing.assert_allclose(whole.weights, (pairs.counts / 30) ** 0.75, rtol=1e-4)
    r = pairs.marginals
    row = np.repeat(np.arange(len(r)), np.diff(pairs.starts))
    np.testing.assert_allclose(whole.targets, np.log(pairs.counts * r.sum() / (r[row] * r[pairs.others])), atol=1e-4)


def test_one_pass_equals_a_dense_solution_of_each_row(small, monkeypatch):
    """With many steps, a row is the least-squares solution with all others fixed."""
    monkeypatch.setattr(factorisation, "STEPS", 40)
    monkeypatch.setattr(factorisation, "BLOCKS", 1)
    known, pairs = small
    objective = Settings().fitted
    system = factorisation.equations(pairs, known.counts, objective)
    fitted, _ = factorisation.fit(system, 6, 1, seed=3)
    n = len(known.words)
    start = np.random.default_rng(3).standard_normal((n, 6), np.float32) * np.float32(0.1)
    start = start.astype(float)
    for row in range(n):
        span = slice(pairs.starts[row], pairs.starts[row + 1])
        near, weights = start[pairs.others[span]], system.weights[span]
        pull = objective.absence * system.presence[row] * system.presence
        left = (near * weights[:, None]).T @ near + (start * pull[:, None]).T @ start
        left += 4 * objective.itself * np.outer(start[row], start[row]) + objective.ridge * np.eye(6)
        right = near.T @ (weights * system.targets[span]) + objective.floor * pull @ start
        right += 2 * objective.itself * (system.norms[row] + start[row] @ start[row]) * start[row]
        np.testing.assert_allclose(fitted[row], np.linalg.solve(left, right), rtol=2e-3, atol=2e-3)


def test_the_loss_falls_and_comes_near_a_dense_solution(small):
    """Thirty passes of two steps reach what exact alternating least squares reach."""
    known, pairs = small
    objective = replace(Settings().fitted, itself=0.0)
    system = factorisation.equations(pairs, known.counts, objective)
    fitted, losses = factorisation.fit(system, 8, 30, seed=1)
    assert losses[-1] < 0.3 * losses[0]

    n = len(known.words)
    target, weight = np.full((n, n), 0.0), np.zeros((n, n))
    row = np.repeat(np.arange(n), np.diff(pairs.starts))
    target[row, pairs.others], weight[row, pairs.others] = system.targets, system.weights
    pull = objective.absence * np.outer(system.presence, system.presence)
    table = np.random.default_rng(5).standard_normal((n, 8)) * 0.1
    for _ in range(200):
        for i in range(n):
            left = (table * (weight[i] + pull[i])[:, None]).T @ table + objective.ridge * np.eye(8)
            right = table.T @ (weight[i] * target[i] + pull[i] * objective.floor)
            table[i] = np.linalg.solve(left, right)
    assert full_loss(system, fitted) < 1.1 * full_loss(system, table)


def test_norms_tell_how_rare_a_word_is(small):
    """Equation 29: the rarer a word, the longer its vector."""
    known, pairs = small
    system = factorisation.equations(pairs, known.counts, Settings().fitted)
    fitted, _ = factorisation.fit(system, 16, 12, seed=1)
    ranks = np.argsort(np.argsort((fitted**2).sum(axis=1)))
    assert np.corrcoef(ranks, np.argsort(np.argsort(system.norms)))[0, 1] > 0.5


def test_threads_change_nothing(small):
    known, _ = small
    fitted = []
    for threads in (1, 2, 3):
        pairs = cooccurrence.count(known, 5, threads=threads)
        system = factorisation.equations(pairs, known.counts, Settings().fitted, threads)
        fitted.append(factorisation.fit(system, 16, 4, seed=1, threads=threads)[0])
    np.testing.assert_array_equal(fitted[0], fitted[1])
    np.testing.assert_array_equal(fitted[0], fitted[2])


# The search space


def test_whitening_makes_running_text_round():
    chance = np.random.default_rng(1)
    vectors = (chance.standard_normal((500, 6)) * [1, 2, 3, 4, 5, 6]).astype(np.float32)
    counts = chance.integers(1, 1000, 500)
    white = vectors @ search_space.whitening(vectors, counts)
    moment = white.T @ (white * (counts / counts.sum())[:, None])
    np.testing.assert_allclose(moment, np.eye(6), atol=1e-3)


def test_characters_solve_the_ridge_regression():
    names = ["老师", "教师", "老人", "学生", "t恤", "gpu", "，", "生"]
    counts = np.array([900, 90, 80, 5000, 10, 10, 10, 4])
    plain = np.random.default_rng(1).standard_normal((8, 3)).astype(np.float32)
    learnt = search_space.learn_characters(names, counts, plain)
    assert learnt.characters == "".join(sorted("老师教人学生恤"))
    bags = np.array([[name.count(c) / len(name) for c in learnt.characters] for name in names])
    weights = np.sqrt(np.minimum(counts, 1000))
    weights = np.diag(weights / weights.mean())
    mean = plain.mean(axis=0)
    left = bags.T @ weights @ bags + np.eye(7)
    np.testing.assert_allclose(learnt.vectors, np.linalg.solve(left, bags.T @ weights @ (plain - mean)), atol=1e-4)
    np.testing.assert_allclose(learnt.mean, mean, atol=1e-6)
    assert learnt.unknown_norm > 0


# The whole


def test_training_is_the_same_for_any_number_of_processes(saved, monkeypatch, tmp_path):
    monkeypatch.setattr(words, "CHUNK", 2000)
    for processes in (1, 2):
        train(sentences(), tmp_path / "model", settings=SMALL, processes=processes)
    one, two = saved
    assert one.words == two.words
    assert one.unknown_norm == two.unknown_norm
    for name in ("counts", "vectors", "whitening", "character_vectors", "mean"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize(
    "given",
    [
        SMALL,
        replace(SMALL, dimensions=300),  # more than words
        replace(SMALL, objective="article"),
        replace(SMALL, objective="article", truncate=False),
        replace(SMALL, min_count=1, window=1, passes=1, dimensions=1),
    ],
    ids=str,
)
def test_training_gives_finite_vectors_and_a_bill(given, saved, tmp_path):
    seen: dict[str, list[tuple[float, float | None]]] = defaultdict(list)
    bill = train(
        sentences(),
        tmp_path / "model",
        settings=given,
        dictionary=["老师们 50"],
        processes=1,
        progress=lambda stage, done, total: seen[stage].append((done, total)),
    )
    (tables,) = saved
    for name in ("vectors", "whitening", "character_vectors", "mean", "unknown_norm"):
        assert np.isfinite(getattr(tables, name)).all()
    assert tables.vectors.shape == (bill.vocabulary, given.dimensions)
    assert tables.dictionary == ["老师们 50"]
    json.dumps(tables.training)
    assert bill.documents == 400
    assert len(bill.loss) == given.passes
    assert list(seen) == ["segment", "count", "fit", "whiten", "characters", "save"] == list(bill.seconds)
    for stage, steps in seen.items():
        if stage != "segment":
            assert steps[-1][0] == steps[-1][1]
        assert steps == sorted(steps)


@pytest.mark.parametrize(
    ("texts", "error", "sentence"),
    [
        ([], EmptyCorpus, "The 0 texts"),
        (["", " \n "], EmptyCorpus, "The 2 texts"),
        (["猫\n猫"], VocabularyTooSmall, "smaller min_count"),
        (["猫\n狗"] * 9, NoPairs, "whole sentences"),
    ],
)
def test_too_little_text_is_an_error_that_says_what_to_do(texts, error, sentence, tmp_path):
    with pytest.raises(error, match=sentence):
        train(texts, tmp_path / "model", settings=replace(SMALL, min_count=1))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "wrong",
    [
        {"dimensions": 0},
        {"min_count": 0},
        {"window": -1},
        {"passes": 0},
        {"seed": -1},
        {"objective": "other"},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InvalidSetting, match=next(iter(wrong))):
        Settings(**wrong)


def test_interrupting_a_training_leaves_nothing(tmp_path):
    def stop(stage: str, done: float, total: float | None) -> None:
        if stage == "fit":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(sentences(), tmp_path / "model", settings=SMALL, processes=1, progress=stop)
    assert not list(tmp_path.iterdir())


def test_importing_the_trainer_loads_nothing_heavy():
    code = "import sys, simsearch.trainer; print({'numpy', 'numba', 'rjieba'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
