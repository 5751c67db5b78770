"""`simsearch import`: a model of word vectors that another program trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.options import JsonOption
from simsearch.cli.progress import Bar

if TYPE_CHECKING:
    from simsearch.trainer.importing import Imported

#: Words that are read where nobody says otherwise: with 300 dimensions 1.5 GB of memory.
MOST = 200_000

app = command_app()


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="Word vectors: word2vec's text or binary format, GloVe's, or .npz; also gzipped.")
    ],
    to: Annotated[Path, typer.Option("--to", "-o", help="The model folder to write.")],
    counts: Annotated[
        Path | None,
        typer.Option(help="How often each word was seen: a word, a tab or space, and its count a line."),
    ] = None,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Compare sentences by these vectors, neither whitened nor with characters.")
    ] = False,
    most: Annotated[int, typer.Option(min=2, help="Read so many words, the first ones.")] = MOST,
    as_json: JsonOption = None,
) -> None:
    """Make a model of word vectors that another program trained, for `index`, `query` and all other commands.

    Words are folded as all texts are: lower case, simplified characters. Without --counts, and but for an .npz of
    `simsearch export`, counts are estimated: the first word is taken for the most frequent one. Of an export with
    --space search, the .npz says what it is and is taken as it is; other formats need --as-is.

    Example: `simsearch import vectors.txt.gz --to my-model`, then `simsearch index docs/ --model my-model`
    """
    from simsearch.model.folder import read_manifest
    from simsearch.trainer.importing import import_vectors

    with Bar() as bar:
        found = import_vectors(file, to, counts=counts, as_is=as_is, most=most, progress=bar.show)
    _remark(found)
    if found.as_is and not as_is:
        output.say(
            "The file holds a search space, which is whitened already and is taken --as-is: words that it lacks get no"
            " vector. `simsearch export --space article` keeps more."
        )
    manifest = read_manifest(to)
    row = {
        "model": str(to),
        "id": manifest["id"],
        "words": manifest["words"],
        "dimensions": manifest["dimensions"],
        "read": found.read,
        "merged": found.merged,
        "left_out": found.left_out,
        "counts": found.counts,
        "pmi": found.pmi,
    }
    if output.for_people(as_json):
        output.listing(row | {"pmi": "yes" if found.pmi else "no"})
    else:
        output.lines([row])


def _remark(found: Imported) -> None:
    if found.more:
        output.say(f"The file holds more than {found.read:,} words, and the rest was not read: --most reads more.")
    if found.left_out:
        output.say(f"Left out, as no UTF-8, with spaces, or with a vector of zeros: {found.left_out:,}.")
    if found.merged:
        output.say(f"The same as a word before once folded: {found.merged:,}; the first one's vector is kept.")
    if found.counts == "order":
        output.say("Counts are estimated from the order of the words, the most frequent first: --counts is better.")
    if found.uncounted:
        output.say(f"Without a count in the file, and taken as seen once: {found.uncounted:,}.")
