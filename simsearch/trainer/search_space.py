"""What turns the article's vectors into those in which sentences are compared: whitening, characters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simsearch.model.saving import Tables
from simsearch.model.search_space import HALF_COUNT
from simsearch.trainer.threads import alone, compiled

#: Directions in which the vectors spread less than this share of the widest are not blown up further.
NARROWEST = 1e-4
#: The mean is that of this many words, the most frequent.
FREQUENT = 30_000
#: A word seen more often says no more about its characters than one seen this often.
ENOUGH = 1_000
#: Keeps the vectors of characters in few words small.
RIDGE = 1.0
#: Steps of conjugate gradients.
STEPS = 20
#: Columns that are solved at a time: what is needed beside the vectors is this part of them.
COLUMNS = 16
#: The share of the vocabulary whose norms stand for that of a word never seen.
RAREST = 0.1


@dataclass(frozen=True, slots=True)
class Characters:
    """What characters say about the words that hold them."""

    #: One character a row of the vectors.
    characters: str
    vectors: NDArray[np.float32]
    #: Of the frequent words; the vectors say how a word differs from it.
    mean: NDArray[np.float32]
    #: Length for the vector of a word known by its characters only.
    unknown_norm: float


def tables(
    words: list[str], counts: NDArray[np.int64], vectors: NDArray[np.float32], space: NDArray[np.float32],
    learnt: Characters, **more: Any,
) -> Tables:  # fmt: skip
    """Return all that a model folder holds: n words, their vectors (n x d), the whitening (d x d), characters."""
    return Tables(
        words=words,
        counts=counts,
        vectors=vectors,
        whitening=space,
        characters=learnt.characters,
        character_vectors=learnt.vectors,
        mean=learnt.mean,
        unknown_norm=learnt.unknown_norm,
        **more,
    )


def whitening(vectors: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return (sum_u p_u u u^T)^(-1/2), d x d: in the space it leads to, running text spreads evenly."""
    shares = (counts / counts.sum()).astype(np.float32)
    moment = (vectors.T @ (vectors * shares[:, None])).astype(np.float64)
    spreads, axes = np.linalg.eigh(moment)
    widest = max(float(spreads[-1]), 1e-30)
    roots = 1 / np.sqrt(np.maximum(spreads, NARROWEST * widest))
    return np.asarray((axes * roots) @ axes.T, np.float32)


def is_chinese(character: str) -> bool:
    """Tell whether a character says something about the meaning of words that hold it."""
    return (
        "\u4e00" <= character <= "\u9fff"
        or character == "\u3007"  # zero
        or "\u3400" <= character <= "\u4dbf"
        or "\U00020000" <= character <= "\U0003ffff"
    )


def learn_characters(
    words: Sequence[str],
    counts: NDArray[np.int64],
    vectors: NDArray[np.float32],
    space: NDArray[np.float32],
    progress: Callable[[float], None] = lambda done: None,
) -> Characters:
    """Learn character vectors: a word's whitened vector less the mean is the mean of its characters'.

    `vectors` (n x d) are those of the words, which `space` (d x d) whitens. Only Chinese characters are learnt, so a
    Latin word never seen stays unknown. Ridge regression, solved by conjugate gradients, preconditioned by the
    diagonal.
    """
    mean = vectors[:FREQUENT].mean(axis=0) @ space
    characters, bags = _bags(words)
    weights = np.sqrt(np.minimum(counts, ENOUGH)).astype(np.float32)
    weights /= weights.mean()
    share = (0.5 + 0.5 * HALF_COUNT / (HALF_COUNT + counts)).astype(np.float32)[:, None]
    learnt = np.empty((len(characters), len(space)), np.float32)
    squares = np.zeros(len(words), np.float32)
    for first in range(0, len(space), COLUMNS):
        some = slice(first, first + COLUMNS)
        plain = vectors @ space[:, some]
        learnt[:, some] = _regress(bags, weights, plain - mean[some], len(characters))
        squares += ((plain + share * _times(*bags, learnt[:, some])) ** 2).sum(axis=1)
        progress(min(1.0, (first + COLUMNS) / len(space)))
    rarest = np.sqrt(squares[-max(1, int(RAREST * len(words))) :])
    return Characters(characters, learnt, mean, float(np.median(rarest)))


#: A sparse matrix, words x characters: where rows begin, columns, values.
Bags = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]


def _bags(words: Sequence[str]) -> tuple[str, Bags]:
    """Return the Chinese characters of the words, and each word as a bag of them, 1/length each."""
    characters = sorted({character for word in words for character in word if is_chinese(character)})
    rows = {character: row for row, character in enumerate(characters)}
    inside = [[rows[character] for character in word if character in rows] for word in words]
    sizes = np.array([len(bag) for bag in inside])
    values = np.repeat(1 / np.array([len(word) for word in words]), sizes)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    columns = np.array([row for bag in inside for row in bag], np.int32)
    return "".join(characters), (starts, columns, values.astype(np.float32))


def _transposed(bags: Bags, columns: int) -> Bags:
    starts, others, values = bags
    order = np.argsort(others, kind="stable")
    rows = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
    sizes = np.bincount(others, minlength=columns)
    return np.concatenate([[0], np.cumsum(sizes)]), rows[order], values[order]


def _regress(
    bags: Bags,
    weights: NDArray[np.float32],
    goals: NDArray[np.float32],
    characters: int,
) -> NDArray[np.float32]:
    """Solve (B^T V B + ridge) X = B^T V Y, each column by itself."""
    back = _transposed(bags, characters)
    shares = weights[:, None]
    squares = _times(back[0], back[1], back[2] ** 2, shares)
    scale = 1 / (squares + np.float32(RIDGE))
    solution = np.zeros((characters, goals.shape[1]), np.float32)
    residual = _times(*back, shares * goals)
    direction = scale * residual
    strength = (residual * direction).sum(axis=0)
    for _ in range(STEPS):
        image = _times(*back, shares * _times(*bags, direction)) + np.float32(RIDGE) * direction
        bend = (direction * image).sum(axis=0)
        length = np.divide(strength, bend, out=np.zeros_like(bend), where=bend > 0)
        solution += length * direction
        residual -= length * image
        towards = scale * residual
        before, strength = strength, (residual * towards).sum(axis=0)
        turn = np.divide(strength, before, out=np.zeros_like(before), where=before > 0)
        direction = towards + turn * direction
    return solution


def _times(
    starts: NDArray[np.int64], columns: NDArray[np.int32], values: NDArray[np.float32], dense: NDArray[Any]
) -> NDArray[np.float32]:
    """Return the product of a sparse matrix and a dense one."""
    return alone(_multiply, starts, columns, values, dense)


@compiled
def _multiply(starts, columns, values, dense):  # type: ignore[no-untyped-def]
    """Multiply a sparse matrix with a dense one."""
    out = np.zeros((len(starts) - 1, dense.shape[1]), np.float32)
    for row in range(len(starts) - 1):
        for at in range(starts[row], starts[row + 1]):
            value = values[at]
            other = dense[columns[at]]
            for k in range(dense.shape[1]):
                out[row, k] += value * other[k]
    return out
