"""`simsearch enrich`: an index that exists is made searchable by meaning, and stays as it is."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from simsearch.cli import output, settings
from simsearch.cli.command import command_app
from simsearch.cli.index import IndexOptions, show_estimate
from simsearch.cli.main import PARTLY_FAILED
from simsearch.cli.options import BrokerOption, JsonOption, ModelOption
from simsearch.cli.outcomes import enqueue, summarise, tell_remarkable
from simsearch.cli.progress import Bar

if TYPE_CHECKING:
    from simsearch.indexer import Index
    from simsearch.indexer.elasticsearch.following import Delete, Follower, Store
    from simsearch.indexer.elasticsearch.source import Source
    from simsearch.indexer.engine import Outcome
    from simsearch.model import Model

app = command_app()

#: What is counted, in the order in which it is shown.
SUMMARY = ("queued", "stored", "unchanged", "deleted", "older", "without text", "failed")
#: What writing in place costs.
IN_PLACE = (
    "In place: whatever writes a document as a whole drops what is stored here until the next run, each change of a"
    " document writes its vectors anew, and every document gets a version more."
)
#: Seconds between two reports of what was followed.
REPORTED = 10.0


@app.command()
def enrich(
    url: Annotated[str, typer.Argument(help="An index, alias or data stream that you have: https://host:9200/name.")],
    text_field: Annotated[str | None, typer.Option(help="The field with the texts, such as body.")] = None,
    title_field: Annotated[str | None, typer.Option(help="The field with the titles.")] = None,
    filter_fields: Annotated[
        list[str] | None, typer.Option(help="A field that conditions may ask for, as --where does; may be repeated.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="Only documents of which this is true: 'status=published'.")
    ] = None,
    changed_field: Annotated[
        str | None, typer.Option(help="A field with the time of the last change, where writes bear no numbers.")
    ] = None,
    model: ModelOption = None,
    index_options: Annotated[
        IndexOptions | None, typer.Option(help="How Elasticsearch keeps vectors. Default: int8_hnsw.")
    ] = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Write into the index itself instead of a companion; at a cost.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on for ever with what changes.")] = False,
    every: Annotated[float, typer.Option(min=0.1, help="With --follow: look for changes every so many seconds.")] = 1.0,
    sweep: Annotated[float, typer.Option(min=0, help="Compare all documents after so many hours.")] = 24.0,
    rate: Annotated[float | None, typer.Option(min=1, help="Read at most so many documents a second.")] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Store nothing: tell from a sample what it would take.")
    ] = False,
    queue: Annotated[bool, typer.Option("--queue", help="Hand the documents to workers of the companion.")] = False,
    broker: BrokerOption = None,
    ledger: Annotated[Path | None, typer.Option(help="Append id and sequence of each stored document.")] = None,
    as_json: JsonOption = None,
) -> None:
    """Make an index of yours searchable by meaning: its vectors, words and tags go into a companion, NAME-simsearch.

    Your index is read, and nothing else. `simsearch query --index https://host:9200/name` finds the companion. Run
    the command again, with the address alone, to bring it up to date; it goes on where it was, also after a kill.

    Example: `simsearch enrich https://host:9200/news --text-field body --title-field headline --follow`
    """
    from simsearch.indexer import ledger as ledgers
    from simsearch.indexer.elasticsearch.companion import is_in_place, open_companion, open_in_place
    from simsearch.indexer.elasticsearch.following import Follower
    from simsearch.indexer.elasticsearch.pace import Pace
    from simsearch.indexer.elasticsearch.source import Source
    from simsearch.model import Model
    from simsearch.processes import speak_alone

    if queue and ledger:
        raise typer.BadParameter("--ledger notes what is stored, and --queue stores nothing itself.")
    given = {"text_field": text_field, "title_field": title_field, "filter_fields": filter_fields, "where": where}
    given["changed_field"] = changed_field
    options = {name: value for name, value in given.items() if value is not None}
    settings.use_access()
    speak_alone()
    wanted = Model.load(model) if model else None
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(Source(url))
        if estimate:
            _estimate(source, options, wanted or Model.load(), index_options, as_json)
            return
        open_index = open_in_place if in_place or is_in_place(source) else open_companion
        index, owner = open_index(source, options, wanted, index_options)
        if in_place:
            output.say(IN_PLACE)
        stack.enter_context(index)
        store, delete = _by_queue(index, broker) if queue else _inline(index)
        follower = Follower(source, owner, index.engine, store, delete, Pace(rate), sweep * 3600)
        written = stack.enter_context(ledgers.open_ledger(ledger)) if ledger else None
        with Bar() as bar:
            counts = Counts(written, bar, source.count)
            for outcomes in chain(follower.catch_up(), follower.compare()):
                counts.add(outcomes)
        if not queue:
            index.engine.settle()
        counts.show(index.engine.url, as_json)
        if follow:
            _follow(follower, counts, every, index.engine.url, as_json)
        elif counts.failed:
            raise typer.Exit(PARTLY_FAILED)


class Counts:
    """What became of documents since it was shown last."""

    def __init__(self, ledger: IO[str] | None, bar: Bar, total: int) -> None:
        self.failed = 0
        self._ledger, self._bar, self._total = ledger, bar, total
        self._begin()

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count outcomes, note what is stored, and say which are not as one might think."""
        from simsearch.indexer import ledger

        done = list(outcomes)
        self._counts.update(outcome.status for outcome in done)
        self._counts["without text"] += sum(outcome.state == "empty" for outcome in done)
        self.failed += sum(outcome.status == "failed" for outcome in done)
        tell_remarkable(outcome for outcome in done if outcome.state != "empty")
        if self._ledger:
            ledger.append(self._ledger, done)
        self._done += len(done)
        self._bar.show("enrich", min(self._done, self._total), self._total)

    def due(self) -> bool:
        """Tell whether there is something to show, and the last time is long enough ago."""
        return any(self._counts.values()) and time.monotonic() - self._start > REPORTED

    def show(self, url: str, as_json: bool | None) -> None:
        """Show the counts, and begin anew."""
        summarise(self._counts, SUMMARY, url, time.monotonic() - self._start, as_json)
        self._begin()

    def _begin(self) -> None:
        self._counts: Counter[str] = Counter()
        self._start = time.monotonic()
        self._done = 0


