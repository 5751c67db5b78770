"""`simsearch reindex`: the index gets another model."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.main import PARTLY_FAILED
from simsearch.cli.options import IndexOption, JsonOption, open_index
from simsearch.cli.progress import Bar
from simsearch.cli.reader import Reader

if TYPE_CHECKING:
    from simsearch.indexer import Index
    from simsearch.indexer.differences import Change, PairChange
    from simsearch.indexer.reindexing import Reindexing
    from simsearch.model import Model

app = command_app()

#: Pairs of words shown to people and to programs; the others are summed up.
PAIRS_SHOWN, PAIRS_LISTED = 6, 50


@app.command()
def reindex(
    # Not `model`: what settings and environment name is the model of new indices, and changes none that exists.
    to: Annotated[str | None, typer.Option("--model", "-m", help="Folder, id or base: the model to be had.")] = None,
    diff: Annotated[
        str | None,
        typer.Option(
            metavar="QUERIES",
            help="Change nothing yet: show what the model changes in the answers to these questions, one a line of a"
            " file; - is standard input.",
        ),
    ] = None,
    drop_old: Annotated[
        bool,
        typer.Option(
            "--drop-old",
            help="Remove what earlier models have left, and models that were tried and given up. Without --model: only"
            " that.",
        ),
    ] = False,
    as_json: JsonOption = None,
    index: IndexOption = None,
) -> None:
    """Give the index another model: a new one is made beside it from the stored texts, and takes its place.

    Meanwhile the old one is searched and written to as ever. Before the change, numbers of documents are compared, and
    some documents are asked for by a sentence of their own, unless the old model is lost. If the command is killed, run
    it again: it goes on. Writers and readers that were at work with the old model are told to open the index again.

    On Elasticsearch the old index is kept until --drop-old. A file keeps nothing: its content is replaced in one step,
    which takes room for three.

    Example: `simsearch reindex --model my-model --diff questions.txt`
    """
    if not to and not drop_old:
        raise typer.BadParameter("say which model the index shall have: --model FOLDER")
    if diff and (drop_old or not to):
        raise typer.BadParameter("--diff changes nothing: it goes with --model, and without --drop-old.")
    questions = _questions(diff) if diff else []
    failed = 0
    if to:
        from simsearch.model import Model

        change = partial(_reindex, model=Model.load(to), questions=questions, as_json=as_json, kept=not drop_old)
        with Reader(index) as reader:
            failed = reader.ask(change)  # again, where another run was faster, as one that was killed in its last step
    if drop_old:
        with open_index(index) as opened:  # it may have another model now
            dropped = opened.engine.drop_old()
            output.rows([{"dropped": name} for name in dropped], as_json)
            if not dropped:
                output.say(f"There was nothing old to drop at {opened.engine.url}.")
    if failed:
        raise typer.Exit(PARTLY_FAILED)


def _reindex(old: Index, model: Model, questions: list[str], as_json: bool | None, *, kept: bool) -> int:
    """Build, then compare or swap; return how many documents were refused."""
    from simsearch.indexer import reindexing

    start = time.monotonic()
    url, old_model = old.engine.url, old.engine.model
    with Bar() as bar, reindexing.begin(old, model) as begun:
        if begun is None:
            output.say(f"The index {url} has model {model.id} already: there is nothing to do.")
            return 0
        _build(begun, bar)
        documents = begun.new.info().documents
        if questions:
            bar.stop()
            _show_differences(begun, questions, as_json)
            output.say("Nothing was changed. The same command without --diff gives the index this model.")
        else:
            reindexing.swap(begun, bar.show)
            bar.stop()
            seconds = round(time.monotonic() - start, 3)
            _summarise(url, old_model, model.id, documents, len(begun.refused), seconds, as_json)
            if kept and url.startswith("http"):
                output.say("The old index is kept: `simsearch reindex --drop-old` removes it.")
        return len(begun.refused)


def _build(begun: Reindexing, bar: Bar) -> None:
    from simsearch.cli.outcomes import tell_remarkable
    from simsearch.indexer import reindexing
    from simsearch.processes import processors

    done = 0
    total = begun.old.info().documents - begun.new.info().documents
    for outcomes in reindexing.build(begun, processors()):
        tell_remarkable(outcomes)
        done += len(outcomes)
        bar.show("reindex", min(done, total), max(total, 1))


def _summarise(
    url: str, old_model: str, model: str, documents: int, failed: int, seconds: float, as_json: bool | None
) -> None:
    if output.for_people(as_json):
        output.echo(f"{documents:,} documents have model {model} now, and not {old_model}, in {seconds:.1f} s ({url})")
    else:
        counts = {"documents": documents, "failed": failed, "seconds": seconds}
        output.lines([{"index": url, "old_model": old_model, "model": model, **counts}])


def _questions(name: str) -> list[str]:
    try:
        given = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        remedy = "give a file with a question a line, or - for standard input."
        raise typer.BadParameter(f"{output.plain(name)} cannot be read ({error.strerror}): {remedy}") from error
    questions = [line.strip() for line in given.decode("utf-8", "replace").splitlines() if line.strip()]
    if not questions:
        raise typer.BadParameter(f"there is no question in {output.plain(name)}: write one a line.")
    return questions


def _show_differences(begun: Reindexing, questions: Iterable[str], as_json: bool | None) -> None:
    from simsearch.indexer.differences import compare

    for question in questions:
        changes = compare(begun.old, begun.new, question)
        if not output.for_people(as_json):
            output.lines(_row(question, change) for change in changes)
            continue
        output.console().print(output.plain(question), style="bold underline")
        columns = ("change", "rank", "score", "document", "word pairs")
        output.table([_shown(change) for change in changes], *columns)
        output.console().print()


def _row(question: str, change: Change) -> dict[str, Any]:
    listed, rest = change.pairs[:PAIRS_LISTED], change.pairs[PAIRS_LISTED:]
    row = {"query": question, "change": change.kind, **change._asdict()}
    row["pairs"] = [list(pair) for pair in listed]
    return row | {"other_pairs": {"count": len(rest), "difference": _difference(rest)}}


def _shown(change: Change) -> tuple[str, str, str, str, str]:
    ranks = f"{change.rank_before or '-'} > {change.rank_after or '-'}"
    scores = " > ".join("-" if score is None else f"{score:.3f}" for score in (change.score_before, change.score_after))
    return change.kind, ranks, scores, " ".join(filter(None, (change.title, change.id))), _pairs(change.pairs)


def _pairs(pairs: list[PairChange]) -> str:
    shown = [
        f"{pair.a if pair.a == pair.b else f'{pair.a}~{pair.b}'} {_difference([pair]):+.3f}"
        for pair in pairs[:PAIRS_SHOWN]
    ]
    rest = pairs[PAIRS_SHOWN:]
    return "  ".join(shown + [f"and {len(rest)} more pairs {_difference(rest):+.3f}"] * bool(rest))


def _difference(pairs: list[PairChange]) -> float:
    return sum(pair.after - pair.before for pair in pairs)
