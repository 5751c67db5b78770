"""`simsearch worker`: store what is queued."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import suppress
from typing import Annotated

import typer

from simsearch.cli import output, settings
from simsearch.cli.command import command_app
from simsearch.cli.main import ERROR
from simsearch.cli.options import BrokerOption, IndexOption, JsonOption
from simsearch.folders import default_index

app = command_app()


@app.command()
def worker(
    index: IndexOption = None,
    broker: BrokerOption = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes that store documents. Default: one a processor.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Tell whether the worker on this machine gets on, for health checks.")
    ] = False,
    as_json: JsonOption = None,
) -> None:
    """Store the documents that are queued for an index, until Ctrl-C or SIGTERM; what is in hand is finished.

    Documents come from `simsearch index --queue`, or from applications (`from simsearch.worker import enqueue`).
    `celery -A simsearch.worker worker` does the same for the index of SIMSEARCH_INDEX.

    Example: `simsearch worker --index https://localhost:9200/articles --broker redis://localhost:6379/0`
    """
    from simsearch.processes import processors
    from simsearch.worker import broker as brokers

    index, url = index or default_index(), brokers.address(broker)
    if check:
        _check(url, index, as_json)
        return
    os.environ["SIMSEARCH_INDEX"], os.environ["SIMSEARCH_BROKER"] = index, url
    settings.use_access()
    from celery.exceptions import SecurityWarning

    from simsearch.worker.celery import app

    with suppress(brokers.BrokerAway):  # it may come later than its workers
        brokers.check(brokers.connect(url), url)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("simsearch").setLevel(logging.INFO)
    logging.getLogger("celery.app.trace").setLevel(logging.ERROR)  # why a message is put back is told already
    warnings.simplefilter("ignore", PendingDeprecationWarning)  # Celery's, of a setting that we mean
    warnings.simplefilter("ignore", SecurityWarning)  # of root, with an option as remedy that this command has not
    if os.geteuid() == 0:
        output.say("This worker runs as root, which it has no need of: give it a user of its own.")
    arguments = ["--concurrency", str(processes or processors()), "--loglevel", "WARNING"]
    arguments += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    # Named, as Celery would run whatever application the variable APP names.
    app.worker_main(["--quiet", "--app", "simsearch.worker", "worker", *arguments])


def _check(url: str, index: str, as_json: bool | None) -> None:
    from simsearch.worker.health import look
    from simsearch.worker.queue import Queue
    from simsearch.worker.signs import this_machine

    health = look(Queue(url, index), this_machine())
    if output.for_people(as_json):
        output.echo(health.what)
    else:
        output.lines([health._asdict() | {"workers": [one._asdict() for one in health.workers]}])
    if not health.ok:
        raise typer.Exit(ERROR)
