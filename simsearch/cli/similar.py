"""`simsearch similar`: more like a stored document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from simsearch.cli import hits, output
from simsearch.cli.command import command_app
from simsearch.cli.options import (
    CountOption,
    ExplainOption,
    IndexOption,
    JsonOption,
    MinScoreOption,
    TagOption,
    WhereOption,
    conditions,
)
from simsearch.cli.reader import Reader

if TYPE_CHECKING:
    from simsearch.indexer import Hit, Index

app = command_app()


@app.command()
def similar(
    id: Annotated[str, typer.Argument(help="Id of a stored document, as `simsearch query` shows it.")],
    k: CountOption = 10,
    tag: TagOption = None,
    where: WhereOption = None,
    min_score: MinScoreOption = 0.0,
    explain: ExplainOption = False,
    as_json: JsonOption = None,
    index: IndexOption = None,
) -> None:
    """Find documents like one that is stored, by their whole texts.

    Example: `simsearch similar examples/health/sleep.txt`
    """
    asked = conditions(tag, where)

    def answer(opened: Index) -> list[Hit]:
        return opened.similar(id, k=k, where=asked, explain=explain, min_score=min_score)

    with Reader(index) as reader:
        found = reader.ask(answer)
    if not found:
        lower = ", or it needs a lower --min-score" if min_score else ""
        output.say(f"Nothing is similar to this document: it is alone, or the model knows none of its words{lower}.")
    hits.show(found, as_json)
