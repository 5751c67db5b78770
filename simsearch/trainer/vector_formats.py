"""Formats in which programs write word vectors: word2vec, text and binary, GloVe, and the .npz of an export."""

from __future__ import annotations

import re
import zipfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.errors import SimsearchError

#: The last line of GloVe's files: a vector for words that have none.
UNKNOWN = "<unk>"
#: A longer line is no word with its numbers, and a longer word is none.
LONGEST_LINE, LONGEST_WORD = 1 << 20, 1 << 12
MOST_DIMENSIONS = 10_000
#: Larger numbers have no square.
LARGEST = 1e15
#: Up to here a sum of counts is exact as a float, too.
MOST_WORDS = 2**53

#: Words as they stand, None for one that is no UTF-8, each with its vector (d).
Vectors = Iterator[tuple[str | None, NDArray[np.float32]]]


class NoVectors(SimsearchError):
    """The file {path} holds no word vectors that are read here ({reason}): give word2vec's format, text or binary
    (of gensim: `save_word2vec_format`), GloVe's, or the .npz of `simsearch export`.
    """

    path: str
    reason: str


class VectorsDamaged(SimsearchError):
    """The vectors in {path} are damaged at {place} ({reason}): mend the file, or fetch it again."""

    path: str
    place: str
    reason: str


class VectorFile(NamedTuple):
    """What a file of word vectors holds."""

    vectors: Vectors
    #: How often each word was seen, where the file tells (n).
    counts: NDArray[np.int64] | None = None
    #: Inner products are PMI, as the file says.
    pmi: bool = False
    #: Words are folded already, as those of a model are.
    folded: bool = False
    #: Vectors are whitened and hold what characters say, as the file says.
    search: bool = False


def header(line: bytes) -> tuple[int, int] | None:
    """Return the numbers of words and of dimensions, if this is the first line of word2vec's formats."""
    parts = line.removeprefix(BOM_UTF8).split()
    if len(parts) == 2 and all(part.isdigit() and len(part) < 16 for part in parts):
        return int(parts[0]), int(parts[1])
    return None


def text(stream: IO[bytes], path: Path) -> Vectors:
    """Read word2vec's text, which begins with a header, or GloVe's, which does not.

    https://github.com/tmikolov/word2vec (word2vec.c, the end of TrainModel), https://github.com/stanfordnlp/GloVe
    """
    told, dimensions, read, word = None, 0, 0, None
    for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE), b""), 1):
        if number == 1:
            line = line.removeprefix(BOM_UTF8)
            told = header(line)
            dimensions = _dimensions(told[1] if told else len(line.split()) - 1, path)
            if told:
                continue
        place = f"line {number}"
        if len(line) == LONGEST_LINE:
            raise VectorsDamaged(path=str(path), place=place, reason="the line has no end")
        if line.strip():
            word, numbers = _of_line(line, dimensions, path, place)
            yield word, _checked(numbers, path, place)
            read += 1
    # GloVe does not count the line that it adds for all words that are not in the file.
    if told and read != told[0] + (word == UNKNOWN and read > told[0]):
        reason = f"its first line tells of {told[0]} words, and there are {read}"
        raise VectorsDamaged(path=str(path), place="its end", reason=reason)


def _of_line(line: bytes, dimensions: int, path: Path, place: str) -> tuple[str | None, NDArray[np.float32]]:
    parts = line.split()
    # GloVe has words with spaces inside, and gensim writes words that are a space.
    word, numbers = parts[:-dimensions], parts[-dimensions:]
    if len(numbers) < dimensions or not (word or line[:1] == b" ") or (len(word) > 1 and is_number(word[-1])):
        reason = f"it is not a word and {dimensions} numbers"
        raise VectorsDamaged(path=str(path), place=place, reason=reason)
    try:
        values = np.array([*map(float, numbers)])
    except ValueError as error:
        wrong = next(part for part in numbers if not is_number(part))[:40].decode("utf-8", "replace")
        raise VectorsDamaged(path=str(path), place=place, reason=f"{wrong} is no number") from error
    with np.errstate(over="ignore"):
        return _decoded(b" ".join(word)), values.astype(np.float32)


