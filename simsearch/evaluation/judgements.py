"""Somebody's own index, measured by somebody's own questions and the documents that should answer them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from simsearch.errors import SimsearchError
from simsearch.evaluation import measures
from simsearch.evaluation.bootstrap import RESAMPLES, Figure, Floats, Measured, figures, mean
from simsearch.evaluation.searching import Answer, ask_all, milliseconds, modes
from simsearch.evaluation.tasks import Form, Progress, cells, number, read_rows
from simsearch.indexer import Index

#: Hits that count.
K = 10
#: The mode whose misses are listed.
REFERENCE = "hybrid"
#: Ids that are looked up together.
BATCH = 500


class NothingToJudge(SimsearchError):
    """No question in {path} has a relevant document in {url}: check the ids, which `simsearch query` shows, and --index."""  # noqa: E501

    path: str
    url: str


class Judgement(NamedTuple):
    """A document that should answer a question, and how well it does: 0 is not at all."""

    question: str
    id: str
    relevance: float


class Missed(NamedTuple):
    """A question without a relevant document among the first ten."""

    question: str
    relevant: list[str]
    modes: list[str]  #: that missed it


class Judged(NamedTuple):
    """What the judgements say of an index."""

    figures: list[Figure]
    missed: list[Missed]  #: in the mode `hybrid`, the worst first
    remarks: list[str]


def _judgements(line: str) -> list[Judgement]:
    if not line.lstrip().startswith("{"):
        question, name, *relevance = cells(line, 2, 3)
        return [_judgement(question, name, *relevance)]
    row = json.loads(line)
    relevant, question = row.get("relevant"), row.get("query")
    if not isinstance(question, str) or not isinstance(relevant, list | dict) or not relevant:
        raise ValueError(line)
    return [
        _judgement(question, name, relevant[name]) if isinstance(relevant, dict) else _judgement(question, name)
        for name in relevant
    ]


def _judgement(question: str, name: object, relevance: object = 1) -> Judgement:
    value = number(str(relevance))
    if not question.strip() or not str(name) or value < 0:
        raise ValueError(relevance)
    return Judgement(question, str(name), value)


JUDGEMENTS = Form('query TAB document id [TAB relevance], or {"query": ..., "relevant": [ids]}', _judgements)


def judge(path: Path, index: Index, progress: Progress, resamples: int = RESAMPLES) -> Judged:
    """Return MRR@10, recall@10 and nDCG@10 of each mode, and the questions that missed.

    Documents that are not in the index are left out, and so are questions that then have no relevant one.

    Raises `SetUnreadable`, `SetEmpty`, `NothingToJudge`.
    """
    lines, remarks = read_rows(path, JUDGEMENTS)
    given: dict[str, dict[str, float]] = {}
    for judgement in (judgement for line in lines for judgement in line):
        given.setdefault(judgement.question, {})[judgement.id] = judgement.relevance
    names = {name for wanted in given.values() for name in wanted}
    stored = _stored(index, sorted(names))
    if len(stored) < len(names):
        remarks.append(f"{len(names) - len(stored):,} of {len(names):,} documents are not in the index: left out.")
    held = [{name: gain for name, gain in wanted.items() if gain and name in stored} for wanted in given.values()]
    wanted = {question: gains for question, gains in zip(given, held, strict=True) if gains}
    if not wanted:
        raise NothingToJudge(path=str(path), url=index.engine.url)
    if len(wanted) < len(given):
        remarks.append(f"{len(given) - len(wanted):,} of {len(given):,} questions have no relevant one: left out.")
    questions = list(wanted)
    answers = ask_all(questions, modes(index), K, progress)
    measured = [*_measured(wanted, answers), milliseconds(index, questions, K)]
    told = [figure for one in measured for figure in figures(path.stem, "judgements", one, resamples)]
    return Judged(told, missed(wanted, measured[0]), remarks)


def _stored(index: Index, names: list[str]) -> set[str]:
    """Return those ids that the index holds; a deleted one has no digest."""
    found: set[str] = set()
    for start in range(0, len(names), BATCH):
        digests = index.engine.digests(names[start : start + BATCH])
        found |= {name for name, (digest, _) in digests.items() if digest}
    return found


def _measured(wanted: dict[str, dict[str, float]], answers: dict[str, list[Answer]]) -> list[Measured]:
    reached: list[dict[str, Floats]] = [{}, {}, {}]
    for name, given in answers.items():
        rows = [_reached(answer, gains) for answer, gains in zip(given, wanted.values(), strict=True)]
        for values, column in zip(reached, np.array(rows).T, strict=True):
            values[name] = column
    return [
        Measured(measure, values, mean)
        for measure, values in zip((f"MRR@{K}", f"recall@{K}", f"nDCG@{K}"), reached, strict=True)
    ]


def _reached(answer: Answer, gains: dict[str, float]) -> tuple[float, float, float]:
    """Return reciprocal rank, recall and nDCG of one answer."""
    earned = np.array([gains.get(name, 0.0) for name in answer.ids], np.float64)
    relevant = earned > 0
    return (
        measures.reciprocal_rank(answer.scores, relevant, K),
        measures.recall(answer.scores, relevant, len(gains), K),
        measures.ndcg(answer.scores, earned, np.array(list(gains.values())), K),
    )


def missed(wanted: dict[str, dict[str, float]], found: Measured) -> list[Missed]:
    """Return the questions that `hybrid` missed: those first that more modes miss, then those with more answers."""
    misses = [
        Missed(question, sorted(gains), [mode for mode, ranks in found.systems.items() if not ranks[place]])
        for place, (question, gains) in enumerate(wanted.items())
    ]
    misses = [miss for miss in misses if REFERENCE in miss.modes]
    return sorted(misses, key=lambda miss: (-len(miss.modes), -len(miss.relevant)))
