"""Tables, `.csv` and `.tsv`: a document a row, named by the columns of the first."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import IO, Self

from simsearch.corpus.document import Document, Skipped
from simsearch.corpus.lines import bounded
from simsearch.limits import limit

#: How numbers are written: 007 is none, and neither is what has more digits than a float.
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?", re.ASCII)
#: Bytes that are no UTF-8, as `surrogateescape` reads them, and NUL.
_NO_TEXT = re.compile("[\0\udc80-\udcff]")
DELIMITERS = {".csv": ",", ".tsv": "\t"}


def read_table(
    stream: IO[bytes], name: str, file: str, delimiter: str, asked_for: bool
) -> Iterator[Document | Skipped]:
    """Yield the documents of a table with a column `text`; `id` and `title` may be others, and all else is metadata.

    Ids that are not given begin with `name`, sources with `file`. Cells may be quoted as in RFC 4180. A row that is
    none is told with its line; the rest is read. A table without texts is a failure where it is `asked_for`.
    """
    rows = _rows(_Lines(stream), delimiter, file)
    head = next(rows, None)
    if head is None:  # an empty file
        return
    if isinstance(head, Skipped):
        yield head if asked_for else head._replace(source=file, failed=False)
        return
    columns = [column.strip() for column in head[1]]
    if columns.count("text") != 1 or len(set(columns)) < len(columns):
        reason = 'does not name its columns in the first row, each once and that of the texts "text": add such a row'
        yield Skipped(file, reason, failed=asked_for)
        return
    for row in rows:
        if isinstance(row, Skipped):
            yield row
        elif row[1]:  # else an empty line
            line, cells = row
            named = dict(zip(columns, cells, strict=False))
            yield _document(named, len(cells) - len(columns), f"{name}:{line}", f"{file}, line {line}")


class _LineTooLong(Exception):
    pass


class _Lines:
    """The lines of a table, of which `number` is the last; an iterator that goes on after an error."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.number = 0
        self._lines = bounded(stream)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        if isinstance(line, str):
            raise _LineTooLong(line)
        return line.decode("utf-8-sig" if self.number == 1 else "utf-8", "surrogateescape")


def _rows(lines: _Lines, delimiter: str, file: str) -> Iterator[tuple[int, list[str]] | Skipped]:
    """Yield the rows, each with the line in which it begins, and what is none."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    longest = limit("line_bytes")  # Python's own limit for a cell is less than some texts have
    while True:
        first = lines.number + 1
        before = csv.field_size_limit(longest)  # it holds for the whole process, which may have its own
        try:
            row = next(reader)
        except StopIteration:
            return
        except _LineTooLong as error:
            yield Skipped(f"{file}, line {lines.number}", str(error))
            continue
        except csv.Error as error:
            reason = f"is no row of a table up to line {lines.number} ({error}): mend its quotes"
            yield Skipped(f"{file}, line {first}", reason)
            continue
        finally:
            csv.field_size_limit(before)
        yield first, row


def _document(row: dict[str, str], more: int, default_id: str, source: str) -> Document | Skipped:
    if any(map(_NO_TEXT.search, row.values())):
        return Skipped(source, "is not UTF-8, or holds binary data: name its encoding, such as --encoding gb18030")
    if more:
        number = f"{abs(more)} cells {'more' if more > 0 else 'fewer'}"
        return Skipped(source, f"has {number} than the first row: quote cells that hold the delimiter or a line's end")
    text, id, title = row.pop("text"), row.pop("id", ""), row.pop("title", "")
    metadata = {column: _value(cell) for column, cell in row.items() if column and cell}
    return Document(id or default_id, text, title, metadata, source)


def _value(cell: str) -> str | int | float:
    """Return a number where the cell is written as numbers are: 007 is a text."""
    found = _NUMBER.fullmatch(cell)
    if not found:
        return cell
    return float(cell) if found[2] else int(cell)
