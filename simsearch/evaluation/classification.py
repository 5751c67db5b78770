"""Classes of texts, learnt from plain sums of word vectors: by a linear classifier and by one hidden layer."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.evaluation.bootstrap import Measured, mean
from simsearch.evaluation.systems import Systems
from simsearch.evaluation.tasks import Form, Progress, Task, cells, read_rows
from simsearch.packages import load

#: Where no file to test on is given, this share of the texts is learnt from; chance, always the same, chooses them.
LEARNT = 0.8
#: Texts of each label that learning takes: a tenth of all, with each label among them, tells when to stop.
FEWEST = 10


class Labelled(NamedTuple):
    """A text and its class."""

    label: str
    text: str


def _labelled(line: str) -> Labelled:
    label, *_, text = cells(line, 2)
    return Labelled(label, text)


LABELLED = Form("label TAB text", _labelled)


def classify(task: Task, systems: Systems, progress: Progress) -> tuple[list[Measured], list[str]]:
    """Return the accuracy of both classifiers.

    Raises `PackageMissing` without scikit-learn.
    """
    rows = [read_rows(path, LABELLED) for path in task.files]
    learnt, tested = (rows[0].rows, rows[1].rows) if len(rows) == 2 else _split(rows[0].rows)
    texts_of = Counter(row.label for row in learnt)
    if not tested or len(texts_of) < 2 or min(texts_of.values()) < FEWEST:
        return [], [f"there are fewer than two labels, or one with fewer than {FEWEST} texts to learn from: left out."]
    labels, gold = [row.label for row in learnt], np.array([row.label for row in tested])
    right = {}
    for done, (name, vectors) in enumerate(systems.vectors.items(), 1):
        given, asked = vectors.sums([row.text for row in learnt]), vectors.sums([row.text for row in tested])
        progress(done - 0.5, len(systems.vectors))
        right[name] = [answers == gold for answers in _learn(given, labels, asked)]
        progress(done, len(systems.vectors))
    measures = [
        Measured(measure, {name: both[place].astype(np.float64) for name, both in right.items()}, mean)
        for place, measure in enumerate(["linear", "hidden layer"])
    ]
    return measures, [remark for found in rows for remark in found.remarks]


def _split(rows: Sequence[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    order = [rows[place] for place in np.random.default_rng(0).permutation(len(rows))]
    return order[: int(len(order) * LEARNT)], order[int(len(order) * LEARNT) :]


def _learn(given: NDArray[np.float32], labels: Sequence[str], asked: NDArray[np.float32]) -> list[NDArray[np.str_]]:
    """Return what each classifier says of the texts that are asked about."""
    names = ("linear_model", "neural_network", "pipeline", "preprocessing")
    linear, neural, pipelines, preprocessing = (load(f"sklearn.{name}", "evaluation") for name in names)
    classifiers = (
        linear.LogisticRegression(max_iter=1000),
        neural.MLPClassifier((64,), max_iter=60, early_stopping=True, random_state=0),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a bounded number of passes is not enough
        return [
            pipelines.make_pipeline(preprocessing.StandardScaler(), one).fit(given, labels).predict(asked)
            for one in classifiers
        ]
