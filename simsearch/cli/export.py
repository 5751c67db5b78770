"""`simsearch export`: a model's word vectors for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.options import JsonOption
from simsearch.cli.progress import Bar

app = command_app()


@app.command()
def export(
    model: Annotated[str, typer.Argument(help="Folder, id or base, the built-in model.")],
    to: Annotated[Path, typer.Option("--to", "-o", help="The file to write; .gz behind its name compresses it.")],
    form: Annotated[
        Literal["word2vec", "word2vec-binary", "glove", "npz"] | None,
        typer.Option(
            "--format",
            help="Default: by the name, .txt or .vec word2vec, .bin word2vec-binary, .glove.txt glove, .npz npz.",
            show_default=False,
        ),
    ] = None,
    space: Annotated[
        Literal["article", "search"],
        typer.Option(help="The article's, where inner products are PMI, or the one in which sentences are compared."),
    ] = "article",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: JsonOption = None,
) -> None:
    """Write a model's word vectors as gensim and other programs read them.

    The .npz holds numpy arrays: words, counts, vectors, space, and pmi (whether inner products are).

    Example: `simsearch export base -o vectors.txt`, then in Python
    `gensim.models.KeyedVectors.load_word2vec_format("vectors.txt")`
    """
    from simsearch.model import Model
    from simsearch.model.export import export

    loaded = Model.load(model)
    with Bar() as bar:
        written = export(
            loaded, to, form, space, force=force, progress=lambda done, total: bar.show("export", done, total)
        )
    if written.left_out:
        output.say(f"Left out, as this format holds no words with spaces (the .npz does): {written.left_out:,}.")
    row = {
        "file": str(to),
        "format": written.format,
        "space": space,
        "model": loaded.id,
        "words": written.words,
        "dimensions": loaded.dimensions,
        "left_out": written.left_out,
        "bytes": to.stat().st_size,
    }
    output.listing(row) if output.for_people(as_json) else output.lines([row])
