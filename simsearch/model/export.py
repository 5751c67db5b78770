"""Writing a model's word vectors as other programs read them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from simsearch.errors import SimsearchError
from simsearch.files import replacing
from simsearch.model.model import Model
from simsearch.model.search_space import Space

Format = Literal["word2vec", "word2vec-binary", "glove", "npz"]
#: What the end of a name says of the format; the first that fits.
ENDINGS: dict[str, Format] = {
    ".glove": "glove",
    ".glove.txt": "glove",
    ".txt": "word2vec",
    ".vec": "word2vec",
    ".bin": "word2vec-binary",
    ".npz": "npz",
}
#: Nine digits tell any two float32 apart.
NUMBER = "%.9g"
#: Vectors between two reports of progress.
STEP = 1_000
#: Beyond this gzip takes three times as long to save another twentieth.
LEVEL = 4

Vectors = Iterable[tuple[str, NDArray[np.float32]]]


class FormatUnclear(SimsearchError):
    """The name {path} does not tell the format: end it in .txt, .vec, .bin, .glove.txt (each also .gz) or .npz, or
    give a --format, with .gz for text and binary only.
    """

    path: str


class Exported(NamedTuple):
    """What was written."""

    format: Format
    words: int
    #: Words with white space, which text and word2vec's binary format cannot hold.
    left_out: int


def export(
    model: Model,
    path: Path,
    form: Format | None = None,
    space: Space = "article",
    *,
    force: bool = False,
    progress: Callable[[float, float], None] | None = None,
) -> Exported:
    """Write the word vectors of one space, most frequent word first: the whole file or nothing.

    The format is read from the end of the name where none is given; with `.gz` behind it the file is compressed.
    `progress` is called with the vectors written and their number.

    - `word2vec`, `word2vec-binary`: https://github.com/tmikolov/word2vec (word2vec.c, at the end of TrainModel)
    - `glove`: https://github.com/stanfordnlp/GloVe, word2vec's text without its first line
    - `npz`: numpy arrays `words` (n), `counts` (n), `vectors` (n x d), `space`, and `pmi`, which tells whether the
      inner product of two rows is their PMI

    Raises `FormatUnclear`, and what `files.replacing` does.
    """
    named = _format(path)
    form = form or named
    if form is None or (form == "npz" and path.suffix == ".gz"):
        raise FormatUnclear(path=str(path))
    with replacing(path, force) as raw, _compressed(raw, path) as stream:
        vectors = model.vectors if space == "article" else model.search_vectors
        if form == "npz":
            pmi = space == "article" and model.is_pmi
            np.savez(stream, words=np.array(model.words), counts=model.counts, vectors=vectors, space=space, pmi=pmi)
            return Exported(form, len(vectors), 0)
        places = [place for place, word in enumerate(model.words) if not re.search(r"\s", word)]
        if form != "glove":
            stream.write(f"{len(places)} {model.dimensions}\n".encode())
        write = _write_binary if form == "word2vec-binary" else _write_text
        write(stream, _reported(((model.words[place], vectors[place]) for place in places), len(places), progress))
    return Exported(form, len(places), len(vectors) - len(places))


@contextmanager
def _compressed(stream: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    """Yield what compresses to a stream where the name ends in .gz, else the stream."""
    if path.suffix != ".gz":
        yield stream
        return
    with gzip.GzipFile("", "wb", LEVEL, stream, mtime=0) as compressed:
        yield cast(IO[bytes], compressed)


def _format(path: Path) -> Format | None:
    name = path.name.lower().removesuffix(".gz")
    return next((form for ending, form in ENDINGS.items() if name.endswith(ending)), None)


def _write_text(stream: IO[bytes], vectors: Vectors) -> None:
    for word, vector in vectors:
        numbers = " ".join([NUMBER] * len(vector)) % tuple(vector.tolist())
        stream.write(f"{word} {numbers}\n".encode())


def _write_binary(stream: IO[bytes], vectors: Vectors) -> None:
    for word, vector in vectors:
        stream.write(word.encode() + b" " + vector.astype("<f4").tobytes() + b"\n")


def _reported(vectors: Vectors, total: int, progress: Callable[[float, float], None] | None) -> Vectors:
    for done, pair in enumerate(vectors, 1):
        yield pair
        if progress and done % STEP == 0:
            progress(done, total)
