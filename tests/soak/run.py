"""One soak: producers, workers, both engines and both models at once, while chance kills whom it meets."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from servers.node import Node
from servers.redis import Redis
from tiny import tiny
from worker.site import until

from simsearch.indexer import open_index
from simsearch.model import Model

from . import faults
from .check import check
from .place import Place
from .producer import Producer

#: Producers of each index, and words of their texts, which both models know.
PRODUCERS, WORDS = 2, 300
#: Minutes in which an index gets another model once.
CHANGE = 4
#: Seconds in which a queue is emptied once nobody is killed any more, and times that dead letters are tried again.
DRAINED, RETRIES = 600, 5
#: Figures that are 0, or lists that are empty, where all is well.
FAULTS = ("lost", "came_back", "wrong_text", "duplicated", "wrong_passages", "wrong_vectors", "wrong_postings")
FAULTS += ("dead_letters_left", "doctor")


def soak(minutes: float, seed: int, folder: Path, redis: Redis, node: Node) -> dict[str, Any]:
    """Do it for so many minutes, wait for quiet, look at everything, and return the figures of each engine.

    `folder` is a new one, and both servers are empty. Raises `AssertionError` where a process fails, hangs, or says
    what is not so.
    """
    chance = random.Random(seed)
    base = Model.load()
    words = [word for word in base.words if len(word) == 2][:WORDS]
    models = [base, tiny(folder / "other", seed % 1_000, base.dimensions, words)]
    urls = {"sqlite": f"sqlite:///{folder}/index.db", "elasticsearch": f"{node.url}/soak"}
    with ExitStack() as stack:
        places = [Place(engine, url, redis.url, folder / engine) for engine, url in urls.items()]
        producers = []
        for place in places:
            stack.callback(place.close)
            open_index(place.url, model=base).close()
            place.start_worker()
            producers += [Producer(place, number, words, _apart(chance)) for number in range(PRODUCERS)]
        figures = {"seed": seed, "minutes": minutes}
        figures |= _shake(60 * minutes, chance, producers, [str(model.path) for model in models], redis, node)
        for place in places:
            mine = [producer for producer in producers if producer.place is place]
            figures[place.engine] = _written(mine) | _settle(place) | _look(place, mine)
        return figures


def wrong(figures: Mapping[str, Any]) -> list[str]:
    """Return what is wrong, by engine."""
    engines = ("sqlite", "elasticsearch")
    return [
        f"{engine}: {name} {figures[engine][name]}" for engine in engines for name in FAULTS if figures[engine][name]
    ]


def _shake(
    seconds: float, chance: random.Random, producers: list[Producer], models: list[str], redis: Redis, node: Node
) -> dict[str, Any]:
    """Let everybody work and everything be killed, until producers have been told that all they wrote is stored."""
    stop, calm = threading.Event(), threading.Event()
    kills, changes = Counter[str](), Counter[str]()
    places = list({producer.place.engine: producer.place for producer in producers}.values())
    with ThreadPoolExecutor(len(producers) + 2 * len(places) + 2) as pool:
        running = [pool.submit(producer.work, stop) for producer in producers]
        for place in places:
            running.append(pool.submit(faults.kill_workers, place, _apart(chance), calm, kills))
            moments = _moments(seconds, chance)
            turns = [models[(number + 1) % 2] for number in range(len(moments))]
            running.append(pool.submit(faults.change_model, place, turns, moments, _apart(chance), calm, changes))
        for server, mean in ((redis, faults.REDIS), (node, faults.NODE)):
            running.append(pool.submit(faults.kill_server, server, mean, _apart(chance), calm, kills))
        wait(running, seconds, FIRST_EXCEPTION)
        calm.set()
        stop.set()
        for each in running:
            each.result()
    kills["producer"] = sum(producer.kills for producer in producers)
    return {"kills": dict(sorted(kills.items())), "changes": dict(sorted(changes.items()))}


def _moments(seconds: float, chance: random.Random) -> list[float]:
    """Return when an index gets another model."""
    now, count = time.monotonic(), max(1, int(seconds / 60 / CHANGE))
    part = seconds / count
    return [now + part * (number + chance.uniform(0.2, 0.7)) for number in range(count)]


def _apart(chance: random.Random) -> random.Random:
    """Return a source of chance for one thread: what it does depends on the seed alone, and not on the others."""
    return random.Random(chance.getrandbits(64))


def _written(producers: list[Producer]) -> dict[str, Any]:
    return {
        "acknowledged": sum(producer.readings.acknowledged for producer in producers),
        "commands": dict(sum((producer.commands for producer in producers), Counter())),
        "refused": dict(sum((producer.refused for producer in producers), Counter())),
    }


def _settle(place: Place) -> dict[str, Any]:
    """Wait until the queue is empty, and try dead letters again; then end the worker."""
    retried = 0
    for _ in range(RETRIES):
        until(
            lambda: not place.supervise() and place.queue.length() == 0,
            f"the queue of {place.engine} is empty",
            DRAINED,
        )
        left = _letters(place)
        if not left:
            break
        retried += left
        place.simsearch("retry")
    code = place.stop_worker()
    assert code == 0, f"the worker of {place.engine} ends with {code}"
    return {"dead_letters_retried": retried, "dead_letters_left": _letters(place)}


def _letters(place: Place) -> int:
    with open_index(place.url, create=False) as index:
        index.engine.settle()
        return len(index.engine.dead_letters())


def _look(place: Place, producers: list[Producer]) -> dict[str, Any]:
    expected = {name: text for producer in producers for name, text in producer.readings.expected().items()}
    ill = []
    for producer in producers:
        if producer.ledger.exists():
            rows = place.simsearch("doctor", "--verify", producer.ledger).rows
            ill += [f"{row['check']}: {row['what']}" for row in rows if not row["ok"]]
    return check(place, expected) | {"doctor": sorted(set(ill))}
