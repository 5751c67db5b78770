"""Keywords: are they those that authors choose, and are they good tags?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from simsearch.corpus.passages import sentences
from simsearch.evaluation.bootstrap import Floats, Measured, mean, share
from simsearch.evaluation.measures import f1, inside, overlap
from simsearch.evaluation.systems import Systems
from simsearch.evaluation.tasks import Form, Progress, Task, read_rows

#: Keywords asked for of each text.
K = 5
#: A tag leads from a text to others where at least so many texts carry it.
SHARED = 3


class Tagged(NamedTuple):
    """A text and the keywords that its authors chose."""

    text: str
    gold: list[str]


def _tagged(line: str) -> Tagged:
    row = json.loads(line)
    if not (isinstance(row, dict) and isinstance(row.get("text"), str) and isinstance(row.get("keywords"), list)):
        raise ValueError(line)
    return Tagged(row["text"], list(map(str, row["keywords"])))


TAGGED = Form('{"text": ..., "keywords": [...]}', _tagged)


def keywords(task: Task, systems: Systems, progress: Progress) -> tuple[list[Measured], list[str]]:
    """Return four measures of the first five keywords, all text folded.

    `F1@5` and `inside@5`: how many are the authors', how many lie inside one of theirs. `shared by 3`: the
    share of all tags given that at least three texts carry. `stable`: the overlap of a text's tags with
    those of the same text without its middle sentence, where it has three.
    """
    tagged, remarks = read_rows(task.files[0], TAGGED)
    fold = systems.model.fold
    gold = [[fold(phrase) for phrase in item.gold] for item in tagged]
    whole = [item.text for item in tagged]
    cut = [without_middle(text) for text in whole]
    ways: dict[str, Callable[[str, int], list[str]]] = {name: of.keywords for name, of in systems.vectors.items()}
    if systems.jieba:
        ways |= {"jieba tf-idf": systems.jieba.tfidf, "jieba textrank": systems.jieba.textrank}
    reached: dict[str, dict[str, Floats]] = {name: {} for name in ("F1", "inside", "shared", "stable")}
    for turn, (name, way) in enumerate(ways.items()):
        found, again = [], []
        for done, (text, less) in enumerate(zip(whole, cut, strict=True), 1):
            found.append([fold(word) for word in way(text, K)])
            again.append([fold(word) for word in way(less, K)] if less else [])
            progress(turn * len(whole) + done, len(ways) * len(whole))
        reached["F1"][name] = np.array([f1(tags, right, K) for tags, right in zip(found, gold, strict=True)])
        reached["inside"][name] = np.array([inside(tags, right, K) for tags, right in zip(found, gold, strict=True)])
        reached["shared"][name] = _shared(found)
        reached["stable"][name] = np.array(
            [overlap(*tags) for *tags, less in zip(found, again, cut, strict=True) if less]
        )
    return [
        Measured(f"F1@{K}", reached["F1"], mean),
        Measured(f"inside@{K}", reached["inside"], mean),
        Measured(f"shared by {SHARED}", reached["shared"], share),
        Measured("stable", reached["stable"], mean),
    ], remarks


def without_middle(text: str) -> str:
    """Return a text without its middle sentence; nothing where it has fewer than three."""
    spans = sentences(text)
    middle = spans[len(spans) // 2] if len(spans) > 2 else (0, len(text))
    return text[: middle[0]] + text[middle[1] :]


def _shared(found: Sequence[Sequence[str]]) -> Floats:
    """Return for each text how many of its tags many texts carry, and how many tags it has (texts x 2)."""
    carried = Counter(tag for tags in found for tag in set(tags))
    return np.array([[sum(carried[tag] >= SHARED for tag in tags), len(tags)] for tags in found], np.float64)