def is_number(part: bytes) -> bool:
    """Tell whether these are the digits of a number."""
    try:
        float(part)
    except ValueError:
        return False
    return True


def binary(stream: IO[bytes], path: Path) -> Vectors:
    """Read word2vec's binary format: the header, then each word, a space and its numbers as float32.

    https://github.com/tmikolov/word2vec (word2vec.c, the end of TrainModel)
    """
    words, dimensions = header(stream.readline(LONGEST_LINE)) or (0, 0)
    _dimensions(dimensions, path)
    for number in range(1, words + 1):
        place = f"word {number}"
        word = b""
        while not word.endswith(b" ") and len(word) < LONGEST_WORD:
            byte = stream.read(1)
            if not byte:
                reason = f"it ends there, and its first line tells of {words} words"
                raise VectorsDamaged(path=str(path), place=place, reason=reason)
            word += byte
        numbers = stream.read(4 * dimensions)
        if len(numbers) < 4 * dimensions or not word.endswith(b" "):
            reason = f"it is not a word and {dimensions} numbers of four bytes"
            raise VectorsDamaged(path=str(path), place=place, reason=reason)
        yield _decoded(word.strip()), _checked(np.frombuffer(numbers, "<f4").astype(np.float32), path, place)
    if stream.read(LONGEST_WORD).strip():
        reason = f"its first line tells of {words} words, and there are more"
        raise VectorsDamaged(path=str(path), place="its end", reason=reason)


def arrays(stream: IO[bytes], path: Path) -> VectorFile:
    """Read the .npz that `simsearch.model.export` describes; other floats than float32 will do, too."""
    try:
        with np.load(stream, allow_pickle=False) as file:
            words, counts, vectors, pmi = (file[name] for name in ("words", "counts", "vectors", "pmi"))
            search = "space" in file and str(file["space"]) == "search"
    except MemoryError as error:  # what it says of its size need not be true
        raise NoVectors(path=str(path), reason="its arrays take more memory than there is") from error
    except (KeyError, ValueError, EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise NoVectors(path=str(path), reason=str(error).strip("'\"").rstrip(".")) from error
    kinds = "".join(array.dtype.kind for array in (words, counts, vectors, pmi))
    if not re.fullmatch("U[iu]fb", kinds) or vectors.ndim != 2 or not words.shape == counts.shape == vectors.shape[:1]:
        raise NoVectors(path=str(path), reason="its words, counts, vectors and pmi do not go together")
    if (counts < 1).any() or counts.sum(dtype=np.float64) > MOST_WORDS:
        raise NoVectors(path=str(path), reason="a count is less than 1, or too large")
    _dimensions(vectors.shape[1], path)
    with np.errstate(over="ignore"):
        pairs = zip(words.tolist(), vectors.astype(np.float32, copy=False), strict=True)
    checked = ((word, _checked(row, path, f"word {number}")) for number, (word, row) in enumerate(pairs, 1))
    return VectorFile(checked, counts.astype(np.int64), bool(pmi.all()), folded=True, search=search)


def _dimensions(found: int, path: Path) -> int:
    if not 2 <= found <= MOST_DIMENSIONS:
        reason = f"vectors have 2 to {MOST_DIMENSIONS} numbers, and these have {max(found, 0)}"
        raise NoVectors(path=str(path), reason=reason)
    return found


def _checked(vector: NDArray[np.float32], path: Path, place: str) -> NDArray[np.float32]:
    if not float(np.abs(vector).max()) <= LARGEST:  # or NaN
        raise VectorsDamaged(path=str(path), place=place, reason="a number is infinite, too large or none at all")
    return vector


def _decoded(word: bytes) -> str | None:
    try:
        return word.decode()
    except UnicodeDecodeError:
        return None
