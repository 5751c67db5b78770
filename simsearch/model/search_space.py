"""The space in which sentences are compared: word vectors whitened, plus what a word's characters say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simsearch.model.folder import Stored
from simsearch.model.quantisation import restore
from simsearch.model.vocabulary import Vocabulary

#: The article's, where inner products are PMI, or the one in which sentences are compared.
Space = Literal["article", "search"]
#: A word's weight in a sentence is SMOOTHING / (SMOOTHING + its probability) (Arora et al. 2017, "SIF").
SMOOTHING = 0.01
#: A word seen this often leans on its characters half as much again as a frequent one.
HALF_COUNT = 1_000
#: Rows computed at a time: their intermediate results stay in the processor's cache.
CHUNK = 4_096


class SearchSpace:
    """Search vectors of known and unknown words, computed from what a model folder stores."""

    def __init__(self, stored: Stored, vocabulary: Vocabulary) -> None:
        arrays = stored.arrays
        self.vocabulary = vocabulary
        self.dimensions: int = stored.manifest["dimensions"]
        self._steps, self._scales = arrays["vectors"], arrays["scales"]
        self._whitening, self._mean = arrays["whitening"], arrays["mean"]
        self._unknown_norm: float = stored.manifest["unknown_norm"]
        # Row 0 is for characters that say nothing.
        self._characters = np.pad(arrays["character_vectors"], ((1, 0), (0, 0)))
        self._character_scales = np.pad(arrays["character_scales"], (1, 0))
        self._row_of_character = np.zeros(0x110000, np.int32)
        self._row_of_character[_codes(stored.texts["characters"].decode())] = np.arange(1, len(self._characters))

    def known(self, places: NDArray[np.intp], words: Sequence[str], counts: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the search vectors (places x d) of words of the vocabulary, given with their places and counts."""
        out = np.empty((len(places), self.dimensions), np.float32)
        for start in range(0, len(places), CHUNK):
            here = slice(start, start + CHUNK)
            share = (0.5 + 0.5 * HALF_COUNT / (HALF_COUNT + counts[here])).astype(np.float32)
            said = self.predict(words[here])
            out[here] = self.article(places[here]) @ self._whitening + share[:, None] * said
        return out

    def unknown(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors (words x d) for words by their characters alone; zero where none is known."""
        said = self.predict(words)
        spoken = said.any(axis=1, keepdims=True)
        out = np.where(spoken, said + self._mean, 0)
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        scaled: NDArray[np.float32] = (out * (self._unknown_norm / np.maximum(norms, 1e-12))).astype(np.float32)
        return scaled

    def article(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the article's vectors (places x d), in which an inner product is a PMI."""
        return restore(self._steps[places], self._scales[places])

    def predict(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return what the characters of each word say (words x d): the mean of their vectors."""
        if not words:
            return np.zeros((0, self.dimensions), np.float32)
        lengths = np.array([len(word) for word in words])
        rows = self._row_of_character[_codes("".join(words))]
        starts = np.cumsum(lengths) - lengths
        sums = np.zeros((len(words), self.dimensions), np.float32)
        for position in range(lengths.max()):
            longer = np.flatnonzero(lengths > position)
            here = rows[starts[longer] + position]
            sums[longer] += restore(self._characters[here], self._character_scales[here])
        sums /= lengths[:, None]
        return sums


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
