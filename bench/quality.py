"""How good the base model and the search are: all figures of the tasks of a folder, and the goals.

python bench/quality.py FOLDER [--baseline NAME ...] [--markdown]    exits with 1 where a goal is missed
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import inf
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from simsearch.cli import output
from simsearch.cli.evaluate import COLUMNS, table_rows
from simsearch.corpus import Document
from simsearch.evaluation import Figure, evaluate
from simsearch.evaluation.retrieval import PASSAGES, QUESTIONS
from simsearch.evaluation.searching import temporary_index
from simsearch.evaluation.tasks import read_rows, read_tasks
from simsearch.indexer import Index, ranker
from simsearch.indexer.engine import Candidate, Candidates, Question
from simsearch.model import Model
from simsearch.model.model import unit
from simsearch.model.word_table import SILENT

#: Passages that are ranked at a time, and questions that are timed.
CANDIDATES, TIMED = 200, 300
#: Shares of the scores that are below those shown.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Goal(NamedTuple):
    """What is wanted of a figure; one that was not measured misses it."""

    text: str
    value: float | None
    least: float = -inf
    most: float = inf


def goals(figures: Iterable[Figure], milliseconds: float | None) -> Iterator[Goal]:
    found = {(figure.task, figure.measure, figure.system): figure.value for figure in figures}

    def ahead(task: str, measure: str, *others: str) -> float | None:
        """Return how far hybrid is ahead of the best of others."""
        values = [found.get((task, measure, system)) for system in ("hybrid", *others)]
        known = [value for value in values if value is not None]
        return known[0] - max(known[1:]) if len(known) == len(values) else None

    yield Goal("passages: hybrid ahead of bm25", ahead("passages", "MRR@10", "bm25"), least=0.002)
    yield Goal("questions: hybrid ahead of bm25", ahead("questions", "MRR@10", "bm25"), least=0.02)
    yield Goal("themes: hybrid ahead of similar", ahead("themes", "P@100", "similar"), least=-0.02)
    for task, measure, system in found:
        if system == "hybrid" and measure != "ms":
            best = ahead(task, measure, "bm25", "similar")
            yield Goal(f"{task}: hybrid ahead of bm25 and similar", best, least=-0.002)
    yield Goal("keywords: F1@5", found.get(("keywords", "F1@5", "simsearch")), least=0.27)
    yield Goal("keywords: inside@5", found.get(("keywords", "inside@5", "simsearch")), least=0.58)
    yield Goal(f"ms to rank {CANDIDATES} passages", milliseconds, most=15)


def reached(goal: Goal) -> bool:
    return goal.value is not None and goal.least <= goal.value <= goal.most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--baseline", action="append", default=[], help="beside bm25, as of simsearch evaluate")
    parser.add_argument("--markdown", action="store_true", help="for docs/quality.md")
    options = parser.parse_args()
    model = Model.load()
    figures: list[Figure] = []
    for evaluated in evaluate(options.folder, model, baselines=["bm25", *options.baseline]):
        for remark in evaluated.remarks:
            output.say(remark)
        figures += evaluated.figures
    wanted = list(goals(figures, ranking(options.folder, model)))
    show = markdown if options.markdown else output.table
    if options.markdown:
        print(f"## Figures\n\nModel {model.id}; * marks differences that chance does not explain.\n")
    show(table_rows(figures), *COLUMNS)
    print("\n## Goals\n" if options.markdown else "")
    show(map(told, wanted), "goal", "wanted", "is", "")
    print("\n## Scores\n" if options.markdown else "")
    show(scores(options.folder, model), "hybrid scores", *(f"{share:.0%} below" for share in QUANTILES))
    sys.exit(not all(map(reached, wanted)))


def told(goal: Goal) -> tuple[str, ...]:
    wanted = f"{goal.least:.3f} or more" if goal.most == inf else f"under {goal.most:.0f}"
    value = "not measured" if goal.value is None else f"{goal.value:.4f}" if goal.most == inf else f"{goal.value:.1f}"
    return goal.text, wanted, value, "reached" if reached(goal) else "MISSED"


def markdown(rows: Iterable[Sequence[str]], *columns: str) -> None:
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |")


def ranking(folder: Path, model: Model) -> float | None:
    """Return the median of the milliseconds that CANDIDATES passages take, over questions of a retrieval task."""
    task = next((task for task in read_tasks(folder) if task.kind == "retrieval"), None)
    if task is None:
        return None
    passages, questions = (read_rows(*pair).rows for pair in zip(task.files, (PASSAGES, QUESTIONS), strict=True))
    times = []
    with temporary_index(model, [Document(name, text) for name, text in passages]) as index:
        for question in islice(questions, TIMED):
            words, found = candidates(index, question.text)
            rank(model, words, found)  # the words' vectors are computed at the first look
            start = time.perf_counter()
            rank(model, words, found)
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def scores(folder: Path, model: Model) -> Iterator[tuple[str, ...]]:
    """Yield quantiles of scores: of right answers, and of the best answer to the questions of another collection."""
    tasks = {task.name: task for task in read_tasks(folder) if task.kind == "retrieval"}
    sets = {
        name: [read_rows(*pair).rows for pair in zip(task.files, (PASSAGES, QUESTIONS), strict=True)]
        for name, task in tasks.items()
    }
    asked = {name: questions[:: len(questions) // TIMED or 1] for name, (_, questions) in sets.items()}
    for name, (passages, _) in sets.items():
        with temporary_index(model, [Document(*passage) for passage in passages]) as index:
            found = [(question, index.search(question.text)) for question in asked[name]]
            right = [hit.score for question, hits in found for hit in hits if hit.id == question.gold]
            yield f"{name}: the right answer, among the first ten", *quantiles(right)
            for other, questions in asked.items():
                if other != name:
                    best = [hit.score for question in questions for hit in index.search(question.text, k=1)]
                    yield f"{name}: the best answer to a question of {other}", *quantiles(best)


def quantiles(values: Sequence[float]) -> list[str]:
    return [f"{value:.2f}" for value in np.quantile(values, QUANTILES)]


def candidates(index: Index, text: str) -> tuple[list[str], Candidates]:
    """Return the words of a question and its best CANDIDATES, by words and by vector, as a search finds them."""
    words = index.model.segment(text)
    rows = index.model.table.rows(words)
    words = [word for word, row in zip(words, rows, strict=True) if row != SILENT]
    vector = unit(index.model.sums(rows, [len(rows)]))[0]
    found = index.engine.candidates(Question(list(dict.fromkeys(words)), vector, [], CANDIDATES))

    def place(candidate: Candidate) -> float:
        return min(candidate.by_words or inf, candidate.by_vector or inf)

    return words, found._replace(passages=sorted(found.passages, key=place)[:CANDIDATES])


def rank(model: Model, words: Sequence[str], found: Candidates) -> None:
    ranker.rank(model, words, found, "hybrid")


if __name__ == "__main__":
    main()
