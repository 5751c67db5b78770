"""Keywords of texts: tags for people, and the article's equation 43."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.model import phrases
from simsearch.model.neighbours import By, cosines
from simsearch.model.phrases import MOST_PARTS, Phrases
from simsearch.model.roles import ACTION, BREAK
from simsearch.model.word_table import WordTable

#: How much a second occurrence adds to the first.
TIMES = 0.65
#: How much it adds that a phrase also occurs outside of the longer phrases that hold it.
OWN = 0.2
#: How much it adds that a phrase is spread over the whole text.
SPREAD = 8.0
#: How much it adds that a phrase is near to the whole text, as a cosine.
NEARNESS = 1.6
#: A longer phrase has more information, but less than its words together say: factors for 1, 2, ... parts.
LENGTH = (1.0, 0.85, 0.55, 0.25)
#: A verb alone says less than a noun.
ACTIONS = 0.7
#: A part of a tag is a tag too if it occurs so many times as often.
APART = 1.5
#: Phrases looked at for each tag wanted: some are parts of better ones.
SPARE = 3
#: Latin words that belong together.
_COMPOUND = re.compile("[a-z0-9]+(?:-[a-z0-9]+)+")

Places = NDArray[np.intp]


class Keyword(NamedTuple):
    """A word or phrase and how well it stands for the text."""

    word: str
    score: float


def tags(
    table: WordTable, rows: Places, lengths: Places, sums: NDArray[np.float32], folded: Sequence[str], k: int
) -> list[list[Keyword]]:
    """Return at most k tags for each of n texts, the best first: words and phrases that stand in the text.

    `rows` are the texts' words end to end, `lengths` (n) their numbers of words, `sums` (n x d) the sums of
    their vectors, `folded` (n) the texts themselves. A phrase scores

        mean information x times^.65 x (1/2 + times outside of a longer phrase)^.2 x (1 + 8 spread) x (1 + 1.6 cosine)

    times a factor for its length, where spread is the share of the text between its first and its last
    occurrence, whatever stands first, and the cosine is that with the whole text.
    """
    roles = table.roles()
    places = np.flatnonzero(roles[rows] > BREAK)  # all that follows is about these words
    row = rows[places]
    text = np.repeat(np.arange(len(lengths)), lengths)[places]
    words = phrases.number(text * len(table.words) + row)  # a number for each distinct word of each text
    joined = np.append((np.diff(places) == 1) & (np.diff(text) == 0), False)[: len(places)]
    found = phrases.find(roles[row], words, joined)
    near = _nearness(table, row, words, text, sums)
    spread = (places[found.last] - places[found.start]) / lengths[text[found.start]]
    scores = _scores(table, row, words, found, near, spread)
    bounds = np.searchsorted(text[found.start], np.arange(len(lengths) + 1)).tolist()
    descending = -scores
    best = [start + descending[start:end].argsort(kind="stable")[: SPARE * k] for start, end in pairwise(bounds)]
    order = np.concatenate([*best, np.zeros(0, np.intp)])
    first, parts, times, score = (x[order].tolist() for x in (found.start, found.parts, found.times, scores))
    at = row.tolist()
    chosen: list[list[Keyword]] = []
    start = 0
    for one, of_text in zip(folded, best, strict=True):
        end = start + len(of_text)
        ranked = zip(first[start:end], parts[start:end], times[start:end], score[start:end], strict=True)
        chosen.append(_choose(ranked, at, table.words, one, k))
        start = end
    return chosen


def _nearness(
    table: WordTable, rows: Places, words: Places, texts: Places, sums: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the inner product of each distinct word with the direction of its text (distinct words)."""
    row, text = np.zeros((2, int(words.max(initial=-1)) + 1), np.intp)
    row[words], text[words] = rows, texts
    out = np.zeros(len(row), np.float32)
    directions = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    bounds = np.searchsorted(text, np.arange(len(sums) + 1)).tolist()
    for direction, (start, end) in zip(directions, pairwise(bounds), strict=True):
        out[start:end] = table.vectors[row[start:end]] @ direction
    return out


