"""`simsearch keywords`: the words and phrases that stand for a text."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.options import CountOption, JsonOption, ModelOption, load_for_pmi
from simsearch.errors import SimsearchError


class TextUnreadable(SimsearchError):
    """The file {path} cannot be read ({reason}): give a UTF-8 text file, or the text itself."""

    path: str
    reason: str


app = command_app()


@app.command()
def keywords(
    text: Annotated[str, typer.Argument(help="A text, the name of a text file, or - for standard input.")],
    k: CountOption = 10,
    method: Annotated[
        Literal["tags", "article"],
        typer.Option(help="Phrases for people, or the words of the article's equation 43 (for a sentence or two)."),
    ] = "tags",
    by: Annotated[
        Literal["inner", "cosine"],
        typer.Option(
            help="For the article's method only: the largest inner product with the sum of all words, or cosine."
        ),
    ] = "inner",
    as_json: JsonOption = None,
    model: ModelOption = None,
) -> None:
    """Show the keywords of a text or a file.

    Example: `simsearch keywords "银行吸收的存款由存款保险基金提供保障" -k 5`
    """
    from simsearch.model import Model

    loaded = load_for_pmi(model) if method == "article" else Model.load(model)
    found = loaded.keywords(_text(text), k, method, by)
    output.rows([{"word": keyword.word, "score": round(keyword.score, 4)} for keyword in found], as_json)
    if not found:
        output.say("No keywords: no word of the text is long and telling enough; give more of it.")


def _text(given: str) -> str:
    try:
        if given == "-":
            return sys.stdin.buffer.read().decode("utf-8-sig")
        if os.path.isfile(given):  # a text that is too long for a name is none, and no error
            return Path(given).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TextUnreadable(path=given, reason=str(error)) from error
    return given
