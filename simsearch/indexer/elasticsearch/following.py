"""Keeping a companion like its owner's index: what was written since is read and stored."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from simsearch.corpus.document import Document
from simsearch.indexer.elasticsearch import comparison, model_change
from simsearch.indexer.elasticsearch.changes import PAGE, START, Page, Shard
from simsearch.indexer.elasticsearch.companion import check_names
from simsearch.indexer.elasticsearch.order import order
from simsearch.indexer.elasticsearch.owner import Owner
from simsearch.indexer.elasticsearch.pace import Pace
from simsearch.indexer.elasticsearch.positions import Positions, Stored
from simsearch.indexer.elasticsearch.progress import Notebook, Progress
from simsearch.indexer.elasticsearch.source import Source
from simsearch.indexer.engine import Engine, Outcome

#: Seconds between two notes of how far one is, in a long run.
NOTED = 2.0
#: Seconds between two comparisons of numbers; so many times as long as the last comparison of documents took; and
#: seconds between two comparisons of all documents where some are missing.
COUNTED, RARELY, MISSING = 10.0, 5, 3600.0

Outcomes = Iterable[Outcome]
#: Stores documents, yielding what became of each batch once it is safe.
Store = Callable[[Iterable[Document]], Iterator[Outcomes]]
#: Deletes documents by id unless a newer reading than the sequence is known.
Delete = Callable[[Sequence[str], int], Outcomes]


class Follower:
    """Reads what was written to the owner's index, and has it stored; not for several threads at a time."""

    def __init__(
        self, source: Source, owner: Owner, engine: Engine, store: Store, delete: Delete, pace: Pace, sweep: float
    ) -> None:
        """Begin where the last run has ended; `sweep` is the seconds between two comparisons of all documents."""
        self.owner = owner
        self._source, self._engine, self._store, self._delete = source, engine, store, delete
        self._pace, self._sweep = pace, sweep
        self._order = order(source.connection, owner, pace.at_once(PAGE))
        self._notebook = Notebook(source.connection, source.address.companion, owner.noted())
        self._quiet = False
        self._lacks = 0  #: how often documents were missing while nothing changed
        self._next_note = self._next_look = self._next_count = 0.0
        self.go_back()

    def go_back(self) -> None:
        """Go back to what is noted, as a new process would: after an error it is not known what was stored."""
        noted = self._notebook.read()
        self._seen, self._swept = noted.seen, noted.swept
        self._positions = Positions(noted.positions, noted.stored, noted.marks)
        self._looked = noted.looked
        if noted.looked:
            since = max(0.0, (time.time_ns() - noted.looked) / 1e9)  # clocks may step back
            self._next_look = time.monotonic() + self._order.lateness() - since
        self._comparison: Iterator[Outcomes] | None = None
        self._taken = 0.0  #: s, by that comparison

    def catch_up(self) -> Iterator[Outcomes]:
        """Store what was written since the last time, yielding what became of it.

        Raises `LeadsToSeveral`, `OptionsChanged`.
        """
        seen = time.time_ns()
        parts = self._order.parts()
        check_names(self._source, self.owner, {part.of for part in parts})
        self._positions.keep(parts)
        before = [(part, self._positions.stored(part)) for part in parts]
        newest = self._order.newest(before)
        ahead = [(*each, upto) for each, upto in zip(before, newest, strict=True) if upto > each[1]]
        pages = (page for part, position, upto in ahead for page in self._order.pages(part, position, upto))
        stored = Stored()
        documents = stored.documents(self._read(pages), self.owner)
        for outcomes in self._store(documents) if ahead else ():
            yield outcomes
            self._positions.advance(stored.positions(outcomes))
            yield from self._look_again(parts)
            if time.monotonic() > self._next_note:
                self._note()
        self._positions.advance({part.key: upto for part, _, upto in ahead})
        self._quiet = not ahead
        self._seen, self._swept = seen, self._swept or seen
        yield from self._look_again(parts)
        self._note()

    def tend(self, seconds: float) -> Iterator[Outcomes]:
        """Compare the companion with its owner for so long, a step at least, and go on with it the next time."""
        end = time.monotonic() + seconds
        now = -math.inf
        while now < end:
            now = time.monotonic()
            if self._comparison is None:
                if now < self._next_count:
                    return
                self._comparison, self._taken = self.compare(), 0.0
            outcomes = next(self._comparison, None)
            self._taken += time.monotonic() - now
            if outcomes is None:
                self._comparison = None
                self._next_count = time.monotonic() + max(COUNTED, RARELY * self._taken)
            else:
                yield outcomes

    def compare(self) -> Iterator[Outcomes]:
        """Compare numbers, and documents where these do not agree or the last comparison of all is long ago.

        Raises `ModelChanged`.
        """
        connection, address = self._source.connection, self._source.address.companion
        index = self._source.address if self.owner.in_place else address
        if changed := model_change.changed(connection, index, self._engine.model):
            raise changed
        owners, ours = comparison.counts(connection, address, self.owner, self._engine)
        self._lacks = self._lacks + 1 if self._quiet and ours < owners else 0
        since = (time.time_ns() - self._swept) / 1e9
        everything = since > self._sweep or (self._lacks > 1 and since > MISSING)
        if (everything or ours > owners) and not self.owner.in_place:
            for names, sequence in comparison.gone(connection, address, self.owner):
                yield self._delete(names, sequence) if names else []
        if everything:
            yield from self._store_differing()

    def _note(self) -> None:
        """Write down how far this is."""
        positions = self._positions
        times = {"seen": self._seen, "swept": self._swept, "looked": self._looked}
        progress = Progress(
            self.owner.noted(), positions.settled, stored=positions.all_stored, marks=positions.marks, **times
        )
        self._notebook.write(progress)
        self._next_note = time.monotonic() + NOTED

    def _read(self, pages: Iterator[Page]) -> Iterator[Page]:
        """Yield pages, remember what was read, and spare the owner's server."""
        start = time.monotonic()
        for page in pages:
            took = time.monotonic() - start
            self._positions.remember(self._order.state(page.shard, hit) for hit in page.hits)
            yield page
            self._pace.wait(len(page.hits), took)
            start = time.monotonic()

    def _look_again(self, parts: Sequence[Shard]) -> Iterator[Outcomes]:
        """Store what has become visible late; what was looked at twice is settled."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + self._order.lateness()
        read = self._positions.look()
        for part in parts:
            after, elsewhere, upto = self._positions.due(part)
            if after < elsewhere:
                pages_read = self._read(self._order.pages(part, after, elsewhere))
                yield from self._store(Stored().documents(pages_read, self.owner))
            pages = [page for page in self._order.late(part, elsewhere, upto, read) if page.hits]
            yield from self._store(Stored().documents(self._read(iter(pages)), self.owner)) if pages else ()
            self._positions.settle(part)
        # The marks are of now or before: what a part had when its turn came.
        self._looked = time.time_ns()

    def _store_differing(self) -> Iterator[Outcomes]:
        """Compare all documents, and store those that differ."""
        begin = time.time_ns()
        everything = [(part, START) for part in self._order.parts()]
        for (part, after), upto in zip(everything, self._order.newest(everything), strict=True):
            for page in self._read(self._order.pages(part, after, upto)):
                documents = [self.owner.document(hit, page.sequence) for hit in page.hits]
                differing = comparison.differing(self._engine, documents)
                yield from self._store(differing) if differing else [[]]
        self._swept = begin
        self._note()
