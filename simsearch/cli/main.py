"""The app, what holds for every command, and how errors are told."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from simsearch import __version__
from simsearch.cli import output, settings
from simsearch.errors import SimsearchError

# All products are small: threads would cost more than they bring, even at import.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

#: The commands, each a module of this package with an `app`; `import` cannot name one, and is `imports`.
COMMANDS = (
    "index",
    "enrich",
    "query",
    "similar",
    "tags",
    "delete",
    "keywords",
    "compare",
    "words",
    "train",
    "export",
    "import",
    "evaluate",
    "report",
    "worker",
    "status",
    "doctor",
    "retry",
    "reindex",
    "config",
)
#: The commands below `words`.
WORDS = ("related", "similar", "norms", "analogy")
#: Exit codes beside 0: an error; wrong usage is 2, by Typer; some of it failed; Ctrl-C.
ERROR, PARTLY_FAILED, INTERRUPTED = 1, 3, 130


class Commands(TyperGroup):
    """Imports a command when it is asked for, as a cold query is mostly imports; tells errors in a sentence."""

    def __init__(self, **attributes: Any) -> None:
        """Take the attributes of a group; names that are close to a mistaken one are suggested from `commands`."""
        super().__init__(**attributes | {"commands": dict.fromkeys(COMMANDS)})

    def invoke(self, context: Any) -> Any:
        """Run a command."""
        try:
            answer = super().invoke(context)
            sys.stdout.flush()
        except SimsearchError as error:
            output.say(f"Error: {error}")
            raise typer.Exit(ERROR) from error
        except KeyboardInterrupt as error:
            output.say("Interrupted. What was reported as stored is stored; run the same command again to finish.")
            raise typer.Exit(INTERRUPTED) from error
        except BrokenPipeError as error:  # the reader, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from error
        except OSError as error:
            where = error.filename or "what was to be written"
            output.say(f"Error: the system refuses {where} ({error.strerror}): check the disk and permissions.")
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(ERROR) from error
        return answer

    def list_commands(self, context: Any) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, context: Any, name: str) -> Any:
        """Return a command, or None."""
        if name not in COMMANDS:
            return None
        module = "imports" if name == "import" else name
        command = typer.main.get_command(import_module(f"simsearch.cli.{module}").app)
        command.name = name
        return command


app = typer.Typer(
    cls=Commands,
    name="simsearch",
    help="Search for Chinese text: by meaning, by keyword, or both, every score explained.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
    settings.use_limits(given)
    context.default_map = dict.fromkeys(COMMANDS, given | dict.fromkeys(WORDS, given))


def run() -> None:
    """Run the command line and leave."""
    # Imports make some 100,000 objects that stay. Looking for garbage among them, and freeing them one by one
    # at the end, would be a tenth of the time of a query.
    gc.set_threshold(100_000)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, as by some daemons: what is opened next must not take its number
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115
    try:
        app()
    except SystemExit as end:
        if "multiprocessing" in sys.modules:  # it cleans up after its processes
            raise
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # told already, or nobody listens
                stream.flush()
        os._exit(code)
