"""From documents to what is stored of them: passages, vectors, tags. A plain function over a batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.document import Document, storable
from simsearch.corpus.passages import Span, passages
from simsearch.indexer.engine import Enriched, Passage, State
from simsearch.indexer.furniture import without_repeated_lines
from simsearch.limits import limit
from simsearch.model import Model
from simsearch.model.keywords import tags
from simsearch.model.model import add_up, unit
from simsearch.model.word_table import SILENT

#: Tags a document gets.
TAGS = 8
#: Longer ids are replaced by their sha256: Elasticsearch takes no longer ones.
LONGEST_ID = 512


def enrich(documents: Sequence[Document], model: Model) -> list[Enriched]:
    """Compute passages, vectors and tags of a batch of documents; the results are in the same order.

    Lines that are repeated across the batch take no part in the tags, so tags depend on what is enriched
    together; nothing else does.
    """
    every = [_spans(document) for document in documents]
    most = limit("passages")
    spans = [of_document[:most] for of_document in every]
    table = model.table
    table.trim()
    rows: list[int] = []
    lengths: list[int] = []  #: in words, of each passage
    spoken: list[str] = []  #: the words of each passage without punctuation
    texts: list[str] = []  #: what was segmented, folded, of each document
    sizes: list[list[int]] = []  #: of each document of several lines: its words' numbers of characters
    for document, of_document in zip(documents, spans, strict=True):
        folded: list[str] = []
        sizes.append([])
        for number, span in enumerate(of_document):
            text = document.text[span.start : span.end]
            folded.append(model.fold(f"{document.title}\n{text}" if document.title and not number else text))
            words = model.segmenter.segment(folded[-1])
            found = list(map(table.row, words))  # at once, while the words are in the processor's cache
            rows += found
            lengths.append(len(found))
            spoken.append(" ".join(compress(words, found)))  # the row of punctuation is 0
            if "\n" in document.text:
                sizes[-1] += map(len, words)
        texts.append("".join(folded))
    table.compute()

    counts = np.array([len(of_document) for of_document in spans], np.intp)
    totals = add_up(np.array(lengths, np.intp), counts)
    row = np.array(rows, np.intp)
    parts = _parts(model, row, lengths)
    sums = model.sums(row, lengths)
    whole = add_up(sums, counts)
    telling, repeated = without_repeated_lines(row, totals, sizes, texts)
    best = tags(table, telling, totals, texts, TAGS)
    words_in = add_up((row != SILENT).astype(np.intp), totals)
    known_in = add_up(table.known[row].astype(np.intp), totals)
    vectors, wholes = unit(sums), unit(whole)

    enriched: list[Enriched] = []
    first = 0
    for index, (document, of_document) in enumerate(zip(documents, spans, strict=True)):
        end = first + len(of_document)
        enriched.append(
            Enriched(
                document=document,
                digest=document.digest,
                state=_state(int(words_in[index]), bool(wholes[index].any())),
                tags=[tag.word for tag in best[index]],
                known_ratio=float(known_in[index] / max(words_in[index], 1)),
                vector=wholes[index],
                passages=[Passage(words, *span) for words, span in zip(spoken[first:end], of_document, strict=True)],
                vectors=vectors[first:end],
                parts=parts[first:end],
                dropped=len(every[index]) - len(of_document),
                repeated_lines=repeated[index],
            )
        )
        first = end
    return enriched


def clean(document: Document) -> Document:
    """Return the document with a storable id, and without characters that are no text."""
    metadata = json.dumps(document.metadata, ensure_ascii=False, default=str) if document.metadata else ""
    parts = (document.id, document.title, document.source, document.text, metadata)
    _, title, source, text, metadata = map(storable, parts)
    kept = json.loads(metadata or "{}", parse_constant=lambda name: None)  # NaN and Infinity are no JSON
    return Document(storable_id(document.id), text, title, kept, source, document.sequence)


def storable_id(id: str) -> str:
    """Return the id under which a document is stored: without what is no text, and its sha256 if it is too long."""
    name = storable(id)
    return name if len(name.encode()) <= LONGEST_ID else hashlib.sha256(name.encode()).hexdigest()


def _spans(document: Document) -> list[Span]:
    spans = passages(document.text)
    return spans or ([Span(0, 0)] if document.title else [])


def _parts(model: Model, rows: NDArray[np.intp], lengths: Sequence[int]) -> list[str]:
    """Return the shorter words inside the words of each passage, with a space between."""
    inside: dict[int, str] = {}
    for row in np.flatnonzero(np.bincount(rows)).tolist():
        if found := model.segmenter.parts(model.table.words[row]):
            inside[row] = " ".join(found)
    holds = np.zeros(len(model.table.words), np.bool_)
    holds[list(inside)] = True
    places = np.flatnonzero(holds[rows])
    parts: list[list[str]] = [[] for _ in lengths]
    passages = np.searchsorted(np.cumsum(lengths), places, side="right")
    for passage, row in zip(passages.tolist(), rows[places].tolist(), strict=True):
        parts[passage].append(inside[row])
    return list(map(" ".join, parts))


def _state(words: int, has_vector: bool) -> State:
    if not words:
        return "empty"
    return "ok" if has_vector else "no_known_words"