def _inline(index: Index) -> tuple[Store, Delete]:
    from simsearch.processes import processors

    return lambda documents: index.add_batches(documents, processors()), index.engine.delete


def _by_queue(index: Index, broker: str | None) -> tuple[Store, Delete]:
    from simsearch.indexer.engine import Outcome
    from simsearch.patience import WRITING
    from simsearch.worker import enqueue_delete

    def delete(ids: Sequence[str], sequence: int) -> list[Outcome]:
        seconds = WRITING.deadline
        enqueue_delete(ids, index.engine.url, broker=broker, patience=seconds, sequence=sequence)
        return [Outcome(name, sequence, "queued") for name in ids]

    return lambda documents: enqueue(index, documents, broker, index.engine.model), delete


def _follow(follower: Follower, counts: Counts, every: float, url: str, as_json: bool | None) -> None:
    """Go on until Ctrl-C or SIGTERM; servers that are away are waited for as long as it takes."""
    from simsearch.indexer.elasticsearch.connection import Passing
    from simsearch.worker.broker import BrokerAway
    from simsearch.worker.producer import QueueFull

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        output.say(f"Following {follower.owner.name}; stop with Ctrl-C, the next run goes on from there.")
        while True:
            next_look = time.monotonic() + every
            try:
                for outcomes in follower.catch_up():
                    counts.add(outcomes)
                for outcomes in follower.tend(next_look - time.monotonic()):
                    counts.add(outcomes)
            except (Passing, BrokerAway, QueueFull) as error:
                output.say(f"Still following: {error}")
                follower.go_back()
            if counts.due():
                counts.show(url, as_json)
            time.sleep(max(0.0, next_look - time.monotonic()))


def _estimate(
    source: Source, options: dict[str, Any], model: Model, index_options: str | None, as_json: bool | None
) -> None:
    """Show what a companion would need."""
    from simsearch.indexer.elasticsearch.companion import described
    from simsearch.indexer.elasticsearch.mapping import INDEX_OPTIONS
    from simsearch.indexer.elasticsearch.source import count
    from simsearch.indexer.estimate import SAMPLE, estimate
    from simsearch.processes import processors

    owner = described(source, options)
    total = count(source.connection, owner.name, owner.conditions())
    hits = source.sample(owner.fields(), SAMPLE, query=owner.conditions())
    how = index_options or INDEX_OPTIONS
    documents = (owner.document(hit, 0) for hit in hits)
    show_estimate(estimate(documents, model, how, processors(), total), how, as_json)
