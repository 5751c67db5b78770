"""From texts to numbered words: folding and segmenting, in processes."""

from __future__ import annotations

from array import array
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.folding import fold
from simsearch.corpus.segmentation import Segmenter
from simsearch.processes import begin_worker
from simsearch.trainer.errors import WorkerDied

#: Stands after each line: pairs never cross it.
LINE_END = -1
#: Characters in the texts that a worker gets at a time: about a third of a second of work.
CHUNK = 500_000


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus as numbers."""

    #: Each different word once, in order of first occurrence.
    words: list[str]
    #: Numbers of the words of all texts, LINE_END after each line.
    tokens: NDArray[np.int32]
    documents: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a corpus, its words numbered by themselves: workers need not agree on numbers."""

    words: list[str]
    tokens: NDArray[np.int32]
    documents: int


def read(
    texts: Iterable[str],
    dictionary: Sequence[str] = (),
    processes: int = 1,
    progress: Callable[[float], None] = lambda done: None,
) -> Corpus:
    """Return the corpus that the texts make; it does not depend on the number of processes."""
    numbers: dict[str, int] = {}
    tokens: list[NDArray[np.int32]] = []
    documents = 0
    for chunk in _segmented(texts, dictionary, processes):
        # One more at the end, which is where LINE_END, -1, points to.
        table = [numbers.setdefault(word, len(numbers)) for word in chunk.words] + [LINE_END]
        tokens.append(np.array(table, np.int32)[chunk.tokens])
        documents += chunk.documents
        progress(documents)
    return Corpus(list(numbers), np.concatenate([np.empty(0, np.int32), *tokens]), documents)


def number(texts: list[str], segmenter: Segmenter) -> Chunk:
    """Fold, segment and number texts."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    tokens = array("i")
    for text in texts:
        for line in fold(text).split("\n"):
            if words := segmenter.segment(line):
                tokens.extend(map(numbers.__getitem__, words))
                tokens.append(LINE_END)
    return Chunk(list(numbers), np.array(tokens, np.int32), len(texts))


def _segmented(texts: Iterable[str], dictionary: Sequence[str], processes: int) -> Iterator[Chunk]:
    chunks = _chunks(texts)
    first = list(islice(chunks, 2))
    if processes == 1 or len(first) < 2:  # starting processes would take longer than the work
        yield from map(partial(number, segmenter=Segmenter(dictionary)), chain(first, chunks))
        return
    # Fresh interpreters: a fork would copy locks that other threads of the caller hold.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _start, (tuple(dictionary),))
    try:
        waiting: deque[Future[Chunk]] = deque()
        for texts_of_chunk in chain(first, chunks):
            waiting.append(pool.submit(_number, texts_of_chunk))
            if len(waiting) > 2 * processes:  # texts are read only as fast as they are used
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerDied from error
    finally:
        pool.shutdown(cancel_futures=True)


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    size = 0
    for text in texts:
        chunk.append(text)
        size += len(text) + 1
        if size >= CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


_segmenter: Segmenter


def _start(dictionary: tuple[str, ...]) -> None:
    """Prepare a worker process."""
    global _segmenter
    begin_worker()
    _segmenter = Segmenter(dictionary)


def _number(texts: list[str]) -> Chunk:
    return number(texts, _segmenter)
