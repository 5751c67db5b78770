"""Encodings: in which one a Chinese text is, told by the characters that it would have."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable
from functools import cache
from typing import IO

#: Bytes at the beginning of a text by which its encoding is told.
HEAD = 65_536
#: The characters of a text are those that its standard counts among the frequent ones, this share of them at least ...
FREQUENT = 0.9
#: ... and in no other encoding are nearly as many.
LEAD = 0.1
#: Fewer characters are too few to tell.
FEWEST = 16
#: This share of the characters of Chinese, at least, is in the last rows of the frequent ones.
LAST = 0.1
#: Of more kana than this a text is Japanese.
MUCH_KANA = 0.2
_KANA = re.compile("[\u3041-\u30fe]")
#: What says nothing: ASCII, and punctuation and letters of full width.
_NEUTRAL = re.compile("[\x00-\x7f\u00b7\u2000-\u206f\u3000-\u303f\uff00-\uffef]+")


def detect(head: bytes, whole: bool) -> str | None:
    """Return utf-8, utf-16, gb18030 or big5hkscs, None where it is not certain.

    `head` is the beginning of a text, or the `whole` of it. UTF-16 is known by its mark alone. Both GB 2312 and Big5
    list frequent characters first (rows 16-55; lead bytes A4-C6), so a text read in the wrong one of the two has
    many rare characters.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if _decoded(head, "utf-8", whole) is not None:
        return "utf-8"
    if b"\0" in head:
        return None
    shares = {name: _share(_decoded(head, name, whole), frequent()) for name, frequent in FREQUENT_OF.items()}
    (second, _), (first, name) = sorted((share, name) for name, share in shares.items())
    certain = first >= FREQUENT and first - second >= LEAD and not _is_foreign(head, name, whole)
    return name if certain else None


def is_known(encoding: str) -> bool:
    """Tell whether there is an encoding of texts of this name."""
    try:
        return "a".encode(encoding) is not None
    except (LookupError, UnicodeError, ValueError):
        return False


def as_utf8(
    stream: IO[bytes], encoding: str | None = None, tell: Callable[[str], object] = lambda encoding: None
) -> io.BufferedReader:
    """Return a stream of UTF-8 that reads another of an encoding, as it is where none is given and none is certain.

    `tell` is told of an encoding that was found and is not UTF-8. The stream raises `UnicodeDecodeError` where the
    encoding does not hold all through.
    """
    return io.BufferedReader(_Recoded(stream, encoding, tell), HEAD)


class _Recoded(io.RawIOBase):
    """Reads what has come, and waits for no more of it than its encoding takes to tell."""

    def __init__(self, stream: IO[bytes], encoding: str | None, tell: Callable[[str], object]) -> None:
        self._stream, self._tell = stream, tell
        self._told = self._ended = False
        self._decoder: codecs.IncrementalDecoder | None = None
        self._ready = b""
        if encoding:
            self._decode(codecs.lookup(encoding).name)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready and not self._ended:  # a terminal may go on after its end
            data = self._read()
            if not self._told and not data.isascii():  # ASCII is the same in all
                data = self._detect(data)
            if self._decoder:
                data = self._decoder.decode(data, final=self._ended).encode("utf-8", "surrogatepass")
            self._ready = data
        some = self._ready[: len(buffer)]
        buffer[: len(some)] = some
        self._ready = self._ready[len(some) :]
        return len(some)

    def _read(self) -> bytes:
        data: bytes = self._stream.read1(HEAD)  # type: ignore[attr-defined]
        self._ended = not data
        return data

    def _detect(self, head: bytes) -> bytes:
        """Tell the encoding of what begins so, and return what was read for it."""
        while len(head) < HEAD and not _is_surely_utf8(head) and not self._ended:
            head += self._read()
        encoding = detect(head, whole=self._ended)
        if encoding not in (None, "utf-8"):
            self._tell(str(encoding))
        self._decode(encoding)
        return head

    def _decode(self, encoding: str | None) -> None:
        self._told = True
        if encoding not in (None, "utf-8"):
            self._decoder = codecs.getincrementaldecoder(encoding)()


def _is_surely_utf8(head: bytes) -> bool:
    return len(_NEUTRAL.sub("", _decoded(head, "utf-8", whole=False) or "")) >= FEWEST


def _decoded(data: bytes, encoding: str, whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final=whole)
    except UnicodeDecodeError:
        return None


def _share(text: str | None, frequent: frozenset[str]) -> float:
    told = _NEUTRAL.sub("", text or "")
    return sum(map(frequent.__contains__, told)) / len(told) if len(told) >= FEWEST else 0.0


def _is_foreign(data: bytes, name: str, whole: bool) -> bool:
    """Tell whether bytes may be Japanese (EUC-JP) or Korean (EUC-KR), whose frequent characters lie in the same rows.

    Rows 48-55 of GB 2312, the last ones of its frequent characters (一, 有, 在), are empty in both but for rare ones.
    """
    japanese = _NEUTRAL.sub("", _decoded(data, "euc_jp", whole) or "")
    if len(_KANA.findall(japanese)) > MUCH_KANA * len(japanese):
        return True
    return name == "gb18030" and _share(_decoded(data, name, whole), _last()) < LAST


@cache
def _last() -> frozenset[str]:
    return _characters("gb2312", range(0xD0, 0xD8), range(0xA1, 0xFF))


@cache
def _simplified() -> frozenset[str]:
    return _characters("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF))


@cache
def _traditional() -> frozenset[str]:
    return _characters("big5", range(0xA4, 0xC7), (*range(0x40, 0x7F), *range(0xA1, 0xFF)))


def _characters(encoding: str, first: range, second: range | tuple[int, ...]) -> frozenset[str]:
    return frozenset("".join(bytes((one, other)).decode(encoding, "ignore") for one in first for other in second))


FREQUENT_OF: dict[str, Callable[[], frozenset[str]]] = {"gb18030": _simplified, "big5hkscs": _traditional}
