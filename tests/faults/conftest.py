"""Documents by the thousand, and the seed of the random moments."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.process import Simsearch, write_lines
from servers.find import Server

from .server import Remote

#: Documents of `many`: a dozen batches and more, so that a kill at a random mark hits a run at work.
MANY = 16_000
WORDS = ["失眠", "绿茶", "感冒", "近视", "长城", "停水", "地铁", "樱花", "银行", "存款", "医生", "学校", "老师", "孩子"]


@pytest.fixture
def simsearch(tmp_path: Path) -> Simsearch:
    """Run commands in a folder of this test; no index is there yet."""
    return Simsearch(tmp_path)


@pytest.fixture
def index(elasticsearch: Server) -> Iterator[Remote]:
    """Return the name of an index that is not there yet, on the server that all tests share."""
    remote = Remote(elasticsearch.url)
    yield remote
    remote.drop()


def documents(count: int, first: int = 0, edition: int = 0, words: int = 30) -> Iterator[dict[str, str]]:
    """Yield documents with ids of their own; another edition has other texts."""
    choose = random.Random(edition)
    for number in range(first, first + count):
        text = "，".join(choose.choices(WORDS, k=words))
        yield {"id": f"文-{number}", "text": f"{text}。第{edition}版。"}


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of MANY documents: seconds of work."""
    return write_lines(tmp_path_factory.mktemp("many") / "多.jsonl", documents(MANY, words=100))


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of ten documents."""
    return write_lines(tmp_path_factory.mktemp("few") / "少.jsonl", documents(10))
