"""The one ranker: scores passages from their words and the model, whatever engine found them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.indexer.engine import Candidate, Candidates
from simsearch.model import Model
from simsearch.model.model import add_up, unit
from simsearch.model.word_table import SILENT

Mode = Literal["hybrid", "similar", "keyword", "phrase"]

#: BM25's saturation and length normalisation (Robertson & Zaragoza 2009).
K1, B = 1.2, 0.75
#: What the cosine counts beside BM25 over its upper bound: LEAST where a text holds all words of the question,
#: up to LEAST + MOST where none holds any, falling steeply with what the best text covers.
LEAST, MOST, STEEPNESS = 0.1, 2.0, 5
#: A word's frequency in the model counts like so many passages beside the collection's own: in a small
#: collection a function word may stand in one passage only, and would pass for a telling one.
PRIOR = 1_000
#: How much of a term's part comes from the document's best passage for it, wherever that is: a document
#: that answers in two passages beats one that repeats half of the question in one.
DOCUMENT = 0.5
#: Digits of a score that count.
DIGITS = 6
#: The longest word n-gram that counts in phrase mode.
LONGEST_PHRASE = 3


class Term(NamedTuple):
    """A word of the question, or several in a row (phrase mode), and what one passage can earn by it."""

    words: tuple[str, ...]
    most: float  #: its share of the upper bound; the shares add up to 1


class Ranked(NamedTuple):
    """A document by its best passage, with its score: `sum(parts) + share * cosine`, between -1 and 1."""

    candidate: Candidate
    score: float
    parts: dict[str, float]  #: earned by each term
    cosine: float
    share: float  #: of the cosine in the score; the same for all passages of one question


def rank(model: Model, words: Sequence[str], found: Candidates, mode: Mode) -> list[Ranked]:
    """Return the best passage of each candidate document, best first, ties by id.

    `words` is the question, folded and segmented. Similar: the cosine; keyword: BM25 over its upper bound for
    the question; phrase: the same over words and word n-grams; hybrid: a mean of cosine and BM25, weighted
    towards the cosine where no text covers the question.
    """
    if not found.passages:
        return []
    texts = [candidate.passage.words.split(" ") for candidate in found.passages]
    rows = model.table.rows([*words, *chain.from_iterable(texts)])
    lengths = np.array([len(text) for text in texts], np.intp)
    question, flat = rows[: len(words)], rows[len(words) :]
    terms = terms_of(model, words, found, mode) if mode != "similar" else []
    earned = _bm25(terms, model, flat, lengths, found.average_length)
    earned = (1 - DOCUMENT) * earned + DOCUMENT * _best_of_document(earned, found)
    cosines = np.zeros(len(texts))
    if mode in ("hybrid", "similar"):
        whole = unit(model.table.vectors[question].sum(axis=0, keepdims=True))[0]
        cosines = unit(add_up(model.table.vectors[flat], lengths)) @ whole
    share = _share(mode, terms, earned)
    earned *= 1 - share
    # The last digits depend on what stands beside a passage in a product: they are no reason for an order.
    scores = np.round(earned.sum(axis=0) + share * cosines, DIGITS)
    best: dict[str, Ranked] = {}
    for index in np.argsort(-scores, kind="stable"):
        candidate = found.passages[index]
        if candidate.id not in best and scores[index] > 0:
            parts = {
                " ".join(term.words): float(part) for term, part in zip(terms, earned[:, index], strict=True) if part
            }
            best[candidate.id] = Ranked(candidate, float(scores[index]), parts, float(cosines[index]), share)
    return sorted(best.values(), key=lambda ranked: (-ranked.score, ranked.candidate.id))


def _share(mode: Mode, terms: Sequence[Term], earned: NDArray[np.float64]) -> float:
    """Return the share of the cosine in a score."""
    if mode != "hybrid":
        return 1.0 if mode == "similar" else 0.0
    most = np.array([term.most for term in terms])
    coverage = float((most @ (earned > 0)).max(initial=0.0)) if terms else 0.0
    weight = LEAST + MOST * (1 - min(coverage, 1.0)) ** STEEPNESS
    return weight / (1 + weight)


def terms_of(model: Model, words: Sequence[str], found: Candidates, mode: Mode) -> list[Term]:
    """Return the terms of a question with their shares of the upper bound, from the collection's frequencies."""
    rows = model.table.rows(words)
    spoken = [word for word, row in zip(words, rows, strict=True) if row != SILENT]
    longest = LONGEST_PHRASE if mode == "phrase" else 1
    expected = 1 - np.exp(-np.exp(-model.table.information[rows[rows != SILENT]]) * found.average_length)
    frequencies = np.array([found.frequencies.get(word, 0) for word in spoken]) + PRIOR * expected
    idf = dict(zip(spoken, np.log1p((found.total + PRIOR - frequencies + 0.5) / (frequencies + 0.5)), strict=True))
    weights: dict[tuple[str, ...], float] = {}
    for length in range(1, longest + 1):
        for start in range(len(spoken) - length + 1):
            gram = tuple(spoken[start : start + length])
            weights[gram] = weights.get(gram, 0.0) + float(sum(idf[word] for word in gram))
    bound = max(sum(weights.values()), 1e-12)
    return [Term(gram, value / bound) for gram, value in weights.items()]


def _bm25(
    terms: Sequence[Term], model: Model, flat: NDArray[np.intp], lengths: NDArray[np.intp], average: float
) -> NDArray[np.float64]:
    """Return what each term earns in each passage (terms x passages)."""
    passage_of = np.repeat(np.arange(len(lengths)), lengths)
    saturation = K1 * (1 - B + B * lengths / max(average, 1e-12))
    earned = np.zeros((len(terms), len(lengths)))
    for row, term in zip(earned, terms, strict=True):
        here = _occurrences(flat, passage_of, model.table.rows(term.words))
        times = np.bincount(passage_of[here], minlength=len(lengths))
        row[:] = term.most * times / (times + saturation + 1e-12)
    return earned


def _best_of_document(earned: NDArray[np.float64], found: Candidates) -> NDArray[np.float64]:
    """Return, for each term and passage, the most that a candidate passage of the same document earns."""
    documents, document_of = np.unique([candidate.id for candidate in found.passages], return_inverse=True)
    best = np.zeros((len(documents), len(earned)))
    np.maximum.at(best, document_of, earned.T)
    return best[document_of].T


def _occurrences(flat: NDArray[np.intp], passage_of: NDArray[np.intp], gram: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return where a run of words begins, without crossing from one passage into the next."""
    here = np.flatnonzero(flat == gram[0])
    for step in range(1, len(gram)):
        here = here[here + step < len(flat)]
        here = here[(flat[here + step] == gram[step]) & (passage_of[here + step] == passage_of[here])]
    return here
