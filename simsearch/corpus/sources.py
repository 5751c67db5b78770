"""From folders, files and standard input to documents."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import stat
import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from simsearch.corpus.document import Document, Skipped
from simsearch.corpus.encodings import as_utf8
from simsearch.corpus.tables import DELIMITERS, read_table
from simsearch.errors import SimsearchError

#: Endings that are read, each also with one of COMPRESSED behind it.
FORMATS = (".txt", ".md", ".jsonl", *DELIMITERS)
COMPRESSED = {".gz": gzip.open, ".xz": lzma.open}
#: Bytes of a line of a corpus that are held at a time.
LONGEST_LINE = 4_000_000
#: What is said of a text whose beginning deceives.
NOT_ALL_THROUGH = "begins as {}, and holds bytes that are none: mend it, or convert it to UTF-8"
#: The name that stands for standard input.
STDIN = "-"


class SourceNotFound(SimsearchError):
    """There is no file or folder {path}: check the name, or pass - to read standard input."""

    path: str


def read(sources: Iterable[str], *, per_line: bool = False) -> Iterator[Document | Skipped]:
    """Yield the documents of folders, files and standard input, and what could not be read.

    A `.txt` or `.md` is one document, with `per_line` (training) one a line, or several where a line is longer than
    `LONGEST_LINE`; a `.jsonl` holds one a line either way, a `.csv` or `.tsv` one a row. Ids are the name of the given
    folder and the path in it. Texts are UTF-8, or what `encodings.detect` is certain of. Nothing stops the rest: a bad
    file or line becomes a `Skipped`.

    Raises `SourceNotFound`, before anything is read, where a source does not exist.
    """
    given = list(sources)
    for source in given:
        if source != STDIN and not os.path.exists(source):
            raise SourceNotFound(path=source)
    return _read(given, per_line)


def _read(sources: list[str], per_line: bool) -> Iterator[Document | Skipped]:
    for source in sources:
        if source == STDIN:
            yield from _read_stdin(per_line)
        elif Path(source).is_dir():
            yield from _read_folder(Path(source), per_line)
        else:
            name = os.fsencode(Path(source).name).decode("utf-8", "backslashreplace")
            yield from _read_file(Path(source), name, per_line, asked_for=True)


def count_bytes(sources: Iterable[str]) -> int:
    """Return the bytes that `read` will yield, for a progress bar; 0 where it cannot be known beforehand."""
    total = 0
    for source in sources:
        paths = [Path(source)] if not Path(source).is_dir() else [path for path, _ in _walk(Path(source))]
        if source == STDIN or any(path.suffix.lower() in COMPRESSED for path in paths):
            return 0
        total += sum(path.stat().st_size for path in paths if path.is_file())
    return total


def _read_folder(folder: Path, per_line: bool) -> Iterator[Document | Skipped]:
    name = folder.resolve().name
    for path, inside in _walk(folder):
        yield from _read_file(path, f"{name}/{inside}", per_line, asked_for=False)


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    for parent, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in sorted(files):
            if not file.startswith("."):
                path = Path(parent, file)
                inside = path.relative_to(folder).as_posix()
                # Bytes that are no UTF-8 are spelt out: two such names stay two.
                yield path, os.fsencode(inside).decode("utf-8", "backslashreplace")


def _read_file(path: Path, name: str, per_line: bool, asked_for: bool) -> Iterator[Document | Skipped]:
    ending, opener = _ending(path)
    if ending not in FORMATS:
        reason = f"this type is not read: use one of {' '.join(FORMATS)}, or pipe the text in with -"
        yield Skipped(str(path), reason, failed=asked_for)
        return
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            yield Skipped(str(path), "this is no regular file")
            return
        with opener(path, "rb") as opened:
            stream = as_utf8(opened)
            if ending == ".jsonl":
                yield from _read_json_lines(stream, name)
            elif ending in DELIMITERS:
                yield from read_table(stream, name, DELIMITERS[ending], asked_for)
            else:
                yield from _read_text(stream, name, str(path), per_line, title=ending == ".md")
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        yield Skipped(str(path), f"cannot be read ({why}): check the file and its permissions")
    except UnicodeDecodeError as error:
        yield Skipped(str(path), NOT_ALL_THROUGH.format(error.encoding))


def _ending(path: Path) -> tuple[str, Any]:
    if path.suffix.lower() in COMPRESSED:
        return Path(path.stem).suffix.lower(), COMPRESSED[path.suffix.lower()]
    return path.suffix.lower(), open


def _read_stdin(per_line: bool) -> Iterator[Document | Skipped]:
    try:
        stream = as_utf8(sys.stdin.buffer)
        if stream.peek(4).removeprefix(BOM_UTF8)[:1] == b"{":
            yield from _read_json_lines(stream, "stdin")
        else:
            yield from _read_text(stream, "stdin", "standard input", per_line, title=False)
    except UnicodeDecodeError as error:
        yield Skipped("standard input", NOT_ALL_THROUGH.format(error.encoding))


def _read_text(stream: IO[bytes], name: str, source: str, per_line: bool, title: bool) -> Iterator[Document | Skipped]:
    if per_line:
        for number, line in _lines(stream):
            text = _decode(line, f"{source}, line {number}")
            if isinstance(text, Skipped):
                yield text
            elif text.strip():
                yield Document(f"{name}:{number}", text.strip(), source=source)
        return
    text = _decode(stream.read(), source)
    if isinstance(text, Skipped):
        yield text
    else:
        heading = next((line for line in text.splitlines() if line.strip()), "") if title else ""
        yield Document(name, text, heading.lstrip("# ").strip() if heading.startswith("#") else "", source=source)


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield lines with their numbers; of a line that is too long its pieces, best up to the end of a sentence."""
    number, rest = 1, b""
    while data := rest + stream.readline(LONGEST_LINE):
        if data.endswith(b"\n") or len(data) < LONGEST_LINE:
            yield number, data
            number, rest = number + 1, b""
            continue
        end = data.rfind("。".encode(), len(data) // 2)
        first_bytes = (at for at in range(len(data) - 1, len(data) - 4, -1) if data[at] & 0xC0 != 0x80)
        cut = end + len("。".encode()) if end > 0 else next(first_bytes, len(data))
        yield number, data[:cut]
        rest = data[cut:]


def _read_json_lines(stream: IO[bytes], name: str) -> Iterator[Document | Skipped]:
    for number, line in enumerate(stream, 1):
        source = f"{name}, line {number}"
        text = _decode(line, source)
        if isinstance(text, Skipped):
            yield text
        elif text.strip():
            yield _parse(text, f"{name}:{number}", source)


def _decode(data: bytes, source: str) -> str | Skipped:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"is not UTF-8 (byte {error.start}): convert it with `iconv -f GB18030 -t UTF-8`"
        return Skipped(source, reason)
    if "\0" in text:
        return Skipped(source, "holds binary data, not text: leave it out or convert it to text")
    return text


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def _parse(line: str, default_id: str, source: str) -> Document | Skipped:
    try:
        row = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return Skipped(source, f"is not a line of JSON ({error}): mend the line")
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return Skipped(source, 'has no "text" that is a string: each line is {"text": ..., "id": ..., ...}')
    metadata = row.get("metadata", {})
    if not isinstance(metadata, dict):
        return Skipped(source, 'has a "metadata" that is no object: make it {"name": value}')
    name, title = row.get("id"), row.get("title")
    return Document(
        id=default_id if name in (None, "") else str(name),
        text=row["text"],
        title="" if title is None else str(title),
        metadata=metadata,
        source=source,
    )
