"""Metadata as conditions ask for them: texts with texts, numbers with numbers, deeper names with dots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from simsearch.indexer.conditions import moment

#: What is behind the name of a time with a zone, which is kept as a number, too: seconds since 1970.
MOMENT = "@"
#: Longer names are stored, and cannot be asked for.
LONGEST_FIELD = 500


def filters(metadata: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the values that conditions can ask for, texts and numbers apart, by name."""
    texts: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    for name, value in _leaves(metadata):
        if isinstance(value, bool):
            texts[name] = str(value).lower()
        elif isinstance(value, str):
            texts[name] = value
            if (time := moment(value)) is not None:
                numbers[name + MOMENT] = time
        elif isinstance(value, int | float) and _fits(value):
            numbers[name] = float(value)
    return {"texts": texts, "numbers": numbers}


def can_be_asked(field: str) -> bool:
    """Tell whether Elasticsearch takes a name, each part of it between dots, as that of a field."""
    return len(field) <= LONGEST_FIELD and all(part and not part.isspace() for part in field.split("."))


def _leaves(metadata: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in metadata.items():
        path = above + name
        if "." in name or not can_be_asked(path):  # a dot goes deeper, in a condition
            continue
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value


def _fits(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False
