"""`simsearch doctor`: is everything in order?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.main import PARTLY_FAILED
from simsearch.cli.options import IndexOption, JsonOption, open_index

app = command_app()


@app.command()
def doctor(
    verify: Annotated[Path | None, typer.Option(help="Check each document that this ledger says was stored.")] = None,
    as_json: JsonOption = None,
    index: IndexOption = None,
) -> None:
    """Check the index, its model and its documents, and say what to do.

    Example: `simsearch doctor --verify stored.jsonl`
    """
    from simsearch.indexer.ledger import verify as verify_ledger
    from simsearch.model import Model

    checks: list[tuple[str, bool, str]] = []
    with open_index(index) as opened:
        info = opened.engine.info(check=True)
        remedy = "move the file away and index again"
        checks.append(
            ("index", not info.problems, "; ".join([*info.problems, remedy] if info.problems else [info.url]))
        )
        known = Model.load(info.model)
        checks.append(("model", True, f"{known.id}, {len(known.words):,} words"))
        silent = sum(count for state, count in info.states.items() if state != "ok")
        checks.append(
            (
                "documents",
                True,
                f"{info.documents:,} stored, {silent:,} without a vector (found by their words only)",
            )
        )
        if verify:
            total, missing = verify_ledger(verify, opened.engine)
            checks.append(
                (
                    "ledger",
                    not missing,
                    f"{total:,} acknowledged, {len(missing):,} missing"
                    + (": index these sources again" if missing else ""),
                )
            )
            for lost in missing[:20]:
                output.say(f"Missing: {lost.id} (acknowledged {lost.sequence}, found {lost.found})")
    output.rows([{"check": name, "ok": fine, "what": what} for name, fine, what in checks], as_json)
    if not all(fine for _, fine, _ in checks):
        raise typer.Exit(PARTLY_FAILED)
