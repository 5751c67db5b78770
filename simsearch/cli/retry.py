"""`simsearch retry`: what could not be stored is stored again, listed, or given up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.main import PARTLY_FAILED
from simsearch.cli.options import BrokerOption, DocumentBytesOption, IndexOption, JsonOption, open_index

if TYPE_CHECKING:
    from simsearch.corpus import Document
    from simsearch.indexer import Index

app = command_app()

#: What is shown of a dead letter.
SHOWN = ("id", "reason", "first", "last", "tries", "model")


@app.command()
def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of dead letters. Default: all.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show them with their reasons; store nothing.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Give them up: remove them; store nothing.")] = False,
    max_document_bytes: DocumentBytesOption = None,
    broker: BrokerOption = None,
    as_json: JsonOption = None,
    index: IndexOption = None,
) -> None:
    """Store the documents again that could not be stored: the dead letters.

    Where there is a broker, workers do it. Each is still the reading that it was: nothing newer is replaced, and
    nothing that was deleted comes back.

    Example: `simsearch retry --list`
    """
    from simsearch.indexer.enrichment import storable_id

    if listed and drop:
        raise typer.BadParameter("--list and --drop do not go together.")
    names = list(dict.fromkeys(map(storable_id, ids))) if ids else None
    with open_index(index) as opened:
        if broker and not (listed or drop):
            rows = _enqueue(opened, names, broker)
        else:
            rows = (_list if listed else _drop if drop else _store)(opened, names)
            if drop and broker:
                _forget(opened, rows, broker)
    output.rows(rows, as_json)
    known = {row["id"] for row in rows}
    unknown = [name for name in names or [] if name not in known]
    for name in unknown:
        output.say(f"Unknown: there is no dead letter {name}; `simsearch retry --list` shows all.")
    if not rows and not unknown:
        output.say("There are no dead letters.")
    if unknown or any(row.get("status") == "failed" for row in rows):
        raise typer.Exit(PARTLY_FAILED)


def _list(index: Index, names: Sequence[str] | None) -> list[dict[str, Any]]:
    return [{name: getattr(letter, name) for name in SHOWN} for letter in index.engine.dead_letters(names)]


def _drop(index: Index, names: Sequence[str] | None) -> list[dict[str, Any]]:
    if names is None:
        names = [letter.id for letter in index.engine.dead_letters()]
    return [{"id": name, "status": "dropped"} for name in index.engine.forget(names)]


def _forget(index: Index, rows: list[dict[str, Any]], broker: str) -> None:
    """Remove from Redis the messages that were set aside."""
    from simsearch.worker.broker import address
    from simsearch.worker.message import LETTER
    from simsearch.worker.queue import Queue

    queue = Queue(address(broker), index.engine.url)
    for row in rows:
        if row["id"].startswith(LETTER):
            queue.done(row["id"].removeprefix(LETTER))


def _store(index: Index, names: Sequence[str] | None) -> list[dict[str, Any]]:
    from simsearch.cli.outcomes import tell_remarkable
    from simsearch.indexer import dead_letters

    rows = []
    for outcomes in dead_letters.retry(index, names):
        tell_remarkable(outcomes)
        rows += [{"id": outcome.id, "status": outcome.status} for outcome in outcomes]
    return rows


def _enqueue(index: Index, names: Sequence[str] | None, broker: str) -> list[dict[str, Any]]:
    """Hand documents of dead letters to the workers; what no message can hold is stored at once."""
    from simsearch.worker.broker import address
    from simsearch.worker.message import LETTER
    from simsearch.worker.producer import announce, enqueue_batches
    from simsearch.worker.queue import Queue

    queue = Queue(address(broker), index.engine.url)
    letters = index.engine.dead_letters(names)
    large: list[Document] = []
    rows = []
    documents = [letter.document for letter in letters if letter.document]
    for batch in enqueue_batches(documents, index.engine.url, broker=broker, large=large, again=True):
        rows += [{"id": document.id, "status": "queued"} for document in batch]
    directly = [document.id for document in large]
    for letter in letters:
        if letter.document:
            continue
        task = letter.id.removeprefix(LETTER)
        if queue.take_back(task):
            index.engine.forget([letter.id])  # before a worker could write it anew
            announce(queue, task)
            rows.append({"id": letter.id, "status": "queued"})
        else:
            directly.append(letter.id)
    return rows + (_store(index, directly) if directly else [])
