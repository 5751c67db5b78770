"""Documents by the thousand, and an index of one engine after the other."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cli.process import Simsearch, write_lines
from servers.find import Server

from simsearch.corpus import Document
from simsearch.indexer import open_index
from simsearch.model import Model

from .server import Remote

#: Documents of `many`: a dozen batches and more, so that a kill at a random mark hits a run at work.
MANY = 8_000
WORDS = ["失眠", "绿茶", "感冒", "近视", "长城", "停水", "地铁", "樱花", "银行", "存款", "医生", "学校", "老师", "孩子"]
OLD, NEW, NEWEST = "失眠的人不喝浓茶。", "银行的存款很安全。", "长城修筑得很完整。"


@pytest.fixture
def simsearch(tmp_path: Path) -> Simsearch:
    """Run commands in a folder of this test, in small batches; no index is there yet."""
    return Simsearch(tmp_path, SIMSEARCH_MAX_BATCH_DOCUMENTS="500")


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


class Place(NamedTuple):
    """An index of one of the engines."""

    url: str
    commands: Simsearch

    def text(self, name: str = "甲.txt") -> str | None:
        """Return the text that is stored."""
        with open_index(self.url, create=False) as index:
            found = index.engine.fetch([name])
        return found[name].text if found else None

    def add(self, text: str, sequence: int, name: str = "甲.txt") -> dict[str, int]:
        """Store a reading."""
        with open_index(self.url, create=False) as index:
            return dict(index.add([Document(name, text, sequence=sequence)]))


@pytest.fixture(params=["sqlite", "elasticsearch"])
def place(request: pytest.FixtureRequest, tmp_path: Path, model: Model) -> Iterator[Place]:
    """Return an empty index, of one engine after the other."""
    remote = Remote(request.getfixturevalue("elasticsearch").url) if request.param == "elasticsearch" else None
    commands = remote.commands(tmp_path) if remote else Simsearch(tmp_path)
    url = commands.environment["SIMSEARCH_INDEX"]
    open_index(url, model=model).close()
    yield Place(url, commands)
    if remote:
        remote.drop()


def write(place: Place, text: str, age: float) -> Path:
    """Write a file that looks as if it were so many seconds old."""
    path = place.commands.folder / "甲.txt"
    path.write_text(text, "utf-8")
    changed = time.time() - age
    os.utime(path, (changed, changed))
    return path
