"""A broker, an index, and workers that can be killed: what every test of the queue starts from."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli import forks
from cli.process import Simsearch
from servers import leash
from servers.redis import Redis

from simsearch.corpus import Document
from simsearch.indexer import open_index
from simsearch.indexer.engine import DeadLetter
from simsearch.worker import enqueue
from simsearch.worker.queue import Queue

TESTS = Path(__file__).parents[1]
#: Seconds in which what is expected happens, on a busy machine.
DEADLINE = 300
#: Time, compressed: what a killed worker had in hand comes back after so many seconds.
QUICK = {"QUICK_VISIBILITY": "8", "QUICK_SWEEP": "1", "QUICK_SOFT_LIMIT": "20", "QUICK_HARD_LIMIT": "25"}


#: Python that is a worker: a process group of its own, which says all in one place.
WORKER = f"""
import os, sys
os.setsid()
os.dup2(1, 2)
sys.path.append({str(TESTS)!r})
from celery.__main__ import main
main()
"""


class Worker:
    """A worker with its processes."""

    def __init__(self, folder: Path, processes: int, environment: dict[str, str], fresh: bool) -> None:
        """Start it, and wait until it is ready; where it is about its arguments, the process must be `fresh`."""
        self.processes = processes
        self.log = folder / f"worker-{time.monotonic_ns()}.log"
        how = ["-A", "worker.quick", "--quiet", "worker", "--concurrency", str(processes), "--loglevel", "INFO"]
        how += ["--without-gossip", "--without-mingle", "--without-heartbeat"]  # as `simsearch worker` is
        with open(self.log, "ab") as stream:
            start = Simsearch(folder, **environment).script
            self.process = start(WORKER, *how, fresh=fresh, stdout=stream, imported=forks.WORKERS)
        until(lambda: "ready" in self.said() or self.process.poll() is not None, "the worker is ready")
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        """Return what the worker has logged."""
        return self.log.read_text("utf-8")

    def children(self) -> list[int]:
        """Return the processes that do the work."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout
        return [int(pid) for pid in found.split()]

    def kill(self) -> None:
        """Kill the worker with all its processes."""
        with self.process:
            leash.kill(self.process)

    def kill_children(self) -> None:
        """Kill all processes that do the work now; the worker starts others, perhaps before this returns."""
        for pid in self.children():
            os.kill(pid, signal.SIGKILL)

    def kill_child(self, chance: random.Random) -> None:
        """Kill one of the processes that do the work: the worker may just be starting another."""
        until(lambda: len(self.children()) == self.processes, "all processes are there")
        os.kill(chance.choice(self.children()), signal.SIGKILL)

    def stop(self, seconds: float = 120) -> int:
        """Ask the worker to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


class Site:
    """One queue between a broker and an index, in a folder."""

    def __init__(self, redis: Redis, index: str, folder: Path) -> None:
        self.redis, self.index, self.folder = redis, index, folder
        self.queue = Queue(redis.url, index)
        self.workers: list[Worker] = []
        notes = folder / "notes"
        notes.mkdir()
        self.environment = {
            "SIMSEARCH_INDEX": index,
            "SIMSEARCH_BROKER": redis.url,
            "QUICK_NOTES": str(notes),
        }
        self.simsearch = Simsearch(folder, **self.environment)
        with open_index(index):
            pass

    def start(self, processes: int = 2, *, fresh: bool = False, **settings: str) -> Worker:
        """Start a worker."""
        worker = Worker(self.folder, processes, {**self.environment, **QUICK, **settings}, fresh)
        self.workers.append(worker)
        return worker

    def enqueue(self, documents: Iterable[Document | dict[str, Any]], seconds: float = 60) -> int:
        """Hand documents to the workers, as an application does."""
        return enqueue(documents, self.index, broker=self.redis.url, patience=seconds)

    def in_hand(self) -> bool:
        """Tell whether a worker has begun a message whose text says that it is slow."""
        return any((self.folder / "notes").iterdir())

    def finished(self) -> bool:
        """Tell whether nothing waits and nothing is in hand."""
        return self.queue.length() == 0

    def wait(self) -> None:
        """Wait until all is done."""
        until(self.finished, "the queue is empty")

    def documents(self) -> int:
        """Return how many documents the index holds."""
        with open_index(self.index) as index:
            index.engine.settle()
            return index.info().documents

    def lacks(self, expected: Iterable[Document]) -> list[str]:
        """Return the ids of those documents that the index does not hold, or holds in an older reading."""
        newest = {document.id: document.sequence for document in expected}
        with open_index(self.index) as index:
            found = index.engine.digests(list(newest))
        return [name for name, sequence in newest.items() if found.get(name, ("", 0))[1] < sequence]

    def letters(self) -> dict[str, DeadLetter]:
        """Return the dead letters by id."""
        with open_index(self.index) as index:
            return {letter.id: letter for letter in index.engine.dead_letters()}

    def assert_each_once(self, expected: list[Document]) -> None:
        """Check that all documents are stored, each once, and none is a dead letter."""
        assert self.lacks(expected) == []
        assert self.documents() == len({document.id for document in expected})
        assert self.letters() == {}

    def close(self) -> None:
        """Kill all workers, and say what they said: pytest shows it where a test fails."""
        for worker in self.workers:
            worker.kill()
            print(f"--- {worker.log.name}\n{worker.said()[-5_000:]}")


@contextmanager
def producing(site: Site) -> Iterator[list[Document]]:
    """Hand over documents until the block ends; what was handed over is in the list."""
    sent: list[Document] = []
    stop = threading.Event()

    def produce() -> None:
        while not stop.wait(0.05):
            some = [Document(f"文-{number}", "失眠的人不要喝咖啡。") for number in range(len(sent), len(sent) + 10)]
            site.enqueue(some)
            sent.extend(some)

    producer = threading.Thread(target=produce)
    producer.start()
    try:
        yield sent
        assert producer.is_alive()
    finally:
        stop.set()
        producer.join(DEADLINE)


def until(happened: Callable[[], bool], what: str, seconds: float = DEADLINE) -> None:
    """Wait until something happens."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"not in {seconds} s: {what}"
        time.sleep(0.05)
