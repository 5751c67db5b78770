"""Word vectors that answer: the model's own, and those of a file, whose sentences are plain sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from simsearch.errors import SimsearchError
from simsearch.evaluation.tasks import Progress
from simsearch.model import Model
from simsearch.model.model import unit

Floats = NDArray[np.float32]
#: Lines after which progress is told.
STEP = 1_000


class VectorsUnreadable(SimsearchError):
    """The word vectors {path} cannot be read ({reason}): give word2vec's text format, or a .npz with words and vectors."""  # noqa: E501

    path: str
    reason: str


class Vectors(Protocol):
    """What the tasks ask of word vectors; d dimensions."""

    @property
    def unit(self) -> Floats:
        """Return the vectors of the words (words x d), of length 1, the most frequent word first."""

    def place(self, word: str) -> int | None:
        """Return the row of a word, None if it is unknown."""

    def similarity(self, a: str, b: str) -> float:
        """Return the cosine of two words that are known."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return sentence vectors (texts x d) of length 1, for comparing."""

    def sums(self, texts: Sequence[str]) -> Floats:
        """Return plain sums of word vectors (texts x d), for classifying."""

    def keywords(self, text: str, k: int) -> list[str]:
        """Return at most k keywords."""


class OfModel:
    """A model, each question put to the part of it that users have."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.similarity, self.encode, self.sums = model.word_similarity, model.encode, model.sum_vectors

    @cached_property
    def unit(self) -> Floats:
        """The search space."""
        return unit(self._model.search_vectors)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self._model.words)}

    def place(self, word: str) -> int | None:
        """Return the row of a word, None if it is unknown."""
        return self._places.get(self._model.fold(word))

    def keywords(self, text: str, k: int) -> list[str]:
        """Return the tags of a text."""
        return [keyword.word for keyword in self._model.keywords(text, k)]


class OfFile:
    """Words with vectors (words x d); texts are cut by our segmenter and summed up."""

    def __init__(self, words: Sequence[str], vectors: Floats, model: Model) -> None:
        self._model = model
        self._vectors = vectors
        self._places: dict[str, int] = {}
        for place, word in enumerate(words):
            self._places.setdefault(word, place)

    @cached_property
    def unit(self) -> Floats:
        """All vectors, of length 1."""
        return unit(self._vectors)

    def place(self, word: str) -> int | None:
        """Return the row of a word as it stands, or folded; None if it is unknown."""
        return self._places.get(word, self._places.get(self._model.fold(word)))

    def similarity(self, a: str, b: str) -> float:
        """Return the cosine of two words that are known."""
        one, other = self.place(a), self.place(b)
        return float(self.unit[one] @ self.unit[other])

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return the sums, of length 1."""
        return unit(self.sums(texts))

    def sums(self, texts: Sequence[str]) -> Floats:
        """Return the sums of the known words' vectors."""
        out = np.zeros((len(texts), self._vectors.shape[1]), np.float32)
        for row, text in zip(out, texts, strict=True):
            row[:] = self._vectors[[place for _, place in self._known(text)]].sum(axis=0)
        return out

    def keywords(self, text: str, k: int) -> list[str]:
        """Return the words of two characters and more with the largest <sum, word> (equation 43)."""
        known = self._known(text)
        total = self._vectors[[place for _, place in known]].sum(axis=0)
        scores = {word: float(self._vectors[place] @ total) for word, place in known if len(word) > 1}
        return sorted(scores, key=lambda word: -scores[word])[:k]

    def _known(self, text: str) -> list[tuple[str, int]]:
        words = self._model.segment(text)
        return [(word, self._places[word]) for word in words if word in self._places]


class Read(NamedTuple):
    """The vectors of a file, and how many of its lines were none."""

    vectors: OfFile
    broken: int


def read_vectors(path: Path, model: Model, progress: Progress = lambda done, total: None) -> Read:
    """Read a .npz with `words` and `vectors`, or word2vec's text format, its header optional.

    Raises `VectorsUnreadable`.
    """
    try:
        if path.suffix == ".npz":
            return Read(_arrays(path, model), 0)
        with np.errstate(over="ignore"):  # a number too large is seen as not finite
            rows = list(_lines(path, progress))
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        reason = getattr(error, "strerror", None) or str(error).strip("'\"")
        raise VectorsUnreadable(path=str(path), reason=reason) from error
    found = [row for row in rows if row is not None]
    if not found:
        raise VectorsUnreadable(path=str(path), reason="no line is a word and its numbers")
    words, vectors = zip(*found, strict=True)
    return Read(OfFile(words, np.array(vectors), model), len(rows) - len(found))


def _arrays(path: Path, model: Model) -> OfFile:
    with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        words, vectors = arrays["words"].tolist(), arrays["vectors"].astype(np.float32)
    if vectors.ndim != 2 or len(words) != len(vectors):
        raise ValueError("words and vectors do not match")
    return OfFile(list(map(str, words)), vectors, model)


def _lines(path: Path, progress: Progress) -> Iterator[tuple[str, Floats] | None]:
    """Yield the word and the vector of each line, None for a broken one."""
    dimensions = done = 0
    size = path.stat().st_size
    with open(path, "rb") as stream:
        for number, line in enumerate(stream):
            done += len(line)
            if number % STEP == 0:
                progress(done, size)
            cells = line.decode("utf-8", "replace").rstrip().split(" ")
            if not dimensions:  # the first line: a header, or a vector like all others
                header = len(cells) == 2 and all(cell.isdecimal() for cell in cells)
                dimensions = int(cells[1]) if header else len(cells) - 1
                if header:
                    continue
            yield _parse(cells, dimensions)


def _parse(cells: list[str], dimensions: int) -> tuple[str, Floats] | None:
    if len(cells) <= dimensions or not dimensions:
        return None
    try:
        vector = np.array([float(cell) for cell in cells[-dimensions:]], np.float32)
    except ValueError:
        return None
    # A word may hold spaces.
    return (" ".join(cells[:-dimensions]), vector) if np.isfinite(vector).all() else None
