"""Exact conditions on tags and metadata: `price>=100`, `city=杭州`."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, cast

from simsearch.errors import SimsearchError

Operator = Literal["=", "!=", ">=", "<=", ">", "<"]
OPERATORS = ("=", "!=", ">=", "<=", ">", "<")
_CONDITION = re.compile(r"\s*([\w.\-]+?)\s*(>=|<=|!=|=|>|<)\s*(.+?)\s*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")

#: The field that stands for a document's tags.
TAGS = "tags"


class ConditionUnclear(SimsearchError):
    """The condition {text} is not of the form NAME=VALUE: write for example 'price>=100' or 'city=杭州'."""

    text: str


class Condition(NamedTuple):
    """A field of the metadata (dots go deeper), an operator and a value; the field `tags` means a tag.

    Numbers are compared with numbers, texts (also ISO dates) with texts, by what the document holds. A
    document without the field meets `!=` and nothing else.
    """

    field: str
    operator: Operator
    value: str | float | bool

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read `NAME>=VALUE`.

        Raises `ConditionUnclear`.
        """
        match = _CONDITION.fullmatch(text)
        if not match:
            raise ConditionUnclear(text=text)
        name, operator, value = match.groups()
        return cls(name, cast(Operator, operator), value)

    @property
    def text(self) -> str:
        """The value as a text."""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        return f"{self.value:g}" if isinstance(self.value, float) else str(self.value)

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
