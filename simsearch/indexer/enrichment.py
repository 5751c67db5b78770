"""From documents to what is stored of them: passages, vectors, tags. A plain function over a batch."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, compress

import numpy as np

from simsearch.corpus.document import Document
from simsearch.corpus.passages import MOST_PASSAGES, Span, passages
from simsearch.indexer.engine import Enriched, Passage, State
from simsearch.model import Model
from simsearch.model.keywords import tags
from simsearch.model.model import add_up, unit
from simsearch.model.word_table import SILENT

#: Tags a document gets.
TAGS = 8
#: Longer ids are replaced by their sha256: Elasticsearch takes no longer ones.
LONGEST_ID = 512

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def enrich(documents: Sequence[Document], model: Model) -> list[Enriched]:
    """Compute passages, vectors and tags of a batch of documents; the results are in the same order."""
    every = [_spans(document) for document in documents]
    spans = [of_document[:MOST_PASSAGES] for of_document in every]
    tokens: list[list[str]] = []
    for document, of_document in zip(documents, spans, strict=True):
        for number, span in enumerate(of_document):
            words = model.segment(document.text[span.start : span.end])
            tokens.append(model.segment(document.title) + words if number == 0 and document.title else words)
    lengths = np.array([len(words) for words in tokens], np.intp)
    counts = np.array([len(of_document) for of_document in spans], np.intp)
    document_of = np.repeat(np.repeat(np.arange(len(documents)), counts), lengths)

    model.table.trim()
    rows = model.table.rows(list(chain.from_iterable(tokens)))
    spoken = rows != SILENT
    sums = model.sums(rows, lengths)
    whole = add_up(sums, counts)
    found = tags(model.table, rows, document_of, whole, TAGS)
    words_in = np.bincount(document_of[spoken], minlength=len(documents))
    known_in = np.bincount(document_of[model.table.known[rows]], minlength=len(documents))

    vectors, wholes, is_spoken = unit(sums), unit(whole), spoken.tolist()
    enriched: list[Enriched] = []
    passage = token = 0
    for index, (document, of_document) in enumerate(zip(documents, spans, strict=True)):
        kept: list[Passage] = []
        first = passage
        for span in of_document:
            words = tokens[passage]
            kept.append(Passage(" ".join(compress(words, is_spoken[token : token + len(words)])), span.start, span.end))
            passage, token = passage + 1, token + len(words)
        enriched.append(
            Enriched(
                document=document,
                digest=digest(document),
                state=_state(int(words_in[index]), wholes[index].any()),
                tags=[keyword.word for keyword in found[index]],
                known_ratio=float(known_in[index] / max(words_in[index], 1)),
                vector=wholes[index],
                passages=kept,
                vectors=vectors[first:passage],
                dropped=len(every[index]) - len(of_document),
            )
        )
    return enriched


def clean(document: Document) -> Document:
    """Return the document with a storable id, and without characters that are no text."""
    identity = _storable(document.id)
    if len(identity.encode()) > LONGEST_ID:
        identity = hashlib.sha256(identity.encode()).hexdigest()
    text, title, source = _storable(document.text), _storable(document.title), _storable(document.source)
    metadata = document.metadata
    if metadata:
        metadata = json.loads(json.dumps(metadata, ensure_ascii=False, default=str).encode("utf-8", "replace"))
    return replace(document, id=identity, text=text, title=title, source=source, metadata=metadata)


def digest(document: Document) -> str:
    """Return what tells two readings of a document apart: a hash of title, text and metadata."""
    metadata = json.dumps(document.metadata, sort_keys=True) if document.metadata else ""
    parts = "\0".join((document.title, metadata, document.text))
    return hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()


def _spans(document: Document) -> list[Span]:
    spans = passages(document.text)
    return spans or ([Span(0, 0)] if document.title else [])


def _state(words: int, has_vector: bool) -> State:
    if not words:
        return "empty"
    return "ok" if has_vector else "no_known_words"


def _storable(text: str) -> str:
    return _NO_TEXT.sub("\ufffd", text)
