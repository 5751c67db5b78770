"""What became of documents: said as it happens, and summed up at the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING

from simsearch.cli import output
from simsearch.limits import exceeded

if TYPE_CHECKING:
    from simsearch.cli.progress import Bar
    from simsearch.corpus import Document
    from simsearch.indexer import Index
    from simsearch.indexer.engine import Outcome

#: Lines that several documents share: the name under which they are counted.
REPEATED_LINES = "repeated lines"
#: Encodings as people call them.
NAMES = {"gb18030": "GB18030", "big5hkscs": "Big5", "utf-16": "UTF-16"}


def enqueue(
    index: Index, documents: Iterable[Document], broker: str | None, model: str, most: int | None = None
) -> Iterator[list[Outcome]]:
    """Hand documents to workers, yielding each batch once Redis has it; what is too large for a message is stored.

    A batch holds at most `most` documents, if that is given.
    """
    from simsearch.indexer.engine import Outcome
    from simsearch.patience import OPENING, WRITING
    from simsearch.worker.producer import enqueue_batches

    large: list[Document] = []
    url = index.engine.url
    queued = enqueue_batches(
        documents, url, broker=broker, model=model, patience=WRITING, opening=OPENING, large=large, most=most
    )
    for batch in queued:
        yield [Outcome(document.id, document.sequence, "queued") for document in batch]
        yield from index.add_batches(large) if large else ()
        large.clear()
    yield from index.add_batches(large) if large else ()


def tell_remarkable(outcomes: Iterable[Outcome]) -> None:
    """Say which documents were stored, but not as one might think."""
    for outcome in outcomes:
        if outcome.status == "failed":
            output.say(f"Failed: {outcome.id} is not stored, but kept as a dead letter: {outcome.reason}.")
        if outcome.dropped:
            told = exceeded(f"{outcome.id} has {outcome.dropped:,} passages too many", "split it", "passages")
            output.say(f"Cut: {told}; they are not stored.")
        if outcome.state == "empty":
            output.say(f"Empty: {outcome.id} is stored, but holds no word to be found by: give it text, or delete it.")
        if outcome.state == "no_known_words":
            output.say(
                f"Unknown: the model knows nothing in {outcome.id}: only its own words find it; train on such texts."
            )


def count(counts: Counter[str], outcomes: Iterable[Outcome]) -> None:
    """Count what became of documents, and the lines that several of them share."""
    for outcome in outcomes:
        counts[outcome.status] += 1
        counts[REPEATED_LINES] += outcome.repeated_lines


def summarise(counts: Counter[str], names: Sequence[str], url: str, seconds: float, as_json: bool | None) -> None:
    """Show how many documents became what, in the order of `names`."""
    if output.for_people(as_json):
        from simsearch.corpus.tables import DELIMITERS

        told = [
            f"{counts[name]:,} {name}" for name in names if counts[name] or (name == "stored" and not counts["queued"])
        ]
        output.echo(f"{', '.join(told)} in {seconds:.1f} s ({url})")
        types = [name for name in counts if name.startswith(".") or name == "no ending"]
        for reason, passed in (
            ("of types that are not read", [name for name in types if name not in DELIMITERS]),
            ('as the first row names no column "text"', [name for name in types if name in DELIMITERS]),
        ):
            if passed:
                output.say(f"Passed over, {reason}: {', '.join(f'{counts[name]:,} {name}' for name in passed)}.")
        if lines := counts[REPEATED_LINES]:
            output.say(f"Repeated lines: {lines:,}, as menus and footers have; they give no tags.")
    else:
        output.lines(
            [
                {
                    **{name.replace(" ", "_"): counts[name] for name in (*names, REPEATED_LINES)},
                    "seconds": round(seconds, 3),
                    "index": url,
                }
            ]
        )


def tell_encodings(found: Counter[str]) -> None:
    """Say how many texts were read in an encoding that nobody named."""
    if found:
        names = ", ".join(f"{count:,} in {NAMES.get(name, name)}" for name, count in sorted(found.items()))
        output.say(f"Not in UTF-8: {names}; if their characters are wrong, name what they are in by --encoding.")


class Counts:
    """What became of documents since it was shown last."""

    def __init__(self, names: Sequence[str], url: str, ledger: IO[str] | None, bar: Bar, total: int) -> None:
        """Take what is counted, the address of the index, where to note what is stored, and how much there may be."""
        self.failed = 0
        self._names, self._url, self._ledger, self._bar, self._total = names, url, ledger, bar, total
        self._begin()

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count outcomes, note what is stored, and say which are not as one might think."""
        from simsearch.indexer import ledger

        done = list(outcomes)
        count(self._counts, done)
        self._counts["without text"] += sum(outcome.state == "empty" for outcome in done)
        self.failed += sum(outcome.status == "failed" for outcome in done)
        tell_remarkable(outcome for outcome in done if outcome.state != "empty")
        if self._ledger:
            ledger.append(self._ledger, done)
        self._done += len(done)
        self._bar.show("enrich", min(self._done, self._total), self._total)

    def due(self, seconds: float) -> bool:
        """Tell whether there is something to show, and the last time is so long ago."""
        return any(self._counts.values()) and time.monotonic() - self._start >= seconds

    def show(self, as_json: bool | None) -> None:
        """Show the counts, and begin anew."""
        summarise(self._counts, self._names, self._url, time.monotonic() - self._start, as_json)
        self._begin()

    def _begin(self) -> None:
        self._counts: Counter[str] = Counter()
        self._start = time.monotonic()
        self._done = 0
