"""A trained model and what it can say: words, sentences, keywords, explanations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus import folding
from simsearch.corpus.segmentation import Segmenter
from simsearch.errors import SimsearchError
from simsearch.model import explanation, folder, keywords, neighbours, store
from simsearch.model.correlation import spearman
from simsearch.model.search_space import SearchSpace, Space
from simsearch.model.vocabulary import ABSENT, Vocabulary
from simsearch.model.word_table import WordTable

#: Texts that are encoded together: bounds memory.
BATCH = 512
_ONES = np.ones(4_096, np.float32)
Number = TypeVar("Number", np.float32, np.intp)


class WordUnknown(SimsearchError):
    """The model does not know the word {word}: try a more common one, or train on texts that use it."""

    word: str


class Model:
    """Word vectors whose inner products are PMI (or which were imported, see `is_pmi`), and all that follows from them.

    n words, d dimensions. Sentences are sums of word vectors, so each similarity can be explained.
    """

    def __init__(self, stored: folder.Stored) -> None:
        """Wrap a model folder that was read; `Model.load` is the usual way."""
        self.path = stored.path
        self.manifest = stored.manifest
        self.id: str = stored.manifest["id"]
        self.dimensions: int = stored.manifest["dimensions"]
        self._stored = stored
        self._vocabulary = Vocabulary(stored.texts["words"], stored.arrays["lookup"], stored.manifest["total"])
        self._space = SearchSpace(stored, self._vocabulary)

    @classmethod
    def load(cls, path_or_id: str | os.PathLike[str] | None = None) -> Model:
        """Load a model from a folder or by its id; None is the base model of the package.

        Raises `ModelNotFound`, `ModelDamaged`, `ModelFormatUnknown`.
        """
        where = store.find(path_or_id)
        manifest = folder.read_manifest(where)
        store.check_once(where, manifest)
        return cls(folder.read(where, manifest))

    @classmethod
    def of_index(cls, id: str) -> Model:
        """Load the model that an index names, which may be anybody's: by its id alone, from the store or the package.

        Raises `ModelNotStored`, `ModelDamaged`, `ModelFormatUnknown`.
        """
        model = cls.load(store.stored(id))
        if model.id != id:
            raise folder.ModelDamaged(path=str(model.path), reason=f"it is the model {model.id}")
        return model

    def install(self) -> Path:
        """Copy the model into the store, so that an index finds it again; return where it is."""
        return store.install(self.path, self.manifest)

    @property
    def is_pmi(self) -> bool:
        """Tell whether inner products are PMI; they are not where vectors of another origin were imported."""
        return bool(self.manifest.get("pmi", True))

    # Words

    @property
    def words(self) -> list[str]:
        """The vocabulary (n), most frequent first."""
        return self._vocabulary.words

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each word was seen in training (n)."""
        return self._vocabulary.counts

    def knows_words(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Tell of each folded word whether it is in the vocabulary (len(words))."""
        known: NDArray[np.bool_] = self._vocabulary.places(words) != ABSENT
        return known

    @property
    def dictionary(self) -> list[str]:
        """The lines of the user dictionaries that the model was trained with."""
        return self._stored.texts["dictionary"].decode().splitlines()

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """The article's space (n x d): the inner product of two rows is their PMI."""
        return self._space.article(np.arange(len(self._vocabulary)))

    @cached_property
    def search_vectors(self) -> NDArray[np.float32]:
        """The search space (n x d): whitened, with what each word's characters say."""
        return self._space.known(np.arange(len(self.words)), self.words, self.counts)

    @cached_property
    def table(self) -> WordTable:
        """Weighted search vectors by row, for the indexer."""
        return WordTable(self._space)

    def related(self, word: str, k: int = 10, by: neighbours.By = "inner") -> list[neighbours.Neighbour]:
        """Return the words that occur together with this one: largest PMI, or cosine (equation 30)."""
        row = self._place(word)
        return neighbours.top(self.words, neighbours.related(self.vectors, row, by), k, (row,))

    def similar(self, word: str, k: int = 10, context: int | None = None) -> list[neighbours.Neighbour]:
        """Return the words that could stand in this one's place.

        By the cosine in the search space, or, given a context of N words, by the correlation of PMIs with
        the N most frequent words (equations 33-39; 10,000: by meaning, 500: by grammar).
        """
        row = self._place(word)
        if context is None:
            scores = neighbours.cosines(self.search_vectors, self.search_vectors[row])
        else:
            scores = neighbours.correlated(self.vectors, row, context)
        return neighbours.top(self.words, scores, k, (row,))

    def analogy(self, a: str, b: str, c: str, k: int = 10, space: Space = "search") -> list[neighbours.Neighbour]:
        """Return the words nearest to a + b - c by cosine, these three left out.

        In the search space their vectors have length 1 before they are added; in the article's they are as they are.
        """
        rows = tuple(self._place(word) for word in (a, b, c))
        vectors = self.vectors if space == "article" else self.search_vectors
        one, other, less = vectors[list(rows)] if space == "article" else unit(vectors[list(rows)])
        return neighbours.top(self.words, neighbours.cosines(vectors, one + other - less), k, rows)

    def norms(self, k: int = 50) -> list[neighbours.Neighbour]:
        """Return the k words with the shortest vectors: the least important ones (equations 24-29)."""
        lengths = np.linalg.norm(self.vectors, axis=1)
        return [neighbours.Neighbour(word, -score) for word, score in neighbours.top(self.words, -lengths, k)]

    def norm_correlation(self) -> float:
        """Return Spearman's correlation of |w|^2 and -log P(w) over all words: 1 where equation 26 holds for ranks."""
        return spearman((self.vectors**2).sum(axis=1), -self.counts)

    def word_similarity(self, a: str, b: str) -> float:
        """Return the cosine of two words in the search space; unknown words go by their characters."""
        rows = self.table.rows([self.fold(a), self.fold(b)])
        one, other = self.table.vectors[rows]
        return float(neighbours.cosines(one[None], other)[0])

    # Texts

    @cached_property
    def segmenter(self) -> Segmenter:
        """The segmenter with the dictionaries of this model."""
        return Segmenter(self.dictionary)

    def fold(self, text: str) -> str:
        """Return the text as the model reads it: simplified, lower case, NFKC."""
        return folding.fold(text)

    def segment(self, text: str) -> list[str]:
        """Return the words of a text, folded, punctuation included."""
        return self.segmenter.segment(folding.fold(text))

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return sentence vectors (len(texts) x d), unit length, in the search space.

        Unknown words count through their characters; a row is zero only where neither a word nor a
        character is known.
        """
        out = np.zeros((len(texts), self.dimensions), np.float32)
        for start in range(0, len(texts), BATCH):
            self.table.trim()
            rows: list[int] = []
            lengths = []
            for text in texts[start : start + BATCH]:
                words = self.segment(text)
                lengths.append(len(words))
                rows += map(self.table.row, words)  # at once, while the words are in the processor's cache
            self.table.compute()
            out[start : start + BATCH] = unit(self.sums(np.array(rows, np.intp), lengths))
        return out

    def sums(self, rows: NDArray[np.intp], lengths: Sequence[int] | NDArray[np.intp]) -> NDArray[np.float32]:
        """Add up the table's vectors of consecutive stretches of rows (len(lengths) x d)."""
        out = np.zeros((len(lengths), self.dimensions), np.float32)
        vectors = self.table.vectors
        start = 0
        for sums, length in zip(out, np.asarray(lengths).tolist(), strict=True):
            # A product with ones adds rows up several times as fast as `sum` or `add.reduceat`.
            ones = _ONES[:length] if length <= len(_ONES) else np.ones(length, np.float32)
            np.dot(ones, vectors.take(rows[start : start + length], axis=0), out=sums)
            start += length
        return out

    def sum_vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the article's sentence vectors (len(texts) x d): plain sums of the known words' vectors."""
        out = np.zeros((len(texts), self.dimensions), np.float32)
        for index, text in enumerate(texts):
            out[index] = self._article_vectors(self._known(self.segment(text))).sum(axis=0)
        return out

    def keywords(
        self,
        text: str,
        k: int = 10,
        method: Literal["tags", "article"] = "tags",
        by: neighbours.By = "inner",
    ) -> list[keywords.Keyword]:
        """Return the k words that stand for a text, the best first.

        `tags`: words and phrases of up to four words or lone characters, for people. `article`: equation 43, the
        words with the largest inner product with the sum of all, or with the largest cosine (`by`; not for tags).
        """
        if method == "article":
            known = self._known(self.segment(text))
            return keywords.article(self._article_vectors(known), known, k, by)
        folded = self.fold(text)
        rows = self.table.rows(self.segmenter.segment(folded))
        lengths = np.array([len(rows)], np.intp)
        (best,) = keywords.tags(self.table, rows, lengths, [folded], k)
        return best

    def similarity(self, a: str, b: str) -> float:
        """Return the cosine of two texts, between -1 and 1."""
        one, other = self.encode([a, b])
        return float(one @ other)

    def explain(self, a: str, b: str, space: Space = "search", by: neighbours.By = "cosine") -> explanation.Explanation:
        """Take the similarity of two texts apart into pairs of words, which add up to it.

        In the article's space texts are plain sums of their known words, punctuation included (equation 46).
        """
        one, other = self.segment(a), self.segment(b)
        if space == "search":
            return explanation.explain(self.table, one, other, by)
        known = self._known(list(dict.fromkeys([*one, *other])))
        return explanation.explain_sums(dict(zip(known, self._article_vectors(known), strict=True)), one, other, by)

    def explain_words(self, a: Sequence[str], b: Sequence[str]) -> explanation.Explanation:
        """Explain the similarity of two texts given as words."""
        return explanation.explain(self.table, a, b)

    def _known(self, words: Sequence[str]) -> list[str]:
        return [word for word, known in zip(words, self.knows_words(words), strict=True) if known]

    def _article_vectors(self, known: Sequence[str]) -> NDArray[np.float32]:
        return self._space.article(self._vocabulary.places(known))

    def _place(self, word: str) -> int:
        (place,) = self._vocabulary.places([self.fold(word)]).tolist()
        if place == ABSENT:
            raise WordUnknown(word=word)
        return int(place)


def add_up(rows: NDArray[Number], lengths: Sequence[int] | NDArray[np.intp]) -> NDArray[Number]:
    """Add up consecutive stretches of rows; an empty stretch gives zero."""
    counts = np.asarray(lengths, np.intp)
    out = np.zeros((len(counts), *rows.shape[1:]), rows.dtype)
    filled = np.flatnonzero(counts)
    if len(filled):
        out[filled] = np.add.reduceat(rows, (np.cumsum(counts) - counts)[filled])
    return out


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows scaled to length 1; zero rows stay zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32, copy=False)
    return scaled
