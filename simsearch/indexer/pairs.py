"""What a passage earned by words, taken apart into pairs: a word of the question, a word that answers it."""

from __future__ import annotations

from collections import Counter

import numpy as np

from simsearch.indexer.matching import cosines_with, pieces
from simsearch.indexer.ranker import DOCUMENT, Evidence, Ranked
from simsearch.indexer.terms import Term
from simsearch.model import Model
from simsearch.model.explanation import Pair


def word_pairs(model: Model, evidence: Evidence, ranked: Ranked) -> list[Pair]:
    """Return the pairs of words, the largest part first; the parts add up to `ranked.words`.

    A word may be answered in another passage of the document: the word that answers is taken from there.
    """
    parts: Counter[tuple[str, str]] = Counter()
    for number, term in enumerate(evidence.terms):
        for passage, weight in ((ranked.number, 1 - DOCUMENT), (int(evidence.best[number, ranked.number]), DOCUMENT)):
            weight *= 1 - ranked.share
            by_word = weight * evidence.by_word[number, passage]
            if by_word:
                parts[" ".join(term.words), _answer(model, term, evidence.texts[passage], evidence.inside)] += by_word
            by_characters = weight * evidence.by_characters[number, passage]
            if by_characters:
                holders = _holders(term.words[0], evidence.texts[passage])
                for holder in holders:
                    parts[term.words[0], holder] += by_characters / len(holders)
    return [Pair(*words, float(part)) for words, part in sorted(parts.items(), key=lambda item: (-item[1], item[0]))]


def _answer(model: Model, term: Term, text: list[str], inside: bool) -> str:
    """Return what a term was answered by: itself; else the closest word, or words that hold it or stand inside it."""
    word, parts = term.words[0], model.segmenter.parts
    if len(term.words) > 1 or word in text:
        return " ".join(term.words)
    if inside:
        longer = [other for other in text if word in parts(other)]
        shorter = [other for other in dict.fromkeys(text) if set(parts(word)) & {other, *parts(other)}]
        if longer or shorter:
            return longer[0] if longer else " ".join(shorter)
    return text[int(np.argmax(cosines_with(model.table, term.words, model.table.rows(text))[:, 0]))]


def _holders(word: str, text: list[str]) -> list[str]:
    """Return, for each character of a word that stands in the text, the word that holds it: the most like it."""
    held = [[other for other in text if piece in other] for piece in pieces(word)]
    return [max(others, key=lambda other: (len(set(word) & set(other)), -len(other))) for others in held if others]
