"""`simsearch status`: an index in figures."""

from __future__ import annotations

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.main import PARTLY_FAILED
from simsearch.cli.options import IndexOption, JsonOption, open_index

app = command_app()


@app.command()
def status(as_json: JsonOption = None, index: IndexOption = None) -> None:
    """Show what the index holds.

    Example: `simsearch status --index sqlite:///texts.db`
    """
    with open_index(index) as opened:
        info = opened.info()
    row = {
        "index": info.url,
        "model": info.model,
        "dimensions": info.dimensions,
        "documents": info.documents,
        "passages": info.passages,
        "bytes": info.bytes,
        "bytes_per_document": round(info.bytes / max(info.documents, 1)),
        "dead_letters": info.dead_letters,
        "states": info.states,
    }
    if output.for_people(as_json):
        states = ", ".join(f"{count:,} {state}" for state, count in info.states.items()) or "none"
        output.listing(row | {"states": states})
    else:
        output.lines([row])
    if info.dead_letters:
        output.say("Some documents could not be stored: `simsearch retry --list` says why.")
        raise typer.Exit(PARTLY_FAILED)
