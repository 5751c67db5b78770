"""`simsearch keywords`: the words and phrases that stand for a text."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.options import CountOption, EncodingOption, JsonOption, ModelOption, load_for_pmi
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
    encoding: EncodingOption = None,
    as_json: JsonOption = None,
    model: ModelOption = None,
) -> None:
    """Show the keywords of a text or a file.

    Example: `simsearch keywords "银行吸收的存款由存款保险基金提供保障" -k 5`
    """
    from simsearch.model import Model

    loaded = load_for_pmi(model) if method == "article" else Model.load(model)
    found = loaded.keywords(_text(text, encoding), k, method, by)
    output.rows([{"word": keyword.word, "score": round(keyword.score, 4)} for keyword in found], as_json)
    if not found:
        output.say("No keywords: no word of the text is long and telling enough; give more of it.")


def _text(given: str, encoding: str | None) -> str:
    try:
        if given == "-":
            return sys.stdin.buffer.read().decode("utf-8-sig")
        if os.path.isfile(given):  # a text that is too long for a name is none, and no error
            return _of_file(given, encoding)
    except (OSError, UnicodeDecodeError) as error:
        raise TextUnreadable(path=given, reason=str(error)) from error
    return given


def _of_file(path: str, encoding: str | None) -> str:
    from simsearch.corpus import Document
    from simsearch.corpus.sources import FORMATS, ending_of, read

    if ending_of(Path(path))[0] not in FORMATS and not encoding:
        return Path(path).read_text("utf-8-sig")
    texts = []
    for item in read([path], per_line=True, encoding=encoding):  # of any length
        if not isinstance(item, Document):
            raise TextUnreadable(path=path, reason=item.reason)
        texts.append(item.text)
    return "\n".join(texts)
