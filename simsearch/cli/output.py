"""What is shown: JSON lines for programs, tables for people; stdout is data, stderr is talk."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from simsearch.corpus.document import storable

if TYPE_CHECKING:
    from rich.console import Console

#: Characters that could drive a terminal or turn its writing round, and halves of characters, which no stream takes.
_DANGEROUS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: Those that only end a line or leave room: as they are, a title could pass for a line of ours.
_ROOM = re.compile("[\t-\r\x85\u2028\u2029]+")


def for_people(as_json: bool | None) -> bool:
    """Tell whether to show tables: as asked for, else on a terminal."""
    return sys.stdout.isatty() if as_json is None else not as_json


def lines(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print a line of JSON for each row; what could drive a terminal is escaped, which is the same text in JSON."""
    for row in rows:
        line = storable(json.dumps(row, ensure_ascii=False, allow_nan=False))
        typer.echo(_DANGEROUS.sub(lambda found: f"\\u{ord(found[0]):04x}", line))


def table(rows: Iterable[Sequence[Any]], *columns: str) -> None:
    """Print a table; numbers to the right."""
    from rich.table import Table
    from rich.text import Text

    shown = list(rows)
    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], int | float) for row in shown)
        drawn.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in shown:
        drawn.add_row(*(Text(_cell(cell)) for cell in row))
    console().print(drawn)


def listing(row: Mapping[str, Any]) -> None:
    """Print names and values, a line each."""
    width = max(map(len, row))
    for name, value in row.items():
        shown = f"{value:,}" if isinstance(value, int) else str(value)
        echo(f"{name.replace('_', ' '):{width}}  {shown}")


def rows(found: Sequence[Mapping[str, Any]], as_json: bool | None) -> None:
    """Print rows of the same columns as a table or as JSON lines."""
    if for_people(as_json) and found:
        table([list(row.values()) for row in found], *found[0])
    else:
        lines(found)


def console() -> Console:
    """Return the console that writes to stdout."""
    from rich.console import Console

    return Console(highlight=False, markup=False)


def echo(line: str) -> None:
    """Print a line for people."""
    typer.echo(plain(line))


def say(message: str) -> None:
    """Tell the user something on stderr."""
    typer.echo(plain(message), err=True)


def near(source: str) -> str:
    """Return a source as it is seen from the current folder."""
    try:
        here = os.getcwd()
    except FileNotFoundError:  # it was deleted
        return source
    return source.removeprefix(f"{here.rstrip('/')}/")


def plain(text: str) -> str:
    """Return text as one line that cannot drive a terminal."""
    return _DANGEROUS.sub("\ufffd", _ROOM.sub(" ", text))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return plain(" ".join(map(str, value)) if isinstance(value, list) else str(value))
