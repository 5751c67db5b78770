"""From a stream of documents to stored ones: batches, what is unchanged, what was given twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext

from simsearch.corpus.document import Document, beyond_limits
from simsearch.indexer.engine import Engine, Failed, Outcome
from simsearch.indexer.enrichment import clean, enrich, storable_id
from simsearch.limits import limit
from simsearch.model import Model

#: Once a batch, which is stored in one step, holds so many characters, it takes no more documents.
BATCH_CHARACTERS = 400_000


def add(
    engine: Engine, model: Model, batch: list[Document], writing: AbstractContextManager[object] | None = None
) -> list[Outcome]:
    """Store a batch; what is unchanged is only noted. The outcomes are safe on disk.

    `writing` is held while the engine writes.
    """
    changed, unchanged = _changed(engine, batch)
    enriched = enrich(changed, model)
    with writing or nullcontext():
        outcomes = engine.renew(unchanged) if unchanged else []
        if enriched:
            outcomes += engine.store(enriched)
    done = {outcome.id for outcome in outcomes}
    # What another process has changed since it was compared is written after all.
    missed = [document for document in unchanged if document.id not in done]
    if missed:
        outcomes += engine.store(enrich(missed, model))
    return _overtaken(engine, batch, outcomes)


def within_limits(engine: Engine, documents: Iterable[Document], refused: list[Outcome]) -> Iterator[Document]:
    """Yield documents within the limits; others become dead letters, and their outcomes are appended to `refused`."""
    for document in documents:
        if reason := beyond_limits(document):
            engine.bury([Failed(document, reason)])
            refused.append(Outcome(storable_id(document.id), document.sequence, "failed", reason=reason))
        else:
            yield document


def batches(documents: Iterable[Document], most: int | None = None) -> Iterator[list[Document]]:
    """Gather documents, made storable, into batches of at most `most`, and bounded by characters."""
    most = min(most or limit("batch_documents"), limit("batch_documents"))
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(clean(document))
        characters += len(document.text)
        if len(batch) >= most or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _overtaken(engine: Engine, batch: list[Document], outcomes: list[Outcome]) -> list[Outcome]:
    """Return the outcomes; an older reading is unchanged where another process has just stored the same text."""
    late = [outcome.id for outcome in outcomes if outcome.status == "older"]
    stored = engine.digests(late) if late else {}
    same = {
        (document.id, document.sequence)
        for document in batch
        if document.id in stored and stored[document.id][0] == document.digest
    }
    return [
        outcome._replace(status="unchanged") if (outcome.id, outcome.sequence) in same else outcome
        for outcome in outcomes
    ]


def _changed(engine: Engine, batch: list[Document]) -> tuple[list[Document], list[Document]]:
    newest: dict[str, Document] = {}
    for document in batch:
        if document.id not in newest or document.sequence >= newest[document.id].sequence:
            newest[document.id] = document
    stored = engine.digests(list(newest))
    unchanged = [document for document in newest.values() if stored.get(document.id, ("",))[0] == document.digest]
    skip = {document.id for document in unchanged}
    return [document for name, document in newest.items() if name not in skip], unchanged
