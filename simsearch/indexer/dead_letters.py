"""Dead letters: what becomes of one when its document fails again, and how documents are stored again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from simsearch.corpus.document import storable
from simsearch.indexer.engine import DeadLetter, Failed, Outcome

if TYPE_CHECKING:
    from simsearch.indexer.index import Index

#: A text of more characters is left where it came from: it may be why the document failed.
LONGEST_TEXT = 100_000


def retry(index: Index, ids: Sequence[str] | None = None) -> Iterator[list[Outcome]]:
    """Store the documents of dead letters again, all or some, yielding outcomes as `Index.add_batches` does.

    Each is still the reading that it was, so it neither replaces a newer one nor brings back what was deleted. The
    letters of what was stored, or is older, go by themselves; what fails again stays.
    """
    from simsearch.indexer.enrichment import storable_id  # not needed to search

    letters = index.engine.dead_letters(None if ids is None else list(map(storable_id, ids)))
    reason = (
        f"nothing of it is kept here, as its text has more than {LONGEST_TEXT:,} characters, or it is a message of a"
        " queue: index its source again, or give --broker"
    )
    lost = [Outcome(letter.id, letter.sequence, "failed", reason=reason) for letter in letters if not letter.document]
    if lost:
        yield lost
    yield from index.add_batches(letter.document for letter in letters if letter.document)


def cleaned(failed: Sequence[Failed]) -> list[Failed]:
    """Return documents that failed as they would be stored: with a storable id, and nothing that is no text."""
    from simsearch.indexer.enrichment import clean  # not needed to search

    return [each._replace(document=clean(each.document), reason=storable(each.reason)) for each in failed]


def grown(earlier: Mapping[str, DeadLetter], failed: Sequence[Failed], model: str) -> dict[str, DeadLetter]:
    """Return the letters of documents that failed, by id, from those that were there earlier.

    Tries add up; all else is that of the newest reading.
    """
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    letters: dict[str, DeadLetter] = {}
    for document, reason, tries, again in failed:
        before = letters.get(document.id) or earlier.get(document.id)
        if before and before.sequence > document.sequence:
            letters[document.id] = before._replace(tries=before.tries + tries)
            continue
        letters[document.id] = DeadLetter(
            id=document.id,
            reason=reason,
            model=model,
            first=before.first if before else now,
            last=now,
            tries=before.tries + tries if before else tries,
            sequence=document.sequence,
            document=document if again and len(document.text) <= LONGEST_TEXT else None,
        )
    return letters
