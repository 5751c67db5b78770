"""An index under soak: its address, the commands that run on it, its queue and its worker."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from cli.process import Simsearch
from faults.moments import children, is_running
from servers import leash
from worker.site import until

from simsearch.worker.queue import Queue

#: Time, compressed: what a killed worker had in hand comes back after 20 s. All else is `simsearch worker`.
WORKER = """
from simsearch.worker import settings
settings.VISIBILITY, settings.SWEEP, settings.SOFT_LIMIT, settings.HARD_LIMIT, settings.PATIENCE = 20, 1, 12, 16, 8
from simsearch.cli import run
run()
"""
PROCESSES = 2
#: What Celery says when it ends by itself.
ENDED = "Could not start worker processes"
#: Seconds in which the processes of a worker end whose first one was killed: as long as a task may take, and some.
ORPHANED = 30


class Place:
    """An index of one engine."""

    def __init__(self, engine: str, url: str, broker: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.engine, self.url, self.broker, self.folder = engine, url, broker, folder
        self.simsearch = Simsearch(folder, SIMSEARCH_INDEX=url, SIMSEARCH_BROKER=broker)
        self.queue = Queue(broker, url)
        self.log = folder / "worker.log"
        self._worker: subprocess.Popen[bytes] | None = None

    def start_worker(self) -> None:
        """Start a worker; it may find Redis and the index away."""
        command = [sys.executable, "-c", WORKER, "worker", "--processes", str(PROCESSES)]
        self._worker = leash.start(command, self.log, self.simsearch.environment)

    def supervise(self) -> bool:
        """Start the worker again if it has ended by itself, as whoever runs one has it done; tell whether it had.

        Celery ends where a process is killed before the worker has begun, and for no other reason.
        """
        assert self._worker
        if self._worker.poll() is None:
            return False
        said = self.log.read_text("utf-8")[-2_000:]
        assert ENDED in said, said
        self.start_worker()
        return True

    def kill_worker(self, what: str, chance: random.Random) -> None:
        """Kill one process of the worker that does the work, or the first one, or all of them."""
        assert self._worker
        processes = children(self._worker.pid)
        if what == "tree":
            leash.kill(self._worker)
        elif what == "first":
            os.kill(self._worker.pid, signal.SIGKILL)
            self._worker.wait()
            until(lambda: not any(map(is_running, processes)), "a worker's processes end with it", ORPHANED)
        elif processes:  # else it has just been started
            os.kill(chance.choice(processes), signal.SIGKILL)

    def stop_worker(self) -> int:
        """Ask the worker to end, and return its exit code."""
        assert self._worker
        self._worker.send_signal(signal.SIGTERM)
        return self._worker.wait(60)

    def close(self) -> None:
        """Kill what is left of the worker."""
        if self._worker:
            leash.kill(self._worker)
