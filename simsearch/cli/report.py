"""`simsearch report`: a model on a page of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.options import JsonOption
from simsearch.cli.progress import Bar
from simsearch.errors import SimsearchError

app = command_app()


class ScoresUnreadable(SimsearchError):
    """The scores in {path} cannot be used ({reason}): write them with `simsearch evaluate --sets tasks/ --json > scores.jsonl`."""  # noqa: E501

    path: str
    reason: str


@app.command()
def report(
    model: Annotated[str, typer.Argument(help="Folder, id or base, the built-in model.")],
    to: Annotated[Path, typer.Option("--to", "-o", help="The page to write, such as report.html.")],
    word: Annotated[
        list[str] | None,
        typer.Option(help="A word whose nearest words to show; may be repeated. Default: nouns, frequent to rare."),
    ] = None,
    scores: Annotated[Path | None, typer.Option(help="What `simsearch evaluate --sets --json` printed.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: JsonOption = None,
) -> None:
    """Write a page about a model: bill, loss, norms, a map of frequent words, nearest words, scores.

    The page is one file that needs no network, light or dark as the browser is.

    Example: `simsearch report base -o report.html --word 茶叶 --word 银行`
    """
    from simsearch.files import check, replacing
    from simsearch.model import Model
    from simsearch.report import render

    rows = _scores(scores) if scores else []
    check(to, force)
    with Bar() as bar:
        page = render(Model.load(model), word or (), rows, bar.show)
    with replacing(to, force) as stream:
        stream.write(page.encode())
    row = {"file": str(to), "bytes": to.stat().st_size}
    output.listing(row) if output.for_people(as_json) else output.lines([row])


def _scores(path: Path) -> list[tuple[str, str, str, str]]:
    """Return rows of a task and measure, a system, its value, and its interval; without times."""
    rows = []
    try:
        for line in path.read_text("utf-8").splitlines():
            told = json.loads(line)
            if told["measure"] == "ms":
                continue
            task = f"{told['task']}, {told['measure']} ({told['n']:,})"
            between = f"{told['low']:.3f} to {told['high']:.3f}"
            rows.append((task, str(told["system"]), f"{told['value']:.3f}", between))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ScoresUnreadable(path=str(path), reason=getattr(error, "strerror", None) or str(error)) from error
    return rows