def _scores(
    table: WordTable,
    rows: Places,
    words: Places,
    found: Phrases,
    near: NDArray[np.float32],
    spread: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the score of each phrase found (phrases), as told in `tags`."""
    information, inner, square = np.zeros((3, len(found.start)))
    for part in range(MOST_PARTS):
        longer = np.flatnonzero(found.parts > part)
        places = found.start[longer] + part
        row = rows[places]
        information[longer] += table.information[row]
        inner[longer] += near[words[places]]
        square[longer] += table.lengths[row] ** 2  # as if the words of a phrase had nothing in common
    # Rounded, because the last digits of a product depend on what else is multiplied, and ties go by place.
    cosine = np.round(np.maximum(inner, 0) / np.sqrt(np.maximum(square, 1e-12)), 4)
    own = np.maximum(found.times - found.held, 0)
    action = (found.parts == 1) & (table.roles()[rows[found.start]] == ACTION)
    scores: NDArray[np.float64] = (
        information / found.parts * np.array((0, *LENGTH))[found.parts] * np.where(action, ACTIONS, 1)
    )
    scores *= found.times**TIMES * (0.5 + own) ** OWN * (1 + SPREAD * spread) * (1 + NEARNESS * cosine)
    return scores


def _choose(
    ranked: Iterable[tuple[int, int, int, float]], rows: Sequence[int], words: Sequence[str], text: str, k: int
) -> list[Keyword]:
    """Return the best k of a text's phrases (place, parts, times, score) that say different things."""
    chosen: dict[str, int] = {}  # how often each occurs
    scores: list[float] = []
    together = ""
    compounds = dict.fromkeys(_COMPOUND.findall(text)) if "-" in text else {}
    taken: set[int] = set()  # places of words in phrases that occur once
    for place, parts, times, score in ranked:
        if len(chosen) == k:
            break
        if parts == 1:
            surface = words[rows[place]]
        else:
            places = range(place, place + parts)
            if times == 1 and not taken.isdisjoint(places):
                continue
            surface = _surface([words[rows[at]] for at in places], text)
        if not surface:
            continue
        if compounds and (surface[0].isascii() or surface[-1].isascii()):
            surface = _whole(surface, compounds, text)
        if surface in together and any(surface in other and times < APART * often for other, often in chosen.items()):
            continue
        if times == 1 and parts > 1:
            taken.update(places)
        chosen[surface] = times
        scores.append(score)
        together += surface + "\n"
    return list(map(Keyword, chosen, scores))


def _surface(words: Sequence[str], text: str) -> str:
    """Return the words joined as in the text; empty where only the end of a line joins them."""
    joined = "".join(words)
    if not joined.isascii() and joined in text:
        return joined
    tight = loose = words[0]
    for one, other in pairwise(words):
        latin = one.isascii() + other.isascii()
        tight += " " * (latin == 2) + other
        loose += " " * (latin >= 1) + other
    return tight if tight in text else loose if loose in text else ""


def _whole(surface: str, compounds: Iterable[str], text: str) -> str:
    """Return covid-19 for covid, unless it also stands without."""
    for compound in compounds:
        for piece in compound.split("-"):
            whole = surface.replace(piece, compound, 1) if surface.startswith(piece) or surface.endswith(piece) else ""
            if whole and text.count(whole) == text.count(surface):
                return whole
    return surface


def article(vectors: NDArray[np.float32], words: list[str], k: int, by: By = "inner") -> list[Keyword]:
    """Return the k distinct words with the largest <sum of all, word> (equation 43), or the largest cosine."""
    whole = vectors.sum(axis=0)
    scores = cosines(vectors, whole) if by == "cosine" else vectors @ whole
    distinct = dict(zip(words, scores, strict=True))
    best = sorted(distinct.items(), key=lambda item: -item[1])[:k]
    return [Keyword(word, float(score)) for word, score in best]
