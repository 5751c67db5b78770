"""Keywords of texts: tags for people, and the article's equation 43."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.model import phrases
from simsearch.model.neighbours import By, cosines
from simsearch.model.phrases import Phrases
from simsearch.model.roles import BREAK
from simsearch.model.word_table import WordTable

#: How much it adds that a phrase is repeated: words that meet again belong together.
TIMES = 0.3
#: How much it adds that a phrase also occurs outside of the longer phrases that hold it.
OWN = 0.25
#: How much it adds that a phrase is spread over the whole text.
SPREAD = 8.0
#: Terms have two to four characters mostly: a factor for each one more.
LONG = 0.8
#: A factor for a word alone, by its role: a verb, or a noun that any text may use, says less than other nouns.
ALONE = (0, 0, 0, 0.3, 0.7, 1)
#: What has less information says nothing beside a tag that holds it: 网络 beside 神经网络.
TELLING = 9.0
#: Phrases looked at for each tag wanted: some are like better ones.
SPARE = 2
#: Latin words that belong together.
_COMPOUND = re.compile("[a-z0-9]+(?:-[a-z0-9]+)+")

Places = NDArray[np.intp]


class Keyword(NamedTuple):
    """A word or phrase and how well it stands for the text."""

    word: str
    score: float


def tags(table: WordTable, rows: Places, lengths: Places, folded: Sequence[str], k: int) -> list[list[Keyword]]:
    """Return at most k tags for each of n texts, the best first: words and phrases that stand in the text.

    `rows` are the texts' words end to end, `lengths` (n) their numbers of words, `folded` (n) the texts themselves.
    A phrase scores

        mean information x (1 + 8 spread) x (1/2 + times outside of a longer phrase)^.25 x times^.3 x .8^longer

    where spread is the share of the text between its first and its last occurrence, whatever stands first, and `longer`
    its characters above four. times^.3 is for phrases of several words; a word has a factor for its role instead.
    """
    roles, sizes = table.roles()[rows].T
    places = np.flatnonzero(roles > BREAK)  # all that follows is about these words
    row, roles, sizes = rows[places], roles[places], sizes[places]
    text = np.repeat(np.arange(len(lengths)), lengths)[places]
    words = phrases.number(text * len(table.words) + row)  # a number for each distinct word of each text
    joined = np.append((np.diff(places) == 1) & (np.diff(text) == 0), False)[: len(places)]
    found = phrases.find(roles, words, joined)

    information = _add_up(table.information[row], found) / found.parts
    spread = (places[found.last] - places[found.start]) / lengths[text[found.start]]
    own = np.maximum(found.times - found.held, 0)
    form = np.where(found.parts == 1, np.array(ALONE)[roles[found.start]], found.times**TIMES)
    scores = information * (1 + SPREAD * spread) * (0.5 + own) ** OWN * form
    scores *= LONG ** np.maximum(_add_up(sizes, found) - 4, 0)

    bounds = np.searchsorted(text[found.start], np.arange(len(lengths) + 1)).tolist()
    best = [start + (-scores[start:end]).argsort(kind="stable")[: SPARE * k] for start, end in pairwise(bounds)]
    order = np.concatenate([*best, np.zeros(0, np.intp)])
    columns = (found.start, found.parts, found.times, information >= TELLING, scores)
    ranked = zip(*(column[order].tolist() for column in columns), strict=True)
    at = row.tolist()
    return [
        _choose(list(islice(ranked, len(of_text))), at, table.words, one, k)
        for one, of_text in zip(folded, best, strict=True)
    ]


def _add_up(values: NDArray[np.float32] | NDArray[np.int8], found: Phrases) -> NDArray[np.float64]:
    """Return the sum of what the words of each phrase have (phrases)."""
    sums = np.append(0, np.cumsum(values, dtype=np.float64))  # exact: whatever stands before
    of_phrases: NDArray[np.float64] = sums[found.start + found.parts] - sums[found.start]
    return of_phrases


def _choose(
    ranked: Sequence[tuple[int, int, int, bool, float]], rows: Sequence[int], words: Sequence[str], text: str, k: int
) -> list[Keyword]:
    """Return the best k of a text's phrases (place, parts, times, telling, score) that say different things."""
    chosen: dict[str, int] = {}  # how often each occurs
    scores: list[float] = []
    characters: set[str] = set()
    compounds = dict.fromkeys(_COMPOUND.findall(text)) if "-" in text else {}
    for place, parts, times, telling, score in ranked:
        if len(chosen) == k:
            break
        one = words[rows[place]] if parts == 1 else _surface([words[row] for row in rows[place : place + parts]], text)
        if compounds and (one[:1].isascii() or one[-1:].isascii()):
            one = _whole(one, compounds, text)
        if one and (characters.isdisjoint(one) or _says_more(one, times, telling, chosen)):
            chosen[one] = times
            scores.append(score)
            characters.update(one)
    return list(map(Keyword, chosen, scores))


def _says_more(one: str, times: int, telling: bool, chosen: Mapping[str, int]) -> bool:
    """Tell whether a phrase is another tag, and no further link in a chain of phrases that hold each other."""
    holders = held = 0
    for other, often in chosen.items():
        if one in other:
            holders += 1
            if 3 * len(one) >= 2 * len(other) or (times <= often and not telling):
                return False
        elif other in one:
            held += 1
            if 3 * len(other) >= 2 * len(one):
                return False
        elif len(one) > 2 < len(other) and _overlap(one, other):
            return False
    return holders < 2 and held < 2


def _overlap(one: str, other: str) -> bool:
    """Tell whether two phrases share two thirds of the longer one."""
    shared = -(-2 * max(len(one), len(other)) // 3)
    starts = len(one) - shared + 1
    if starts < 1 or one[starts - 1 : shared] not in other:  # what any shared part would hold
        return False
    return any(one[at : at + shared] in other for at in range(starts))


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
    """Return the k distinct words with the largest <sum of all, word> (equation 43), or the largest cosine.

    Punctuation is in the sum, and no keyword.
    """
    whole = vectors.sum(axis=0)
    scores = cosines(vectors, whole) if by == "cosine" else vectors @ whole
    distinct = {word: score for word, score in zip(words, scores, strict=True) if any(map(str.isalnum, word))}
    best = sorted(distinct.items(), key=lambda item: -item[1])[:k]
    return [Keyword(word, float(score)) for word, score in best]
