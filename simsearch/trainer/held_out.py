"""Texts that a training does not see, and how well two models find one half of such a text by the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from simsearch.corpus.passages import sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from simsearch.model import Model

#: One text in so many is held out: of the first texts, so that few are enough to compare, and of those that follow.
EARLY, LATE = 10, 50
FIRST_TEXTS = 500
#: No more than this are held out.
MOST = 500
#: So many sentences of a text, from its middle, are cut into halves: those of a whole long text are found by any model.
SENTENCES = 4
#: With fewer texts chance decides.
FEWEST = 20
#: A half that is found beyond this place counts as not found.
FIRST = 10


@dataclass(frozen=True, slots=True)
class Comparison:
    """MRR@10 of finding the other half of a text among the halves of all texts held out."""

    texts: int
    #: None where the texts are too few to compare.
    base: float | None
    model: float | None


def others(texts: Iterable[str], kept: dict[str, None]) -> Iterator[str]:
    """Yield the texts to train on; put those held out, chosen by a checksum, into `kept`, each once."""
    for number, text in enumerate(texts):
        if text in kept:
            continue
        one_in = EARLY if number < FIRST_TEXTS else LATE
        if len(kept) < MOST and is_chosen(text, one_in):
            kept[text] = None
        else:
            yield text


def is_chosen(text: str, one_in: int) -> bool:
    """Tell whether a text is one in so many, by its checksum, and long enough to be cut into halves."""
    return crc32(text.encode("utf-8", "surrogatepass")) % one_in == 0 and len(_sentences(text)) >= SENTENCES


def compare(base: Model, model: Model, texts: Sequence[str]) -> Comparison:
    """Compare two models on texts that the new one has not seen."""
    if len(texts) < FEWEST:
        return Comparison(len(texts), None, None)
    return Comparison(len(texts), found(base, texts), found(model, texts))


def found(model: Model, texts: Sequence[str]) -> float:
    """Return the MRR@10 of finding, by the odd sentences in the middle of each text, its even ones among those of all.

    Halves that tie share their mean place.
    """
    import numpy as np

    cut = [_middle(text) for text in texts]
    odd, even = (model.encode(["".join(part[first::2]) for part in cut]) for first in (0, 1))
    scores: NDArray[np.float32] = odd @ even.T
    right = np.diag(scores)[:, None]
    places = 1 + (scores > right).sum(axis=1) + ((scores == right).sum(axis=1) - 1) / 2
    return float(np.where(places <= FIRST, 1 / places, 0).mean())


def _middle(text: str) -> list[str]:
    cut = _sentences(text)
    begin = max(0, len(cut) - SENTENCES) // 2
    return cut[begin : begin + SENTENCES]


def _sentences(text: str) -> list[str]:
    cut = (text[start:end] for start, end in sentences(text))
    return [sentence for sentence in cut if not sentence.isspace()]
