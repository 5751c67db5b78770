"""`simsearch delete`: take documents out of the index."""

from __future__ import annotations

from typing import Annotated

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.main import PARTLY_FAILED
from simsearch.cli.options import IndexOption, JsonOption, open_index

app = command_app()


@app.command()
def delete(
    ids: Annotated[list[str], typer.Argument(help="Ids of stored documents.")],
    as_json: JsonOption = None,
    index: IndexOption = None,
) -> None:
    """Delete documents by id.

    Example: `simsearch delete examples/health/sleep.txt`
    """
    with open_index(index) as opened:
        outcomes = opened.delete(ids)
    output.rows([{"id": outcome.id, "status": outcome.status} for outcome in outcomes], as_json)
    if any(outcome.status != "deleted" for outcome in outcomes):
        output.say("Not every id was in the index: `simsearch query` shows ids.")
        raise typer.Exit(PARTLY_FAILED)
