"""From a stream of documents to stored ones: batches, what is unchanged, what was given twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simsearch.corpus.document import Document
from simsearch.indexer.engine import Engine, Outcome
from simsearch.indexer.enrichment import clean, digest, enrich
from simsearch.model import Model

#: A batch is stored in one step: at most so many documents,
BATCH_DOCUMENTS = 500
#: and, once it holds so many characters, no more.
BATCH_CHARACTERS = 500_000


def add_batches(engine: Engine, model: Model, documents: Iterable[Document]) -> Iterator[list[Outcome]]:
    """Store documents batch by batch, yielding the outcomes of each once it is safe."""
    for batch in batches(documents):
        changed, unchanged = _changed(engine, batch)
        outcomes = engine.renew(unchanged) if unchanged else []
        if changed:
            outcomes += engine.store(enrich(changed, model))
        yield outcomes


def batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Gather documents into batches bounded by number and characters."""
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(clean(document))
        characters += len(document.text)
        if len(batch) >= BATCH_DOCUMENTS or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _changed(engine: Engine, batch: list[Document]) -> tuple[list[Document], list[Document]]:
    newest: dict[str, Document] = {}
    for document in batch:
        if document.id not in newest or document.sequence >= newest[document.id].sequence:
            newest[document.id] = document
    stored = engine.digests(list(newest))
    unchanged = [document for document in newest.values() if stored.get(document.id, ("",))[0] == digest(document)]
    skip = {document.id for document in unchanged}
    return [document for name, document in newest.items() if name not in skip], unchanged
