"""`simsearch words`: what a model knows about words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.options import CountOption, JsonOption, ModelOption, SpaceOption, load_for_pmi

if TYPE_CHECKING:
    from simsearch.model.neighbours import Neighbour

app = command_app(
    help="Ask a model about words: related, similar, norms, analogy.\n\nExample: `simsearch words related 茶叶`"
)

Word = Annotated[str, typer.Argument(help="A word of the model's vocabulary.")]


@app.command()
def related(
    word: Word,
    k: CountOption = 10,
    by: Annotated[Literal["inner", "cosine"], typer.Option(help="By PMI, the inner product, or by cosine.")] = "inner",
    as_json: JsonOption = None,
    model: ModelOption = None,
) -> None:
    """Show words that occur together with a word.

    Example: `simsearch words related 茶叶`
    """
    _show(load_for_pmi(model).related(word, k, by), "score", as_json)


@app.command()
def similar(
    word: Word,
    k: CountOption = 10,
    context: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Correlate PMIs with the N most frequent words (10000: meaning, 500: grammar). Default: search space.",
        ),
    ] = None,
    as_json: JsonOption = None,
    model: ModelOption = None,
) -> None:
    """Show words that could stand in a word's place.

    Example: `simsearch words similar 喜欢 --context 10000`
    """
    from simsearch.model import Model

    loaded = Model.load(model) if context is None else load_for_pmi(model)
    _show(loaded.similar(word, k, context), "score", as_json)


@app.command()
def norms(k: CountOption = 50, as_json: JsonOption = None, model: ModelOption = None) -> None:
    """Show the words with the shortest vectors, the least important ones, and how far norms tell what is rare.

    Example: `simsearch words norms -k 20`
    """
    loaded = load_for_pmi(model)
    _show(loaded.norms(k), "norm", as_json)
    if output.for_people(as_json):
        correlation = loaded.norm_correlation()
        typer.echo(f"|w|^2 and -log P(w) of all {len(loaded.words):,} words: Spearman's correlation {correlation:.3f}")


@app.command()
def analogy(
    a: Word,
    b: Word,
    c: Word,
    k: CountOption = 10,
    space: SpaceOption = "search",
    as_json: JsonOption = None,
    model: ModelOption = None,
) -> None:
    """Show words near a + b - c, by cosine.

    Example: `simsearch words analogy 国王 女人 男人`
    """
    from simsearch.model import Model

    _show(Model.load(model).analogy(a, b, c, k, space), "score", as_json)


def _show(found: Sequence[Neighbour], measure: str, as_json: bool | None) -> None:
    output.rows([{"word": item.word, measure: round(item.score, 4)} for item in found], as_json)
