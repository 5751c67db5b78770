"""BM25 over a whole collection, exactly: what a search for words alone can do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Saturation and length normalisation, as most engines set them (Robertson & Zaragoza 2009).
K1, B = 1.2, 0.75


class Bm25:
    """A collection of N texts, given as words."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        lengths = np.array([len(text) for text in texts], np.float64)
        saturation = K1 * (1 - B + B * lengths / max(lengths.mean(), 1e-12))
        places: dict[str, list[int]] = {}
        times: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            for word, count in Counter(text).items():
                places.setdefault(word, []).append(place)
                times.setdefault(word, []).append(count)
        self._size = len(texts)
        #: For each word the texts that hold it, and what it earns in each of them.
        self._earned: dict[str, tuple[NDArray[np.intp], NDArray[np.float64]]] = {}
        for word, held in places.items():
            where, often = np.array(held, np.intp), np.array(times[word], np.float64)
            idf = np.log1p((self._size - len(held) + 0.5) / (len(held) + 0.5))
            self._earned[word] = where, idf * often / (often + saturation[where])

    def scores(self, question: Sequence[str]) -> NDArray[np.float64]:
        """Return the score of every text (N) for the words of a question; a word asked twice counts twice.

        Each is idf x tf / (tf + k1 (1 - b + b length / average)), idf = ln(1 + (N - n + .5) / (n + .5)).
        """
        scores = np.zeros(self._size)
        for word in question:
            if word in self._earned:
                where, earned = self._earned[word]
                scores[where] += earned
        return scores
