"""Keeping a companion like its owner's index: what was written since is read and stored."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from simsearch.corpus.document import Document
from simsearch.indexer.elasticsearch import comparison, progress
from simsearch.indexer.elasticsearch.changes import START, Page, Shard
from simsearch.indexer.elasticsearch.order import State, order
from simsearch.indexer.elasticsearch.owner import Owner
from simsearch.indexer.elasticsearch.pace import Pace
from simsearch.indexer.elasticsearch.progress import Progress
from simsearch.indexer.elasticsearch.source import Source
from simsearch.indexer.engine import Engine, Outcome
from simsearch.patience import WRITING

#: Seconds between two notes of how far one is, in a long run.
NOTED = 2.0
#: Seconds between two comparisons of numbers; so many times as long as the last comparison of documents took; and
#: seconds between two comparisons of all documents where some are missing.
COUNTED, RARELY, MISSING = 10.0, 20, 3600.0

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
        self._connection = source.connection
        self._address = source.address.companion
        self._order = order(self._connection, owner)
        self._engine, self._store, self._delete, self._pace, self._sweep = engine, store, delete, pace, sweep
        noted = progress.read(self._connection, self._address, WRITING)
        self._seen, self._swept = noted.seen, noted.swept
        #: By part, the position up to which all is stored, and was looked at again.
        self._settled = noted.positions
        self.go_back()
        self._taken = 0.0  #: s, by that comparison
        self._quiet = False
        self._lacks = 0  #: how often documents were missing while nothing changed
        self._next_note = self._next_look = self._next_count = 0.0

    def go_back(self) -> None:
        """Go back to what is settled, as a new process would: after an error it is not known what was stored."""
        self._positions = dict(self._settled)  #: all that was visible up to here is stored
        self._marks: dict[str, int] = {}  #: the positions at the last second look
        #: What was read since each of the last looks; what is forgotten too early is only compared once more.
        self._read: deque[set[State]] = deque([set()], maxlen=3)
        self._comparison: Iterator[Outcomes] | None = None

    def catch_up(self) -> Iterator[Outcomes]:
        """Store what was written since the last time, yielding what became of it."""
        seen = time.time_ns()
        parts = self._order.parts()
        newest = self._order.newest(parts)
        ahead = [
            (part, self._positions.get(part.key, START), upto)
            for part, upto in zip(parts, newest, strict=True)
            if upto > self._positions.get(part.key, START)
        ]
        pages = (page for part, position, upto in ahead for page in self._order.pages(part, position, upto))
        stored = Stored()
        documents = stored.documents(self._read_all(pages), self.owner)
        for outcomes in self._store(documents) if ahead else ():
            yield outcomes
            self._positions |= stored.positions(outcomes)
            yield from self._look_again(parts)
            if time.monotonic() > self._next_note:
                self.note()
        self._positions |= {part.key: upto for part, _, upto in ahead}
        self._quiet = not ahead
        self._seen, self._swept = seen, self._swept or seen
        yield from self._look_again(parts)
        self.note()

    def tend(self, seconds: float) -> Iterator[Outcomes]:
        """Compare the companion with its owner for so long, or until all is done; go on with it the next time."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
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
        """Compare numbers, and documents where these do not agree or the last comparison of all is long ago."""
        owners, ours = comparison.counts(self._connection, self._address, self.owner, self._engine.model)
        self._lacks = self._lacks + 1 if self._quiet and ours < owners else 0
        since = (time.time_ns() - self._swept) / 1e9
        everything = since > self._sweep or (self._lacks > 1 and since > MISSING)
        if (everything or ours > owners) and not self.owner.in_place:
            for names, sequence in comparison.gone(self._connection, self._address, self.owner):
                yield self._delete(names, sequence) if names else []
        if everything:
            yield from self._store_differing()

    def note(self) -> None:
        """Write down how far this is."""
        progress.write(self._connection, self._address, Progress(self._settled, self._seen, self._swept))
        self._next_note = time.monotonic() + NOTED

    def _read_all(self, pages: Iterable[Page]) -> Iterator[Page]:
        """Yield pages, remember what was read, and spare the owner's server."""
        for page in pages:
            took = (time.time_ns() - page.sequence) / 1e9
            self._read[-1] |= {self._order.state(page.shard, hit) for hit in page.hits}
            yield page
            self._pace.wait(len(page.hits), took)

    def _look_again(self, parts: Sequence[Shard]) -> Iterator[Outcomes]:
        """Store what has become visible late; what was looked at twice is settled."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + self._order.lateness()
        read = set().union(*self._read)
        self._read.append(set())
        for part in parts:
            settled, mark = self._settled.get(part.key, START), self._marks.get(part.key, START)
            pages = [page for page in self._order.late(part, settled, mark, read) if page.hits]
            yield from self._store(Stored().documents(self._read_all(pages), self.owner)) if pages else ()
            self._settled[part.key] = max(settled, mark)
            self._marks[part.key] = self._positions.get(part.key, START)

    def _store_differing(self) -> Iterator[Outcomes]:
        """Compare all documents, and store those that differ."""
        begin = time.time_ns()
        parts = self._order.parts()
        newest = self._order.newest(parts)
        for part, upto in zip(parts, newest, strict=True):
            for page in self._read_all(self._order.pages(part, START, upto)):
                documents = [self.owner.document(hit, page.sequence) for hit in page.hits]
                differing = comparison.differing(self._engine, documents)
                yield from self._store(differing) if differing else [[]]
        self._swept = begin


class Stored:
    """Tells how far documents are stored that are read page by page, and stored in any order."""

    def __init__(self) -> None:
        self._waiting: dict[int, int] = {}  #: documents of each page that are not stored yet, by its sequence
        self._pages: dict[str, deque[tuple[int, int]]] = defaultdict(deque)  #: of each part: sequence and end

    def documents(self, pages: Iterable[Page], owner: Owner) -> Iterator[Document]:
        """Yield the documents of pages."""
        for page in pages:
            self._waiting[page.sequence] = len(page.hits)
            self._pages[page.shard.key].append((page.sequence, page.end))
            yield from (owner.document(hit, page.sequence) for hit in page.hits)

    def positions(self, outcomes: Outcomes) -> dict[str, int]:
        """Return, by part, up to where all is stored now, if it is further than before."""
        for outcome in outcomes:
            if outcome.sequence in self._waiting:
                self._waiting[outcome.sequence] -= 1
        found = {}
        for part, pages in self._pages.items():
            while pages and self._waiting[pages[0][0]] <= 0:
                sequence, found[part] = pages.popleft()
                del self._waiting[sequence]
        return found
