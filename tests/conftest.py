"""What all tests share: a clean environment, a model store of their own, the base model, the random seed."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

pytest_plugins = ["servers.shared", "servers.fixtures"]

for _name in [name for name in os.environ if name.startswith("SIMSEARCH_")]:
    if not _name.startswith("SIMSEARCH_TEST_"):
        del os.environ[_name]

# Where it may not be kept, every process compiles the package anew: a third of what a command takes. The workers of
# pytest-xdist, which collect all tests, can share what the first of them has compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# pytest-xdist tells its workers the size of the terminal, which is none of the commands that tests start.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)

# A shell that runs this in the background has Ctrl-C ignored, and every process started here would too.
signal.signal(signal.SIGINT, signal.default_int_handler)

from simsearch.model import Model  # noqa: E402

#: SEED=... repeats a run: the seed of `random`, of numpy generators and of hypothesis; workers are given it, too.
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
os.environ["SEED"] = str(SEED)

hypothesis.settings.register_profile(
    "simsearch",
    deadline=None,
    max_examples=50,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("simsearch")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = SEED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the small tests come last: they fill the processors to the end while the long files are finished."""
    items.sort(key=lambda item: item.path.parent.name in ("cli", "unit"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"seed: {SEED} (repeat with SEED={SEED})")


@pytest.fixture(scope="session", autouse=True)
def model_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Point SIMSEARCH_MODELS to a folder of this run: the base model is verified and copied once."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # a worker's folder is in that of the run
        folder = folder.parent
    folder /= "models"
    folder.mkdir(exist_ok=True)
    os.environ["SIMSEARCH_MODELS"] = str(folder)
    yield folder
    del os.environ["SIMSEARCH_MODELS"]


@pytest.fixture(scope="session")
def model(model_store: Path) -> Model:
    """Return the base model of the package."""
    return Model.load()


@pytest.fixture(scope="session")
def seed() -> int:
    """Return the seed of this run, for numpy generators."""
    return SEED


@pytest.fixture
def chance(seed: int) -> random.Random:
    """Return the source of random moments; SEED=... repeats them."""
    print(f"seed: {seed}")
    return random.Random(seed)
