"""The phrases of a batch of texts: neighbouring words that may form one, and how often they do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.model.roles import ACTION, BREAK, CHARACTER, SUFFIX, TAIL

#: Most words and lone characters in a phrase: three words may take a lone character with them.
MOST_PARTS = 4

Places = NDArray[np.intp]


class Phrases(NamedTuple):
    """Distinct phrases of each text (n): in the order of their first occurrence, the shorter first."""

    start: Places  #: place of the first word where the phrase first occurs
    last: Places  #: place of the first word where it last occurs
    parts: Places  #: words and lone characters
    times: Places  #: occurrences
    held: Places  #: occurrences of the most frequent longer phrase that holds it


def find(roles: NDArray[np.int8], words: Places, joined: NDArray[np.bool_]) -> Phrases:
    """Count the phrases of a batch given its words end to end, without those that end a phrase.

    `words` numbers the distinct words of each text, `joined` tells where nothing stands between a word and the
    next. An occurrence that leaves out a lone character beside it does not count: 鲁棒 in 鲁棒|性 is half a word.
    """
    # The role of each word's neighbours, BREAK where something stands between.
    after, before = np.full((2, len(roles)), BREAK, np.int8)
    after[:-1], before[1:] = joined[:-1] * roles[1:], joined[:-1] * roles[:-1]
    begins = (roles >= CHARACTER) & (before != CHARACTER)
    ends = (after != CHARACTER) & (after != SUFFIX)
    grows = joined & (roles != TAIL)
    lone = (roles == SUFFIX) | (roles == CHARACTER)
    noun = (roles != CHARACTER) & (roles != ACTION)

    places = np.flatnonzero(roles >= CHARACTER)
    numbers = words[places]
    nouns = noun[places]  # whether all words of an occurrence are
    telling = roles[places] >= ACTION  # whether any is
    found: list[Phrases] = []
    kept: list[NDArray[np.bool_]] = []
    holders: list[tuple[Places, Places]] = []
    number_at = np.full(len(roles) + 1, -1, np.intp)
    for parts in range(1, MOST_PARTS + 1):
        if parts > 1:  # what occurs once and has other words than nouns is no phrase, and part of none
            likely = nouns | (np.bincount(numbers) > 1)[numbers]
            places, numbers, nouns, telling = places[likely], numbers[likely], nouns[likely], telling[likely]
        size = int(numbers.max(initial=-1)) + 1
        full = begins[places] & ends[places + parts - 1]
        if parts == MOST_PARTS:
            full &= np.any([lone[places + part] for part in range(parts)], axis=0)
        if parts > 1:
            one = np.zeros(size, np.intp)
            one[numbers] = places
            holders.append((number_at[one], number_at[one + 1]))
        number_at[:] = -1
        number_at[places] = numbers

        times = np.bincount(numbers[full], minlength=size)
        first, last = np.zeros((2, size), np.intp)
        last[numbers[full]] = places[full]  # where an index is repeated, the last value stays
        first[numbers[full][::-1]] = places[full][::-1]
        good = np.zeros(size, np.bool_)
        good[numbers] = telling & nouns if parts > 1 else telling
        # What is repeated is a phrase, whatever its words are: 尤|小|刚. Otherwise only nouns are joined.
        kept.append((times > 0) & (good | (times > 1)) if parts > 1 else (times > 0) & good)
        found.append(Phrases(first, last, np.full(size, parts), times, np.zeros(size, np.intp)))

        longer = grows[places + parts - 1]
        places = places[longer]
        nouns = nouns[longer] & noun[places + parts]
        telling = telling[longer] | (roles[places + parts] >= ACTION)
        numbers = number(numbers[longer] * (len(roles) + 1) + words[places + parts])

    for below, above, (beginning, end) in zip(found[-2::-1], found[:0:-1], holders[::-1], strict=True):
        most = np.maximum(above.times, above.held)
        np.maximum.at(below.held, beginning, most)
        inner = end >= 0
        np.maximum.at(below.held, end[inner], most[inner])
    columns = zip(*found, strict=True)
    table = [np.concatenate([level[keep] for level, keep in zip(column, kept, strict=True)]) for column in columns]
    order = np.argsort(table[0], kind="stable")
    return Phrases(*(column[order] for column in table))


def number(keys: Places) -> Places:
    """Return a number from 0 for each distinct key, in their order."""
    order = np.argsort(keys)
    keys = keys[order]
    numbers = np.empty(len(keys), np.intp)
    numbers[order] = np.cumsum(np.diff(keys, prepend=keys[:1]) != 0)
    return numbers
