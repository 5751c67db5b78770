"""The phrases of a batch of texts: neighbouring words that may form one, and how often they do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.model.roles import ACTION, CHARACTER, GENERIC, SUFFIX

#: Most words and lone characters in a phrase.
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

    `words` numbers the distinct words of each text, `joined` tells where nothing stands between a word and the next.
    An occurrence that leaves out a lone character which belongs to it does not count: 鲁棒 in 鲁棒|性 is half a word.
    """
    noun = (roles != CHARACTER) & (roles != ACTION)
    clings = _clings(roles, words, joined)
    begins = roles >= CHARACTER
    begins[1:] &= ~clings[:-1] | (roles[:-1] != CHARACTER)
    ends = ~clings
    ends[:-1] |= roles[1:] > CHARACTER

    places = np.flatnonzero(roles >= CHARACTER)  # where each occurrence starts
    numbers = words[places]  # which phrase it is
    nouns = noun[places]  # whether all its words are
    most = roles[places]  # what its most telling word is
    number_at = np.zeros(len(roles) + 1, np.intp)  # which phrase, one word shorter, starts at a place; -1: none
    levels: list[Phrases] = []
    for parts in range(1, MOST_PARTS + 1):
        size = int(numbers.max(initial=-1)) + 1
        counts = np.bincount(numbers, minlength=size)
        if parts > 1:
            start = np.zeros(size, np.intp)
            start[numbers] = places
            for shorter in number_at[start], number_at[start + 1]:
                np.maximum.at(levels[-1].held, shorter, counts)
        number_at[:] = -1
        number_at[places] = numbers

        full = begins[places] & ends[places + parts - 1]
        if parts == 1:
            full &= most >= GENERIC
        else:  # nouns are joined wherever they meet, other words when they do so again: 尤|小|刚
            full &= ((most >= ACTION) & nouns) | (counts[numbers] > 1)
        first, last = np.zeros((2, size + 1), np.intp)
        last[numbers[full]] = places[full]  # where an index is repeated, the last value stays
        first[numbers[full][::-1]] = places[full][::-1]
        times = np.bincount(numbers[full], minlength=size + 1)
        levels.append(Phrases(first, last, np.full(size + 1, parts), times, np.zeros(size + 1, np.intp)))

        longer = joined[places + parts - 1] & (nouns | (counts > 1)[numbers])
        places, numbers = places[longer], numbers[longer]
        nouns = nouns[longer] & noun[places + parts]
        most = np.maximum(most[longer], roles[places + parts])
        numbers = number(numbers * (len(roles) + 1) + words[places + parts])
    columns = list(map(np.concatenate, zip(*levels, strict=True)))
    kept = np.flatnonzero(columns[3])
    order = kept[np.argsort(columns[0][kept], kind="stable")]
    return Phrases(*(column[order] for column in columns))


def _clings(roles: NDArray[np.int8], words: Places, joined: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which words belong to the next: 鲁棒|性, and 柳士|猛 if it is repeated."""
    lone = (roles == SUFFIX) | (roles == CHARACTER)
    pairs = np.flatnonzero(joined[:-1] & (lone[1:] | lone[:-1]))
    numbers = number(words[pairs] * (len(roles) + 1) + words[pairs + 1])
    clings = np.zeros(len(roles), np.bool_)
    clings[pairs] = (np.bincount(numbers)[numbers] > 1) | (roles[pairs + 1] == SUFFIX)
    return clings


def number(keys: Places) -> Places:
    """Return a number from 0 for each distinct key, in their order."""
    order = np.argsort(keys)
    keys = keys[order]
    numbers = np.empty(len(keys), np.intp)
    numbers[order] = np.cumsum(np.diff(keys, prepend=keys[:1]) != 0)
    return numbers
