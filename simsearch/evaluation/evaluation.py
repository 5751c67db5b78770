"""Scoring a model and its search on a folder of tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from simsearch.evaluation.analogies import analogy
from simsearch.evaluation.bootstrap import RESAMPLES, Figure, Measured, figures
from simsearch.evaluation.classification import classify
from simsearch.evaluation.keywords import keywords
from simsearch.evaluation.retrieval import retrieval, themes
from simsearch.evaluation.similarity import pairs, words
from simsearch.evaluation.systems import Systems, open_systems
from simsearch.evaluation.tasks import Progress, Task, read_tasks
from simsearch.model import Model
from simsearch.packages import PackageMissing

#: How each kind of task is measured: measures, and remarks on what was left out.
KINDS: dict[str, Callable[[Task, Systems, Progress], tuple[list[Measured], list[str]]]] = {
    "words": words,
    "analogy": analogy,
    "pairs": pairs,
    "retrieval": retrieval,
    "themes": themes,
    "keywords": keywords,
    "classify": classify,
}
#: The baselines beside a model where none is named.
BASELINES = ("bm25",)


class Evaluated(NamedTuple):
    """What a task says of a model and its baselines, and what is to be said about the task."""

    task: str
    figures: list[Figure]
    remarks: list[str]


def evaluate(
    folder: Path,
    model: Model,
    only: Sequence[str] = (),
    baselines: Sequence[str] = BASELINES,
    resamples: int = RESAMPLES,
    progress: Callable[[str, float, float], None] = lambda task, done, total: None,
) -> Iterator[Evaluated]:
    """Yield what each task of a folder says; a task that lacks a package is left out with a remark.

    Raises, before anything is measured, what `read_tasks` and `open_systems` raise; later `SetUnreadable`
    and `SetEmpty`.
    """
    tasks = read_tasks(folder, only)
    systems, remarks = open_systems(model, baselines, progress)
    return _evaluate(tasks, systems, remarks, resamples, progress)


def _evaluate(
    tasks: Sequence[Task],
    systems: Systems,
    remarks: list[str],
    resamples: int,
    progress: Callable[[str, float, float], None],
) -> Iterator[Evaluated]:
    if remarks:
        yield Evaluated("", [], remarks)
    for task in tasks:
        progress(task.name, 0, 1)
        try:
            measured, remarks = KINDS[task.kind](task, systems, partial(progress, task.name))
        except PackageMissing as error:
            yield Evaluated(task.name, [], [f"{task.name}: left out. {error}"])
            continue
        remarks += [f"no item for {one.measure}: left out." for one in measured if not one.n]
        found = [figure for one in measured if one.n for figure in figures(task.name, task.kind, one, resamples)]
        yield Evaluated(task.name, found, [f"{task.name}: {remark}" for remark in remarks])
