"""From folders, files and standard input to documents."""

from __future__ import annotations

import gzip
import lzma
import os
import stat
import sys
import zlib
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from simsearch.corpus.document import Document, Skipped
from simsearch.corpus.encodings import as_utf8, is_known
from simsearch.corpus.extraction import EXTRACTORS, Unfit, extract_text
from simsearch.corpus.json_lines import read_json_lines
from simsearch.corpus.lines import decode, pieces
from simsearch.corpus.tables import DELIMITERS, read_table
from simsearch.errors import SimsearchError
from simsearch.limits import exceeded, limit
from simsearch.packages import PackageMissing

#: Endings that are read, each also with one of COMPRESSED behind it.
FORMATS = (".txt", ".md", ".jsonl", *DELIMITERS, *EXTRACTORS)
COMPRESSED = {".gz": gzip.open, ".xz": lzma.open}
#: What is said of a text whose encoding does not hold all through.
NOT_ALL_THROUGH = "is in {}, but for some bytes: mend it, convert it to UTF-8, or name another --encoding"
UNREADABLE = "cannot be read ({}): check it and its permissions"
#: The name that stands for standard input.
STDIN = "-"


class SourceNotFound(SimsearchError):
    """There is no file or folder {path}: check the name, or pass - to read standard input."""

    path: str


class EncodingUnknown(SimsearchError):
    """There is no encoding {encoding}: write for example gb18030, big5 or utf-16."""

    encoding: str


class _How(NamedTuple):
    per_line: bool
    encoding: str | None
    found: Counter[str]


def read(
    sources: Iterable[str], *, per_line: bool = False, encoding: str | None = None, found: Counter[str] | None = None
) -> Iterator[Document | Skipped]:
    """Yield the documents of folders, files and standard input, and what could not be read.

    A `.txt` or `.md` is one document, with `per_line` (training) one a line, or several where a line is longer than
    `lines.LONGEST_PIECE`; a `.jsonl` holds one a line either way, a `.csv` or `.tsv` one a row; of `.html`, `.docx` and
    `.pdf` the text is taken. Ids are the name of the given folder and the path in it; sources are whole paths, and
    perhaps a line. Texts are in `encoding`; if it is
    not given, in UTF-8, or in what `encodings.detect` is certain of, and `found` counts in what. Nothing stops the
    rest: a bad file or line becomes a `Skipped`.

    Raises `SourceNotFound` and `EncodingUnknown`, before anything is read.
    """
    given = list(sources)
    for source in given:
        if source != STDIN and not os.path.exists(source):
            raise SourceNotFound(path=source)
    if encoding and not is_known(encoding):
        raise EncodingUnknown(encoding=encoding)
    return _read(given, _How(per_line, encoding, Counter() if found is None else found))


def _read(sources: list[str], how: _How) -> Iterator[Document | Skipped]:
    for source in sources:
        if source == STDIN:
            yield from _read_stdin(how)
        elif Path(source).is_dir():
            yield from _read_folder(Path(source), how)
        else:
            path = Path(source)
            name = spelt(path.name)
            yield from _read_file(path, name, f"{spelt(path.parent.resolve())}/{name}", how, asked_for=True)


def count_bytes(sources: Iterable[str]) -> int:
    """Return the bytes that `read` will yield, for a progress bar; 0 where it cannot be known beforehand."""
    total = 0
    for source in sources:
        paths = [Path(source)] if not Path(source).is_dir() else list(_walk(Path(source)))
        if source == STDIN or any(path.suffix.lower() in (*COMPRESSED, *EXTRACTORS) for path in paths):
            return 0
        total += sum(path.stat().st_size for path in paths if path.is_file())
    return total


def _read_folder(folder: Path, how: _How) -> Iterator[Document | Skipped]:
    home, root = home_of(folder), spelt(folder.resolve().name)
    unread: list[OSError] = []
    for path in _walk(folder, unread):
        inside = spelt(path.relative_to(folder))
        name, source = f"{root}/{inside}", f"{home}{inside}"
        if path.is_symlink() and path.exists() and not path.resolve().is_relative_to(folder.resolve()):
            yield Skipped(source, "is a link out of the folder: name the file itself to have it read", name=name)
            continue
        for item in _read_file(path, name, source, how, asked_for=False):
            yield item._replace(name=name) if isinstance(item, Skipped) else item
    for error in unread:
        path = Path(error.filename)
        name = root if path == folder else f"{root}/{spelt(path.relative_to(folder))}"
        yield Skipped(spelt(path.resolve()), UNREADABLE.format(error.strerror), name=name)


