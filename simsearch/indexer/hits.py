"""What a search answers: documents with their best passage, highlights, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.folding import fold_with_offsets
from simsearch.corpus.passages import Span
from simsearch.indexer.engine import Found
from simsearch.indexer.pairs import word_pairs
from simsearch.indexer.ranker import Evidence, Ranked
from simsearch.model import Model
from simsearch.model.explanation import Pair
from simsearch.model.word_table import SILENT, WordTable

#: A word of a passage is highlighted if its cosine with a word of the question is at least this; 1 is itself.
CLOSE = 0.5
#: Words more probable than exp(-this) are highlighted for none but themselves, and only where no other word is.
TELLING = 6.0


class Why(NamedTuple):
    """A score taken apart: `sum(words) + share * similarity`, each a sum of pairs of words."""

    words: list[Pair]
    share: float
    similarity: float
    pairs: list[Pair]
    by_characters: list[str]
    unknown: list[str]


class Hit(NamedTuple):
    """A document that answers. Offsets count characters of its text as it was given."""

    id: str
    title: str
    score: float
    by_words: int | None  #: rank of its best passage in the list by words
    by_vector: int | None  #: and in the list by vector
    tags: list[str]
    metadata: dict[str, Any]
    source: str
    passage: Span
    snippet: str  #: the text of the passage
    highlights: list[Span]
    why: Why | None = None


def hit(model: Model, question: Sequence[str], ranked: Ranked, found: Found, why: Why | None = None) -> Hit:
    """Show a ranked passage of a stored document."""
    passage = Span(ranked.candidate.passage.start, ranked.candidate.passage.end)
    return Hit(
        id=found.id,
        title=found.title,
        score=ranked.score,
        by_words=ranked.candidate.by_words,
        by_vector=ranked.candidate.by_vector,
        tags=found.tags,
        metadata=found.metadata,
        source=found.source,
        passage=passage,
        snippet=found.text[passage.start : passage.end],
        highlights=highlights(model, question, found.text, passage),
        why=why,
    )


def explain(model: Model, question: Sequence[str], ranked: Ranked, evidence: Evidence) -> Why:
    """Take the score of a ranked passage apart."""
    taken = model.explain_words(question, ranked.candidate.passage.words.split(" "))
    words = word_pairs(model, evidence, ranked)
    return Why(words, ranked.share, taken.similarity, taken.pairs, taken.by_characters, taken.unknown)


def highlights(model: Model, question: Sequence[str], text: str, passage: Span) -> list[Span]:
    """Return the words of a passage that answer a question: the same words, and those close in meaning."""
    folded, offsets = fold_with_offsets(text[passage.start : passage.end])
    words = model.segmenter.segment(folded)
    rows = model.table.rows([*question, *words])
    here = rows[len(question) :]
    told = _told(model.table, rows[: len(question)], here)
    spans: list[Span] = []
    position = 0
    for word, row in zip(words, here.tolist(), strict=True):
        position = folded.index(word, position)
        if row in told:
            start = passage.start + offsets[position]
            end = passage.start + max(offsets[position + len(word)], offsets[position + len(word) - 1] + 1)
            if spans and spans[-1].end == start:
                spans[-1] = Span(spans[-1].start, end)
            else:
                spans.append(Span(start, end))
        position += len(word)
    return spans


def _told(table: WordTable, asked: NDArray[np.intp], here: NDArray[np.intp]) -> set[int]:
    """Return those rows of a passage that answer rows of a question."""
    telling = asked[table.information[asked] >= TELLING]
    other = here[table.information[here] >= TELLING]
    lengths = table.lengths[other][:, None] * table.lengths[telling]
    close = table.vectors[other] @ table.vectors[telling].T > CLOSE * lengths
    told = {*other[close.any(axis=1)].tolist(), *set(telling.tolist()).intersection(here.tolist())}
    return told or set(asked.tolist()).intersection(here.tolist()) - {SILENT}
