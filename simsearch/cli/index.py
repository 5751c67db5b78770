"""`simsearch index`: read sources and store their documents."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.main import PARTLY_FAILED
from simsearch.cli.options import (
    BrokerOption,
    DocumentBytesOption,
    EncodingOption,
    IndexOption,
    JsonOption,
    ModelOption,
    open_index,
)
from simsearch.cli.outcomes import count, enqueue, summarise, tell_encodings, tell_remarkable
from simsearch.cli.progress import Bar

if TYPE_CHECKING:
    from simsearch.corpus import Document, Skipped
    from simsearch.indexer import Index
    from simsearch.indexer.estimate import Estimate


app = command_app()

#: What is counted, in the order in which it is shown.
SUMMARY = ("queued", "stored", "unchanged", "older", "repeated", "failed", "passed over", "pruned")
#: As in `simsearch.indexer.elasticsearch.mapping`, which is not imported for an index in a file.
IndexOptions = Literal["int8_hnsw", "bbq_hnsw", "hnsw", "int4_hnsw", "flat", "int8_flat", "bbq_flat", "bbq_disk"]


class Reading:
    """What was read of sources, and what could not be."""

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        from simsearch.corpus.ids import Ids
        from simsearch.corpus.sources import home_of

        self.start = time.time_ns()
        self.seen = Ids()
        self.homes = dict.fromkeys(map(home_of, folders), False)  #: whether anything was read in each folder
        self.unread: set[str] = set()  #: names of files and folders

    def add(self, id: str, source: str) -> bool:
        """Note a document that was read; tell whether its id is new."""
        for home in self.homes:
            self.homes[home] |= source.startswith(home)
        return self.seen.add(id)


@app.command()
def index(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Folders and files (.txt .md .html .docx .pdf .jsonl .csv .tsv, also .gz .xz); - is standard input."
        ),
    ],
    index: IndexOption = None,
    model: ModelOption = None,
    index_options: Annotated[
        IndexOptions | None, typer.Option(help="How Elasticsearch keeps vectors. Default: int8_hnsw.")
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Store nothing: tell from a sample what Elasticsearch would need.")
    ] = False,
    queue: Annotated[
        bool,
        typer.Option("--queue", help="Hand the documents to workers instead of storing them."),
    ] = False,
    broker: BrokerOption = None,
    ledger: Annotated[
        Path | None, typer.Option(help="Append id and sequence of each document once it is stored.")
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Then delete documents from these folders that are no more in them.")
    ] = False,
    encoding: EncodingOption = None,
    max_document_bytes: DocumentBytesOption = None,
    as_json: JsonOption = None,
) -> None:
    """Store documents with their vectors and tags; what is unchanged is skipped.

    A .txt, .md, .html, .docx or .pdf file is one document; a .jsonl holds one a line:
    {"text": ..., "id": ..., "title": ..., "metadata": {...}}. A .csv or .tsv holds one a row below the names of its
    columns: text, perhaps id and title, all others metadata. An id that is not given is the name of the folder and the
    path in it.

    With --prune, documents go whose files, or lines, have gone from the folders that are given; what could not be
    read stays, and so does what came from elsewhere.

    Example: `simsearch index docs/ notices.jsonl`
    """
    from simsearch.corpus.sources import count_bytes, read
    from simsearch.indexer import clocks
    from simsearch.indexer import ledger as ledgers
    from simsearch.processes import processors

    counts: Counter[str] = Counter()
    late = ""
    start = time.monotonic()
    encodings: Counter[str] = Counter()
    found = read(sources, encoding=encoding, found=encodings)
    if estimate:
        _estimate(_tell_skipped(found, counts, Reading()), model, index_options, as_json)
        return
    if queue and ledger:
        raise typer.BadParameter("--ledger notes what is stored, and --queue stores nothing itself.")
    folders = [Path(source) for source in sources if Path(source).is_dir()]
    if prune and len(folders) < len(sources):
        raise typer.BadParameter("--prune is for folders: of a file, or standard input, nobody knows what was in it.")
    with (
        open_index(index, model, create=True, index_options=index_options) as opened,
        Bar() as bar,
        contextlib.ExitStack() as stack,
    ):
        opened.check_own()
        reading = Reading(folders)
        documents = _shown(_tell_skipped(found, counts, reading), bar, count_bytes(sources))
        written = stack.enter_context(ledgers.open_ledger(ledger)) if ledger else None
        if queue:
            stored = enqueue(opened, documents, broker, opened.engine.model if model else "")
        else:
            stored = opened.add_batches(documents, processors())
        for outcomes in stored:
            count(counts, outcomes)
            tell_remarkable(outcomes)
            late = late or clocks.first_late(outcomes)
            if written:
                ledgers.append(written, outcomes)
        for folder in folders if prune else ():
            counts["pruned"] += _prune(opened, folder, reading, broker if queue else None)
        if late:
            output.say(f"Older: {counts['older']:,} not stored; {clocks.remark(opened.engine, late)}.")
        url = opened.engine.url
    summarise(counts, SUMMARY, url, time.monotonic() - start, as_json)
    tell_encodings(encodings)
    if counts["failed"]:
        raise typer.Exit(PARTLY_FAILED)


def _shown(documents: Iterable[Document], bar: Bar, total: int) -> Iterator[Document]:
    """Yield documents and show how far they are through `total` bytes, if that is known."""
    size = 0
    for document in documents:
        size += len(document.text.encode("utf-8", "replace"))
        bar.show("index", min(size, total or size), total or None)
        yield document


def _estimate(
    documents: Iterator[Document], model: str | None, index_options: str | None, as_json: bool | None
) -> None:
    """Show what an index of the documents would need."""
    from simsearch.indexer.elasticsearch.mapping import INDEX_OPTIONS
    from simsearch.indexer.estimate import estimate
    from simsearch.model import Model
    from simsearch.processes import processors

    how = index_options or INDEX_OPTIONS
    show_estimate(estimate(documents, Model.load(model), how, processors()), how, as_json)


def show_estimate(told: Estimate, how: str, as_json: bool | None) -> None:
    """Show what an index would need that keeps vectors so."""
    row = {"index_options": how, **told._asdict(), "seconds": round(told.seconds, 1)}
    if output.for_people(as_json):
        output.listing(row | {"disk": _bytes(told.disk), "memory": _bytes(told.memory)})
    else:
        output.lines([row])


def _bytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def _prune(index: Index, folder: Path, reading: Reading, broker: str | None) -> int:
    """Delete what came from a folder and was not read there now; return how many documents.

    A reading of the same file that is newer than this one stays.
    """
    from simsearch.corpus.sources import home_of
    from simsearch.indexer.pruning import gone
    from simsearch.worker.producer import enqueue_delete

    if not reading.homes[home_of(folder)]:
        output.say(
            f"Not pruned: nothing was read in {folder}: check that it is the right one, or use `simsearch delete`."
        )
        return 0
    ids = list(gone(index.engine, folder, reading.seen, reading.unread))
    if broker:
        return enqueue_delete(ids, index.engine.url, broker=broker, sequence=reading.start)
    outcomes = index.engine.delete(ids, reading.start) if ids else []
    index.engine.settle()
    return sum(outcome.status == "deleted" for outcome in outcomes)


def _tell_skipped(found: Iterable[Document | Skipped], counts: Counter[str], reading: Reading) -> Iterator[Document]:
    """Yield the documents; say what could not be read, and which ids came twice."""
    from simsearch.corpus import Skipped
    from simsearch.corpus.sources import ending_of
    from simsearch.indexer.enrichment import storable_id

    for item in found:
        if isinstance(item, Skipped):
            reading.unread.add(item.name)
            counts["failed" if item.failed else "passed over"] += 1
            if not item.failed:
                path = Path(item.source)
                counts[ending_of(path)[0] or path.suffix or "no ending"] += 1
            else:
                output.say(f"Skipped: {output.near(item.source)} {item.reason}.")
            continue
        if not reading.add(storable_id(item.id), item.source):
            counts["repeated"] += 1
            where = output.near(item.source) or "the input"
            output.say(f"Repeated: the id {item.id} came again in {where}; the last one wins.")
        yield item
