"""From documents to what is stored of them: passages, vectors, tags. A plain function over a batch."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from itertools import chain, compress, repeat

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
    texts = [
        f"{document.title}\n{document.text[span.start : span.end]}"
        if first and document.title
        else document.text[span.start : span.end]
        for document, of_document in zip(documents, spans, strict=True)
        for first, span in zip(chain([True], repeat(False)), of_document, strict=False)
    ]
    tokens, rows = model.read(texts)
    lengths = np.array([len(words) for words in tokens], np.intp)
    counts = np.array([len(of_document) for of_document in spans], np.intp)
    totals = add_up(lengths, counts)

    sums = model.sums(rows, lengths)
    whole = add_up(sums, counts)
    found = tags(model.table, rows, totals, whole, TAGS)
    spoken = rows != SILENT
    words_in = add_up(spoken.astype(np.intp), totals)
    known_in = add_up(model.table.known[rows].astype(np.intp), totals)
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
                digest=document.digest,
                state=_state(int(words_in[index]), bool(wholes[index].any())),
                tags=[model.table.words[row] for row in found[index][0]],
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
    metadata = json.dumps(document.metadata, ensure_ascii=False, default=str) if document.metadata else ""
    parts = (document.id, document.title, document.source, document.text, metadata)
    if len(document.id) <= LONGEST_ID // 4 and not any(map(_NO_TEXT.search, parts)):
        return document
    identity, title, source, text, metadata = (_NO_TEXT.sub("\ufffd", part) for part in parts)
    if len(identity.encode()) > LONGEST_ID:
        identity = hashlib.sha256(identity.encode()).hexdigest()
    return Document(identity, text, title, json.loads(metadata or "{}"), source, document.sequence)


def _spans(document: Document) -> list[Span]:
    spans = passages(document.text)
    return spans or ([Span(0, 0)] if document.title else [])


def _state(words: int, has_vector: bool) -> State:
    if not words:
        return "empty"
    return "ok" if has_vector else "no_known_words"
