"""The engines under contract: one more engine is one more entry of ENGINES."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Callable, Iterator
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from tiny import tiny

from simsearch.indexer import Index, open_index
from simsearch.model import Model

#: The engines; what each needs is made by `new_url`.
ENGINES = ("sqlite", "elasticsearch")


@pytest.fixture(scope="session", params=ENGINES)
def new_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Return a function that gives addresses without an index, of one engine after the other."""
    numbers = itertools.count()
    if request.param == "elasticsearch":
        server = request.getfixturevalue("elasticsearch").url
        run = secrets.token_hex(4)
        return lambda: f"{server}/contract-{run}-{next(numbers)}"
    folder = tmp_path_factory.mktemp("indexes")
    return lambda: f"sqlite:///{folder}/index-{next(numbers)}.db"


@pytest.fixture
def url(new_url: Callable[[], str]) -> Iterator[str]:
    """Return an address at which there is no index yet."""
    address = new_url()
    yield address
    drop(address)


def drop(url: str) -> None:
    """Delete an index from its server, which does not take thousands of them."""
    if url.startswith("http"):
        server, _, name = url.rpartition("/")
        with urlopen(f"{server}/_cat/indices/{quote(name)}-*?format=json") as answer:
            names = [row["index"] for row in json.load(answer)]
        if names:
            urlopen(Request(f"{server}/{quote(','.join(names))}", method="DELETE")).close()


@pytest.fixture
def index(url: str, model: Model) -> Iterator[Index]:
    """Return an empty index."""
    with open_index(url, model=model) as opened:
        yield opened


@pytest.fixture(scope="session")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a model that is not the base model."""
    return tiny(tmp_path_factory.mktemp("other") / "model", 0, 8)
