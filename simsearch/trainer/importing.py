"""From word vectors of another program to a model: fold and merge words, whiten, learn characters, save."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch import interrupts
from simsearch.corpus.folding import fold
from simsearch.errors import SimsearchError
from simsearch.trainer import word_counts
from simsearch.trainer.training import Progress
from simsearch.trainer.vector_file import opened

#: A vector without a larger number says nothing.
SMALLEST = 1e-15
#: The place of words that are left out.
NOWHERE = -1


class TooFewVectors(SimsearchError):
    """Only {words} of the {read} words in {path} can be used (without spaces, the vector not zero), and a model needs
    two at least: give a file with more words.
    """

    path: str
    words: int
    read: int


class NotUnicode(SimsearchError):
    """Of the {read} words in {path} {broken} are not UTF-8: convert a text with `iconv -f GB18030 -t UTF-8`, or write
    the file again in UTF-8.
    """

    path: str
    broken: int
    read: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What was read from a file of word vectors."""

    #: Words read, and whether the file holds more.
    read: int
    more: bool
    #: Words read that are the same as one before once folded.
    merged: int
    #: Words read that are no UTF-8, are empty or hold spaces, or whose vector is zero.
    left_out: int
    #: Where counts come from: a file of their own, the file of vectors, or the order in it.
    counts: Literal["file", "vectors", "order"]
    #: Words that the file of counts does not name; they count as seen once.
    uncounted: int
    pmi: bool
    #: Sentences are compared by the vectors themselves: that was asked for, or the file holds a search space.
    as_is: bool


class _Vocabulary(NamedTuple):
    """n words, the most frequent first."""

    words: list[str]
    counts: NDArray[np.int64]
    vectors: NDArray[np.float32]  #: n x d


def import_vectors(
    path: Path,
    folder: Path,
    *,
    most: int,
    counts: Path | None = None,
    as_is: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Make a model folder of the first `most` word vectors that another program wrote, and tell what was read.

    Of words that are the same once folded the first gives the vector, and their counts are added up. Counts are those
    of the file named, else those with the vectors, else estimated from the order. Whitening and characters are learnt
    as in training; `as_is`, or where an export says that it holds a search space, sentences are compared in the space
    of the vectors themselves. Inner products are PMI where an export of a model says so, and nowhere else.

    Raises `VectorsUnreadable`, `NoVectors`, `VectorsDamaged`, `NotUnicode`, `TooFewVectors`, `CountsUnreadable`,
    `NotAModel`, `ModelUnwritable`.
    """
    with interrupts.held_back():
        from threadpoolctl import threadpool_limits

        from simsearch.model.saving import check_target, save
        from simsearch.trainer import search_space

    def report(stage: str) -> Callable[..., None]:
        return lambda done, total=1.0: progress(stage, done, total) if progress else None

    check_target(folder)
    (words, seen, vectors), told = _read(path, counts, as_is, most, report("read"))
    if told.as_is:
        dimensions = vectors.shape[1]
        whitening = np.eye(dimensions, dtype=np.float32)
        empty = np.zeros((0, dimensions), np.float32)
        learnt = search_space.Characters("", empty, np.zeros(dimensions, np.float32), 1.0)
    else:
        with threadpool_limits(1, user_api="blas"):  # as in training: the same vectors on any machine
            whitening = search_space.whitening(vectors, seen)
            learnt = search_space.learn_characters(words, seen, vectors, whitening, report("characters"))
    imported = {"imported": {"file": path.name, **asdict(told)}}
    made = search_space.tables(words, seen, vectors, whitening, learnt, training=imported, pmi=told.pmi)
    save(folder, made)
    return told


def _read(
    path: Path, counts: Path | None, as_is: bool, most: int, report: Callable[[float, float], None]
) -> tuple[_Vocabulary, Imported]:
    places: dict[str, int] = {}
    rows: list[int] = []  # the place of each word read
    numbers = bytearray()  # grows without a copy
    broken, more = 0, False
    with opened(path, report) as file:
        for word, vector in file.vectors:
            if len(rows) == most:
                more = True
                break
            broken += word is None
            # Folded in a text: 乾 is a word of a model because of 乾隆, and alone would become 干.
            folded = word if file.folded and word and word.isprintable() else fold(word or "")
            place = NOWHERE
            if folded and not re.search(r"\s", folded) and np.abs(vector).max() > SMALLEST:
                place = places.setdefault(folded, len(places))
                if len(places) * vector.nbytes > len(numbers):
                    numbers += vector.tobytes()
            rows.append(place)
    if 2 * broken > len(rows):
        raise NotUnicode(path=str(path), broken=broken, read=len(rows))
    if len(places) < 2:
        raise TooFewVectors(path=str(path), words=len(places), read=len(rows))

    of_rows = np.array(rows)
    kept = of_rows != NOWHERE
    if counts:
        seen = word_counts.read(counts, places)
    else:
        each = word_counts.estimate(len(rows)) if file.counts is None else file.counts[: len(rows)]
        seen = np.bincount(of_rows[kept], each[kept]).astype(np.int64)
    uncounted = int((seen == 0).sum())
    seen = np.maximum(seen, 1)
    order = np.argsort(-seen, kind="stable")
    words = list(places)
    vectors = np.frombuffer(numbers, np.float32).reshape(len(words), -1)
    told = Imported(
        read=len(rows),
        more=more,
        merged=int(kept.sum()) - len(words),
        left_out=int((~kept).sum()),
        counts="file" if counts else "order" if file.counts is None else "vectors",
        uncounted=uncounted,
        pmi=file.pmi,
        as_is=as_is or file.search,
    )
    return _Vocabulary([words[place] for place in order.tolist()], seen[order], vectors[order]), told
