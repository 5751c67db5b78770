"""A producer: stores, queues and deletes documents of its own, one command after the other, and is killed at times."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.process import DEADLINE, Done

from simsearch.errors import SimsearchError
from simsearch.worker import enqueue, enqueue_delete

from .place import Place
from .readings import Readings

#: What a producer does, and how often beside the others.
KINDS = {"index": 4, "index --queue": 3, "enqueue": 2, "delete": 1, "enqueue_delete": 1}
#: Documents of a command, and the share of them that are new.
MOST, NEW = 200, 0.3
#: Share of the commands that are killed, and the seconds after which they are.
KILLED, AFTER = 0.1, 1.5
#: Seconds that a file looks older whose text is restored.
OLD = 3_000
#: Seconds for which the last readings are tried again until they are acknowledged.
PATIENCE = 180


class Producer:
    """Works until it is told to stop, and then until each reading was acknowledged."""

    def __init__(self, place: Place, number: int, words: Sequence[str], chance: random.Random) -> None:
        self.place, self.number = place, number
        self.readings = Readings(words, chance)
        self.ledger = place.folder / f"ledger-{number}.jsonl"
        self.kills = 0
        self.commands: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._chance = chance
        self._files = place.folder / f"files-{number}"
        self._files.mkdir()

    def work(self, stop: threading.Event) -> None:
        """Do what chance says."""
        while not stop.is_set():
            self._do(self._chance.choices(list(KINDS), list(KINDS.values()))[0], self._some())
        end = time.monotonic() + PATIENCE
        while unsure := self.readings.unsure():
            assert time.monotonic() < end, f"not acknowledged: {unsure[:10]}"
            self._do("index", unsure[:MOST])

    def _some(self) -> list[str]:
        """Return ids for a command: of documents that there are, and of new ones."""
        known = self.readings.names()
        count = self._chance.randint(1, MOST)
        new = count if len(known) < MOST else round(count * NEW)
        names = [f"{self.number}-{len(known) + place}.txt" for place in range(new)]
        return names + self._chance.sample(known, count - new)

    def _do(self, kind: str, names: list[str]) -> None:
        delete = "delete" in kind
        readings = {name: None if delete else self.readings.text(name) for name in names}
        self.readings.begin(readings)
        self.commands[kind] += 1
        if kind.startswith("index"):
            self._index(readings, queue="--queue" in kind)
        elif kind == "delete":
            done = self._run("delete", *names)
            rows = done.rows if done.code in (0, 3) else []
            assert not rows or {row["id"] for row in rows} == set(names), done
            assert not any(row["status"] == "older" for row in rows), "a delete is the newest reading"
            self.readings.acknowledge([row["id"] for row in rows])
        else:
            self._hand_over(readings)

    def _index(self, readings: Mapping[str, str | None], queue: bool) -> None:
        files = [self._write(name, text or "") for name, text in readings.items()]
        start = _whole(self.ledger)
        done = self._run("index", *files, *(["--queue"] if queue else ["--ledger", self.ledger]))
        if queue:
            self.readings.acknowledge(list(readings) if done.code == 0 else [])
            return
        noted = self.ledger.read_bytes()[start : _whole(self.ledger)] if self.ledger.exists() else b""
        acknowledged = {json.loads(line)["id"] for line in noted.splitlines()}
        assert done.code != 0 or acknowledged == set(readings), f"{done.out} {done.err} {acknowledged ^ set(readings)}"
        self.readings.acknowledge(acknowledged)

    def _hand_over(self, readings: Mapping[str, str | None]) -> None:
        """Do as an application does."""
        try:
            if None in readings.values():
                enqueue_delete(readings, self.place.url, broker=self.place.broker)
            else:
                documents = [{"id": name, "text": text} for name, text in readings.items()]
                enqueue(documents, self.place.url, broker=self.place.broker)
        except SimsearchError as error:
            self.refused[type(error).__name__] += 1
            return
        self.readings.acknowledge(list(readings))

    def _write(self, name: str, text: str) -> Path:
        """Write a file; restored ones look old."""
        path = self._files / name
        path.write_text(text, "utf-8")
        changed = time.time() - self._chance.choice([0, OLD])
        os.utime(path, (changed, changed))
        return path

    def _run(self, *arguments: str | Path) -> Done:
        """Run a command, and perhaps kill it; it may be refused, and never fails otherwise."""
        killed = self._chance.random() < KILLED
        after = self._chance.uniform(0, AFTER)
        with self.place.simsearch.start(*arguments) as process:
            try:
                out, err = process.communicate(timeout=after if killed else 3 * DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
                assert killed, f"{arguments} hangs: {err.decode()}"
                self.kills += 1
        done = Done(process.returncode, out.decode(), err.decode())
        assert "Traceback" not in done.err, done.err
        if done.code > 0 and not (done.code == 3 and arguments[0] == "delete"):  # where some were not there
            self.refused[reason(done.err)] += 1
        return done


def reason(said: str) -> str:
    """Return what a command said last, without what differs from one time to the next."""
    last = said.strip().rpartition("\n")[2]
    return re.sub(r"\(.*\)|\S*/\S*|[0-9a-f]{16}", "…", last)[:100]


def _whole(ledger: Path) -> int:
    """Return the length of a ledger without a last line that was cut short."""
    return ledger.read_bytes().rfind(b"\n") + 1 if ledger.exists() else 0
