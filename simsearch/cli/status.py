"""`simsearch status`: an index in figures, and its queue."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.main import PARTLY_FAILED
from simsearch.cli.options import BrokerOption, IndexOption, JsonOption
from simsearch.cli.reader import Reader

if TYPE_CHECKING:
    from simsearch.indexer import Index

app = command_app()

#: Seconds between two looks.
PAUSE = 2


@app.command()
def status(
    watch: Annotated[bool, typer.Option("--watch", help="Look again every two seconds, until Ctrl-C.")] = False,
    broker: BrokerOption = None,
    as_json: JsonOption = None,
    index: IndexOption = None,
) -> None:
    """Show what the index holds and, where there is a broker, what waits in its queue and who works on it.

    Example: `simsearch status --watch --broker redis://localhost:6379/0`
    """
    with Reader(index) as reader:
        row = reader.ask(_row, broker)
        while watch:
            try:
                if output.for_people(as_json):
                    typer.echo("\x1b[H\x1b[2J", nl=False)  # an empty screen
                _show(row, as_json)
                time.sleep(PAUSE)
            except KeyboardInterrupt:
                return
            row = reader.ask(_row, broker)
    _show(row, as_json)
    if row["dead_letters"]:
        output.say("Some documents could not be stored: `simsearch retry --list` says why.")
    if row["dead_letters"] or ("queue" in row and "workers" not in row):  # Redis is away
        raise typer.Exit(PARTLY_FAILED)


def _row(index: Index, broker: str | None) -> dict[str, Any]:
    info = index.info()
    row: dict[str, Any] = {
        "index": info.url,
        "model": info.model,
        "dimensions": info.dimensions,
        "documents": info.documents,
        "passages": info.passages,
        "bytes": info.bytes,
        "bytes_per_document": round(info.bytes / max(info.documents, 1)),
        "dead_letters": info.dead_letters,
        "states": info.states,
        **(info.companion or {}),
    }
    return row | (_of_queue(broker, info.url) if broker else {})


def _of_queue(broker: str, url: str) -> dict[str, Any]:
    from simsearch.worker import broker as brokers
    from simsearch.worker.health import look
    from simsearch.worker.queue import Queue

    try:
        health = look(Queue(brokers.address(broker), url))
    except brokers.ERRORS as error:
        return {"queue": str(error)}
    workers = [worker._asdict() for worker in health.workers]
    row = {"queue": health.what, "waiting": health.waiting, "in_hand": health.in_hand, "lag": health.lag}
    return row | {"stored_per_second": health.stored_per_second, "workers": workers}


def _show(row: dict[str, Any], as_json: bool | None) -> None:
    if not output.for_people(as_json):
        output.lines([row])
        return
    shown = dict(row)
    shown["states"] = ", ".join(f"{count:,} {state}" for state, count in row["states"].items()) or "none"
    if "workers" in shown:
        shown["workers"] = "; ".join(map(_told, row["workers"])) or "none"
        shown |= {"lag": f"{row['lag']:.1f} s"}
    output.listing(shown)


def _told(worker: dict[str, Any]) -> str:
    since = time.time() - worker["time"]
    return f"{worker['name']}, {worker['state']}, {worker['stored']:,} stored, last sign {since:,.0f} s ago"
