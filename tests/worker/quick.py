"""The worker with time compressed and faults on request: `celery -A worker.quick worker`.

The settings come from the environment (QUICK_VISIBILITY=8); a text that holds a token does what it names.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from billiard.connection import Connection
from billiard.pool import Pool

from simsearch.indexer import indexing
from simsearch.worker import settings, tasks

for _name in ("VISIBILITY", "SWEEP", "SOFT_LIMIT", "HARD_LIMIT"):
    if _value := os.environ.get(f"QUICK_{_name}"):
        setattr(settings, _name, int(_value))
tasks.PAUSE = 0.2

from simsearch.worker.celery import app  # noqa: E402, F401

#: A text with one of these kills its process, never ends, never ends and hears no signal, fails, or takes a moment.
KILLS, HANGS, DEAF, FAILS, SLOW = "【致命】", "【停住】", "【失聪】", "【出错】", "【慢】"

#: While this file is there, the system does not tell that a process has ended.
UNTOLD = "untold"
_maintain_pool = Pool.maintain_pool


def _maintain_pool_if_told(pool: Any) -> None:
    if not Path(os.environ["QUICK_NOTES"]).with_name(UNTOLD).exists():
        _maintain_pool(pool)


Pool.maintain_pool = _maintain_pool_if_told
_send_bytes = Connection._send_bytes


def _send_or_die(pipe: Any, data: bytes) -> None:
    """End as it may happen where a result is so long that it is written in two pieces."""
    if len(data) > 16_384:
        os.kill(os.getpid(), signal.SIGKILL)
    _send_bytes(pipe, data)


Connection._send_bytes = _send_or_die
_enrich = indexing.enrich


def _enrich_or_fail(documents: list[Any], model: Any) -> Any:
    text = "".join(document.text for document in documents)
    if KILLS in text:
        os.kill(os.getpid(), signal.SIGKILL)
    if DEAF in text:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    if HANGS in text or DEAF in text:
        time.sleep(3_600)
    if FAILS in text:
        raise ZeroDivisionError("出错")
    if SLOW in text:
        Path(os.environ["QUICK_NOTES"]).joinpath(str(os.getpid())).touch()
        time.sleep(1)
    return _enrich(documents, model)


indexing.enrich = _enrich_or_fail
