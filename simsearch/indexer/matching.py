"""How well passages answer the terms of a question: by the same word, a close word, the same characters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.segmentation import Segmenter
from simsearch.indexer.terms import Term
from simsearch.model.word_table import WordTable

#: BM25's saturation and length normalisation (Robertson & Zaragoza 2009).
K1, B = 1.2, 0.75
#: A word that is not there counts by the closest one that is, if their cosine is more than LEAST_CLOSE: as CLOSE
#: times the cosine of one occurrence.
CLOSE, LEAST_CLOSE = 0.6, 0.4
#: A word that is not there counts by the shorter words inside it: 银行的贷款 answers 银行贷款, a little less well.
PARTS = 0.8
#: From here on Unicode is Chinese, or as good as: characters that mean something by themselves.
_FIRST_MEANINGFUL = 0x2E80


class Texts(NamedTuple):
    """Passages laid out end to end."""

    words: list[list[str]]
    rows: NDArray[np.intp]  #: of all words in the table
    lengths: NDArray[np.intp]  #: in words, of each passage; never 0
    saturation: NDArray[np.float64]  #: of each passage: so many occurrences of a word earn half of its share


def lay_out(table: WordTable, passages: Sequence[str], average: float) -> Texts:
    """Lay out passages, given as words with a space between; `average` is a passage's usual number of words."""
    words = [passage.split(" ") for passage in passages]
    lengths = np.array([len(text) for text in words], np.intp)
    rows = table.rows(list(chain.from_iterable(words)))
    saturation = K1 * (1 - B + B * lengths / max(average, 1e-12))
    return Texts(words, rows, lengths, saturation.astype(np.float64, copy=False))


def exact(table: WordTable, terms: Sequence[Term], texts: Texts) -> NDArray[np.float64]:
    """Return BM25 without idf, between 0 and 1 (terms x passages)."""
    passage_of = np.repeat(np.arange(len(texts.lengths)), texts.lengths)
    earned = np.zeros((len(terms), len(texts.lengths)))
    for row, term in zip(earned, terms, strict=True):
        here = _occurrences(texts.rows, passage_of, table.rows(term.words))
        times = np.bincount(passage_of[here], minlength=len(texts.lengths))
        row[:] = times / (times + texts.saturation)
    return earned


def inside(
    table: WordTable, terms: Sequence[Term], texts: Texts, found: NDArray[np.float64], segmenter: Segmenter
) -> NDArray[np.float64]:
    """Return the same with words inside words: of the texts' words, and where that is nothing, of the terms'."""
    words = [text + list(chain.from_iterable(map(segmenter.parts, text))) for text in texts.words]
    lengths = np.array([len(text) for text in words], np.intp)
    wider = texts._replace(rows=table.rows(list(chain.from_iterable(words))), lengths=lengths)
    earned = found.copy()
    for row, term in zip(earned, terms, strict=True):
        if len(term.words) == 1:  # what stands inside two words is no run of words
            row[:] = exact(table, [term], wider)
            parts = [Term((part,), 0, 0) for part in segmenter.parts(term.words[0])]
            if parts:
                row[:] = np.where(row > 0, row, PARTS * exact(table, parts, wider).mean(axis=0))
    return earned


def close(table: WordTable, terms: Sequence[Term], texts: Texts) -> NDArray[np.float64]:
    """Return what the word closest to each term earns in each passage (terms x passages)."""
    cosines = cosines_with(table, [term.words[0] for term in terms], texts.rows)
    best = np.maximum.reduceat(cosines, np.cumsum(texts.lengths) - texts.lengths).T
    return CLOSE * np.where(best > LEAST_CLOSE, best, 0.0) / (1 + texts.saturation)


def cosines_with(table: WordTable, words: Sequence[str], rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the cosines of rows of the table and words (rows x words); none of a word with itself."""
    asked = table.rows(words)
    distinct, place = np.unique(rows, return_inverse=True)
    lengths = table.lengths[distinct][:, None] * table.lengths[asked]
    cosines = table.vectors[distinct] @ table.vectors[asked].T / np.where(lengths > 0, lengths, 1)
    cosines[distinct[:, None] == asked] = 0
    return cosines[place].astype(np.float32, copy=False)


def characters(terms: Sequence[Term], texts: Texts) -> NDArray[np.float64]:
    """Return the share of each term's characters that stand in each passage (terms x passages).

    A word in letters or digits is one character: its letters mean nothing by themselves.
    """
    wanted = [pieces(term.words[0]) for term in terms]
    place = {piece: number for number, piece in enumerate(dict.fromkeys(chain.from_iterable(wanted)))}
    single = np.array(sorted(ord(piece) for piece in place if len(piece) == 1), np.uint32)
    there = np.zeros((len(place), len(texts.lengths)))
    if len(single):
        lines = ["".join(text) for text in texts.words]
        codes = np.frombuffer("".join(lines).encode("utf-32-le", "surrogatepass"), np.uint32)
        passage_of = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
        found = np.minimum(np.searchsorted(single, codes), len(single) - 1)
        hit = single[found] == codes
        number = np.array([place[chr(code)] for code in single.tolist()])
        there[number[found[hit]], passage_of[hit]] = 1
    for piece, row in place.items():
        if len(piece) > 1:
            there[row] = [piece in text for text in texts.words]
    return np.array([there[[place[piece] for piece in of_term]].mean(axis=0) for of_term in wanted])


def pieces(word: str) -> list[str]:
    """Return the parts of a word that mean something: its characters if it is Chinese, else the word."""
    return list(word) if all(ord(character) >= _FIRST_MEANINGFUL for character in word) else [word]


def _occurrences(rows: NDArray[np.intp], passage_of: NDArray[np.intp], gram: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return where a run of words begins, without crossing from one passage into the next."""
    here = np.flatnonzero(rows == gram[0])
    for step in range(1, len(gram)):
        here = here[here + step < len(rows)]
        here = here[(rows[here + step] == gram[step]) & (passage_of[here + step] == passage_of[here])]
    return here
