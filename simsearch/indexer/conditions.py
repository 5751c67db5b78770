"""Exact conditions on tags and metadata: `price>=100`, `city=杭州`, `day=2024-05-01..2024-05-31`."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple, cast

from simsearch.errors import SimsearchError

Operator = Literal["=", "!=", ">=", "<=", ">", "<"]
OPERATORS = ("=", "!=", ">=", "<=", ">", "<")
#: Two operators in a row are a slip, as == and =>; a value that begins with one has a space before it.
_CONDITION = re.compile(r"([\w.\-]+)\s*(>=|<=|!=|=|>|<)(?![=<>])\s*(.+)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
#: A time that says where: 2024-05-18T09:00:00+08:00.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_RANGE = re.compile(r"([+-]?\d[^.]*(?:\.\d+)?)?\.\.([+-]?\d[^.]*(?:\.\d+)?)?")

#: The field that stands for a document's tags.
TAGS = "tags"


class ConditionUnclear(SimsearchError):
    """The condition {text} is not of the form NAME=VALUE: write for example 'price>=100' or 'city=杭州'."""

    text: str


class Condition(NamedTuple):
    """A field of the metadata (dots go deeper), an operator and a value; the field `tags` means a tag.

    Numbers are compared with numbers, texts (also ISO dates) with texts, by what the document holds; a time with a zone
    with such times, as the moment that it is. A document without the field meets `!=` and nothing else.
    """

    field: str
    operator: Operator
    value: str | float | bool

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read `NAME>=VALUE`.

        Raises `ConditionUnclear`.
        """
        match = _CONDITION.fullmatch(text.strip())
        if not match:
            raise ConditionUnclear(text=text)
        name, operator, value = match.groups()
        return cls(name, cast(Operator, operator), value)

    @property
    def text(self) -> str:
        """The value as a text."""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        return f"{self.value:.15g}" if isinstance(self.value, float) else str(self.value)

    @property
    def moment(self) -> float | None:
        """The value as a moment, None if it is none."""
        return moment(self.value)

    @property
    def number(self) -> float | None:
        """The value as a number, None if it is none."""
        if isinstance(self.value, bool):
            return None
        if isinstance(self.value, str) and not _NUMBER.fullmatch(self.value):
            return None
        try:
            return float(self.value)
        except OverflowError:  # an integer beyond all floats
            return float("inf") if str(self.value)[0] != "-" else float("-inf")


def parse(text: str) -> list[Condition]:
    """Read `NAME>=VALUE`, or `NAME=FROM..TO`: numbers or days, both ends in it, one of which may be left out.

    Raises `ConditionUnclear`.
    """
    condition = Condition.parse(text)
    bounds = _RANGE.fullmatch(condition.text) if condition.operator == "=" else None
    if not bounds or not any(bounds.groups()):
        return [condition]
    first, last = bounds.groups()
    if not last:
        return [condition._replace(operator=">=", value=first)]
    upper = condition._replace(operator="<=", value=last)
    if _DAY.fullmatch(last):  # and all its hours
        try:
            upper = condition._replace(operator="<", value=str(date.fromisoformat(last) + timedelta(days=1)))
        except (ValueError, OverflowError) as error:
            raise ConditionUnclear(text=text) from error
    return [condition._replace(operator=">=", value=first), upper] if first else [upper]


def moment(value: object) -> float | None:
    """Return a time with a zone in seconds since 1970, None for all else."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        return None
