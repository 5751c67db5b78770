"""`simsearch doctor`: is everything in order?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simsearch.cli import output
from simsearch.cli.command import command_app
from simsearch.cli.main import PARTLY_FAILED
from simsearch.cli.options import BrokerOption, IndexOption, JsonOption
from simsearch.cli.reader import Reader
from simsearch.indexer.engine import Check

if TYPE_CHECKING:
    from simsearch.indexer import Index
    from simsearch.indexer.diagnosis import Vocabulary

#: Documents that are listed for each thing that is wrong.
LISTED = 20

app = command_app()


@app.command()
def doctor(
    verify: Annotated[Path | None, typer.Option(help="Check each document that this ledger says was stored.")] = None,
    broker: BrokerOption = None,
    as_json: JsonOption = None,
    index: IndexOption = None,
) -> None:
    """Check the index, its model and its documents, say what to do, and list words that the model does not know.

    The number beside an unknown word is that of the passages that hold it. Unknown words are found as they stand,
    and their meaning is guessed from their characters; a model trained on these texts would know the frequent ones.

    Example: `simsearch doctor --verify stored.jsonl`
    """
    with Reader(index) as reader:
        checks, words = reader.ask(_look, broker, verify)
    if output.for_people(as_json):
        output.table([(check.check, check.ok, check.what) for check in checks], "check", "ok", "what")
        if words and words.most_frequent:
            typer.echo()
            output.table(words.most_frequent, "unknown word", "passages")
    else:
        output.lines(
            check._asdict() | ({"unknown": words.most_frequent} if words and check.check == "words" else {})
            for check in checks
        )
    if not all(check.ok for check in checks):
        raise typer.Exit(PARTLY_FAILED)


def _look(index: Index, broker: str | None, verify: Path | None) -> tuple[list[Check], Vocabulary | None]:
    """Return what was found, and the words of an index that is fit to be asked for them."""
    from simsearch.indexer import diagnosis

    checks = index.engine.checks()
    fit = all(check.ok for check in checks)
    words = diagnosis.vocabulary(index) if fit else None
    checks += [*_of_documents(index), *_of_model(index, words)] if words else []
    checks += _of_queue(broker, index.engine.url) if broker else []
    if verify:
        checks.append(_of_ledger(index, verify))
    return checks, words


def _of_documents(index: Index) -> Iterator[Check]:
    info = index.info()
    yield Check("model", True, f"{index.model.id}, {len(index.model.words):,} words")
    silent = sum(count for state, count in info.states.items() if state != "ok")
    found = f"{info.documents:,} stored, {silent:,} without a vector (found by their words only)"
    yield Check("documents", True, found)
    remedy = ": see why by `simsearch retry --list`, mend it, then `simsearch retry`" if info.dead_letters else ""
    yield Check("dead letters", not info.dead_letters, f"{info.dead_letters:,}{remedy}")


def _of_model(index: Index, words: Vocabulary) -> Iterator[Check]:
    from simsearch.indexer import diagnosis

    looked, strangers = diagnosis.strangers(index)
    found = f"{len(strangers):,} of {looked:,} looked at are not the model's"
    remedy = ": their vectors are of another model or version; index these texts again into a new index"
    yield Check("vectors", not strangers, found + remedy * bool(strangers))
    for name in strangers[:LISTED]:
        output.say(f"Not of this model: {name}")
    share, learnable = (100 * count / max(words.total, 1) for count in (words.unknown, words.learnable))
    if words.retraining_pays:
        advice = "retraining pays: `simsearch train` with these texts, then `simsearch reindex`"
    elif words.total < diagnosis.CORPUS:
        advice = f"too few to retrain: it takes {diagnosis.CORPUS:,} words"
    else:
        advice = f"retraining pays from {100 * diagnosis.PAYS:.0f} % on"
    found = f"{words.total:,} words, {share:.1f} % unknown, {learnable:.1f} % frequent enough to be learnt; {advice}"
    yield Check("words", True, found)


def _of_queue(broker: str, index: str) -> Iterator[Check]:
    from simsearch.worker import health
    from simsearch.worker.broker import address
    from simsearch.worker.queue import Queue

    yield from health.checks(Queue(address(broker), index))


def _of_ledger(index: Index, path: Path) -> Check:
    from simsearch.indexer.clocks import shown
    from simsearch.indexer.ledger import verify

    total, missing = verify(path, index.engine)
    for lost in missing[:LISTED]:
        there = "not in the index" if lost.found is None else f"in the index as it was read at {shown(lost.found)}"
        output.say(f"Missing: {lost.id} is {there}, though it was stored as it was read at {shown(lost.sequence)}.")
    remedy = ": index these sources again" if missing else ""
    return Check("ledger", not missing, f"{total:,} acknowledged, {len(missing):,} missing{remedy}")
