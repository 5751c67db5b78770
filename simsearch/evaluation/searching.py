"""Asking: the real search path in its modes, and baselines that score the whole collection."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus import Document
from simsearch.evaluation.bm25 import Bm25
from simsearch.evaluation.bootstrap import Measured, median
from simsearch.evaluation.systems import Systems
from simsearch.evaluation.tasks import Progress
from simsearch.evaluation.vectors import Vectors
from simsearch.indexer import Index, open_index
from simsearch.model import Model

Mode = Literal["hybrid", "similar", "keyword"]
#: The modes that are compared; the first is what users get unless they ask for another.
MODES: tuple[Mode, ...] = ("hybrid", "similar", "keyword")
#: Hits asked for beyond those that count, so that hits that tie with the last one are seen.
EDGE = 5
#: Scores count to so many digits, as those of hits do.
DIGITS = 6
#: Questions that are timed, at most.
TIMED = 200

Floats = NDArray[np.float64]


class Answer(NamedTuple):
    """Documents, best first, with their scores."""

    ids: list[str]
    scores: Floats


#: A system that is asked: a text and how many hits count; returns so many and all that tie with the last.
System = Callable[[str, int], Answer]


@contextmanager
def temporary_index(
    model: Model, documents: Sequence[Document], progress: Progress = lambda done, total: None
) -> Iterator[Index]:
    """Index documents in a file that is gone afterwards: the one place that chooses an engine."""
    with (
        tempfile.TemporaryDirectory(prefix="simsearch-") as folder,
        open_index(Path(folder) / "evaluation.db", model=model) as index,
    ):
        done = 0
        for outcomes in index.add_batches(documents):
            progress(done := done + len(outcomes), len(documents))
        yield index


def modes(index: Index) -> dict[str, System]:
    """Return the modes of an index as systems."""

    def system(mode: Mode) -> System:
        def ask(text: str, k: int) -> Answer:
            asked = k + EDGE
            hits = index.search(text, k=asked, mode=mode)
            while len(hits) == asked and hits[-1].score == hits[k - 1].score:
                asked *= 4
                hits = index.search(text, k=asked, mode=mode)
            return Answer([hit.id for hit in hits], np.array([hit.score for hit in hits], np.float64))

        return ask

    return {mode: system(mode) for mode in MODES}


def by_bm25(ids: Sequence[str], texts: Sequence[str], words: Callable[[str], list[str]]) -> System:
    """Return BM25 over words as a system."""
    collection = Bm25([words(text) for text in texts])
    return _whole(ids, lambda text: collection.scores(words(text)))


def by_vectors(ids: Sequence[str], texts: Sequence[str], vectors: Vectors) -> System:
    """Return the cosine of sums of word vectors as a system."""
    collection = vectors.encode(texts)
    return _whole(ids, lambda text: (collection @ vectors.encode([text])[0]).astype(np.float64))


def baselines(ids: Sequence[str], texts: Sequence[str], systems: Systems) -> dict[str, System]:
    """Return the baselines that are asked for as systems that search a collection."""
    model, jieba = systems.model, systems.jieba

    def words(text: str) -> list[str]:
        return [word for word in model.segment(text) if any(map(str.isalnum, word))]

    found: dict[str, System] = {}
    if systems.bm25:
        found["bm25"] = by_bm25(ids, texts, words)
    if jieba:
        found["jieba"] = by_bm25(ids, texts, lambda text: jieba.words(model.fold(text)))
    return found | {name: by_vectors(ids, texts, vectors) for name, vectors in systems.files.items()}


def _whole(ids: Sequence[str], scores_of: Callable[[str], Floats]) -> System:
    """Return a system that scores every document and finds those that score above zero."""

    def ask(text: str, k: int) -> Answer:
        scores = np.round(scores_of(text), DIGITS)
        least = np.partition(scores, -k)[-k] if len(scores) > k else -np.inf
        found = np.flatnonzero((scores >= least) & (scores > 0))
        found = found[np.argsort(-scores[found], kind="stable")]
        return Answer([ids[place] for place in found.tolist()], scores[found])

    return ask


def ask_all(
    questions: Sequence[str], systems: Mapping[str, System], k: int, progress: Progress
) -> dict[str, list[Answer]]:
    """Put all questions to all systems."""
    answers: dict[str, list[Answer]] = {}
    for turn, (name, ask) in enumerate(systems.items()):
        answers[name] = []
        for done, question in enumerate(questions, 1):
            answers[name].append(ask(question, k))
            progress(turn * len(questions) + done, len(systems) * len(questions))
    return answers


def milliseconds(index: Index, questions: Sequence[str], k: int) -> Measured:
    """Time each mode on the first of the questions, which were all asked before: nothing is cold; the median counts."""
    timed = questions[:TIMED]
    times = {str(mode): np.zeros(len(timed)) for mode in MODES}
    for place, question in enumerate(timed):
        for mode in MODES:
            start = time.perf_counter()
            index.search(question, k=k, mode=mode)
            times[mode][place] = 1000 * (time.perf_counter() - start)
    return Measured("ms", times, median)
