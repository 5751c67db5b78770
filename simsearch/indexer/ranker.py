"""The one ranker: scores passages from their words and the model, whatever engine found them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.indexer import matching
from simsearch.indexer.engine import Candidate, Candidates
from simsearch.indexer.terms import Term, terms_of
from simsearch.model import Model
from simsearch.model.model import unit

Mode = Literal["hybrid", "similar", "keyword", "phrase"]

#: How much of what words earn comes by their characters, as words are cut differently (手游, 手机游戏): half of it is
#: shared out by the words' idf, half by their number of characters.
CHARACTERS = 0.28
#: How much of what a word earns comes from the document's best passage for it, wherever that is: a document
#: that answers in two passages beats one that repeats half of the question in one.
DOCUMENT = 0.5
#: What the cosine counts beside the words: LEAST, and more the more of the question no text holds, the fewer nats of
#: it are found (19 nats: two or three telling words), and the shorter the passages are (a sum of few words says more
#: of each).
LEAST, NATS, STEEPNESS, SHORT = 0.07, 19.0, 4, 10.0
#: The longest run of words that counts in phrase mode.
LONGEST_PHRASE = 3
#: Digits of a score that count.
DIGITS = 6


class Evidence(NamedTuple):
    """What the passages earn by words, before the cosine comes in: all arrays are terms x passages."""

    terms: list[Term]
    texts: list[list[str]]  #: the words of each passage
    by_word: NDArray[np.float64]  #: by the word itself or a close one, times the term's share
    by_characters: NDArray[np.float64]
    best: NDArray[np.intp]  #: the document's best passage for each term
    inside: bool = False  #: whether words inside words count


class Ranked(NamedTuple):
    """A document by its best passage; the score is `words + share * cosine`, between -1 and 1."""

    candidate: Candidate
    number: int  #: of its passage among the candidates
    score: float
    words: float
    cosine: float
    share: float  #: of the cosine in the score; the same for all passages of one question


class Ranking(NamedTuple):
    """Documents, best first, and what their scores are made of."""

    ranked: list[Ranked]
    evidence: Evidence


def rank(model: Model, words: Sequence[str], found: Candidates, mode: Mode) -> Ranking:
    """Return the best passage of each candidate document, best first, ties by id.

    `words` is the question, folded and segmented. Similar: the cosine; keyword: BM25 over its upper bound for
    the question, where a word is also found inside a longer one, or by the words inside it; phrase: the same
    over words and runs of words; hybrid: words (those inside others where no text holds any), close words,
    characters and the cosine, which counts the more the less the texts hold of the question.
    """
    if not found.passages:
        return Ranking([], Evidence([], [], np.zeros((0, 0)), np.zeros((0, 0)), np.zeros((0, 0), np.intp)))
    # Engines deliver passages in orders of their own, which must decide no tie.
    found = found._replace(passages=sorted(found.passages, key=lambda one: (one.id, one.number)))
    texts = matching.lay_out(model.table, [one.passage.words for one in found.passages], found.average_length)
    longest = LONGEST_PHRASE if mode == "phrase" else 1
    terms = terms_of(model.table, words, found, longest) if mode != "similar" else []
    exact = matching.exact(model.table, terms, texts)
    inside = mode in ("keyword", "phrase") or (mode == "hybrid" and not exact.any())
    if inside:
        exact = matching.inside(model.table, terms, texts, exact, model.segmenter)
    share = _share(terms, exact, found.average_length) if mode == "hybrid" else float(mode == "similar")
    evidence = _evidence(model, terms, texts, found, exact, mode)._replace(inside=inside)
    earned = _earned(evidence)
    cosines = np.zeros(len(found.passages))
    if share:
        question = model.table.rows(words)
        cosines = unit(model.sums(texts.rows, texts.lengths)) @ unit(model.sums(question, [len(question)]))[0]
    earned *= 1 - share
    # The last digits depend on what stands beside a passage in a product: they are no reason for an order.
    scores = np.round(earned + share * cosines, DIGITS)
    best: dict[str, Ranked] = {}
    for number in np.argsort(-scores, kind="stable").tolist():
        candidate = found.passages[number]
        if candidate.id not in best and scores[number] > 0:
            parts = float(earned[number]), float(cosines[number])
            best[candidate.id] = Ranked(candidate, number, float(scores[number]), *parts, share)
    return Ranking(sorted(best.values(), key=lambda ranked: (-ranked.score, ranked.candidate.id)), evidence)


def _evidence(
    model: Model,
    terms: list[Term],
    texts: matching.Texts,
    found: Candidates,
    exact: NDArray[np.float64],
    mode: Mode,
) -> Evidence:
    shares = np.array([term.share for term in terms])[:, None]
    by_word, by_characters = exact * shares, np.zeros_like(exact)
    if mode == "hybrid" and terms:
        close = matching.close(model.table, terms, texts)
        by_word = (1 - CHARACTERS) * shares * np.maximum(exact, close)
        sizes = np.array([len(term.words[0]) for term in terms])[:, None]
        by_characters = CHARACTERS * (shares + sizes / sizes.sum()) / 2 * matching.characters(terms, texts)
    _, document_of = np.unique([candidate.id for candidate in found.passages], return_inverse=True)
    return Evidence(terms, texts.words, by_word, by_characters, _best(by_word + by_characters, document_of))


def _earned(evidence: Evidence) -> NDArray[np.float64]:
    """Return what each passage earns by words: in part its own, in part its document's best."""
    own = evidence.by_word + evidence.by_characters
    best = np.take_along_axis(own, evidence.best, axis=1)
    earned: NDArray[np.float64] = ((1 - DOCUMENT) * own + DOCUMENT * best).sum(axis=0)
    return earned


def _best(own: NDArray[np.float64], document_of: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return, for each term and passage, the passage of the same document that earns most by the term."""
    best = np.zeros(own.shape, np.intp)
    for row, of_term in zip(best, own, strict=True):
        order = np.lexsort((-of_term, document_of))
        first = np.r_[True, np.diff(document_of[order]) > 0]
        row[:] = order[first][document_of]
    return best


def _share(terms: Sequence[Term], exact: NDArray[np.float64], average_length: float) -> float:
    """Return the share of the cosine in the score of a question."""
    held = float((np.array([term.share for term in terms]) @ (exact > 0)).max(initial=0.0)) if terms else 0.0
    nats = held * sum(term.idf for term in terms)
    if not nats:
        return 1.0
    # No length where the index was empty as it was counted, and had a first document as it was asked.
    short = min(1.0, SHORT / average_length) ** 2 if average_length else 1.0
    weight = LEAST + max(1 - held, 0.0) * (NATS / nats) ** STEEPNESS * short
    return weight / (1 + weight)
