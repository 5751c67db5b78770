"""Addresses: which are those of files, and how all are shown."""

from __future__ import annotations

import re


def is_foreign(url: str) -> bool:
    """Tell whether an address is neither a path nor sqlite:///path; also one that lacks a stroke, as https:/host."""
    return re.match(r"(?!sqlite:///)[\w+.-]{2,}:/", url) is not None


def shown(text: str) -> str:
    """Return an address, or a text with one in it, without user and password."""
    return re.sub("(:/+).*@", r"\1", text, flags=re.DOTALL)
