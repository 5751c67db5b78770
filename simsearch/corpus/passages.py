"""Sentences of a text, and the passages they are gathered into."""

from __future__ import annotations

import re
from typing import NamedTuple

#: A passage is whole sentences up to about this many characters.
PASSAGE_LENGTH = 200
#: A sentence longer than this is cut, at a comma where there is one.
LONGEST_SENTENCE = 400

_SENTENCE = re.compile(
    r"[^。！？!?；;…\n]*(?:[。！？!?；;…]+[”’」』）)》\"']*|\n+|\Z)\s*"  # noqa: RUF001
)
_CLAUSE_END = "，,、：: "


class Span(NamedTuple):
    """A stretch of a text: `text[start:end]`."""

    start: int
    end: int


def sentences(text: str) -> list[Span]:
    """Return the sentences of a text as spans that lie end to end and cover it."""
    spans: list[Span] = []
    for match in _SENTENCE.finditer(text):
        start, end = match.span()
        while end - start > LONGEST_SENTENCE:
            cut = _clause_end(text, start, start + LONGEST_SENTENCE)
            spans.append(Span(start, cut))
            start = cut
        if end > start:
            spans.append(Span(start, end))
    return spans


def passages(text: str) -> list[Span]:
    """Return the passages of a text: whole sentences, about 200 characters, end to end."""
    if len(text) <= PASSAGE_LENGTH:
        return [Span(0, len(text))] if text and not text.isspace() else []
    spans: list[Span] = []
    start = end = 0
    for sentence in sentences(text):
        if end > start and sentence.end - start > PASSAGE_LENGTH:
            spans.append(Span(start, end))
            start = end
        end = sentence.end
    if end > start:
        spans.append(Span(start, end))
    return [span for span in spans if not text[span.start : span.end].isspace()]


def _clause_end(text: str, start: int, end: int) -> int:
    mark = max(text.rfind(mark, start + LONGEST_SENTENCE // 2, end) for mark in _CLAUSE_END)
    return mark + 1 if mark > 0 else end
