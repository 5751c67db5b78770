"""What the vectors are fitted to: for each pair of words its mutual information, and how much that weighs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simsearch.trainer.cooccurrence import Pairs
from simsearch.trainer.errors import NoPairs
from simsearch.trainer.rows import Rows
from simsearch.trainer.settings import Objective
from simsearch.trainer.threads import compiled, each, ranges
from simsearch.trainer.vocabulary import Vocabulary

#: One pair in so many is left out of the equations, to see how well it is foretold.
HELD_OUT = 500
#: Pairs that a thread weighs before it hands them over.
BLOCK = 250_000


@dataclass(frozen=True, slots=True)
class Equations:
    """What the vectors are fitted to."""

    #: Of each word the others, what each pair's inner product should be, and how much that weighs.
    rows: Rows
    #: Pairs that are left out, to see how well they are foretold: two words (k x 2), targets and weights (k x 2).
    held_out: tuple[NDArray[np.int32], NDArray[np.float32]]
    #: Sum of the weights in `rows`.
    weight: float
    #: -log P of each word, the target of its squared norm: equations 24-26.
    norms: NDArray[np.float32]
    #: Each word's part in the pull of every pair towards the floor.
    presence: NDArray[np.float32]
    objective: Objective


def write(pairs: Pairs, known: Vocabulary, objective: Objective, path: Path, threads: int = 1) -> Equations:
    """Write targets and weights of pairs to a file: equation 15, smoothed.

    With marginals r and b = smoothing, the target of a pair seen x times is
    log x - b log r_i - b log r_j + 2 log(sum r^b) - log(sum r), but no less than the floor.

    Raises `NoPairs`.
    """
    b, marginals, starts = objective.smoothing, pairs.marginals, pairs.rows.starts
    with np.errstate(divide="ignore"):  # a word without any neighbour has no pair either
        logs = b * np.log(marginals)
    shift = 2 * np.log((marginals**b).sum()) - np.log(marginals.sum())
    floor = -np.inf if objective.floor is None else objective.floor
    limit = 1.0 if objective.truncate else np.inf
    rule = (logs, shift, floor, np.log(objective.full_weight), objective.weight_exponent, limit, HELD_OUT)
    tasks = ranges(np.diff(starts) + 1, -(-int(starts[-1]) // BLOCK))
    sizes = np.zeros(len(marginals), np.int64)
    words, values, weight = [], [], 0.0
    with ThreadPoolExecutor(threads) as pool, open(path, "wb") as file:
        given = ((pairs.rows, a, b, rule, sizes[a:b]) for a, b in tasks)
        for entries, total, left_out, of_left_out in each(pool, _weigh_block, given, 2 * threads):
            file.write(entries.data)
            weight += total
            words.append(left_out)
            values.append(of_left_out)
    if not weight:  # all that there was is left out
        raise NoPairs
    return Equations(
        Rows(path, np.concatenate([[0], np.cumsum(sizes)]), 3),
        (np.concatenate(words), np.concatenate(values)),
        weight,
        *of_words(known),
        objective,
    )


def of_words(known: Vocabulary) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the `norms` and `presence` of words; one that the texts do not hold is present nowhere."""
    roots = np.sqrt(known.seen)
    norms = np.log(known.counts.sum() / known.counts)
    return norms.astype(np.float32), (roots / roots[roots > 0].mean()).astype(np.float32)


def _weigh_block(
    pairs: Rows, first: int, last: int, rule: tuple[Any, ...], sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int32], float, NDArray[np.int32], NDArray[np.float32]]:
    given = pairs.read(first, last)
    found = len(given) // 2
    entries = np.empty(3 * found, np.int32)
    words, values = np.empty((found, 2), np.int32), np.empty((found, 2), np.float32)
    used, left_out, weight = _weigh(
        first, np.diff(pairs.starts[first : last + 1]), given, given.view(np.float32), *rule,
        entries, entries.view(np.float32), sizes, words, values,
    )  # fmt: skip
    return entries[:used].copy(), weight, words[:left_out].copy(), values[:left_out].copy()


@compiled
def _is_left_out(a, b, one_in):  # type: ignore[no-untyped-def]
    """Choose one pair in so many, the same in both directions, by bits that look like chance."""
    low, high = np.uint64(min(a, b)), np.uint64(max(a, b))
    mixed = (low * np.uint64(0x9E3779B97F4A7C15)) ^ (high * np.uint64(0xC2B2AE3D27D4EB4F))
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(32)) % np.uint64(one_in) == np.uint64(0)


@compiled
def _weigh(  # type: ignore[no-untyped-def]
    first, given_sizes, given, counts, logs, shift, floor, log_full, exponent, limit, one_in,
    entries, values, sizes, words, of_words,
):  # fmt: skip
    """Write the targets and weights of the pairs in some rows behind their columns; set those left out aside.

    Return how much of `entries` and of `words` is used, and the sum of the weights.
    """
    used = left_out = begin = 0
    sum_of_weights = 0.0
    for row in range(len(given_sizes)):
        size = given_sizes[row]
        kept = 0
        for at in range(size):
            kept += not _is_left_out(first + row, given[begin + at], one_in)
        place = used
        for at in range(size):
            other = given[begin + at]
            seen = np.log(counts[begin + size + at])
            target = max(seen - logs[first + row] - logs[other] + shift, floor)
            weight = min(limit, np.exp(exponent * (seen - log_full)))
            if not _is_left_out(first + row, other, one_in):
                entries[place] = other
                values[place + kept] = target
                values[place + 2 * kept] = weight
                place += 1
                sum_of_weights += weight
            elif first + row < other:
                words[left_out, 0], words[left_out, 1] = first + row, other
                of_words[left_out, 0], of_words[left_out, 1] = target, weight
                left_out += 1
        begin += 2 * size
        used += 3 * kept
        sizes[row] = kept
    return used, left_out, sum_of_weights
