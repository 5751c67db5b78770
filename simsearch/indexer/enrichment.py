"""From documents to what is stored of them: passages, vectors, tags. A plain function over a batch."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from itertools import chain, compress

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.document import Document, storable
from simsearch.corpus.passages import MOST_PASSAGES, Span, passages
from simsearch.indexer.engine import Enriched, Passage, State
from simsearch.model import Model
from simsearch.model.keywords import tags
from simsearch.model.model import add_up, unit
from simsearch.model.word_table import SILENT

#: Tags a document gets.
TAGS = 8
#: A line that stands in so many documents of a batch is furniture: a menu, a footer.
FURNITURE = 3
#: Longer ids are replaced by their sha256: Elasticsearch takes no longer ones.
LONGEST_ID = 512


def enrich(documents: Sequence[Document], model: Model) -> list[Enriched]:
    """Compute passages, vectors and tags of a batch of documents; the results are in the same order.

    Lines that are repeated across the batch take no part in the tags, so tags depend on what is enriched
    together; nothing else does.
    """
    every = [_spans(document) for document in documents]
    spans = [of_document[:MOST_PASSAGES] for of_document in every]
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
    sums = model.sums(row, lengths)
    whole = add_up(sums, counts)
    best = tags(table, _without_repeated_lines(row, totals, sizes, texts), totals, whole, texts, TAGS)
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
                dropped=len(every[index]) - len(of_document),
            )
        )
        first = end
    return enriched


def clean(document: Document) -> Document:
    """Return the document with a storable id, and without characters that are no text."""
    metadata = json.dumps(document.metadata, ensure_ascii=False, default=str) if document.metadata else ""
    parts = (document.id, document.title, document.source, document.text, metadata)
    identity, title, source, text, metadata = map(storable, parts)
    if len(identity.encode()) > LONGEST_ID:
        identity = hashlib.sha256(identity.encode()).hexdigest()
    kept = json.loads(metadata or "{}", parse_constant=lambda name: None)  # NaN and Infinity are no JSON
    return Document(identity, text, title, kept, source, document.sequence)


def _spans(document: Document) -> list[Span]:
    spans = passages(document.text)
    return spans or ([Span(0, 0)] if document.title else [])


def _without_repeated_lines(
    rows: NDArray[np.intp], totals: NDArray[np.intp], sizes: Sequence[Sequence[int]], texts: Sequence[str]
) -> NDArray[np.intp]:
    """Return the rows of a batch's words, those of repeated lines silenced."""
    furniture = repeated_lines(texts)
    if not furniture:
        return rows
    rows = rows.copy()
    for text, of_words, end, total in zip(texts, sizes, np.cumsum(totals).tolist(), totals.tolist(), strict=True):
        lines = text.split("\n") if of_words else []
        repeated = np.array([line.strip() in furniture for line in lines], np.bool_)
        if repeated.any():
            # White space is in no word, so words and lines are matched by their other characters.
            line_ends = np.cumsum([len("".join(line.split())) for line in lines])
            line = np.searchsorted(line_ends, np.cumsum(of_words) - of_words, side="right")
            rows[end - total : end][repeated[line]] = SILENT
    return rows


def repeated_lines(texts: Sequence[str]) -> set[str]:
    """Return the lines that stand in several texts, each of which says at least as much of its own.

    The last condition leaves copies alone: what they share is their subject.
    """
    lines = [set(filter(None, map(str.strip, text.split("\n")))) for text in texts if "\n" in text]
    counts = Counter(chain.from_iterable(lines))
    common = {line for line, times in counts.items() if times >= FURNITURE}
    witnesses: Counter[str] = Counter()
    for of_text in lines if common else ():
        own = sum(map(len, of_text - common))
        witnesses.update(line for line in of_text & common if len(line) <= own)
    return {line for line, times in witnesses.items() if times >= FURNITURE}


def _state(words: int, has_vector: bool) -> State:
    if not words:
        return "empty"
    return "ok" if has_vector else "no_known_words"
