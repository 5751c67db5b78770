"""The app, what holds for every command, and how errors are told."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from simsearch import __version__
from simsearch.cli import settings
from simsearch.errors import SimsearchError

app = typer.Typer(
    name="simsearch",
    help="Search for Chinese text: by meaning, by keyword, or both, every score explained.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

#: Exit codes: all went well, an error, wrong usage (2, by click), some of it failed.
OK, ERROR, PARTLY_FAILED, INTERRUPTED = 0, 1, 3, 130


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"simsearch {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    # Below flags and environment variables, above the defaults.
    given = settings.read()
    context.default_map = dict.fromkeys(context.command.list_commands(context), given)  # type: ignore[attr-defined]


def run() -> None:
    """Run the command line; an error is one sentence on stderr."""
    try:
        app()
    except SimsearchError as error:
        fail(str(error))
    except KeyboardInterrupt:
        typer.echo("Interrupted. What was reported as stored is stored; run the same command to go on.", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        sys.exit(OK)


def fail(message: str) -> None:
    """Tell an error and leave."""
    typer.echo(f"Error: {message}", err=True)
    sys.exit(ERROR)
