"""What an index engine stores, is asked, and answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from simsearch.corpus.document import Document
from simsearch.indexer.conditions import Condition

if TYPE_CHECKING:
    from simsearch.model import Model

State = Literal["ok", "no_known_words", "empty"]
Status = Literal["stored", "unchanged", "older", "deleted", "absent", "failed", "queued"]


class Passage(NamedTuple):
    """A stretch `text[start:end]` of a document, as folded words with a space between."""

    words: str
    start: int
    end: int


class Enriched(NamedTuple):
    """A document with all that is computed from it: d dimensions, one row of `vectors` a passage."""

    document: Document
    digest: str  #: of title, text and metadata
    state: State
    tags: list[str]
    known_ratio: float
    vector: NDArray[np.float32]  #: d, unit length, of the whole text; zero where nothing is known
    passages: list[Passage]
    vectors: NDArray[np.float32]  #: passages x d, unit length; zero where nothing is known
    parts: list[str]  #: of each passage, the shorter words inside its words: they are found, and have no vector
    dropped: int = 0  #: passages beyond the limit
    repeated_lines: int = 0  #: lines of menus and footers, which took no part in the tags


class Outcome(NamedTuple):
    """What became of a document.

    `older` means that a newer reading or a later delete stands; `failed` that the engine refuses the document
    itself, which is kept as a dead letter.
    """

    id: str
    sequence: int
    status: Status
    dropped: int = 0  #: passages beyond the limit, which are not stored
    state: State = "ok"  #: of a document that was stored
    reason: str = ""  #: why a document failed
    repeated_lines: int = 0  #: lines of a document that was stored which took no part in its tags


def stored(item: Enriched) -> Outcome:
    """Return the outcome of a document that was stored."""
    document = item.document
    return Outcome(
        document.id,
        document.sequence,
        "stored",
        dropped=item.dropped,
        state=item.state,
        repeated_lines=item.repeated_lines,
    )


class Question(NamedTuple):
    """What candidates are wanted for."""

    words: Sequence[str]  #: distinct folded words, the rarest first; none: no candidates by words
    vector: NDArray[np.float32] | None  #: d; None: no candidates by vector
    conditions: Sequence[Condition]
    limit: int  #: candidates of each kind


class Candidate(NamedTuple):
    """A passage that may answer, with its rank (from 1) in each list that holds it."""

    id: str
    number: int  #: of the passage in its document
    passage: Passage
    by_words: int | None = None
    by_vector: int | None = None


class Candidates(NamedTuple):
    """Passages that may answer a question, and the collection's figures that rank them."""

    passages: list[Candidate]
    frequencies: dict[str, int]  #: passages that hold a word of the question
    total: int  #: passages in the index
    average_length: float  #: words a passage

    def complete(self, limit: int) -> bool:
        """Tell whether no list was cut at the limit."""
        return not any(limit in (candidate.by_words, candidate.by_vector) for candidate in self.passages)


class Found(NamedTuple):
    """A stored document as shown to people."""

    id: str
    title: str
    text: str
    tags: list[str]
    source: str
    metadata: dict[str, Any]
    state: State


class Info(NamedTuple):
    """An index in figures."""

    url: str
    model: str
    dimensions: int
    documents: int
    passages: int
    bytes: int
    states: dict[str, int]
    problems: list[str]  #: what a check found
    dead_letters: int  #: documents that could not be stored
    companion: dict[str, Any] | None = None  #: of a companion: its `owner`, and how many seconds `behind` it is


class Failed(NamedTuple):
    """A document that could not be stored, or was given up."""

    document: Document
    reason: str
    tries: int = 1
    again: bool = True  #: False where the document only bears the name of what failed, and cannot be stored


class DeadLetter(NamedTuple):
    """A document that waits for somebody to mend what is wrong; times are UTC, such as 2024-05-18T09:00:00Z."""

    id: str
    reason: str  #: of the last failure
    model: str  #: with which it was to be stored
    first: str  #: when it failed first
    last: str  #: and last
    tries: int
    sequence: int
    document: Document | None  #: None where its text was too long to be kept, or there is none


class Check(NamedTuple):
    """What was looked at, whether it is in order, and what was found and is to be done."""

    check: str
    ok: bool
    what: str


