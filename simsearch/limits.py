"""Limits: how much of each thing is taken, and the variable that changes it."""

from __future__ import annotations

import os
from typing import NamedTuple

from simsearch.errors import SimsearchError


class Limit(NamedTuple):
    """How much is taken where nobody says otherwise, and how much may be asked for."""

    default: int
    most: int
    what: str


#: The limits by name. What a server, or memory, bears bounds what may be asked for.
LIMITS = {
    "document_bytes": Limit(1_000_000, 100_000_000, "bytes of a document's text; a longer one is refused"),
    "passages": Limit(2_000, 10_000, "passages of a document that are stored; the rest is cut off"),
    "metadata_fields": Limit(200, 1_000, "fields of a document's metadata; one with more is refused"),
    "line_bytes": Limit(4_000_000, 1_000_000_000, "bytes of a line of JSON, or of a row; a longer one is refused"),
    "batch_documents": Limit(2_000, 10_000, "documents that are stored in one step"),
    "message_bytes": Limit(1_000_000, 50_000_000, "bytes of a message in a queue; producers and workers need the same"),
    "question_characters": Limit(10_000, 1_000_000, "characters of a question; the rest is cut off"),
    "k": Limit(1_000, 10_000, "hits of a question: there are no pages beyond them"),
}


class LimitUnclear(SimsearchError):
    """The variable {variable} is {value}: set it to a whole number from 1 to {most}."""

    variable: str
    value: str
    most: int


def limit(name: str) -> int:
    """Return a limit: what its variable says, else its default.

    Raises `LimitUnclear`.
    """
    default, most, _ = LIMITS[name]
    value = os.environ.get(variable(name))
    if not value:
        return default
    if not (value.isascii() and value.isdecimal() and len(value) < 20 and 1 <= int(value) <= most):
        raise LimitUnclear(variable=variable(name), value=value, most=most)
    return int(value)


def variable(name: str) -> str:
    """Return the environment variable of a limit."""
    return f"SIMSEARCH_MAX_{name.upper()}"


def exceeded(what: str, remedy: str, name: str) -> str:
    """Return why something is refused: what it has too much of, and what to do."""
    return f"{what}: {remedy}, or raise {variable(name)}"
