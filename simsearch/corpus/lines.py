"""Lines of bytes, none of which takes more memory than it may, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from simsearch.corpus.document import Skipped
from simsearch.limits import exceeded, limit

#: Bytes of a line of a corpus that are held at a time.
LONGEST_PIECE = 4_000_000
#: Bytes of a line that is too long that are passed over at a time.
AT_ONCE = 65_536


def bounded(stream: IO[bytes]) -> Iterator[tuple[int, bytes | str]]:
    """Yield lines with their numbers; of a line that is too long the reason why it is passed over."""
    longest = limit("line_bytes")
    number = 0
    while line := stream.readline(longest + 1):
        number += 1
        if len(line) <= longest:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(AT_ONCE)
        yield number, exceeded(f"has more than {longest:,} bytes", "split it", "line_bytes")


def pieces(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield lines with their numbers; of a line that is too long its pieces, best up to the end of a sentence."""
    number, rest = 1, b""
    while data := rest + stream.readline(LONGEST_PIECE):
        if data.endswith(b"\n") or len(data) < LONGEST_PIECE:
            yield number, data
            number, rest = number + 1, b""
            continue
        end = data.rfind("。".encode(), len(data) // 2)
        first_bytes = (at for at in range(len(data) - 1, len(data) - 4, -1) if data[at] & 0xC0 != 0x80)
        cut = end + len("。".encode()) if end > 0 else next(first_bytes, len(data))
        yield number, data[:cut]
        rest = data[cut:]


def decode(data: bytes, source: str) -> str | Skipped:
    """Return the text in bytes of UTF-8, or why there is none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Skipped(source, f"is not UTF-8 (byte {error.start}): name its encoding, such as --encoding gb18030")
    if "\0" in text:
        return Skipped(source, "holds binary data, not text: leave it out or convert it to text")
    return text
