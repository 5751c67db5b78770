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
    from simsearch.indexer import clocks

    with open_index(index) as opened:
        outcomes = opened.delete(ids)
        late = clocks.first_late(outcomes)
        remark = clocks.remark(opened.engine, late) if late else ""
    output.rows([{"id": outcome.id, "status": outcome.status} for outcome in outcomes], as_json)
    if any(outcome.status == "absent" for outcome in outcomes):
        output.say("Not every id was in the index: `simsearch query` shows ids.")
    if remark:
        output.say(f"Older: not deleted; {remark}.")
    if any(outcome.status != "deleted" for outcome in outcomes):
        raise typer.Exit(PARTLY_FAILED)
