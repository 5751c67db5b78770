"""How often each word stands near each other word, counted part by part of the text, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simsearch.trainer.errors import NoPairs
from simsearch.trainer.rows import Rows
from simsearch.trainer.threads import alone, compiled, each, ranges
from simsearch.trainer.vocabulary import Vocabulary
from simsearch.trainer.words import LINE_END

#: Occurrences that a thread counts before it reports: less than a tenth of a second.
BLOCK = 100_000
#: Entries that a thread merges before it reports.
MERGED = 500_000
#: A pair seen once counts only if it stood no further apart than this.
NEAR = 2
#: Tokens that are counted at a time: more are hardly faster.
PART = 50_000_000
#: Bytes that counting takes for each token of a part: its number, and its place among those of its word.
BYTES = 8
#: Tokens among which the end of a line is looked for.
MARGIN = 1_000_000


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of words that were seen together: a sparse symmetric matrix without its diagonal."""

    #: Of each word the others, and the sums of 1/distance over the times that they were seen.
    rows: Rows
    #: Sum of each row with nothing left out.
    marginals: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is counted: 1/distance within a window; pairs seen once only and further apart than `near` are dropped."""

    window: int
    near: int


def count(
    vocabulary: Vocabulary,
    window: int,
    path: Path,
    every_pair: bool = False,
    threads: int = 1,
    part: int = PART,
    progress: Callable[[float], None] = lambda done: None,
) -> Pairs:
    """Count pairs within `window` words to both sides, 1/distance each, within a line, and write them to a file.

    Unless `every_pair`, a pair seen once and more than `NEAR` words apart is dropped. A text of more than `part`
    tokens is counted part by part, and the parts are merged.
    """
    rule = Rule(window, window if every_pair else NEAR)
    parts = _parts(vocabulary.tokens, part)
    share = 1.0 if len(parts) == 1 else 0.7 / len(parts)
    files: list[Rows] = []
    for number, (first, last) in enumerate(parts):
        target = path if len(parts) == 1 else path.with_name(f"{path.name}.{number}")
        tokens = np.fromfile(vocabulary.tokens, np.int32, last - first, offset=4 * first)
        report = partial(_of_part, progress, number, share)
        rows, marginals = _count_part(tokens, len(vocabulary.words), rule, target, threads, len(parts) > 1, report)
        files.append(rows)
        del tokens
    if len(files) > 1:
        rows, marginals = merge(files, path, threads, lambda done: progress(0.7 + 0.3 * done))
        for file in files:
            file.path.unlink()
    if not rows.starts[-1]:
        raise NoPairs
    return Pairs(rows, marginals)


def _of_part(progress: Callable[[float], None], number: int, share: float, done: float) -> None:
    progress((number + done) * share)


def _parts(tokens: Path, most: int) -> list[tuple[int, int]]:
    """Cut a file of tokens into parts of about the same size, each up to the end of a line where one is near."""
    total = tokens.stat().st_size // 4
    size = -(-total // -(-total // most))
    edges = [0]
    while edges[-1] < total:
        edge = edges[-1] + size
        ends = np.flatnonzero(np.fromfile(tokens, np.int32, MARGIN, offset=4 * edge) == LINE_END)
        edges.append(min(total, edge + int(ends[0]) + 1 if len(ends) else edge))
    return list(pairwise(edges))


def _count_part(
    tokens: NDArray[np.int32],
    words: int,
    rule: Rule,
    path: Path,
    threads: int,
    whole: bool,
    progress: Callable[[float], None],
) -> tuple[Rows, NDArray[np.float64]]:
    """Count the pairs of one part; `whole` keeps all, those seen once and far apart with a negative sum."""
    counts = np.zeros(words, np.int64)
    alone(_count_words, tokens, counts)
    firsts = np.concatenate([[0], np.cumsum(counts)])
    positions = np.empty(firsts[-1], np.int32)
    alone(_gather_positions, tokens, firsts[:-1].copy(), positions)
    sizes, marginals = np.zeros(words, np.int64), np.zeros(words)
    tasks = ranges(counts, -(-len(positions) // BLOCK)) if len(positions) else []
    with ThreadPoolExecutor(threads) as pool, open(path, "wb") as file:
        how = (words, rule.window, rule.near, whole)
        given = ((tokens, positions, firsts[a : b + 1], a, *how, sizes[a:b], marginals[a:b]) for a, b in tasks)
        for (_, last), entries in zip(tasks, each(pool, _count_block, given, 2 * threads), strict=True):
            file.write(entries.data)
            progress(firsts[last] / len(positions))
    return Rows(path, np.concatenate([[0], np.cumsum(sizes)]), 2), marginals


def _count_block(
    tokens: NDArray[np.int32],
    positions: NDArray[np.int32],
    firsts: NDArray[np.int64],
    row: int,
    words: int,
    window: int,
    near: int,
    whole: bool,
    sizes: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> NDArray[np.int32]:
    room = int(np.minimum(np.diff(firsts) * 2 * window, words).sum())
    entries = np.empty(2 * room, np.int32)  # touched only where used
    used = _count_rows(
        tokens, positions, firsts, row, words, window, near, whole,
        entries, entries.view(np.float32), sizes, sums,
    )  # fmt: skip
    return entries[:used].copy()


def merge(
    files: list[Rows], path: Path, threads: int, progress: Callable[[float], None]
) -> tuple[Rows, NDArray[np.float64]]:
    """Add up the counts of all parts, and drop pairs seen once and far apart."""
    starts = np.array([file.starts for file in files])
    words = starts.shape[1] - 1
    entries = np.diff(starts).sum(axis=0)
    sizes, marginals = np.zeros(words, np.int64), np.zeros(words)
    tasks = ranges(entries + 1, -(-int(entries.sum()) // MERGED))
    with ThreadPoolExecutor(threads) as pool, open(path, "wb") as file:
        given = ((files, starts[:, a : b + 1], a, b, sizes[a:b], marginals[a:b]) for a, b in tasks)
        for (_, last), merged in zip(tasks, each(pool, _merge_block, given, 2 * threads), strict=True):
            file.write(merged.data)
            progress(last / words)
    return Rows(path, np.concatenate([[0], np.cumsum(sizes)]), 2), marginals


def _merge_block(
    files: list[Rows],
    starts: NDArray[np.int64],
    first: int,
    last: int,
    sizes: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> NDArray[np.int32]:
    read = [file.read(first, last) for file in files]
    entries = np.concatenate(read)
    begins = np.cumsum([0, *map(len, read[:-1])])[:, None] + 2 * (starts - starts[:, :1])
    merged = np.empty(len(entries), np.int32)
    words = len(files[0].starts) - 1
    used = _merge_rows(
        begins, first, words, entries, entries.view(np.float32), merged, merged.view(np.float32), sizes, sums
    )
    return merged[:used].copy()


@compiled
def _count_words(tokens, counts):  # type: ignore[no-untyped-def]
    """Count each word; numpy's own way takes three times the memory of the tokens."""
    for place in range(len(tokens)):
        if tokens[place] >= 0:
            counts[tokens[place]] += 1


