"""`simsearch train`: from texts to a model folder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.main import INTERRUPTED, PARTLY_FAILED
from simsearch.cli.options import EncodingOption, JsonOption
from simsearch.cli.outcomes import tell_encodings
from simsearch.cli.progress import Bar
from simsearch.errors import SimsearchError


class DictionaryUnreadable(SimsearchError):
    """The dictionary {path} cannot be read ({reason}): give a UTF-8 file with a word, or a word and a count, a line."""

    path: str
    reason: str


app = command_app()

#: What figures of the vectors are called on screen.
PROPERTIES = {
    "norms": "|w|^2 with -log P",
    "left_out": "inner product with PMI of pairs left out",
    "independent": "mean |cosine| of words at random",
}


def _bytes(size: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]B?|B)", size.strip().upper())  # 3 alone may be meant as GB
    if not found:
        raise typer.BadParameter(f"{size} is no size: write 500M or 4G.")
    return int(float(found[1]) * 1000 ** "BKMGT".index(found[2][0]))


@app.command()
def train(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Folders and files (.txt .md .html .docx .pdf .jsonl .csv .tsv, also .gz .xz), one document a line;"
            " - is standard input; https://host:9200/name is an index that you have."
        ),
    ],
    to: Annotated[Path, typer.Option("--to", "-o", help="The model folder to write.")],
    dictionary: Annotated[Path | None, typer.Option(help="Words of your own, one a line: they are never cut.")] = None,
    per_file: Annotated[
        bool, typer.Option("--per-file", help="A .txt or .md is one document, not one a line.")
    ] = False,
    text_field: Annotated[
        str | None, typer.Option(help="Of an index: the field with the texts, such as body or chapters.body.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Of an index: about so many documents, taken at random. Default: all.")
    ] = None,
    start_from: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Folder, id or base: a model that knows the language, so that your texts, a megabyte or more, need not"
            " teach it. Ends with a comparison on texts held out.",
        ),
    ] = None,
    dimensions: Annotated[
        int | None,
        typer.Option(min=2, help="Length of a vector. Default: 128, or that of the model to start from."),
    ] = None,
    min_count: Annotated[
        int | None, typer.Option(min=1, help="Rarer words get no vector. Default: 10, or 5 with --start-from.")
    ] = None,
    window: Annotated[int, typer.Option(min=1, help="Words this far apart are seen together.")] = 10,
    copies: Annotated[
        int,
        typer.Option(min=0, help="A line is read so often at most: menus, footers, copies. 0: as often as it comes."),
    ] = 3,
    passes: Annotated[int, typer.Option(min=1, help="Times each vector is improved, at most.")] = 12,
    tolerance: Annotated[
        float,
        typer.Option(
            min=0,
            max=0.5,
            help="Passes end when two gain less than this share; 0 makes them all, a little better and slower.",
        ),
    ] = 0.01,
    seed: Annotated[int, typer.Option(min=0, help="Where the vectors start.")] = 1,
    objective: Annotated[
        Literal["smoothed", "article"],
        typer.Option(help="Smoothed PMI with evidence for absence, or the article's own."),
    ] = "smoothed",
    truncate: Annotated[bool, typer.Option(help="For the article's objective: weights stop growing at 1.")] = True,
    diagonal: Annotated[
        bool, typer.Option(help="For the article's objective: |w|^2 is fitted to -log P, too (equations 24-26).")
    ] = False,
    memory: Annotated[
        int,
        typer.Option(
            parser=_bytes,
            metavar="SIZE",
            help="What the training may hold in memory, such as 500M or 4G; the rest waits on disk beside the model.",
        ),
    ] = "2G",  # type: ignore[assignment]
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a training of this model that was interrupted or killed.")
    ] = False,
    encoding: EncodingOption = None,
    as_json: JsonOption = None,
) -> None:
    """Train a model on your own texts, in minutes, on a CPU; ends with a bill.

    An index on Elasticsearch is read, and nothing else. A training that was interrupted or killed goes on with
    --resume; what it had read is not read again.

    With --start-from, few texts are enough: words keep the vectors that they have there as far as your texts say
    little about them.

    Example: `simsearch train corpus/ --to my-model`, then `simsearch index docs/ --model my-model`
    """
    from simsearch.corpus import Document
    from simsearch.corpus.sources import read
    from simsearch.model import Model
    from simsearch.model.folder import read_manifest
    from simsearch.trainer import Settings
    from simsearch.trainer import train as train_model
    from simsearch.trainer.start import default_settings
    from simsearch.trainer.workspace import unfinished

    base = Model.load(start_from) if start_from else None
    default = default_settings(base) if base else Settings()
    settings = Settings(
        dimensions=dimensions or default.dimensions,
        min_count=min_count or default.min_count,
        window=window,
        copies=copies,
        passes=passes,
        tolerance=tolerance,
        seed=seed,
        objective=objective,
        truncate=truncate,
        diagonal=diagonal,
    )
    failed = 0

    indexes = [source for source in sources if source.startswith(("http://", "https://"))]
    if indexes and not text_field:
        raise typer.BadParameter("--text-field has to name the field of the index that holds the texts.")
    if (text_field or sample) and not indexes:
        raise typer.BadParameter("--text-field and --sample are for indexes, https://host:9200/name.")
    encodings: Counter[str] = Counter()
    files = [source for source in sources if source not in indexes]
    found = read(files, per_line=not per_file, encoding=encoding, found=encodings)

    def texts() -> Iterator[str]:
        nonlocal failed
        for url in indexes:
            yield from _texts_of_index(url, text_field or "", sample, seed)
        for item in found:
            if isinstance(item, Document):
                yield item.text
            elif item.failed:
                failed += 1
                output.say(f"Skipped: {output.near(item.source)} {item.reason}.")

    if unfinished(to) and not resume:
        output.say("A training of this model was interrupted before; as --resume is not given, it begins anew.")
    try:
        with Bar() as bar:
            bill = train_model(
                texts(),
                to,
                settings=settings,
                base=base,
                dictionary=_lines(dictionary),
                memory=memory,
                resume=resume,
                progress=bar.show,
            )
    except KeyboardInterrupt as error:
        output.say("Interrupted. The same command with --resume goes on from here.")
        raise typer.Exit(INTERRUPTED) from error
    row: dict[str, Any] = {
        "model": str(to),
        "id": read_manifest(to)["id"],
        **bill.as_dict(),
        "failed": failed,
    }
    compared = row.pop("comparison")
    if output.for_people(as_json):
        loss, held_out, shown = (row.pop(name) for name in ("loss", "held_out", "properties"))
        row.pop("repeated_lines")  # a sentence tells
        row["seconds"] = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in row["seconds"].items())
        row["loss"] = _fall(loss)
        row["held-out loss"] = _fall(held_out)
        row["properties"] = ", ".join(f"{PROPERTIES[name]} {figure:.2f}" for name, figure in shown.items())
        row["peak_memory"] = f"{row['peak_memory'] / 1e6:,.0f} MB"
        if compared:
            row["held-out texts"] = _shown(compared, start_from)
        output.listing(row)
    else:
        output.lines([row | {"comparison": compared} if compared else row])
    if bill.repeated_lines:
        output.say(f"Left out: {bill.repeated_lines:,} lines that had come {copies} times before; see --copies.")
    tell_encodings(encodings)
    if compared:
        _remark(compared)
    if failed:
        raise typer.Exit(PARTLY_FAILED)


def _shown(compared: dict[str, Any], base: str | None) -> str:
    texts, before, after = compared.values()
    return f"{texts}" if before is None else f"{texts}: MRR {before:.3f} by {base}, {after:.3f} by this model"


def _remark(compared: dict[str, Any]) -> None:
    texts, before, after = compared.values()
    if before is None:
        output.say(f"Texts held out: {texts}, too few to compare the models; `simsearch evaluate --judgements` can.")
    elif after <= before:
        output.say("This model is no better than the one it started from: keep that one, or train on more texts.")


def _fall(losses: list[float]) -> str:
    return f"{losses[0]:.3f} -> {losses[-1]:.3f}" if losses else "none"


def _texts_of_index(url: str, field: str, sample: int | None, seed: int) -> Iterator[str]:
    from simsearch.cli import settings
    from simsearch.indexer.elasticsearch.source import Source

    settings.use_access()
    with Source(url) as source:
        yield from source.texts(field, sample, seed)


def _lines(dictionary: Path | None) -> list[str]:
    if dictionary is None:
        return []
    try:
        return dictionary.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DictionaryUnreadable(path=str(dictionary), reason=str(error)) from error
