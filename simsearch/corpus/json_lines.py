"""Lines of JSON, `.jsonl`: a document a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from simsearch.corpus.document import Document, Skipped
from simsearch.corpus.lines import bounded, decode

#: Levels of metadata: Python and servers, which read them again, have limits of their own.
DEEPEST = 100


def read_json_lines(stream: IO[bytes], name: str, file: str) -> Iterator[Document | Skipped]:
    """Yield the documents of lines `{"text": ..., "id": ..., "title": ..., "metadata": {...}}`.

    Ids that are not given begin with `name`, sources with `file`. A line that is none is told with its number; the
    rest is read.
    """
    for number, line in bounded(stream):
        source = f"{file}, line {number}"
        text = decode(line, source) if isinstance(line, bytes) else Skipped(source, line)
        if isinstance(text, Skipped):
            yield text
        elif text.strip():
            yield _parse(text, f"{name}:{number}", source)


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
    if _is_deep(metadata, DEEPEST):
        return Skipped(source, f'has a "metadata" of more than {DEEPEST} levels: make it flatter')
    name, title = row.get("id"), row.get("title")
    return Document(
        id=default_id if name in (None, "") else str(name),
        text=row["text"],
        title="" if title is None else str(title),
        metadata=metadata,
        source=source,
    )


def _is_deep(value: Any, levels: int) -> bool:
    """Tell whether a value of JSON has more than so many levels."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(levels == 0 or _is_deep(one, levels - 1) for one in inside)
