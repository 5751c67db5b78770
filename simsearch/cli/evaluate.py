"""`simsearch evaluate`: how good are the model and its search?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.options import IndexOption, JsonOption, ModelOption, open_index
from simsearch.cli.progress import Bar

if TYPE_CHECKING:
    from simsearch.evaluation import Figure, Judged
    from simsearch.model import Model

#: Questions that missed which people are shown unless they ask for all.
SHOWN = 20
COLUMNS = ("task, measure (items)", "value", "95 %", "difference", "95 %")

app = command_app()


@app.command()
def evaluate(
    context: typer.Context,
    sets: Annotated[
        Path | None,
        typer.Option(
            help="A folder of tasks with a tasks.tsv: a kind, a name and files a line, with tabs between. Kinds: "
            "words, analogy, pairs, retrieval, themes, keywords, classify."
        ),
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only the task of this name; may be repeated.")] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            help="bm25, jieba, or a file of word vectors (word2vec's text format, or .npz); may be repeated. "
            "Default: bm25.",
            show_default=False,
        ),
    ] = None,
    judgements: Annotated[
        Path | None,
        typer.Option(
            help='Measure your own index: lines of query TAB document id [TAB relevance], or of {"query": ..., '
            '"relevant": [ids] or {id: relevance}}.'
        ),
    ] = None,
    missed: Annotated[
        bool,
        typer.Option("--missed", help="With --judgements, show all questions that miss, in JSON lines too."),
    ] = False,
    resamples: Annotated[int, typer.Option(min=10, help="Draws for each interval.")] = 1000,
    model: ModelOption = None,
    as_json: JsonOption = None,
    index: IndexOption = None,
) -> None:
    """Measure a model and its search on tasks with right answers, or an index on your own judged questions.

    Tasks are searched in a temporary index, by the modes hybrid, similar and keyword, and by baselines that rank
    the whole collection. A figure has a 95 % interval, and so has its difference, the first system of the group less
    this one, over the same items; * marks a difference that chance does not explain. MRR: the mean of 1 / rank of the
    best relevant document, 0 beyond the tenth; P: the share of relevant texts; ms: milliseconds a question, the median.

    With judgements, the questions with nothing relevant among the first ten are listed: the worst first, 20 of them.

    Example: `simsearch evaluate --sets tasks/ --baseline bm25 --baseline jieba`, or
    `simsearch evaluate --judgements judged.tsv`
    """
    if (sets is None) == (judgements is None):
        raise typer.BadParameter(
            "give a folder of tasks with --sets, or a file of judged questions with --judgements"
            + ("" if sets is None else ", not both")
        )
    if missed and sets:
        raise typer.BadParameter("--missed goes with --judgements")
    if judgements and (only or baseline):
        raise typer.BadParameter("--only and --baseline go with --sets")
    if sets:
        # Tasks need no index, and the environment may name one that is still to come.
        source = context.get_parameter_source("index")
        named = index if source and source.name == "COMMANDLINE" else None
        _tasks(sets, _model(model, named), only or [], baseline, resamples, as_json)
    elif judgements:
        _judge(judgements, index, model, resamples, missed, as_json)


def _model(model: str | None, index: str | None) -> Model:
    """Return the model that is named, else that of the index that is named, else the base model."""
    from simsearch.model import Model

    if model or not index:
        return Model.load(model)
    with open_index(index) as opened:
        return opened.model


def _tasks(
    sets: Path, model: Model, only: list[str], baseline: list[str] | None, resamples: int, as_json: bool | None
) -> None:
    from simsearch.evaluation import evaluate
    from simsearch.evaluation.evaluation import BASELINES

    people = output.for_people(as_json)
    shown: list[Figure] = []
    try:
        with Bar() as bar:
            for found in evaluate(sets, model, only, baseline or BASELINES, resamples, bar.show):
                for remark in found.remarks:
                    output.say(remark)
                shown += found.figures
                if not people:
                    output.lines(map(_row, found.figures))
    finally:  # after Ctrl-C too: what was measured took its time
        if people and shown:
            output.table(table_rows(shown), *COLUMNS)


def _judge(
    path: Path, index: str | None, model: str | None, resamples: int, missed: bool, as_json: bool | None
) -> None:
    from simsearch.evaluation import judge

    with open_index(index, model) as opened, Bar() as bar:
        found = judge(path, opened, lambda done, total: bar.show("judgements", done, total), resamples)
    for remark in found.remarks:
        output.say(remark)
    if output.for_people(as_json):
        output.table(table_rows(found.figures), *COLUMNS)
        _tell_missed(found, missed)
    else:
        output.lines(map(_row, found.figures))
        if missed:
            output.lines(
                {"missed": miss.question, "relevant": miss.relevant, "modes": miss.modes} for miss in found.missed
            )


def _tell_missed(found: Judged, everything: bool) -> None:
    shown = found.missed if everything else found.missed[:SHOWN]
    for miss in shown:
        output.say(f"Missed by {', '.join(miss.modes)}: {miss.question} (relevant: {', '.join(miss.relevant)})")
    if len(shown) < len(found.missed):
        output.say(f"And {len(found.missed) - len(shown):,} more: --missed shows all.")


def table_rows(figures: Iterable[Figure]) -> list[tuple[str, ...]]:
    """Return the rows of a table for people: a heading for each task and measure, below it a row for each system."""
    rows: list[tuple[str, ...]] = []
    last = None
    for figure in figures:
        if last != (last := f"{figure.task}, {figure.measure} ({figure.n:,})"):
            rows.append((last, "", "", "", ""))
        digits = 1 if figure.measure == "ms" else 3
        row = [
            f"  {figure.system}",
            f"{figure.value:.{digits}f}",
            f"{figure.low:.{digits}f} to {figure.high:.{digits}f}",
        ]
        if figure.difference is None:
            row += ["", ""]
        else:
            low, high = figure.difference_low, figure.difference_high
            row += [f"{figure.difference:+.{digits}f}", f"{low:+.{digits}f} to {high:+.{digits}f}"]
            row[-2] += " *" if figure.differs else ""
        rows.append(tuple(row))
    return rows


def _row(figure: Figure) -> dict[str, Any]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in figure._asdict().items()}
