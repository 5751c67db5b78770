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
from simsearch.cli.options import BrokerOption, IndexOption, JsonOption, ModelOption, open_index
from simsearch.cli.outcomes import count, enqueue, summarise, tell_remarkable
from simsearch.cli.progress import Bar

if TYPE_CHECKING:
    from simsearch.corpus import Document, Skipped
    from simsearch.indexer.estimate import Estimate


app = command_app()

#: What is counted, in the order in which it is shown.
SUMMARY = ("queued", "stored", "unchanged", "older", "repeated", "failed", "passed over")
#: As in `simsearch.indexer.elasticsearch.mapping`, which is not imported for an index in a file.
IndexOptions = Literal["int8_hnsw", "bbq_hnsw", "hnsw", "int4_hnsw", "flat", "int8_flat", "bbq_flat", "bbq_disk"]


@app.command()
def index(
    sources: Annotated[
        list[str],
        typer.Argument(help="Folders and files (.txt .md .jsonl .csv .tsv, also .gz .xz); - is standard input."),
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
    as_json: JsonOption = None,
) -> None:
    """Store documents with their vectors and tags; what is unchanged is skipped.

    A .txt or .md file is one document; a .jsonl holds one a line:
    {"text": ..., "id": ..., "title": ..., "metadata": {...}}. A .csv or .tsv holds one a row below the names of its
    columns: text, perhaps id and title, all others metadata.

    Example: `simsearch index docs/ notices.jsonl`
    """
    from simsearch.corpus.sources import count_bytes, read
    from simsearch.indexer import ledger as ledgers
    from simsearch.processes import processors

    counts: Counter[str] = Counter()
    start = time.monotonic()
    found = read(sources)
    if estimate:
        _estimate(_tell_skipped(found, counts), model, index_options, as_json)
        return
    if queue and ledger:
        raise typer.BadParameter("--ledger notes what is stored, and --queue stores nothing itself.")
    with (
        open_index(index, model, create=True, index_options=index_options) as opened,
        Bar() as bar,
        contextlib.ExitStack() as stack,
    ):
        opened.check_own()
        documents = _shown(_tell_skipped(found, counts), bar, count_bytes(sources))
        written = stack.enter_context(ledgers.open_ledger(ledger)) if ledger else None
        if queue:
            stored = enqueue(opened, documents, broker, opened.engine.model if model else "")
        else:
            stored = opened.add_batches(documents, processors())
        for outcomes in stored:
            count(counts, outcomes)
            tell_remarkable(outcomes)
            if written:
                ledgers.append(written, outcomes)
        url = opened.engine.url
    summarise(counts, SUMMARY, url, time.monotonic() - start, as_json)
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


def _tell_skipped(found: Iterable[Document | Skipped], counts: Counter[str]) -> Iterator[Document]:
    """Yield the documents; say what could not be read, and which ids came twice."""
    from simsearch.corpus import Skipped

    seen: set[str] = set()
    for item in found:
        if isinstance(item, Skipped):
            counts["failed" if item.failed else "passed over"] += 1
            if not item.failed:
                counts[Path(item.source).suffix or "no ending"] += 1
            else:
                output.say(f"Skipped: {item.source} {item.reason}.")
            continue
        if item.id in seen:
            counts["repeated"] += 1
            output.say(f"Repeated: the id {item.id} came again in {item.source or 'the input'}; the last one wins.")
        seen.add(item.id)
        yield item
