"""A list of what was acknowledged, to be checked against the index afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from simsearch.errors import SimsearchError
from simsearch.indexer.engine import Engine, Outcome

#: Ids checked at a time.
BATCH = 500
#: No reading bears such a sequence, in ns: engines keep 63 bits.
END = 2**63


class LedgerUnreadable(SimsearchError):
    """The ledger {path} cannot be read ({reason}): give the file that `simsearch index --ledger` wrote."""

    path: str
    reason: str


class LedgerUnwritable(SimsearchError):
    """The ledger {path} cannot be written ({reason}): name a file in a folder that can be written."""

    path: str
    reason: str


class Missing(NamedTuple):
    """An acknowledged document that the index does not hold, or holds in an older reading."""

    id: str
    sequence: int
    found: int | None


def open_ledger(path: Path) -> IO[str]:
    """Open a ledger to append to; a last line that a kill cut short is taken away.

    Raises `LedgerUnwritable`.
    """
    try:
        with open(path, "ab+") as stream:
            stream.seek(0)
            whole = stream.read().rfind(b"\n") + 1
            stream.truncate(whole)
        return open(path, "a", encoding="utf-8")
    except OSError as error:
        raise LedgerUnwritable(path=str(path), reason=error.strerror or str(error)) from error


def append(ledger: IO[str], outcomes: Iterable[Outcome]) -> None:
    """Note outcomes, a line of JSON each; `older` and `failed` ones acknowledge nothing."""
    for outcome in outcomes:
        if outcome.status not in ("older", "failed"):
            ledger.write(json.dumps({"id": outcome.id, "sequence": outcome.sequence}) + "\n")
    ledger.flush()


def verify(ledger: Path, engine: Engine) -> tuple[int, list[Missing]]:
    """Compare each acknowledged document with the index; return how many, and which are missing.

    A line that a kill cut short acknowledges nothing.
    """
    newest: dict[str, int] = {}
    for name, sequence in _read(ledger):
        newest[name] = max(sequence, newest.get(name, 0))
    missing: list[Missing] = []
    names = list(newest)
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        found = engine.digests(batch)
        for name in batch:
            stored = found[name][1] if name in found else None
            if stored is None or stored < newest[name]:
                missing.append(Missing(name, newest[name], stored))
    return len(newest), missing


def _read(ledger: Path) -> Iterator[tuple[str, int]]:
    try:
        lines = ledger.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerUnreadable(path=str(ledger), reason=str(error)) from error
    for number, line in enumerate(lines[:-1], 1):  # the last is empty, or cut short
        try:
            row = json.loads(line)
            if not 0 <= int(row["sequence"]) < END:
                raise ValueError(row["sequence"])
            yield str(row["id"]), int(row["sequence"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise LedgerUnreadable(path=str(ledger), reason=f"line {number} is no ledger line") from error
