"""Options that several commands share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from simsearch.cli import output, settings
from simsearch.folders import default_index
from simsearch.limits import LIMITS, exceeded, limit, variable

if TYPE_CHECKING:
    from simsearch.indexer import Condition, Index
    from simsearch.model import Model

IndexOption = Annotated[
    str | None,
    typer.Option(
        "--index",
        "-i",
        envvar="SIMSEARCH_INDEX",
        help="Address: https://host:9200/name or sqlite:///texts.db. Default: a file in the user's data folder.",
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        envvar="SIMSEARCH_MODEL",
        help="Folder, id or base, the built-in model. Default: the index's model; for a new index base.",
    ),
]
BrokerOption = Annotated[
    str | None,
    typer.Option(
        "--broker", envvar="SIMSEARCH_BROKER", help="The Redis that holds the queue: redis://host:6379/0, or rediss://."
    ),
]
SpaceOption = Annotated[
    Literal["search", "article"],
    typer.Option(
        help="By the vectors in which sentences are compared, or by the article's, which are as they were fitted."
    ),
]


def _count(value: int) -> int:
    if value > (most := limit("k")):
        raise typer.BadParameter(f"{exceeded(f'{value:,} is more than {most:,}', 'ask for fewer', 'k')}.")
    return value


CountOption = Annotated[int, typer.Option("-k", min=1, callback=_count, help="How many to show.")]
DocumentBytesOption = Annotated[
    int | None,
    typer.Option(
        "--max-document-bytes",
        min=1,
        max=LIMITS["document_bytes"].most,
        envvar=variable("document_bytes"),
        callback=lambda value: _keep("document_bytes", value),
        help=f"Longer texts are refused. Default: {LIMITS['document_bytes'].default:,}.",
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        help="What all texts are in, such as gb18030 or big5. Default: UTF-8, or UTF-16, GB18030 or Big5 where certain."
    ),
]
JsonOption = Annotated[
    bool | None,
    typer.Option(
        "--json/--table",
        help="JSON lines or a table. Default: a table on a terminal, JSON lines elsewhere.",
        show_default=False,
    ),
]
TagOption = Annotated[list[str] | None, typer.Option("--tag", help="Only documents with this tag; may be repeated.")]
WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", help="Only where the metadata say so: 'year>=2024', 'city=杭州', 'day=2024-05-01..'."),
]


def _keep(name: str, value: int | None) -> int | None:
    """Put a limit where every process finds it."""
    if value is not None:
        os.environ[variable(name)] = str(value)
    return value


def _number(value: float) -> float:
    if value != value:  # NaN lies in every range
        raise typer.BadParameter("nan is no number between 0 and 1.")
    return value


MinScoreOption = Annotated[
    float,
    typer.Option(
        "--min-score",
        min=0,
        max=1,
        callback=_number,
        help="Leave out what scores less. From 0.4: says what was asked; 0.3: the same matter; below 0.2: chance.",
    ),
]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Show what each score is made of.")]


def open_index(
    url: str | None, model: str | None = None, *, create: bool = False, index_options: str | None = None
) -> Index:
    """Open the index that the options name."""
    from simsearch.indexer import open_index
    from simsearch.model import Model

    url = url or default_index()
    if url.startswith("http"):
        from simsearch.processes import speak_alone

        settings.use_access()
        speak_alone()
    wanted = Model.load(model) if model else None
    return open_index(url, model=wanted, create=create, index_options=index_options)


def load_for_pmi(model: str | None) -> Model:
    """Load the model that the option names, and say so where its inner products are not the PMI that is asked for."""
    from simsearch.model import Model

    loaded = Model.load(model)
    if not loaded.is_pmi:
        output.say("This model was imported and its inner products are not PMI: what is shown here may mean little.")
    return loaded


def conditions(tags: list[str] | None, where: list[str] | None) -> list[Condition]:
    """Return the conditions of `--tag` and `--where`."""
    from simsearch.indexer import Condition
    from simsearch.indexer.conditions import parse

    return [Condition("tags", "=", tag) for tag in tags or []] + [one for text in where or [] for one in parse(text)]
