"""What a source yields: documents, and what it had to pass over."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something a source could not give: `source` names it, `reason` says why and what to do.

    `failed` is False for what was never asked for, such as a picture in a folder of texts.
    """

    source: str
    reason: str
    failed: bool = True
