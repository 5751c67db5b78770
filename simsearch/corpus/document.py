"""What a source yields: documents, and what it had to pass over."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from simsearch.limits import exceeded, limit

#: Bytes of a character, at most.
BYTES = 4
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Document:
    """One text to index or to train on.

    `sequence` is the time in ns at which the producer read it: of two readings of one id the later wins.
    """

    id: str
    text: str
    title: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    sequence: int = field(default_factory=time.time_ns)

    @cached_property
    def digest(self) -> str:
        """What tells two readings apart: a hash of title, text and metadata."""
        from hashlib import blake2b

        metadata = json.dumps(self.metadata, sort_keys=True) if self.metadata else ""
        parts = "\0".join((self.title, metadata, self.text))
        return blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class Skipped(NamedTuple):
    """Something a source could not give: `source` names it, `reason` says why and what to do.

    `failed` is False for what was never asked for, such as a picture in a folder of texts; `name` is that of the file,
    or the folder, as ids of documents begin.
    """

    source: str
    reason: str
    failed: bool = True
    name: str = ""


def storable(text: str) -> str:
    """Return a text without what no index takes, NUL and lone surrogates; its length stays."""
    return _NO_TEXT.sub("\ufffd", text)


def beyond_limits(document: Document) -> str:
    """Return why a document is refused, of which it has too much and what to do; nothing for all others."""
    if BYTES * len(document.text) > (most := limit("document_bytes")):
        size = len(document.text.encode("utf-8", "surrogatepass"))
        if size > most:
            return exceeded(f"its text has {size:,} bytes, {most:,} are allowed", "split it", "document_bytes")
    count = _leaves(document.metadata)
    if count > (most := limit("metadata_fields")):
        told = f"its metadata have {count:,} fields, {most:,} are allowed"
        return exceeded(told, "leave some out", "metadata_fields")
    return ""


def _leaves(value: Any) -> int:
    return sum(map(_leaves, value.values())) if isinstance(value, dict) else 1
