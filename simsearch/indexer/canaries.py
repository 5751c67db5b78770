"""Canaries: stored documents, each asked for by a sentence of its own, tell whether an index answers as it should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt

from simsearch.corpus.passages import sentences
from simsearch.indexer.index import Index

#: Documents that are asked for, and the hits among which each should be.
CANARIES, AMONG = 50, 10
#: Share of the documents that may be lost on balance, however sure that is.
TOLERANCE = 0.05
#: Standard deviations of lost less gained documents, were both as likely: where texts are much alike, chance alone
#: tells which of them come first.
CHANCE = 2.0
#: A question of more characters is cut.
LONGEST = 100


def choose(index: Index) -> dict[str, str]:
    """Return a question for each of some documents from all over the index: the longest of its sentences."""
    stored = index.engine.fetch(list(index.engine.vectors(CANARIES)))
    questions = {}
    for name, document in stored.items():
        text = document.text.strip() or document.title
        if not text:
            continue
        longest = max(sentences(text), key=lambda span: span.end - span.start)
        questions[name] = text[longest.start : longest.end][:LONGEST]
    return questions


def found(index: Index, questions: Mapping[str, str]) -> Iterator[bool]:
    """Tell of one document after the other whether it is among the first answers to its question."""
    for name, question in questions.items():
        yield name in [hit.id for hit in index.search(question, k=AMONG)]


def worse(before: Sequence[bool], after: Sequence[bool]) -> bool:
    """Tell whether of the same documents fewer are found after than before, and by more than chance.

    What decides is the number of documents that only one of the two finds (McNemar's test).
    """
    lost = sum(one and not other for one, other in zip(before, after, strict=True))
    gained = sum(other and not one for one, other in zip(before, after, strict=True))
    return lost - gained > max(TOLERANCE * len(before), CHANCE * sqrt(lost + gained))
