"""`simsearch tags`: what the documents are about, in numbers."""

from __future__ import annotations

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.options import CountOption, IndexOption, JsonOption, TagOption, WhereOption, conditions
from simsearch.cli.reader import Reader

app = command_app()


@app.command()
def tags(
    k: CountOption = 20,
    tag: TagOption = None,
    where: WhereOption = None,
    as_json: JsonOption = None,
    index: IndexOption = None,
) -> None:
    """Show the most frequent tags, of all documents or of those that meet conditions.

    Example: `simsearch tags --where 'year>=2024'`
    """
    with Reader(index) as reader:
        found = reader.ask(lambda opened: opened.facets(k, conditions(tag, where)))
    if not found:
        output.say("No document has a tag, or none meets the conditions: try fewer.")
    output.rows([{"tag": name, "documents": count} for name, count in found], as_json)
