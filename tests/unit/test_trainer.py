"""The trainer: exact counts, fits near a dense solution, the same with any number of workers."""

from __future__ import annotations

import json
import multiprocessing
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

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
    equations,
    factorisation,
    properties,
    search_space,
    train,
    words,
)
from simsearch.trainer.equations import Equations
from simsearch.trainer.errors import (
    InvalidSetting,
    MemoryTooSmall,
    SettingsDiffer,
    TrainingRunning,
    VocabularyTooLarge,
)
from simsearch.trainer.factorisation import Fit
from simsearch.trainer.rows import Rows
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


def corpus_of(lines: list[list[int]], folder: str | Path) -> words.Corpus:
    tokens = [token for line in lines for token in [*line, words.LINE_END]]
    names = [f"w{number:02d}" for number in range(max(map(max, lines)) + 1)]
    file = Path(folder, "numbers")
    np.array(tokens, np.int32).tofile(file)
    counts = Counter(tokens)
    return words.Corpus(names, np.array([counts[n] for n in range(len(names))]), file, len(lines))


def tokens_of(given: words.Corpus | Vocabulary) -> list[int]:
    return np.fromfile(given.tokens, np.int32).tolist()


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


def entries(rows: Rows) -> tuple[np.ndarray, ...]:
    """Return the row, the column and the values of each entry."""
    sizes = np.diff(rows.starts)
    parts = [rows.read(row, row + 1).reshape(rows.width, -1) for row in range(len(sizes))]
    columns, *values = np.concatenate(parts, axis=1)
    return np.repeat(np.arange(len(sizes)), sizes), columns, *(value.view(np.float32) for value in values)


def dense(pairs: cooccurrence.Pairs) -> dict[tuple[int, int], float]:
    return {(int(row), int(other)): float(count) for row, other, count in zip(*entries(pairs.rows), strict=True)}


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> list[Tables]:
    """Collect what training would save."""
    tables: list[Tables] = []
    monkeypatch.setattr("simsearch.model.saving.save", lambda folder, given: tables.append(given))
    return tables


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Vocabulary, cooccurrence.Pairs]:
    folder = tmp_path_factory.mktemp("small")
    known = select(words.read(sentences(), folder / "numbers"), 2, folder / "tokens")
    return known, cooccurrence.count(known, 5, folder / "pairs")


