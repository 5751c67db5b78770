"""How often each word stands near each other word."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simsearch.trainer.errors import NoPairs
from simsearch.trainer.threads import compiled, each, ranges
from simsearch.trainer.vocabulary import Vocabulary

#: Occurrences that a thread counts before it reports: about a tenth of a second.
BLOCK = 200_000
#: A pair seen once counts only if it stood no further apart than this.
NEAR = 2


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of words that were seen together: a sparse symmetric matrix, row by row."""

    #: Row i is `others[starts[i]:starts[i + 1]]`; the diagonal is left out.
    starts: NDArray[np.int64]
    others: NDArray[np.int32]
    #: Sum of 1/distance over the times a pair was seen.
    counts: NDArray[np.float32]
    #: Sum of each row with nothing left out.
    marginals: NDArray[np.float64]


def count(
    vocabulary: Vocabulary,
    window: int,
    every_pair: bool = False,
    threads: int = 1,
    progress: Callable[[float], None] = lambda done: None,
) -> Pairs:
    """Count pairs within `window` words to both sides, 1/distance each, within a line.

    Unless `every_pair`, a pair seen once and more than `NEAR` words apart is dropped.
    """
    counts, tokens = vocabulary.counts, vocabulary.tokens
    # Most corpora have fewer than 2^31 words: 4 bytes a position are enough.
    size = np.int32 if len(tokens) < 2**31 else np.int64
    positions = np.empty(counts.sum(), size)
    firsts = np.concatenate([[0], np.cumsum(counts)])
    _gather_positions(tokens, firsts[:-1].copy(), positions)
    near = window if every_pair else NEAR
    sizes, rows, values, marginals = [], [], [], []
    done = 0
    with ThreadPoolExecutor(threads) as pool:
        tasks = ranges(counts, -(-len(positions) // BLOCK))
        blocks = each(
            pool,
            _count_block,
            ((tokens, positions, firsts[a : b + 1], len(counts), window, near) for a, b in tasks),
        )
        for (first, last), (row_sizes, others, weights, sums) in zip(tasks, blocks, strict=True):
            sizes.append(row_sizes)
            rows.append(others)
            values.append(weights)
            marginals.append(sums)
            done += int(counts[first:last].sum())
            progress(done / len(positions))
    if not sum(map(len, rows)):
        raise NoPairs
    starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))])
    return Pairs(starts, np.concatenate(rows), np.concatenate(values), np.concatenate(marginals))


Block = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32], NDArray[np.float64]]


def _count_block(
    tokens: NDArray[np.int32],
    positions: NDArray[np.int_],
    firsts: NDArray[np.int64],
    words: int,
    window: int,
    near: int,
) -> Block:
    rows = len(firsts) - 1
    room = int(np.minimum(np.diff(firsts) * 2 * window, words).sum())  # touched only where used
    others, values = np.empty(room, np.int32), np.empty(room, np.float32)
    sizes, sums = np.zeros(rows, np.int64), np.zeros(rows)
    used = _count_rows(tokens, positions, firsts, words, window, near, others, values, sizes, sums)
    return sizes, others[:used].copy(), values[:used].copy(), sums


@compiled
def _gather_positions(tokens, nexts, positions):  # type: ignore[no-untyped-def]
    """List the places of each word, word after word; `nexts` says where each list begins."""
    for place in range(len(tokens)):
        word = tokens[place]
        if word >= 0:
            positions[nexts[word]] = place
            nexts[word] += 1


@compiled
def _count_rows(tokens, positions, firsts, words, window, near, others, values, sizes, sums):  # type: ignore[no-untyped-def]
    """Count the rows of some words into `others` and `values`; return how much of them is used.

    `seen` holds a word's row, dense: the sum of 1/distance, negative as long as the pair was seen
    once only and far apart.
    """
    seen = np.zeros(words)
    touched = np.empty(words, np.int32)
    shares = 1.0 / np.arange(1, window + 1)
    used = 0
    for row in range(len(firsts) - 1):
        found = 0
        for at in range(firsts[row], firsts[row + 1]):
            place = positions[at]
            for step in (-1, 1):
                for distance in range(1, window + 1):
                    neighbour = place + step * distance
                    if neighbour < 0 or neighbour >= len(tokens):
                        break
                    other = tokens[neighbour]
                    if other < 0:
                        break
                    share = shares[distance - 1]
                    if seen[other] == 0.0:
                        touched[found] = other
                        found += 1
                        seen[other] = share if distance <= near else -share
                    else:
                        seen[other] = abs(seen[other]) + share
        total = 0.0
        kept = used
        own = tokens[positions[firsts[row]]]
        for at in range(found):
            other = touched[at]
            total += abs(seen[other])
            if seen[other] > 0.0 and other != own:
                others[used] = other
                values[used] = seen[other]
                used += 1
            seen[other] = 0.0
        sums[row] = total
        sizes[row] = used - kept
    return used