class Engine(Protocol):
    """Stores enriched documents and delivers candidates; ranking is not its business."""

    url: str  #: where the index is
    model: str  #: id of the model that it belongs to
    owner: str  #: name of the index of somebody else's that it is made from; empty for all others
    exclusive: bool  #: whether one process writes at a time

    def info(self, check: bool = False) -> Info:
        """Return the figures of the index; with `check`, read all of it and list what is wrong."""

    def checks(self) -> list[Check]:
        """Look at everything that an index needs, each with what to do where it is not in order."""

    def digests(self, ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Return digest and sequence of those documents that are stored; ("", sequence) of deleted ones."""

    def renew(self, documents: Sequence[Document]) -> list[Outcome]:
        """Note that stored documents were read again and had not changed."""

    def store(self, batch: Sequence[Enriched]) -> list[Outcome]:
        """Write documents; afterwards those stored survive a crash. The newest reading wins."""

    def delete(self, ids: Iterable[str], sequence: int) -> list[Outcome]:
        """Delete documents; an older reading that arrives later does not bring them back."""

    def bury(self, failed: Sequence[Failed]) -> None:
        """Keep documents that could not be stored, each with its reason; tries of the same document add up.

        A letter goes by itself once a reading at least as new is stored, found unchanged, or deleted: at the latest
        with `settle`.
        """

    def dead_letters(self, ids: Sequence[str] | None = None) -> list[DeadLetter]:
        """Return the documents that could not be stored, all or some, the oldest first."""

    def forget(self, ids: Sequence[str]) -> list[str]:
        """Remove dead letters; return the ids of those that were there."""

    def loading(self) -> AbstractContextManager[None]:
        """Prepare for a long run of `store`, and go back afterwards."""

    def settle(self) -> None:
        """Make what was written visible to searches, and tidy up; to be called at the end of a run."""

    def settle_dead_letters(self) -> None:
        """Remove the dead letters of what was stored, or deleted, since."""

    def candidates(self, question: Question) -> Candidates:
        """Return the best passages by words and by vector among those that meet the conditions."""

    def nearest(self, vector: NDArray[np.float32], limit: int, conditions: Sequence[Condition]) -> list[str]:
        """Return ids of the documents nearest to a vector."""

    def facets(self, conditions: Sequence[Condition], limit: int) -> list[tuple[str, int]]:
        """Return the most frequent tags among documents that meet the conditions, ties by tag."""

    def passages(self, ids: Sequence[str]) -> dict[str, list[Passage]]:
        """Return the passages of documents, in their order; ids that are not stored are left out."""

    def fetch(self, ids: Sequence[str]) -> dict[str, Found]:
        """Return stored documents; ids that are not stored are left out."""

    def sources(self) -> Iterable[tuple[str, str]]:
        """Return each document's id with its source."""

    def words(self) -> Iterable[tuple[str, int]]:
        """Return each word of the index with the number of passages that hold it."""

    def vectors(self, limit: int) -> dict[str, NDArray[np.float32]]:
        """Return the stored vectors (d) of at most `limit` documents from all over the index, by id."""

    def succeed(self, model: Model) -> Succession | None:
        """Make an index of another model beside this one, or go on with it; None where this one has the model.

        None also means that nothing of a change of model is left to do.
        """

    def drop_old(self) -> list[str]:
        """Remove what earlier models, and changes of model that were given up, have left; return the names."""

    def close(self) -> None:
        """Release files and connections."""


#: Opens an index, with its model, in another process.
Opener = Callable[[str], "tuple[Engine, Model]"]


class Succession(Protocol):
    """An index of another model, made beside an index, whose place it takes."""

    @property
    def new(self) -> Engine:
        """The new index; while it is not yet in its place, nobody else opens it."""

    @property
    def opener(self) -> Opener | None:
        """What opens it in other processes, where its address does not do."""

    @property
    def swapped(self) -> bool:
        """Whether it is in its place already, and only the last step is missing."""

    def changed(self, again: Collection[str] = ()) -> Iterator[Document]:
        """Yield what was written to the old index since the last call and the new one lacks; and `again`, by id."""

    def remove_deleted(self) -> None:
        """Take out of the new index what was deleted from the old one."""

    def behind(self) -> int:
        """Return how many writes to the old index the new one may lack, at most."""

    def swap(self, catch_up: Callable[[], None]) -> None:
        """Put the new index in the old one's place; `catch_up` is called once nobody writes to the old one any more.

        Raises `ModelChanged` where another process was faster.
        """

    def close(self) -> None:
        """Release files and connections, those of the new index too."""
