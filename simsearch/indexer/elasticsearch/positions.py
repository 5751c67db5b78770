"""How far the documents of an index are read and stored: what is certain, and what is to be looked at again."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from simsearch.corpus.document import Document
from simsearch.indexer.elasticsearch.changes import START, Page, Shard
from simsearch.indexer.elasticsearch.order import State
from simsearch.indexer.elasticsearch.owner import Owner
from simsearch.indexer.engine import Outcome


class Positions:
    """By part of an index: up to where all that was visible is stored, and up to where it was looked at twice."""

    def __init__(self, settled: dict[str, int], stored: Mapping[str, int], marks: Mapping[str, int]) -> None:
        self.settled = settled  #: looked at twice
        self.all_stored = {**settled, **stored}  #: a new process begins here
        self.marks = dict(marks)  #: what was stored at the last second look
        self._elsewhere = dict(stored)  #: what another process has read, so that nobody remembers its states
        #: What was read since each of the last looks; what is forgotten too early is only compared once more.
        self._read: deque[set[State]] = deque([set()], maxlen=3)

    def keep(self, parts: Sequence[Shard]) -> None:
        """Forget the parts that are no more: one that comes back may have changed, and so may what came after it."""
        keys = {part.key for part in parts}
        for positions in (self.settled, self.all_stored, self.marks, self._elsewhere):
            for key in positions.keys() - keys:
                del positions[key]

    def stored(self, part: Shard) -> int:
        """Return up to where all that was visible is stored."""
        return self.all_stored.get(part.key, START)

    def advance(self, positions: dict[str, int]) -> None:
        """Note up to where all is stored now."""
        self.all_stored |= positions

    def remember(self, states: Iterable[State]) -> None:
        """Remember what was read."""
        self._read[-1].update(states)

    def look(self) -> set[State]:
        """Begin a second look: return what was read, and remember what is read from now on apart from it."""
        read: set[State] = set().union(*self._read)
        self._read.append(set())
        return read

    def due(self, part: Shard) -> tuple[int, int, int]:
        """Return what a second look is to look at, what is stored since the last but one: from, elsewhere upto, upto.

        What was read elsewhere is to be read as a whole, and of what comes after it only what was not read.
        """
        after, upto = self.settled.get(part.key, START), self.marks.get(part.key, START)
        return after, max(after, min(upto, self._elsewhere.get(part.key, START))), upto

    def settle(self, part: Shard) -> None:
        """Note that a part was looked at again."""
        self.settled[part.key] = max(self.due(part))
        self.marks[part.key] = self.stored(part)


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

    def positions(self, outcomes: Iterable[Outcome]) -> dict[str, int]:
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
