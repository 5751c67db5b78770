"""Finding the one right passage, and all texts of a theme: the real search beside rankings of the whole collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from simsearch.corpus import Document
from simsearch.evaluation import measures
from simsearch.evaluation.bootstrap import Measured, mean
from simsearch.evaluation.searching import (
    Answer,
    Floats,
    ask_all,
    baselines,
    milliseconds,
    modes,
    temporary_index,
)
from simsearch.evaluation.systems import Systems
from simsearch.evaluation.tasks import Form, Progress, Row, Task, cells, read_rows

#: Ranks that count in a retrieval task, and in a theme.
FIRST, THEME = 10, 100
#: How much of the time goes into indexing, about.
INDEXING = 0.1


class Text(NamedTuple):
    """A passage with its id, or a text with the label of its theme."""

    name: str
    text: str


class Asked(NamedTuple):
    """A question and the id of the passage that answers it."""

    text: str
    gold: str


def _text(line: str) -> Text:
    name, text = cells(line, 2, 2)
    return Text(name, text)


def _asked(line: str) -> Asked:
    _, text, gold = cells(line, 3, 3)
    return Asked(text, gold)


PASSAGES = Form("id TAB text", _text)
QUESTIONS = Form("id TAB question TAB id of the right passage", _asked)
LABELLED = Form("label TAB text", _text)


def retrieval(task: Task, systems: Systems, progress: Progress) -> tuple[list[Measured], list[str]]:
    """Return MRR@10: 1 / rank of the right passage, 0 beyond the tenth."""
    passages, remarks = read_rows(task.files[0], PASSAGES)
    asked, others = read_rows(task.files[1], QUESTIONS)
    texts = dict(passages)
    usable = [question for question in asked if question.gold in texts]
    remarks += others
    if len(texts) < len(passages):
        remarks.append(f"{len(passages) - len(texts):,} passages repeat an id: the last one counts.")
    if len(usable) < len(asked):
        remarks.append(f"{len(asked) - len(usable):,} questions name no passage: left out.")

    def judge(answer: Answer, question: Asked) -> float:
        return measures.reciprocal_rank(answer.scores, np.array([id == question.gold for id in answer.ids]), FIRST)

    answers, timed = _search(texts, [question.text for question in usable], FIRST, systems, progress)
    return [Measured(f"MRR@{FIRST}", _judged(answers, usable, judge), mean), timed], remarks


def themes(task: Task, systems: Systems, progress: Progress) -> tuple[list[Measured], list[str]]:
    """Return P@100: the share of the first 100 texts, or of all where they are fewer, that carry the label."""
    collection, remarks = read_rows(task.files[0], LABELLED)
    asked, others = read_rows(task.files[1], LABELLED)
    texts = {str(place): text for place, (_, text) in enumerate(collection)}
    labels = {str(place): label for place, (label, _) in enumerate(collection)}
    k = min(THEME, len(texts))

    def judge(answer: Answer, theme: Text) -> float:
        return measures.precision(answer.scores, np.array([labels[id] == theme.name for id in answer.ids], float), k)

    answers, timed = _search(texts, [theme.text for theme in asked], k, systems, progress)
    return [Measured(f"P@{THEME}", _judged(answers, asked, judge), mean), timed], remarks + others


def _search(
    texts: dict[str, str], questions: list[str], k: int, systems: Systems, progress: Progress
) -> tuple[dict[str, list[Answer]], Measured]:
    """Return what the modes of a search and the baselines answer, and how long the modes take."""
    documents = [Document(name, text) for name, text in texts.items()]

    def indexing(done: float, total: float) -> None:
        progress(INDEXING * done / total, 1)

    def asking(done: float, total: float) -> None:
        progress(INDEXING + (1 - INDEXING) * done / total, 1)

    with temporary_index(systems.model, documents, indexing) as index:
        compared = modes(index) | baselines(list(texts), list(texts.values()), systems)
        return ask_all(questions, compared, k, asking), milliseconds(index, questions, k)


def _judged(
    answers: dict[str, list[Answer]], asked: Sequence[Row], judge: Callable[[Answer, Row], float]
) -> dict[str, Floats]:
    return {name: np.array(list(map(judge, given, asked)), np.float64) for name, given in answers.items()}
