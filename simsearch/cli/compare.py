"""`simsearch compare`: how similar two texts are, and why."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.options import JsonOption, ModelOption, SpaceOption, load_for_pmi

app = command_app()


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="A text.")],
    b: Annotated[str, typer.Argument(help="Another text.")],
    k: Annotated[int, typer.Option("-k", min=1, help="Pairs of words in the table; JSON has all.")] = 10,
    space: SpaceOption = "search",
    by: Annotated[
        Literal["cosine", "inner"], typer.Option(help="By cosine, or by the inner product, which grows with the texts.")
    ] = "cosine",
    as_json: JsonOption = None,
    model: ModelOption = None,
) -> None:
    """Show the similarity of two texts and the pairs of words that make it.

    Example: `simsearch compare "怎样才能睡得香" "失眠的人应当在固定时间入睡"`
    """
    from simsearch.model import Model

    loaded = load_for_pmi(model) if space == "article" else Model.load(model)
    why = loaded.explain(a, b, space, by)
    if not output.for_people(as_json):
        pairs = [[pair.a, pair.b, pair.part] for pair in why.pairs]
        row = {
            "similarity": why.similarity,
            "pairs": pairs,
            "by_characters": why.by_characters,
            "unknown": why.unknown,
        }
        output.lines([row])
        return
    typer.echo(f"similarity {why.similarity:.3f}, the sum of {len(why.pairs)} pairs of words:")
    output.table([(pair.a, pair.b, pair.part) for pair in why.pairs[:k]], "a", "b", "part")
    rest = sum(pair.part for pair in why.pairs[k:])
    if why.pairs[k:]:
        typer.echo(f"and {len(why.pairs) - k} more pairs: {rest:+.3f}")
    if why.by_characters:
        output.say(f"Known by their characters only: {' '.join(why.by_characters)}")
    if why.unknown:
        output.say(f"Unknown to the model, and no part of the sum: {' '.join(why.unknown)}")
