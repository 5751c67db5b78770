"""An index: documents go in, questions are answered."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from simsearch import addresses
from simsearch.corpus.document import Document
from simsearch.indexer import hits, ranker
from simsearch.indexer.conditions import Condition
from simsearch.indexer.engine import Candidate, Candidates, Engine, Found, Info, Opener, Outcome, Passage, Question
from simsearch.indexer.errors import DocumentNotFound, IndexNotFound, ModelMismatch, OwnersIndex, UrlUnknown
from simsearch.indexer.hits import Hit
from simsearch.indexer.ranker import Ranked
from simsearch.model import Model
from simsearch.model.model import unit
from simsearch.model.word_table import SILENT

if TYPE_CHECKING:
    from simsearch.indexer.elasticsearch import ElasticsearchEngine
    from simsearch.indexer.sqlite import SqliteEngine

#: Passages of each kind that are ranked, or four for each hit that is wanted. A hundred rank questions over
#: passages no better, and a cold query spends a tenth of its time on the difference.
CANDIDATES = 60
#: Batches stored before processes are started: a short run is over by then.
INLINE_BATCHES = 2


def open_index(
    url: str | Path, *, model: Model | None = None, create: bool = True, index_options: str | None = None
) -> Index:
    """Open the index at `https://host:9200/name` or `sqlite:///path/to/file` (or a plain path).

    A new one is made for `model`, or for the base model, which is copied into the model store. An index
    that exists is used with the model that it names. `index_options` says how Elasticsearch keeps vectors.

    Raises `UrlUnknown`, `ModelMismatch`, `IndexNotFound` (without `create`), `IndexFormatUnknown`,
    `ModelNotFound`, `IndexUnreadable` (a file), and what `simsearch.indexer.elasticsearch.connection` raises.
    """
    kind = _engine(str(url))
    engine: Engine
    try:
        engine = kind.open(str(url), index_options)
    except IndexNotFound:
        if not create:
            raise
        model = model or Model.load()
        model.install()
        engine = kind.create(str(url), model.id, model.dimensions, index_options)
    if model is not None and model.id != engine.model:
        engine.close()
        raise ModelMismatch(url=str(url), index_model=engine.model, model=model.id)
    return Index(engine, model)


class Index:
    """Documents, stored with their vectors and tags; a context manager."""

    def __init__(self, engine: Engine, model: Model | None = None, opener: Opener | None = None) -> None:
        """Wrap an engine; `open_index` is the usual way. `opener` opens it in other processes."""
        self.engine = engine
        self._model = model
        self._opener = opener or _open_target

    @cached_property
    def model(self) -> Model:
        """The model of this index, loaded when first needed."""
        return self._model or Model.of_index(self.engine.model)

    def add(self, documents: Iterable[Document]) -> Counter[str]:
        """Store documents; what is unchanged is skipped. Return how many became stored, unchanged or older.

        Raises `OwnersIndex`.
        """
        self.check_own()
        return Counter(outcome.status for batch in self.add_batches(documents) for outcome in batch)

    def add_batches(
        self, documents: Iterable[Document], processes: int = 1, most: int | None = None, limited: bool = True
    ) -> Iterator[list[Outcome]]:
        """Store documents batch by batch, yielding the outcomes of each batch once it is safe on disk.

        Documents beyond the limits become dead letters, unless they are not `limited`, having been stored before. A
        batch holds at most `most` documents, if that is given. A long run is shared among `processes`; a program that
        asks for more than one needs the usual `if __name__ == "__main__":`.
        """
        from simsearch.indexer import indexing  # not needed to search

        refused: list[Outcome] = []
        within = indexing.within_limits(self.engine, documents, refused) if limited else documents
        for outcomes in self._store(indexing.batches(within, most), processes):
            yield outcomes + refused
            refused.clear()
        if refused:
            yield refused
        self.engine.settle()

    def _store(self, batches: Iterator[list[Document]], processes: int) -> Iterator[list[Outcome]]:
        from simsearch.indexer import indexing  # not needed to search

        for batch in islice(batches, INLINE_BATCHES):
            yield indexing.add(self.engine, self.model, batch)
        first = next(batches, None)
        if first:
            rest = chain([first], batches)
            with self.engine.loading():
                if processes > 1:
                    from simsearch.indexer import pool  # not needed for a short run

                    yield from pool.add_each(self._opener, self.engine.url, rest, processes)
                else:
                    yield from (indexing.add(self.engine, self.model, batch) for batch in rest)

    def delete(self, ids: Iterable[str]) -> list[Outcome]:
        """Delete documents by id.

        Raises `OwnersIndex`.
        """
        self.check_own()
        from simsearch.indexer.enrichment import storable_id  # not needed to search

        outcomes = self.engine.delete(map(storable_id, ids), time.time_ns())
        self.engine.settle()
        return outcomes

    def check_own(self) -> None:
        """Look whether the documents are this index's own.

        Raises `OwnersIndex` where they are those of an index of somebody else's.
        """
        if self.engine.owner:
            raise OwnersIndex(url=self.engine.url, owner=self.engine.owner)

    def search(
        self,
        text: str,
        k: int = 10,
        mode: ranker.Mode = "hybrid",
        where: Sequence[Condition] = (),
        explain: bool = False,
        min_score: float = 0.0,
    ) -> list[Hit]:
        """Return the k best documents for a text, each with its best passage.

        Modes: `hybrid`, `similar` (meaning only), `keyword` (words only), `phrase` (words and word n-grams).
        """
        self.model.table.trim()
        words = self.model.segment(text)
        rows = self.model.table.rows(words)
        spoken = [word for word, row in zip(words, rows, strict=True) if row != SILENT]
        vector = unit(self.model.sums(rows, [len(rows)]))[0]
        question = Question(
            words=[] if mode == "similar" else self._asked(spoken),
            vector=vector if mode in ("hybrid", "similar") else None,
            conditions=where,
            limit=max(CANDIDATES, 4 * k),
        )
        found = self.engine.candidates(question)
        while len({candidate.id for candidate in found.passages}) < k and not found.complete(question.limit):
            # One long document, or a large k: ask for more passages until there are documents enough.
            question = question._replace(limit=4 * question.limit)
            found = self.engine.candidates(question)
        return self._hits(spoken, found, k, mode, explain, min_score)

    def similar(
        self,
        id: str,
        k: int = 10,
        where: Sequence[Condition] = (),
        explain: bool = False,
        min_score: float = 0.0,
    ) -> list[Hit]:
        """Return the k documents most similar to a stored one, by their whole texts.

        Raises `DocumentNotFound`.
        """
        stored = self.engine.passages([id])
        if id not in stored:
            raise DocumentNotFound(id=id)
        words = _words(stored[id])
        rows = self.model.table.rows(words)
        vector = unit(self.model.sums(rows, [len(rows)]))[0]
        if not vector.any():
            return []
        names = [name for name in self.engine.nearest(vector, k + 1, where) if name != id]
        texts = self.engine.passages(names)
        candidates = []
        for rank, name in enumerate(names, 1):
            passages = texts.get(name)
            if not passages:  # deleted since by another process
                continue
            whole = passages[0]._replace(words=" ".join(_words(passages)), end=passages[-1].end)
            candidates.append(Candidate(name, 0, whole, by_vector=rank))
        return self._hits(words, Candidates(candidates, {}, len(candidates), 0.0), k, "similar", explain, min_score)

    def facets(self, k: int = 10, where: Sequence[Condition] = ()) -> list[tuple[str, int]]:
        """Return the k most frequent tags among documents that meet the conditions, with their numbers."""
        return self.engine.facets(where, k)

    def knows(self, text: str) -> bool:
        """Tell whether the model knows a word of the text, or a character."""
        rows = self.model.table.rows(self.model.segment(text))
        return bool(self.model.table.vectors[rows].any())

    def info(self) -> Info:
        """Return the index in figures."""
        return self.engine.info()

    def close(self) -> None:
        """Release files and connections."""
        self.engine.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _asked(self, spoken: Sequence[str]) -> list[str]:
        """Return the words of a question and the shorter ones inside them, the rarest in the model first."""
        words = list(dict.fromkeys(chain(spoken, *map(self.model.segmenter.parts, spoken))))
        rows = self.model.table.rows(words)  # before the table is looked at: it may grow
        rarity = self.model.table.information[rows]
        return [words[place] for place in np.argsort(-rarity, kind="stable").tolist()]

    def _hits(
        self,
        words: Sequence[str],
        candidates: Candidates,
        k: int,
        mode: ranker.Mode,
        explain: bool,
        min_score: float,
    ) -> list[Hit]:
        ranked, evidence = ranker.rank(self.model, words, candidates, mode)
        rest = iter([one for one in ranked if one.score >= min_score])
        best: list[Ranked] = []
        found: dict[str, Found] = {}
        while len(best) < k and (some := list(islice(rest, k - len(best)))):
            found |= self.engine.fetch([one.candidate.id for one in some])
            best += [one for one in some if one.candidate.id in found]  # others are deleted since
        return [
            hits.hit(
                self.model,
                words,
                one,
                found[one.candidate.id],
                hits.explain(self.model, words, one, evidence) if explain else None,
            )
            for one in best
        ]


def _open_target(url: str) -> tuple[Engine, Model]:
    """Open an index in a process of its own, which has a run to finish and waits as long for a server as that does."""
    os.environ.setdefault("SIMSEARCH_PATIENCE", "300")
    index = open_index(url, create=False)
    return index.engine, index.model


def _words(passages: Sequence[Passage]) -> list[str]:
    return [word for passage in passages for word in passage.words.split(" ") if word]


def _engine(url: str) -> type[SqliteEngine] | type[ElasticsearchEngine]:
    """Return the kind of engine that an address belongs to; a plain path is a file."""
    if url.startswith(("http://", "https://")):
        from simsearch.indexer.elasticsearch import ElasticsearchEngine

        return ElasticsearchEngine
    if not url or addresses.is_foreign(url):
        raise UrlUnknown(url=addresses.shown(url))  # no password on the screen
    from simsearch.indexer.sqlite import SqliteEngine

    return SqliteEngine
