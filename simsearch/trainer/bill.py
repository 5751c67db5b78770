"""What a training was given, and what it cost."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from simsearch.trainer.held_out import Comparison


@dataclass(slots=True)
class Bill:
    """The bill of a training."""

    documents: int = 0
    #: Lines left out, as they had come often enough.
    repeated_lines: int = 0
    #: Words of the texts, punctuation included, each time they occur.
    words: int = 0
    #: Words that have a vector.
    vocabulary: int = 0
    #: Pairs of words fitted; (a, b) and (b, a) are two.
    pairs: int = 0
    #: Seconds of each stage, and of the whole.
    seconds: dict[str, float] = field(default_factory=dict)
    total_seconds: float = 0.0
    #: For each pass: weighted mean of the squared error over the observed pairs, as it found them.
    loss: list[float] = field(default_factory=list)
    #: After each pass: the same over pairs that were left out of the fit.
    held_out: list[float] = field(default_factory=list)
    #: How the vectors show what the article derives: see `properties.measure`.
    properties: dict[str, float] = field(default_factory=dict)
    #: Bytes that the training process held at most; worker processes take about 280 MB each beside it.
    peak_memory: int = 0
    #: How the new model and the base model that it started from find the halves of texts held out.
    comparison: Comparison | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the bill as plain JSON types."""
        return asdict(self)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)
        self.total_seconds = round(sum(self.seconds.values()), 3)
        self.peak_memory = max(self.peak_memory, peak_memory())


def peak_memory() -> int:
    """Return the most bytes this process has held, 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
