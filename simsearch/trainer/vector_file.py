"""A file of word vectors that another program wrote, opened for reading."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from simsearch.errors import SimsearchError
from simsearch.trainer import vector_formats
from simsearch.trainer.vector_formats import NoVectors, VectorFile, Vectors, VectorsDamaged

#: Bytes that are looked at to see what a file is.
HEAD = 1 << 16
#: Vectors between two reports of progress.
STEP = 1_000
#: What text does not hold.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


class VectorsUnreadable(SimsearchError):
    """The file {path} cannot be read ({reason}): check its name and permissions."""

    path: str
    reason: str


@contextmanager
def opened(path: Path, progress: Callable[[float, float], None] | None = None) -> Iterator[VectorFile]:
    """Open a file of word vectors, compressed by gzip or not; what it is, its first bytes tell, not its name.

    Texts and word2vec's binary format are read vector by vector. `progress` is called with bytes read and bytes there
    are.

    Raises `VectorsUnreadable`, `NoVectors`, and while vectors are read `VectorsDamaged`.
    """
    try:
        with open(path, "rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            size = raw.seek(0, io.SEEK_END)
            raw.seek(0)
            stream: Any = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if zipped else raw
            head = stream.read(HEAD)
            stream.seek(0)
            if head.startswith(b"PK\3\4"):
                yield vector_formats.arrays(io.BytesIO(stream.read()) if zipped else stream, path)
            else:
                read = vector_formats.binary if _is_binary(head, path) else vector_formats.text
                yield VectorFile(_reported(read(stream, path), raw, size, progress))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise VectorsDamaged(path=str(path), place="its end", reason=str(error).rstrip(".")) from error
    except OSError as error:
        raise VectorsUnreadable(path=str(path), reason=error.strerror or str(error)) from error


def _is_binary(head: bytes, path: Path) -> bool:
    """Tell numbers in four bytes from numbers in digits, by those of the first word."""
    if not head:
        raise NoVectors(path=str(path), reason="it is empty")
    first, _, rest = head.partition(b"\n")
    header = vector_formats.header(first)
    if header is None:
        if b"\0" in head:
            reason = "it is binary and does not begin with how many words and dimensions there are"
            raise NoVectors(path=str(path), reason=reason)
        return False
    numbers = rest.partition(b" ")[2]
    begin = numbers[: 4 * header[1]]
    text = begin.partition(b"\n")[0].isascii() and all(map(vector_formats.is_number, numbers.split(maxsplit=1)[:1]))
    return bool(_CONTROL.search(begin)) or not text


def _reported(vectors: Vectors, raw: IO[bytes], size: int, progress: Callable[[float, float], None] | None) -> Vectors:
    for done, pair in enumerate(vectors, 1):
        yield pair
        if progress and done % STEP == 0:
            progress(raw.tell(), size)
