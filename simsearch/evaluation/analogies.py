"""Analogies: is b - a + c nearest to the word that a : b = c : d asks for?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simsearch.evaluation.bootstrap import Floats, Measured, mean
from simsearch.evaluation.systems import Systems
from simsearch.evaluation.tasks import Form, Progress, Task, cells, read_rows
from simsearch.evaluation.vectors import Vectors

#: The answer is looked for among so many words, the most frequent ones; others count as unknown.
FREQUENT = 30_000
#: Analogies that are computed together: bounds memory.
BATCH = 256

ANALOGIES = Form(
    "four words with spaces between", lambda line: None if line[0] == ":" else cells(line, 4, 4, spaces=True)
)


def analogy(task: Task, systems: Systems, progress: Progress) -> tuple[list[Measured], list[str]]:
    """Return the accuracy among the analogies whose words all systems know, and among all."""
    questions, remarks = read_rows(task.files[0], ANALOGIES)
    known = np.ones(len(questions), np.bool_)
    right = {}
    for done, (name, vectors) in enumerate(systems.vectors.items(), 1):
        right[name], here = _answer(questions, vectors)
        if not here.all():
            unknown = f"{(~here).sum():,} of {len(questions):,} analogies hold a word unknown to {name}"
            remarks.append(f"{unknown} (or not among its first {FREQUENT:,}): they count in `of all` only, as wrong.")
        known &= here
        progress(done, len(systems.vectors))
    of_known = {name: answers[known] for name, answers in right.items()}
    return [Measured("accuracy", of_known, mean), Measured("accuracy of all", right, mean)], remarks


def _answer(questions: Sequence[Sequence[str]], vectors: Vectors) -> tuple[Floats, NDArray[np.bool_]]:
    """Return which analogies come out (1 or 0), and whose four words are known."""
    places = [[vectors.place(word) for word in words] for words in questions]
    known = np.array([all(place is not None and place < FREQUENT for place in words) for words in places])
    rows = np.array([words for words, here in zip(places, known, strict=True) if here], np.intp).reshape(-1, 4)
    frequent = vectors.unit[:FREQUENT]
    came_out = np.zeros(len(rows))
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        a, b, c, d = batch.T
        scores = (frequent[b] - frequent[a] + frequent[c]) @ frequent.T
        np.put_along_axis(scores, batch[:, :3], -np.inf, axis=1)  # the answer is none of the three
        came_out[start : start + BATCH] = scores.argmax(axis=1) == d
    right = np.zeros(len(questions))
    right[known] = came_out
    return right, known