def _walk(folder: Path, unread: list[OSError] | None = None) -> Iterator[Path]:
    """Yield the files of a folder in order; folders that cannot be read are appended to `unread`."""
    for parent, folders, files in os.walk(folder, onerror=unread.append if unread is not None else None):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, file) for file in sorted(files) if not file.startswith("."))


def home_of(folder: Path) -> str:
    """Return what the sources of a folder's documents begin with."""
    return f"{spelt(folder.resolve())}/"


def spelt(path: Path | str) -> str:
    """Return a path as text; bytes that are no UTF-8 are spelt out, so that two such names stay two."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _read_file(path: Path, name: str, source: str, how: _How, asked_for: bool) -> Iterator[Document | Skipped]:
    ending, opener = ending_of(path)
    if ending not in FORMATS:
        reason = f"is of a type that is not read: use one of {' '.join(FORMATS)}, or pipe the text in with -"
        yield Skipped(source, reason, failed=asked_for)
        return
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            yield Skipped(
                source, "is no regular file, but a pipe or a device: leave it out, or pipe the text in with -"
            )
            return
        with opener(path, "rb") as opened:
            if ending in EXTRACTORS:
                text, title = extract_text(ending, opened, how.encoding)
                yield from _documents(text, title, name, source, how.per_line)
                return
            stream = as_utf8(opened, how.encoding, lambda encoding: how.found.update([encoding]))
            if ending == ".jsonl":
                yield from read_json_lines(stream, name, source)
            elif ending in DELIMITERS:
                yield from read_table(stream, name, source, DELIMITERS[ending], asked_for)
            else:
                yield from _read_text(stream, name, source, how.per_line, heading=ending == ".md")
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        yield Skipped(source, UNREADABLE.format(why))
    except UnicodeDecodeError as error:
        yield Skipped(source, NOT_ALL_THROUGH.format(error.encoding))
    except Unfit as error:
        yield Skipped(source, error.reason)
    except PackageMissing as error:
        yield Skipped(source, f"needs the package {error.package}: pip install 'simsearch[{error.extra}]'")


def ending_of(path: Path) -> tuple[str, Any]:
    """Return the ending that tells a file's type, in small letters, and what opens it, compressed or not."""
    if path.suffix.lower() in COMPRESSED:
        return Path(path.stem).suffix.lower(), COMPRESSED[path.suffix.lower()]
    return path.suffix.lower(), open


def _read_stdin(how: _How) -> Iterator[Document | Skipped]:
    try:
        stream = as_utf8(sys.stdin.buffer, how.encoding, lambda encoding: how.found.update([encoding]))
        if stream.peek(4).removeprefix(BOM_UTF8)[:1] == b"{":
            yield from read_json_lines(stream, "stdin", "standard input")
        else:
            yield from _read_text(stream, "stdin", "standard input", how.per_line, heading=False)
    except UnicodeDecodeError as error:
        yield Skipped("standard input", NOT_ALL_THROUGH.format(error.encoding))


def _read_text(
    stream: IO[bytes], name: str, source: str, per_line: bool, heading: bool
) -> Iterator[Document | Skipped]:
    if per_line:
        for number, line in pieces(stream):
            text = decode(line, f"{source}, line {number}")
            if isinstance(text, Skipped):
                yield text
            elif text.strip():
                yield Document(f"{name}:{number}", text.strip(), source=source)
        return
    most = limit("document_bytes")
    data = stream.read(most + 1)
    if len(data) > most:
        yield Skipped(source, exceeded(f"has more than {most:,} bytes", "split it", "document_bytes"))
        return
    text = decode(data, source)
    if isinstance(text, Skipped):
        yield text
        return
    first = next((line for line in text.splitlines() if line.strip()), "") if heading else ""
    title = first.lstrip("# ").strip() if first.startswith("#") else ""
    yield Document(name, text, title, source=source)


def _documents(text: str, title: str, name: str, source: str, per_line: bool) -> Iterator[Document]:
    if not per_line:
        yield Document(name, text, title, source=source)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield Document(f"{name}:{number}", line.strip(), source=source)
