"""`simsearch query`: answers to questions."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

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
from simsearch.limits import exceeded, limit

if TYPE_CHECKING:
    from simsearch.indexer import Hit, Index

app = command_app()


@app.command()
def query(
    text: Annotated[
        list[str] | None,
        typer.Argument(help="What to look for; without it, one question a line from standard input."),
    ] = None,
    mode: Annotated[
        Literal["hybrid", "similar", "keyword", "phrase"],
        typer.Option(help="By meaning and words, meaning only, words only, or words and phrases."),
    ] = "hybrid",
    k: CountOption = 10,
    tag: TagOption = None,
    where: WhereOption = None,
    min_score: MinScoreOption = 0.0,
    explain: ExplainOption = False,
    as_json: JsonOption = None,
    index: IndexOption = None,
) -> None:
    """Find documents by meaning, by keyword, or both.

    Example: `simsearch query "怎样才能睡得香" --explain`
    """
    asked = conditions(tag, where)
    questions = _questions(text)

    def answer(opened: Index, question: str) -> tuple[list[Hit], bool]:
        found = opened.search(question, k=k, mode=mode, where=asked, explain=explain, min_score=min_score)
        return found, opened.knows(question)

    with Reader(index) as reader:
        count = 0
        for question in questions:
            count += 1
            found, known = reader.ask(answer, question)
            if not known:
                output.say(_unknown(question, mode))
            elif not found:
                output.say(_nothing(mode, bool(asked), bool(min_score)))
            hits.show(found, as_json, question if text is None else None)
            sys.stdout.flush()  # a program may wait for this answer before it asks on
    if not count:
        output.say("Standard input holds no question: write one a line, or name one after `simsearch query`.")


def _questions(text: list[str] | None) -> Iterator[str]:
    if text is None and not sys.stdin.isatty():
        return (_cut(_line(line)) for line in sys.stdin.buffer if line.strip())
    question = " ".join(text or []).strip()
    if not question:
        raise typer.BadParameter('say what to look for, for example: simsearch query "怎样才能睡得香"')
    return iter([_cut(question)])


def _cut(question: str) -> str:
    longest = limit("question_characters")
    if len(question) > longest:
        told = f"the question has {len(question):,} characters, its first {longest:,} are used"
        output.say(f"Cut: {exceeded(told, 'say it shorter', 'question_characters')}.")
    return question[:longest]


def _line(line: bytes) -> str:
    """Return the question in a line: plain text, or JSON with a `query`."""
    text = line.decode("utf-8", "replace").strip()
    if text.startswith("{"):
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            return text
        asked = row.get("query") if isinstance(row, dict) else None
        return asked if isinstance(asked, str) else text
    return text


def _unknown(question: str, mode: str) -> str:
    how = "nothing can be similar; try --mode keyword" if mode == "similar" else "searched for the words as they stand"
    return f"The model knows no word and no character of {question[:60]}: {how}."


def _nothing(mode: str, conditions: bool, least: bool) -> str:
    remedies = ["other words"]
    remedies += ["fewer conditions"] * conditions + ["a lower --min-score"] * least
    remedies += ["--mode hybrid"] * (mode in ("keyword", "phrase"))
    return f"Nothing found: try {' or '.join(remedies)}."
