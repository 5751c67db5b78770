"""A site for each test, on either engine."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contract.conftest import ENGINES, drop
from servers.redis import Redis

from simsearch.corpus import Document

from .site import Site


@pytest.fixture(params=ENGINES)
def any_site(request: pytest.FixtureRequest, own_redis: Callable[..., Redis], tmp_path: Path) -> Iterator[Site]:
    """Return a site of one engine after the other."""
    address = f"sqlite:///{tmp_path}/文章 {{7}}.db"
    if request.param == "elasticsearch":
        address = f"{request.getfixturevalue('elasticsearch').url}/文章-{secrets.token_hex(4)}"
    made = Site(own_redis(), address, tmp_path)
    yield made
    made.close()
    drop(address)


@pytest.fixture
def site(own_redis: Callable[..., Redis], tmp_path: Path) -> Iterator[Site]:
    """Return a site whose index is a file: for what does not depend on the engine."""
    made = Site(own_redis(), f"sqlite:///{tmp_path}/index.db", tmp_path)
    yield made
    made.close()


WORDS = ["失眠", "绿茶", "感冒", "近视", "长城", "停水", "地铁", "樱花", "银行", "存款", "医生", "学校", "老师", "孩子"]


def documents(count: int, token: str = "", first: int = 0) -> list[Document]:
    """Return documents of some words each, and a token for the worker."""
    choose = random.Random(first)
    return [
        Document(f"文-{number}", "，".join(choose.choices(WORDS, k=30)) + token)
        for number in range(first, first + count)
    ]
