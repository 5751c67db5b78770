"""What befalls the others: kills of workers, of Redis and of the node, and changes of the model."""

from __future__ import annotations

import math
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Sequence

from cli.process import DEADLINE
from servers.node import Node
from servers.redis import Redis

from .place import Place
from .producer import reason

#: Mean seconds between two kills.
WORKER, REDIS, NODE = 6.0, 20.0, 45.0
#: Seconds that something is away, at most.
AWAY = 8.0
#: Seconds in which a change of the model comes to its end once nobody is killed any more.
PATIENCE = 300


def kill_workers(place: Place, chance: random.Random, stop: threading.Event, kills: Counter[str]) -> None:
    """Kill a worker again and again, or one of its processes; at the end it is there."""
    while not stop.wait(chance.expovariate(1 / WORKER)):
        kills["worker: by Celery"] += place.supervise()
        what = chance.choice(["child", "child", "first", "tree"])
        place.kill_worker(what, chance)
        kills[f"worker: {what}"] += 1
        if what != "child":
            stop.wait(chance.uniform(0, AWAY / 2))
            place.start_worker()


def kill_server(
    server: Node | Redis, mean: float, chance: random.Random, stop: threading.Event, kills: Counter[str]
) -> None:
    """Kill a server again and again; at the end it is there."""
    while not stop.wait(chance.expovariate(1 / mean)):
        server.kill()
        kills[type(server).__name__.lower()] += 1
        stop.wait(chance.uniform(0, AWAY))
        server.start()


def change_model(
    place: Place,
    models: Sequence[str],
    moments: Sequence[float],
    chance: random.Random,
    calm: threading.Event,
    figures: Counter[str],
) -> None:
    """Give an index one model after the other, each at a moment; the first try may be killed."""
    for model, moment in zip(models, moments, strict=True):
        calm.wait(max(0.0, moment - time.monotonic()))
        after = chance.choice([None, chance.uniform(0.5, 8)])
        for command in (["reindex", "--model", model], ["reindex", "--drop-old"]):
            end = math.inf
            while (told := _run(place, figures, *command, after=after)) is not None:
                after = None
                end = min(end, time.monotonic() + PATIENCE) if calm.is_set() else end
                assert time.monotonic() < end, f"{place.engine}: {told}"
        figures["changes of model"] += 1


def _run(place: Place, figures: Counter[str], *arguments: str, after: float | None) -> str | None:
    """Run a command, and kill it after so many seconds, if given; return what it said where it did not end well."""
    with place.simsearch.start(*arguments) as process:
        try:
            _, err = process.communicate(timeout=after or 3 * DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            _, err = process.communicate()
            assert after, f"{arguments} hangs: {err.decode()}"
            figures["kills of reindex"] += 1
    said = err.decode()
    assert "Traceback" not in said, said
    assert process.returncode in (0, 1, -signal.SIGKILL), said
    if process.returncode == 1:
        figures[f"refused: {reason(said)}"] += 1
    return said if process.returncode else None
