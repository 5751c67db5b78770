"""Credentials and certificates: from the environment, without contradictions, never shown."""

from __future__ import annotations

import copy
import pickle
import re
import shutil

import certifi
import pytest

from simsearch.indexer.elasticsearch.access import SECRETS, VARIABLES, Access, AccessUnclear

SHA = "ab" * 32
BASIC = {"authorization": "Basic dTpw"}  # of u:p


@pytest.fixture
def environment(monkeypatch):
    """Set SIMSEARCH_ELASTICSEARCH_*, and only what is asked for."""

    def let(**values: str) -> None:
        for name, variable in VARIABLES.items():
            monkeypatch.delenv(variable, raising=False)
            if name in values:
                monkeypatch.setenv(variable, values[name])

    return let


def test_the_variables_are_named_after_what_they_hold():
    assert VARIABLES == {
        "api_key": "SIMSEARCH_ELASTICSEARCH_API_KEY",
        "user": "SIMSEARCH_ELASTICSEARCH_USER",
        "password": "SIMSEARCH_ELASTICSEARCH_PASSWORD",
        "ca": "SIMSEARCH_ELASTICSEARCH_CA",
        "fingerprint": "SIMSEARCH_ELASTICSEARCH_FINGERPRINT",
    }


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"api_key": "key"},
        {"user": "elastic", "password": "geheim"},
        {"fingerprint": SHA},
        {"api_key": "key", "fingerprint": SHA},
    ],
    ids=lambda values: "+".join(values) or "nothing",
)
def test_what_the_environment_says_is_read(environment, values):
    environment(**values)
    assert Access.from_environment() == Access(**values)


def test_a_variable_that_is_empty_counts_as_not_set(environment):
    environment(api_key="key", user="", password="", ca="", fingerprint="")
    assert Access.from_environment() == Access(api_key="key")


def test_the_file_of_the_authority_is_read_where_it_is(environment, tmp_path):
    authority = tmp_path / "证书 1.pem"
    shutil.copy(certifi.where(), authority)
    environment(ca=str(authority))
    assert Access.from_environment() == Access(ca=str(authority))
    authority.write_text("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(AccessUnclear, match="holds no certificate"):
        Access.from_environment()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"api_key": "geheim", "user": "elastic", "password": "geheim"}, "both an API key and a user"),
        ({"api_key": "geheim", "user": "elastic"}, "both an API key and a user"),
        ({"user": "elastic"}, "a user without a password"),
        ({"password": "geheim"}, "a password without a user"),
        ({"api_key": "geheim", "password": "geheim"}, "a password without a user"),
        ({"api_key": "geheim\n"}, "the end of a line"),
        ({"api_key": "geheim\r\nX-Forwarded-User: elastic"}, "the end of a line"),
        ({"api_key": "geheim geheim"}, "a space"),
        ({"api_key": "geheim密钥"}, "a letter that no key has"),
        ({"ca": "/no/such/file.pem"}, "no file /no/such/file.pem"),
        ({"ca": "/"}, "no file /"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else None,
)
def test_what_does_not_go_together_is_said_in_a_sentence(environment, values, reason):
    environment(**values)
    with pytest.raises(AccessUnclear) as told:
        Access.from_environment()
    assert reason in str(told.value)
    assert str(told.value).startswith("The settings for Elasticsearch")
    assert str(told.value).endswith(".")
    assert "geheim" not in f"{told.value} {told.value!r}"
    for arrived in (copy.copy(told.value), pickle.loads(pickle.dumps(told.value))):
        assert (str(arrived), arrived.data) == (str(told.value), told.value.data)


def test_no_secret_is_shown():
    assert SECRETS == ("api_key", "password")
    access = Access(**{name: f"geheim-{name}" if name in SECRETS else name for name in Access._fields})
    for shown in (repr(access), str(access), f"{access}", f"{[access]}", "{!r}".format({"who": access})):
        assert "geheim" not in shown
        assert "user" in shown


@pytest.mark.parametrize("who", [("u\r\nX-Evil: 1", "p"), ("u", "p\n"), ("用户", "密\r\n码")], ids=ascii)
def test_no_name_and_no_password_begins_a_header_of_its_own(who):
    options = Access(user=who[0], password=who[1]).options(tls=True)
    assert list(options) == ["headers"]
    assert re.fullmatch("Basic [A-Za-z0-9+/]+=*", options["headers"]["authorization"])


@pytest.mark.parametrize(
    ("access", "with_tls", "without"),
    [
        (Access(), {}, {}),
        (Access(api_key="key"), {"api_key": "key"}, {"api_key": "key"}),
        (Access(user="u", password="p"), {"headers": BASIC}, {"headers": BASIC}),
        (Access(ca="ca.pem"), {"ca_certs": "ca.pem"}, {}),
        (Access(fingerprint=SHA), {"ssl_assert_fingerprint": SHA}, {}),
        (
            Access("key", "", "", "ca.pem", SHA),
            {"api_key": "key", "ca_certs": "ca.pem", "ssl_assert_fingerprint": SHA},
            {"api_key": "key"},
        ),
    ],
    ids=["nothing", "key", "user", "authority", "fingerprint", "all"],
)
def test_the_client_is_told_of_certificates_only_where_there_are_some(access, with_tls, without):
    assert access.options(tls=True) == with_tls
    assert access.options(tls=False) == without
