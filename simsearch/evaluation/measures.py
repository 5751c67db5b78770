"""How good one answer is: a number between 0 and 1 for each question or text; hits come best first."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def reciprocal_rank(scores: Floats, relevant: NDArray[np.bool_], k: int) -> float:
    """Return 1 / rank of the best relevant hit, 0 where that is beyond k; hits that tie share their mean rank."""
    if not relevant.any():
        return 0.0
    best = scores[relevant].max()
    rank = 1 + (scores > best).sum() + ((scores == best).sum() - 1) / 2
    return float(1 / rank) if rank <= k else 0.0


def precision(scores: Floats, gains: Floats, k: int) -> float:
    """Return the sum of the first k gains over k: where a gain is 1, the share of them that are relevant."""
    return float(evened(scores, gains)[:k].sum() / k)


def recall(scores: Floats, relevant: NDArray[np.bool_], wanted: int, k: int) -> float:
    """Return the share of `wanted` relevant documents that are among the first k hits."""
    return float(evened(scores, relevant.astype(np.float64))[:k].sum() / wanted)


def ndcg(scores: Floats, gains: Floats, ideal: Floats, k: int) -> float:
    """Return the discounted gain of the first k hits over that of the best order of all `ideal` gains.

    A gain at rank r counts 1 / log2(r + 1) (Järvelin & Kekäläinen 2002).
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    earned = evened(scores, gains)[:k]
    most = -np.sort(-ideal)[:k]
    return float((earned @ discounts[: len(earned)]) / (most @ discounts[: len(most)]))


def evened(scores: Floats, gains: Floats) -> Floats:
    """Return the gains, those of hits that tie replaced by their mean: what their order is worth on average."""
    _, group = np.unique(scores, return_inverse=True)
    mean: Floats = np.bincount(group, gains) / np.bincount(group)
    return mean[group]


def f1(found: Collection[str], gold: Collection[str], k: int) -> float:
    """Return the harmonic mean of precision and recall of k keywords; one that was not given is a wrong one."""
    return 2 * len(set(gold).intersection(found)) / (k + len(set(gold)))


def inside(found: Collection[str], gold: Collection[str], k: int) -> float:
    """Return the share of k keywords that lie inside a gold phrase."""
    return sum(any(word in phrase for phrase in gold) for word in found) / k


def overlap(a: Collection[str], b: Collection[str]) -> float:
    """Return how much two sets share of all that they hold (Jaccard); 0 where both are empty."""
    return len(set(a) & set(b)) / max(len(set(a) | set(b)), 1)
