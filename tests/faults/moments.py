"""Finding the moment: waiting for progress, killing at it, and looking at what is left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from cli.process import DEADLINE, Simsearch

#: Seconds within which the helpers of a killed process must have ended too.
GRACE = 60


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> bool:
    """Poll until something happened, or the process has ended; tell whether it happened."""
    limit = time.monotonic() + DEADLINE
    while time.monotonic() < limit:
        if happened():
            return True
        if process is not None and process.poll() is not None:
            return happened()
        time.sleep(0.005)  # oftener would take the time of those that are waited for
    raise TimeoutError(f"nothing happened in {DEADLINE} s")


def size_of(path: Path) -> int:
    """Return the bytes of a file, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def lines_of(path: Path, start: int = 0) -> int:
    """Count the lines of a file behind its first `start` bytes, 0 where there is none."""
    if not path.exists():
        return 0
    with open(path, "rb") as stream:
        stream.seek(start)
        return stream.read().count(b"\n")


def acknowledged(ledger: Path) -> set[str]:
    """Return the ids in a ledger; a line cut short acknowledges nothing."""
    ids = set()
    for line in ledger.read_text("utf-8").split("\n"):
        try:
            ids.add(json.loads(line)["id"])
        except ValueError:
            continue
    return ids


def end(process: subprocess.Popen[bytes], how: signal.Signals, after: float = 0.0) -> tuple[int, str, str]:
    """Send a signal to a process, a moment later, and to it alone; return exit code, stdout and stderr.

    Fails where processes that it had started outlive it.
    """
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    helpers = children(process.pid)
    process.send_signal(how)
    process.wait(DEADLINE)
    limit = time.monotonic() + GRACE
    while (orphans := [helper for helper in helpers if is_running(helper)]) and time.monotonic() < limit:
        time.sleep(0.01)
    for orphan in orphans:
        os.kill(orphan, signal.SIGKILL)
    out, err = process.communicate(timeout=DEADLINE)
    assert not orphans, f"{len(orphans)} processes outlived the one that had started them"
    return process.returncode, out.decode(), err.decode()


def assert_each_once(simsearch: Simsearch, expected: int) -> None:
    """Check that an index is sound and holds so many documents, each once, and says so."""
    status = simsearch.ok("status").row
    assert status["documents"] == sum(status["states"].values()) == expected
    connection = sqlite3.connect(simsearch.index)
    try:
        ((count, different),) = connection.execute("SELECT count(*), count(DISTINCT id) FROM documents").fetchall()
        ((passages, owners),) = connection.execute(
            "SELECT count(*), count(DISTINCT document) FROM passages JOIN documents ON document = documents.number"
        ).fetchall()
    finally:
        connection.close()
    assert count == different == owners == expected
    assert passages == status["passages"]
    assert all(row["ok"] for row in simsearch.ok("doctor").rows)


def children(process: int) -> list[int]:
    """Return the processes that a process has started; none where the system does not tell."""
    found = [process]
    for parent in found:
        for listing in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, listing.read_text().split())
            except OSError:  # it has just ended
                continue
    return found[1:]


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
