"""Addresses as they are shown: whoever is named in them stays unnamed."""

from __future__ import annotations

import pytest

from simsearch.addresses import is_foreign, shown
from simsearch.indexer import open_index
from simsearch.indexer.errors import UrlUnknown
from simsearch.worker.broker import BrokerUnclear, address, connect
from simsearch.worker.queue import IndexUnclear, name_of

PASSWORDS = ["geheim", "ge/heim", "ge@heim", "ge:heim", "ge?heim", "ge#heim", "ge\nheim", "ge heim", "ge//heim"]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("scheme", ["redis://", "https://", "https:/", "HTTPS://", "postgres:///", "sqlite://"])
def test_an_address_is_shown_without_user_and_password(scheme: str, password: str) -> None:
    assert shown(f"{scheme}elastic:{password}@host:1/name") == f"{scheme}host:1/name"
    assert "heim" not in shown(f"Error 111 connecting to {scheme}:{password}@host:1/0.")


@pytest.mark.parametrize("url", ["https://host:9200/name", "redis://host:6379/0", "/a/b@c.db", "sqlite:///a/b.db"])
def test_an_address_without_them_is_shown_as_it_is(url: str) -> None:
    assert shown(url) == url


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("scheme", ["HTTPS://", "https:/", "postgres://", "sqlite://"])
@pytest.mark.parametrize(("ask", "refusal"), [(open_index, UrlUnknown), (name_of, IndexUnclear)])
def test_an_address_of_no_engine_is_refused_without_its_password(password, scheme, ask, refusal) -> None:
    with pytest.raises(refusal) as told:
        ask(f"{scheme}elastic:{password}@host/name")
    assert "heim" not in f"{told.value} {told.value!r} {told.value.data}"


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("rest", ["host:port/0", "host:6379/0?db=1"])
def test_an_address_that_is_none_of_redis_is_refused_without_its_password(password: str, rest: str) -> None:
    with pytest.raises(BrokerUnclear) as told:
        connect(address(f"redis://:{password}@{rest}"))
    assert "heim" not in f"{told.value} {told.value!r} {told.value.data}"


@pytest.mark.parametrize("path", ["texts.db", "/a:/b", "C:/texts.db", "./https:/host", "sqlite:///https:/host"])
def test_a_path_is_no_address_of_a_server(path: str) -> None:
    assert not is_foreign(path)
