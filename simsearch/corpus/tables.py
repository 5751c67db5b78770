"""Tables, `.csv` and `.tsv`: a document a row, named by the columns of the first."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import IO

from simsearch.corpus.document import Document, Skipped

#: Characters of a cell, at most; Python's own limit of 131,072 is less than some texts have.
LONGEST_CELL = 1 << 30
#: How numbers are written: 007 is none, and neither is what has more digits than a float.
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?", re.ASCII)
#: Bytes that are no UTF-8, as `surrogateescape` reads them, and NUL.
_NO_TEXT = re.compile("[\0\udc80-\udcff]")
DELIMITERS = {".csv": ",", ".tsv": "\t"}


def read_table(stream: IO[bytes], name: str, delimiter: str, asked_for: bool) -> Iterator[Document | Skipped]:
    """Yield the documents of a table with a column `text`; `id` and `title` may be others, and all else is metadata.

    Cells may be quoted as in RFC 4180. A row that is none is told with its line; the rest is read. A table without
    texts is a failure where it is `asked_for`.
    """
    text = io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="")
    rows = _rows(csv.reader(text, delimiter=delimiter, strict=True), name)
    head = next(rows, None)
    if head is None:  # an empty file
        return
    if isinstance(head, Skipped):
        yield head._replace(failed=asked_for)
        return
    columns = [column.strip() for column in head[1]]
    if columns.count("text") != 1 or len(set(columns)) < len(columns):
        reason = 'does not name its columns in the first row, each once and that of the texts "text": add such a row'
        yield Skipped(name, reason, failed=asked_for)
        return
    for row in rows:
        if isinstance(row, Skipped):
            yield row
        elif row[1]:  # else an empty line
            yield _document(dict(zip(columns, row[1], strict=False)), len(row[1]) - len(columns), name, row[0])


def _rows(reader: Iterator[list[str]], name: str) -> Iterator[tuple[int, list[str]] | Skipped]:
    """Yield the rows, each with the line in which it begins, and what is none."""
    while True:
        line = reader.line_num + 1  # type: ignore[attr-defined]
        before = csv.field_size_limit(LONGEST_CELL)  # it holds for the whole process, which may have its own
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = f"is no row of a table up to line {reader.line_num} ({error}): mend its quotes"  # type: ignore[attr-defined]
            yield Skipped(f"{name}, line {line}", reason)
            continue
        finally:
            csv.field_size_limit(before)
        yield line, row


def _document(row: dict[str, str], more: int, name: str, line: int) -> Document | Skipped:
    source = f"{name}, line {line}"
    if any(map(_NO_TEXT.search, row.values())):
        return Skipped(source, "is not UTF-8, or holds binary data: convert it with `iconv -f GB18030 -t UTF-8`")
    if more:
        number = f"{abs(more)} cells {'more' if more > 0 else 'fewer'}"
        return Skipped(source, f"has {number} than the first row: quote cells that hold the delimiter or a line's end")
    text, id, title = row.pop("text"), row.pop("id", ""), row.pop("title", "")
    metadata = {column: _value(cell) for column, cell in row.items() if column and cell}
    return Document(id or f"{name}:{line}", text, title, metadata, source)


def _value(cell: str) -> str | int | float:
    """Return a number where the cell is written as numbers are: 007 is a text."""
    found = _NUMBER.fullmatch(cell)
    if not found:
        return cell
    return float(cell) if found[2] else int(cell)
