"""What every command's app is made with."""

from __future__ import annotations

import typer


def command_app(help: str | None = None) -> typer.Typer:
    """Return the app of one command."""
    return typer.Typer(
        help=help,
        add_completion=False,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        no_args_is_help=help is not None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
