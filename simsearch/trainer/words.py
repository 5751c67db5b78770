"""From texts to numbered words: folding and segmenting, in processes."""

from __future__ import annotations

from array import array
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain, count, islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.folding import fold
from simsearch.corpus.segmentation import Segmenter
from simsearch.processes import begin_worker, starting
from simsearch.trainer.errors import WorkerDied
from simsearch.trainer.repeated_lines import RepeatedLines, checksum

#: Stands after each line: pairs never cross it.
LINE_END = -1
#: Characters in the texts that a worker gets at a time: about a third of a second of work.
CHUNK = 500_000


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus as numbers."""

    #: Each different word once, in order of first occurrence.
    words: list[str]
    #: How often each occurs.
    counts: NDArray[np.int64]
    #: A file of int32: the numbers of the words of all texts, LINE_END after each line.
    tokens: Path
    documents: int
    #: Lines that were left out, as they had come often enough.
    repeated_lines: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a corpus, its words numbered by themselves: workers need not agree on numbers."""

    words: list[str]
    tokens: NDArray[np.int32]
    #: A checksum of each line.
    lines: array[int]
    documents: int


def read(
    texts: Iterable[str],
    tokens: Path,
    dictionary: Sequence[str] = (),
    processes: int = 1,
    progress: Callable[[float], None] = lambda done: None,
    copies: int = 0,
) -> Corpus:
    """Write the words of the texts to a file as numbers; these do not depend on the number of processes.

    A line is read `copies` times at most, 0: as often as it comes.
    """
    numbers: dict[str, int] = {}
    counts = np.zeros(0, np.int64)
    documents = repeated = 0
    seen = RepeatedLines(copies)
    with open(tokens, "wb") as file:
        for chunk in _segmented(texts, dictionary, processes):
            table = np.array([numbers.setdefault(word, len(numbers)) for word in chunk.words], np.int32)
            counts = np.pad(counts, (0, len(numbers) - len(counts)))
            wanted = seen.wanted(chunk.lines)
            of_chunk = chunk.tokens[np.repeat(wanted, _lengths(chunk.tokens))]
            counts[table] += np.bincount(of_chunk[of_chunk != LINE_END], minlength=len(table))
            # One more at the end, which is where LINE_END, -1, points to.
            file.write(np.append(table, np.int32(LINE_END))[of_chunk].data)
            documents += chunk.documents
            repeated += len(wanted) - int(wanted.sum())
            progress(documents)
    return Corpus(list(numbers), counts, tokens, documents, repeated)


def number(texts: list[str], documents: int, segmenter: Segmenter) -> Chunk:
    """Fold, segment and number texts."""
    # Not its own length: it would hold itself, and stay until somebody looks for garbage.
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    tokens, lines = array("i"), array("Q")
    for text in texts:
        for line in fold(text).split("\n"):
            if words := segmenter.segment(line):
                tokens.extend(map(numbers.__getitem__, words))
                tokens.append(LINE_END)
                lines.append(checksum(line))
    return Chunk(list(numbers), np.array(tokens, np.int32), lines, documents)


def _lengths(tokens: NDArray[np.int32]) -> NDArray[np.intp]:
    """Return the length of each line, its end included."""
    return np.diff(np.flatnonzero(tokens == LINE_END), prepend=-1)


def _segmented(texts: Iterable[str], dictionary: Sequence[str], processes: int) -> Iterator[Chunk]:
    chunks = _chunks(texts)
    first = list(islice(chunks, 2))
    if processes == 1 or len(first) < 2:  # starting processes would take longer than the work
        segmenter = Segmenter(dictionary)
        yield from (number(*chunk, segmenter) for chunk in chain(first, chunks))
        return
    # Fresh interpreters: a fork would copy locks that other threads of the caller hold.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _start, (tuple(dictionary),))
    try:
        waiting: deque[Future[Chunk]] = deque()
        for chunk in chain(first, chunks):
            with starting():
                waiting.append(pool.submit(_number, *chunk))
            if len(waiting) > 2 * processes:  # texts are read only as fast as they are used
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerDied from error
    finally:
        pool.shutdown(cancel_futures=True)


def _chunks(texts: Iterable[str]) -> Iterator[tuple[list[str], int]]:
    """Gather texts and cut long ones; yield them with how many documents end in each chunk."""
    chunk: list[str] = []
    size = documents = 0
    for text in texts:
        for piece, last in _pieces(text):
            chunk.append(piece)
            size += len(piece) + 1
            documents += last
            if size >= CHUNK:
                yield chunk, documents
                chunk, size, documents = [], 0, 0
    if chunk:
        yield chunk, documents


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Cut a text that is longer than a chunk, best after a line or a sentence; tell which piece is the last."""
    start = 0
    while len(text) - start > CHUNK:
        ends = [text.rfind(mark, start, start + CHUNK) + 1 for mark in "\n。"]
        cut = next((end for end in ends if end > start), start + CHUNK)
        yield text[start:cut], False
        start = cut
    yield text[start:], True


_segmenter: Segmenter


def _start(dictionary: tuple[str, ...]) -> None:
    """Prepare a worker process."""
    global _segmenter
    begin_worker()
    _segmenter = Segmenter(dictionary)


def _number(texts: list[str], documents: int) -> Chunk:
    return number(texts, documents, _segmenter)
