"""Exact conditions on tags and metadata: `price>=100`, `city=杭州`."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, cast

from simsearch.errors import SimsearchError

Operator = Literal["=", "!=", ">=", "<=", ">", "<"]
_CONDITION = re.compile(r"\s*([\w.\-]+?)\s*(>=|<=|!=|=|>|<)\s*(.+?)\s*", re.DOTALL)

#: The field that stands for a document's tags.
TAGS = "tags"


class ConditionUnclear(SimsearchError):
    """The condition {text} is not of the form NAME=VALUE: write for example 'price>=100' or 'city=杭州'."""

    text: str


class Condition(NamedTuple):
    """A field of the metadata (dots go deeper), an operator and a value; the field `tags` means a tag."""

    field: str
    operator: Operator
    value: str | float

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read `NAME>=VALUE`; a value that looks like a number is one.

        Raises `ConditionUnclear`.
        """
        match = _CONDITION.fullmatch(text)
        if not match:
            raise ConditionUnclear(text=text)
        name, operator, value = match.groups()
        number = re.fullmatch(r"[+-]?\d+(\.\d+)?", value)
        return cls(name, cast(Operator, operator), float(value) if number else value)
