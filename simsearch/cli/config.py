"""`simsearch config`: which settings hold, and where each comes from."""

from __future__ import annotations

import os
from collections.abc import Iterator

import typer

from simsearch import limits
from simsearch.cli import output, settings
from simsearch.cli.command import command_app
from simsearch.cli.options import IndexOption, JsonOption, ModelOption
from simsearch.folders import default_index

app = command_app()


@app.command()
def config(
    context: typer.Context, as_json: JsonOption = None, index: IndexOption = None, model: ModelOption = None
) -> None:
    """Show the settings and where each comes from: flag, environment, simsearch.toml or default.

    Example: `simsearch config`
    """
    from simsearch.model import store

    given = settings.read()
    origins = {
        "COMMANDLINE": "flag",
        "ENVIRONMENT": "environment",
        "DEFAULT_MAP": settings.FILE,
        "DEFAULT": "default",
    }

    def origin(name: str) -> str:
        source = context.get_parameter_source(name)
        return origins.get(source.name if source else "DEFAULT", "default")

    models = "environment" if os.environ.get("SIMSEARCH_MODELS") else "default"
    shown = [
        ("index", index or default_index(), origin("index")),
        ("model", model or "base", origin("model")),
        ("models", str(store.store_folder()), models),
        *((name, str(given[name]), settings.FILE) for name in ("mode", "k") if name in given),
        *_access(given.get("elasticsearch", {})),
        *_limits(given.get("limits", {})),
    ]
    output.rows([{"name": name, "value": value, "origin": source} for name, value, source in shown], as_json)


def _access(given: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield how Elasticsearch is reached, where that is set; no secrets."""
    for name in settings.ACCESS:
        value = os.environ.get(settings.variable(name)) or given.get(name)
        if value:
            origin = "environment" if os.environ.get(settings.variable(name)) else settings.FILE
            yield f"elasticsearch.{name}", "***" if name in ("api_key", "password") else value, origin


def _limits(given: dict[str, int]) -> Iterator[tuple[str, str, str]]:
    """Yield the limits; what the file says of them is in the environment by now."""
    for name in limits.LIMITS:
        value = limits.limit(name)
        from_file = value == given.get(name)
        set_ = os.environ.get(limits.variable(name))
        origin = settings.FILE if from_file else "environment" if set_ else "default"
        yield f"limits.{name}", str(value), origin
