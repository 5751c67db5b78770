"""What all tests share: a clean environment, a model store of their own, the base model, the random seed."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

pytest_plugins = ["servers.fixtures"]

for _name in [name for name in os.environ if name.startswith("SIMSEARCH_")]:
    if not _name.startswith("SIMSEARCH_TEST_"):
        del os.environ[_name]

# A shell that runs this in the background has Ctrl-C ignored, and every process started here would too.
signal.signal(signal.SIGINT, signal.default_int_handler)

from simsearch.model import Model  # noqa: E402

#: SEED=... repeats a run: the seed of `random`, of numpy generators and of hypothesis.
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))

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


def pytest_report_header() -> str:
    return f"seed: {SEED} (repeat with SEED={SEED})"


@pytest.fixture(scope="session", autouse=True)
def model_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Point SIMSEARCH_MODELS to a folder of this session: the base model is verified and copied once."""
    folder = tmp_path_factory.mktemp("models")
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