@pytest.fixture
def system(small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Equations:
    monkeypatch.setattr(equations, "HELD_OUT", 20)
    known, pairs = small
    return equations.write(pairs, known, Settings().fitted, tmp_path / "entries")


def fitted(system: Equations, dimensions: int, passes: int, seed: int, threads: int = 1) -> Fit:
    """Return vectors after some passes."""
    fit = factorisation.begin(len(system.norms), dimensions, seed)
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(passes):
            fit = factorisation.improve(fit, system, seed, pool)
    return fit


# Words


def test_reading_numbers_words_and_ends_lines(tmp_path):
    corpus = words.read(["老师看書\r\n學生", "", "  \n老师"], tmp_path / "numbers")
    assert corpus.words == ["老师", "看书", "学生"]
    assert tokens_of(corpus) == [0, 1, -1, 2, -1, 0, -1]
    assert corpus.counts.tolist() == [2, 1, 1]
    assert corpus.documents == 3


def test_reading_is_the_same_in_chunks_and_processes(monkeypatch, tmp_path):
    texts = sentences(60)
    whole = words.read(texts, tmp_path / "whole")
    monkeypatch.setattr(words, "CHUNK", 300)
    for processes in (1, 2):
        parts = words.read(iter(texts), tmp_path / "parts", processes=processes)
        assert parts.words == whole.words
        assert parts.documents == 60
        assert parts.counts.tolist() == whole.counts.tolist()
        assert tokens_of(parts) == tokens_of(whole)


@pytest.mark.parametrize("end", ["。", "\n", ""], ids=["sentences", "lines", "no end"])
def test_a_long_text_is_read_piece_by_piece(end, monkeypatch, tmp_path):
    monkeypatch.setattr(words, "CHUNK", 50)
    text = ("老师看书" + end) * 1_000
    corpus = words.read(["", text, "学生"], tmp_path / "numbers")
    assert corpus.documents == 3
    found = dict(zip(corpus.words, corpus.counts.tolist(), strict=True))
    assert found["学生"] == 1
    assert sum(len(word) * count for word, count in found.items()) == len(text.replace("\n", "")) + 2
    if end:
        assert (found["老师"], found["看书"]) == (1_000, 1_000)


def test_a_dead_worker_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(words, "CHUNK", 300)

    def texts() -> Iterator[str]:
        for text in sentences(2000):
            yield text
            for child in multiprocessing.active_children():
                child.kill()

    with pytest.raises(WorkerDied, match="processes=1"):
        words.read(texts(), tmp_path / "numbers", processes=2)
    assert not multiprocessing.active_children()


def test_an_error_in_the_texts_ends_the_workers(monkeypatch, tmp_path):
    monkeypatch.setattr(words, "CHUNK", 300)

    def texts() -> Iterator[str]:
        yield from sentences(200)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        words.read(texts(), tmp_path / "numbers", processes=2)
    assert not multiprocessing.active_children()


def test_a_user_dictionary_is_used(tmp_path):
    assert "猫在看" in words.read(["猫在看书"], tmp_path / "numbers", ["猫在看 100000"]).words


@given(corpora, st.integers(1, 4))
def test_the_vocabulary_is_the_frequent_words_in_order(lines, min_count):
    with TemporaryDirectory() as folder:
        corpus = corpus_of(lines, folder)
        counts = Counter(token for line in lines for token in line)
        expected = sorted((n for n in counts if counts[n] >= min_count), key=lambda n: (-counts[n], corpus.words[n]))
        if len(expected) < 2:
            with pytest.raises(VocabularyTooSmall):
                select(corpus, min_count, Path(folder, "tokens"))
            return
        known = select(corpus, min_count, Path(folder, "tokens"))
        assert known.words == [corpus.words[n] for n in expected]
        assert known.counts.tolist() == [counts[n] for n in expected]
        back = [expected[token] if token >= 0 else token for token in tokens_of(known)]
        assert back == [token for token in tokens_of(corpus) if token < 0 or token in expected]


# Pairs


@settings(deadline=None)
@given(corpora, st.integers(1, 3), st.integers(1, 12), st.booleans(), st.integers(1, 200))
def test_pairs_equal_a_plain_count(lines, min_count, window, every_pair, part):
    """Harmonic weights within a line; rare words take no place; marginals hold what is dropped, too.

    In parts, however small, the same is counted as at once.
    """
    counts = Counter(token for line in lines for token in line)
    with TemporaryDirectory() as folder:
        try:
            known = select(corpus_of(lines, folder), min_count, Path(folder, "tokens"))
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
        how = (known, window, Path(folder, "pairs"), every_pair)
        if not expected:
            with pytest.raises(NoPairs):
                cooccurrence.count(*how, part=part)
            return
        pairs = cooccurrence.count(*how, threads=2, part=part)
        assert dense(pairs) == pytest.approx(expected)
        marginals = [sum(w for (a, _), w in weights.items() if a == row) for row in range(len(known.words))]
        assert pairs.marginals == pytest.approx(marginals)
        assert {path.name for path in Path(folder).iterdir()} == {"numbers", "tokens", "pairs"}


def test_counts_beyond_32_bits_are_added_up_and_weighed(tmp_path):
    """As a corpus of some terabytes would give them."""
    parts = []
    for name in "ab":
        cells = np.array([1, 0, 0, 0], np.int32)  # each row has one entry: the other word, and the count
        cells.view(np.float32)[[1, 3]] = 3e9
        cells.tofile(tmp_path / name)
        parts.append(Rows(tmp_path / name, np.array([0, 1, 2]), 2))
    rows, marginals = cooccurrence.merge(parts, tmp_path / "pairs", 1, lambda done: None)
    pairs = cooccurrence.Pairs(rows, marginals)
    assert dense(pairs) == pytest.approx({(0, 1): 6e9, (1, 0): 6e9})
    counts = np.array([2**40, 2**33])
    known = Vocabulary(["猫", "狗"], counts, counts, tmp_path / "tokens")
    system = equations.write(pairs, known, Settings().fitted, tmp_path / "entries")
    assert system.norms == pytest.approx(np.log(counts.sum() / counts))
    _, _, targets, weights = entries(system.rows)
    assert np.isfinite(targets).all()
    assert (weights == 1).all()


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=50), st.integers(1, 60))
def test_ranges_lie_end_to_end_and_none_is_empty(costs, parts):
    cut = ranges(np.array(costs), parts)
    assert [start for start, _ in cut] == [0, *[end for _, end in cut[:-1]]]
    assert cut[-1][1] == len(costs)
    assert len(cut) <= parts
    assert all(start < end for start, end in cut)