@compiled
def _gather_positions(tokens, nexts, positions):  # type: ignore[no-untyped-def]
    """List the places of each word, word after word; `nexts` says where each list begins."""
    for place in range(len(tokens)):
        word = tokens[place]
        if word >= 0:
            positions[nexts[word]] = place
            nexts[word] += 1


@compiled
def _count_rows(  # type: ignore[no-untyped-def]
    tokens, positions, firsts, first, words, window, near, whole, entries, values, sizes, sums
):
    """Count the rows of some words, `first` and those after it, into `entries`; return how much of it is used.

    `values` shows the same memory as `entries`. `seen` holds a word's row, dense: the sum of 1/distance, negative as
    long as the pair was seen once only and far apart.
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
        used += _write_row(first + row, seen, touched, found, whole, entries[used:], values[used:], sizes, sums, row)
    return used


@compiled
def _merge_rows(begins, first, words, entries, values, merged, merged_values, sizes, sums):  # type: ignore[no-untyped-def]
    """Add up the rows of some words, of which part p holds `entries[begins[p, row]:begins[p, row + 1]]`."""
    seen = np.zeros(words)
    touched = np.empty(words, np.int32)
    used = 0
    for row in range(begins.shape[1] - 1):
        found = 0
        for part in range(len(begins)):
            begin, size = begins[part, row], (begins[part, row + 1] - begins[part, row]) // 2
            for at in range(begin, begin + size):
                other, value = entries[at], values[at + size]
                if seen[other] == 0.0:
                    touched[found] = other
                    found += 1
                    seen[other] = value
                else:
                    seen[other] = abs(seen[other]) + abs(value)
        used += _write_row(
            first + row, seen, touched, found, False, merged[used:], merged_values[used:], sizes, sums, row
        )
    return used


@compiled
def _write_row(own, seen, touched, found, whole, entries, values, sizes, sums, row):  # type: ignore[no-untyped-def]
    """Write a row that was counted, forget it, and return how many numbers it takes."""
    size = 0
    total = 0.0
    for at in range(found):
        other = touched[at]
        total += abs(seen[other])
        if whole or (seen[other] > 0.0 and other != own):
            entries[size] = other
            size += 1
    for at in range(size):
        values[size + at] = seen[entries[at]]
    for at in range(found):
        seen[touched[at]] = 0.0
    sums[row] = total
    sizes[row] = size
    return 2 * size
