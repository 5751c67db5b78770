"""`simsearch enrich`: an index that exists is made searchable by meaning, and stays as it is."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simsearch.cli import output, settings
from simsearch.cli.command import command_app
from simsearch.cli.index import IndexOptions, show_estimate
from simsearch.cli.main import PARTLY_FAILED
from simsearch.cli.options import BrokerOption, DocumentBytesOption, JsonOption, ModelOption
from simsearch.cli.outcomes import Counts, enqueue
from simsearch.cli.progress import Bar

if TYPE_CHECKING:
    from simsearch.indexer import Index
    from simsearch.indexer.elasticsearch.following import Delete, Follower, Store
    from simsearch.indexer.elasticsearch.pace import Pace
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
#: What is said of an owner's index that is made anew, or closed for a while.
AWAY = ("index_not_found_exception", "index_closed_exception")
#: Seconds between two reports of what was followed.
REPORTED = 10.0


@app.command()
def enrich(
    context: typer.Context,
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
    max_document_bytes: DocumentBytesOption = None,
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
    options = {
        name: [each for each in value if each] if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }
    settings.use_access()
    speak_alone()
    wanted = Model.load(model) if model else None
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(Source(url))
        if estimate:
            _estimate(source, options, wanted or Model.load(), index_options, as_json)
            return
        if in_place or is_in_place(source):
            told = context.get_parameter_source("model")  # what the environment names is for new indices
            another = told is not None and told.name == "COMMANDLINE"
            index, owner = open_in_place(source, options, wanted, index_options, another)
        else:
            index, owner = open_companion(source, options, wanted, index_options)
        if owner.in_place:
            output.say(IN_PLACE)
        stack.enter_context(index)
        pace = Pace(rate)
        store, delete = _by_queue(index, broker, pace) if queue else _inline(index, pace)
        follower = Follower(source, owner, index.engine, store, delete, pace, sweep * 3600)
        written = stack.enter_context(ledgers.open_ledger(ledger)) if ledger else None
        counts = Counts(SUMMARY, index.engine.url, written, stack.enter_context(Bar()), source.count)
        if follow:
            _follow(follower, index, counts, every, as_json)
        else:
            for outcomes in chain(follower.catch_up(), follower.compare()):
                counts.add(outcomes)
            index.engine.settle()
            counts.show(as_json)
        if counts.failed:
            raise typer.Exit(PARTLY_FAILED)


def _inline(index: Index, pace: Pace) -> tuple[Store, Delete]:
    from simsearch.limits import limit
    from simsearch.processes import processors

    batch = limit("batch_documents")
    most = pace.at_once(batch)
    processes = processors() if most == batch else 1  # what is read slowly is stored soonest by one
    return lambda documents: index.add_batches(documents, processes, most), index.engine.delete


def _by_queue(index: Index, broker: str | None, pace: Pace) -> tuple[Store, Delete]:
    from simsearch.indexer.engine import Outcome
    from simsearch.patience import WRITING
    from simsearch.worker import enqueue_delete
    from simsearch.worker.message import MOST_DOCUMENTS

    def delete(ids: Sequence[str], sequence: int) -> list[Outcome]:
        seconds = WRITING.deadline
        enqueue_delete(ids, index.engine.url, broker=broker, patience=seconds, sequence=sequence)
        return [Outcome(name, sequence, "queued") for name in ids]

    most = pace.at_once(MOST_DOCUMENTS)
    return lambda documents: enqueue(index, documents, broker, model="", most=most), delete


def _follow(follower: Follower, index: Index, counts: Counts, every: float, as_json: bool | None) -> None:
    """Go on until Ctrl-C or SIGTERM; servers and indices that are away are waited for as long as it takes."""
    from simsearch.indexer.elasticsearch.connection import Passing, RequestRefused
    from simsearch.indexer.elasticsearch.reading import StateLost
    from simsearch.worker.broker import BrokerAway
    from simsearch.worker.producer import QueueFull

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    first, interrupted = True, False
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            next_look = time.monotonic() + every
            try:
                if interrupted:
                    follower.go_back()
                    interrupted = False
                for outcomes in chain(follower.catch_up(), follower.tend(next_look - time.monotonic())):
                    counts.add(outcomes)
                if first:
                    index.engine.settle()
            except (Passing, StateLost, BrokerAway, QueueFull, RequestRefused) as error:
                if isinstance(error, RequestRefused) and error.kind not in AWAY:
                    raise
                output.say(f"Still following: {error}")
                interrupted = True
            if first and not interrupted:
                first = False
                counts.show(as_json)
                output.say(f"Following {follower.owner.name}; stop with Ctrl-C, the next run goes on from there.")
            elif counts.due(REPORTED):
                counts.show(as_json)
            time.sleep(max(0.0, next_look - time.monotonic()))
    if counts.due(0):
        counts.show(as_json)
    if first:
        output.say("Stopped before all was stored: what is stored is kept, and the next run goes on from there.")


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