# The fit


def dense_system(system: Equations) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return targets, weights, and the pull of all pairs towards the floor, each words x words."""
    n = len(system.norms)
    target, weight = np.zeros((n, n)), np.zeros((n, n))
    rows, others, targets, weights = entries(system.rows)
    target[rows, others], weight[rows, others] = targets, weights
    return target, weight, system.objective.absence * np.outer(system.presence, system.presence)


def full_loss(system: Equations, table: np.ndarray) -> float:
    """Everything that is minimised but the diagonal, counted densely."""
    objective = system.objective
    target, weight, pull = dense_system(system)
    inner = table.astype(float) @ table.T.astype(float)
    loss = (weight * (target - inner) ** 2).sum() + (pull * (inner - (objective.floor or 0)) ** 2).sum()
    return float(loss + 2 * objective.ridge * (table.astype(float) ** 2).sum())


def test_targets_are_smoothed_mutual_information(small, system):
    _, pairs = small
    seen = dense(pairs)
    r, b = pairs.marginals, Settings().fitted.smoothing
    kept = list(zip(*entries(system.rows), strict=True))
    left_out = [(a, b, *values) for (a, b), values in zip(*system.held_out, strict=True)]
    for row, other, target, weight in [*kept, *left_out]:
        count = seen[int(row), int(other)]
        share = count * (r**b).sum() ** 2 / (r.sum() * r[row] ** b * r[other] ** b)
        assert target == pytest.approx(max(np.log(share), -0.5), abs=1e-4)
        assert weight == pytest.approx(min(1, (count / 30) ** 0.75), rel=1e-4)
    assert system.weight == pytest.approx(sum(float(weight) for *_, weight in kept))
    once = {(int(a), int(b)) for a, b, *_ in left_out}
    assert all(a < b for a, b in once)
    assert {(int(a), int(b)) for a, b, *_ in kept} == set(seen) - once - {(b, a) for a, b in once}


def test_the_article_weights_are_truncated_or_not(small, tmp_path):
    known, pairs = small
    cut, whole = (
        equations.write(pairs, known, Settings(objective="article", truncate=truncate).fitted, tmp_path / name)
        for truncate, name in ((True, "cut"), (False, "whole"))
    )
    assert entries(cut.rows)[3].max() == 1
    rows, others, targets, weights = entries(whole.rows)
    seen = dense(pairs)
    counts = np.array([seen[int(row), int(other)] for row, other in zip(rows, others, strict=True)])
    r = pairs.marginals
    np.testing.assert_allclose(weights, (counts / 30) ** 0.75, rtol=1e-4)
    np.testing.assert_allclose(targets, np.log(counts * r.sum() / (r[rows] * r[others])), atol=1e-4)


def test_one_pass_equals_a_dense_solution_of_each_row(system, monkeypatch):
    """With many steps, a row is the least-squares solution with all others fixed."""
    monkeypatch.setattr(factorisation, "STEPS", 40)
    monkeypatch.setattr(factorisation, "BLOCKS", 1)
    objective = system.objective
    table = fitted(system, 6, 1, seed=3).table
    target, weight, pull = dense_system(system)
    start = factorisation.begin(len(table), 6, 3).table.astype(float)
    for row in range(len(table)):
        left = (start * (weight[row] + pull[row])[:, None]).T @ start
        left += 4 * objective.itself * np.outer(start[row], start[row]) + objective.ridge * np.eye(6)
        right = start.T @ (weight[row] * target[row] + pull[row] * objective.floor)
        right += 2 * objective.itself * (system.norms[row] + start[row] @ start[row]) * start[row]
        np.testing.assert_allclose(table[row], np.linalg.solve(left, right), rtol=2e-3, atol=2e-3)


def test_the_loss_falls_and_is_that_of_a_dense_solver(small, tmp_path):
    """Sixty passes of two steps reach what exact alternating least squares reach from the same start."""
    known, pairs = small
    objective = replace(Settings().fitted, itself=0.0)
    system = equations.write(pairs, known, objective, tmp_path / "entries")
    fit = fitted(system, 8, 60, seed=1)
    assert fit.loss[-1] < 0.3 * fit.loss[0]
    target, weight, pull = dense_system(system)
    table = factorisation.begin(len(fit.table), 8, 1).table.astype(float)
    for _ in range(60):
        for i in range(len(table)):
            left = (table * (weight[i] + pull[i])[:, None]).T @ table + objective.ridge * np.eye(8)
            right = table.T @ (weight[i] * target[i] + pull[i] * objective.floor)
            table[i] = np.linalg.solve(left, right)
    assert full_loss(system, fit.table) < 1.01 * full_loss(system, table)


def test_norms_tell_how_rare_a_word_is(system):
    """Equation 29: the rarer a word, the longer its vector."""
    table = fitted(system, 16, 12, seed=1).table
    ranks = np.argsort(np.argsort((table**2).sum(axis=1)))
    assert np.corrcoef(ranks, np.argsort(np.argsort(system.norms)))[0, 1] > 0.5


def test_norms_of_the_article_follow_from_its_diagonal(small, tmp_path):
    known, pairs = small
    norms = []
    for diagonal in (False, True):
        objective = Settings(objective="article", diagonal=diagonal).fitted
        system = equations.write(pairs, known, objective, tmp_path / "entries")
        norms.append(properties.measure(fitted(system, 16, 12, seed=1).table, system)["norms"])
    assert norms[0] + 0.2 < norms[1] > 0.8


def test_properties_are_those_of_the_definitions(system):
    chance = np.random.default_rng(1)
    shown = properties.measure(chance.standard_normal((len(system.norms), 64), np.float32), system)
    assert abs(shown["norms"]) < 0.5
    assert abs(shown["left_out"]) < 0.5
    assert shown["independent"] == pytest.approx((2 / np.pi / 64) ** 0.5, rel=0.2)  # of directions at random
    perfect = np.diag(np.sqrt(system.norms))  # orthogonal, and as long as they should be
    shown = properties.measure(perfect.astype(np.float32), system)
    assert (shown["norms"], shown["independent"]) == (1, 0)
    fit = fitted(system, 16, 12, seed=1).table
    words_left_out, told = system.held_out
    inner = [fit[a] @ fit[b] for a, b in words_left_out]
    assert properties.measure(fit, system)["left_out"] == pytest.approx(np.corrcoef(inner, told[:, 0])[0, 1], abs=1e-3)


def test_fitting_ends_when_pairs_left_out_are_foretold_no_better(small, system, monkeypatch):
    monkeypatch.setattr(factorisation, "ENOUGH", 1)
    words_left_out, told = system.held_out
    assert len(words_left_out)
    fit = fitted(system, 8, 2, seed=1)
    inner = fit.ahead()[words_left_out].prod(axis=1).sum(axis=1)
    expected = (told[:, 1] * (told[:, 0] - inner) ** 2).sum() / told[:, 1].sum()
    assert fit.held_out[-1] == pytest.approx(expected, rel=1e-4)
    still, falling = [2.0, 1.99, 1.981], [2.0, 1.99, 1.979]
    for errors, settled in (([2.0], False), ([2.0, 2.0], False), (still, True), (falling, False), ([1.9, 2, 2], True)):
        assert fit._replace(held_out=errors).settled(0.01) == settled
        assert not fit._replace(held_out=errors).settled(0)


def test_threads_change_nothing(small, tmp_path):
    known, _ = small
    tables = []
    for threads in (1, 2, 3):
        pairs = cooccurrence.count(known, 5, tmp_path / "pairs", threads=threads)
        system = equations.write(pairs, known, Settings().fitted, tmp_path / "entries", threads)
        tables.append(fitted(system, 16, 4, 1, threads).table)
    np.testing.assert_array_equal(tables[0], tables[1])
    np.testing.assert_array_equal(tables[0], tables[2])


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
    vectors, space = (np.random.default_rng(1).standard_normal((rows, 3)).astype(np.float32) for rows in (8, 3))
    plain = vectors @ space
    learnt = search_space.learn_characters(names, counts, vectors, space)
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
        ([], EmptyCorpus, "texts read: 0"),
        (["", " \n "], EmptyCorpus, "texts read: 2"),
        (["猫\n猫"], VocabularyTooSmall, "smaller --min-count"),
        (["猫\n狗"] * 9, NoPairs, "whole sentences"),
    ],
)
def test_too_little_text_is_an_error_that_says_what_to_do(texts, error, sentence, tmp_path):
    with pytest.raises(error, match=sentence):
        train(texts, tmp_path / "model", settings=replace(SMALL, min_count=1))
    assert not list(tmp_path.iterdir())


def test_a_text_whose_only_pair_is_left_out_of_the_fit_is_too_little(tmp_path):
    """Words 17 and 40 by frequency are the first that are left out."""
    names = [a + b for a in "abcdefg" for b in "xyzuvw"]
    texts = ["\n".join([name] * 4 * (60 - number)) for number, name in enumerate(names)]
    together = f"{names[17]} {names[40]}"
    with pytest.raises(NoPairs, match="hardly any"):
        train([*texts, together, together], tmp_path / "model", settings=replace(SMALL, min_count=1))
    train([*texts, together, f"{names[16]} {names[40]}"], tmp_path / "model", settings=replace(SMALL, min_count=1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"dimensions": 0},
        {"min_count": 0},
        {"window": -1},
        {"passes": 0},
        {"seed": -1},
        {"copies": -1},
        {"tolerance": -0.1},
        {"tolerance": float("nan")},
        {"objective": "other"},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InvalidSetting, match=next(iter(wrong))):
        Settings(**wrong)


class Stopped(Exception):
    """A training was stopped."""


@pytest.mark.parametrize("moment", [0, 1, 3, 5, 8, 14])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, Stopped], ids=["Ctrl-C", "error"])
def test_an_interrupted_training_goes_on_and_ends_with_the_same_vectors(moment, kind, saved, tmp_path):
    steps = 0

    def stop(stage: str, done: float, total: float | None) -> None:
        nonlocal steps
        steps += done in (total, 400) or (stage == "fit" and done == int(done))
        if steps > moment:
            raise kind

    how = {"settings": SMALL, "processes": 1}
    train(sentences(), tmp_path / "whole", **how)
    with pytest.raises(kind):
        train(sentences(), tmp_path / "model", **how, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == [".model.training"]
    texts = [] if moment else sentences()  # once they are read, they are not read again
    bill = train(texts, tmp_path / "model", **how, resume=True)
    assert not list(tmp_path.iterdir())
    one, two = saved
    np.testing.assert_array_equal(one.vectors, two.vectors)
    np.testing.assert_array_equal(one.character_vectors, two.character_vectors)
    assert (bill.documents, len(bill.loss), bill.seconds["segment"] > 0) == (400, 12, True)


def test_a_training_does_not_go_on_with_other_settings(tmp_path):
    def stop(stage: str, done: float, total: float | None) -> None:
        if stage == "fit":
            raise Stopped

    with pytest.raises(Stopped):
        train(sentences(), tmp_path / "model", settings=SMALL, processes=1, progress=stop)
    with pytest.raises(SettingsDiffer, match="min_count, dictionary"):
        train([], tmp_path / "model", settings=replace(SMALL, min_count=3), dictionary=["猫"], resume=True)
    train(sentences(), tmp_path / "model", settings=replace(SMALL, passes=1), processes=1)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_two_trainings_of_one_model_do_not_meet(tmp_path):
    def meanwhile(stage: str, done: float, total: float | None) -> None:
        with pytest.raises(TrainingRunning, match="another folder"):
            train(sentences(), tmp_path / "model", settings=SMALL, processes=1)

    train(sentences(), tmp_path / "model", settings=replace(SMALL, passes=1), processes=1, progress=meanwhile)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_does_not_fit_into_memory_is_refused(tmp_path):
    with pytest.raises(MemoryTooSmall, match="350 MB"):
        train(sentences(), tmp_path / "model", settings=SMALL, memory=10**8)
    with pytest.raises(VocabularyTooLarge, match="larger --min-count"):
        train(sentences(), tmp_path / "model", settings=replace(SMALL, dimensions=100_000), memory=360 * 10**6)
    assert not list(tmp_path.iterdir())


def test_importing_the_trainer_loads_nothing_heavy():
    code = "import sys, simsearch.trainer; print({'numpy', 'numba', 'rjieba'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
