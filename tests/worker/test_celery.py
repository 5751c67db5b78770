"""Celery by our settings alone: JSON and nothing else, whatever other applications have set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simsearch.worker.celery import application

from .conftest import documents
from .site import Site, until

#: What another application may have in the same environment.
ANOTHERS = """
from pathlib import Path
Path({marker!r}).touch()
accept_content = result_accept_content = ["pickle"]
task_serializer = result_serializer = event_serializer = "pickle"
imports = include = ["anothers"]
worker_enable_remote_control = True
broker_url = result_backend = "redis://127.0.0.1:9/0"
"""
NAMES = [f"{what}_serializer" for what in ("task", "result", "event")] + ["accept_content", "result_accept_content"]
NAMES += ["imports", "include", "worker_enable_remote_control", "broker_url", "result_backend"]
OURS = [*["json"] * 3, ["json"], ["json"], (), ["simsearch.worker.tasks"], False, "redis://localhost:1/0", None]


@pytest.fixture
def anothers(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which another application has named its settings and itself wherever Celery looks."""
    (tmp_path / "anothers.py").write_text(ANOTHERS.format(marker=str(tmp_path / "marker")), "utf-8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    names = ("APP", "CONFIG_MODULE", "CELERY_CONFIG_MODULE", "CELERY_APP")
    return dict.fromkeys(names, "anothers") | {"CELERY_LOADER": "anothers:Loader", "PYTHONPATH": path}


def test_nothing_but_json_is_sent_and_read_by_producers() -> None:
    conf = application("redis://localhost:1/0", "文章").conf
    assert [conf[name] for name in NAMES if name != "include"] == [value for value in OURS if value != OURS[6]]


def test_nothing_but_json_is_read_by_workers_and_no_setting_of_others(anothers: dict[str, str], tmp_path: Path) -> None:
    code = f"from simsearch.worker.celery import app; print([app.conf[name] for name in {NAMES}])"
    ours = {"SIMSEARCH_BROKER": "redis://localhost:1/0", "SIMSEARCH_INDEX": "sqlite:///texts.db"}
    environment = {**os.environ, **anothers, **ours}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == (f"{OURS}\n", 0), done.stderr
    assert not (tmp_path / "marker").exists()


def test_the_worker_is_ours_whatever_application_the_environment_names(
    site: Site, anothers: dict[str, str], tmp_path: Path
) -> None:
    site.simsearch.environment |= anothers
    expected = documents(3)
    site.enqueue(expected)
    with site.simsearch.start("worker", "--processes", "1") as worker:
        until(site.finished, "the worker takes it")
        worker.terminate()
        assert worker.wait(30) == 0
    site.assert_each_once(expected)
    assert not (tmp_path / "marker").exists()
