"""Where an index on a server is: what an address says, what is refused, and that no password is ever shown."""

from __future__ import annotations

import copy
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch.address import LONGEST_NAME, Address, NameRefused, SecretInAddress, parse
from simsearch.indexer.errors import UrlUnknown

MODELS = ("0123456789abcdef", "fedcba9876543210")


@pytest.mark.parametrize(
    ("url", "server", "name"),
    [
        ("http://localhost/notes", "http://localhost:9200", "notes"),
        ("https://localhost/notes", "https://localhost:9200", "notes"),
        ("https://es.example.org:443/notes", "https://es.example.org:443", "notes"),
        ("https://es.example.org:9200/notes/", "https://es.example.org:9200", "notes"),
        ("https://es.example.org/search/es/notes", "https://es.example.org:9200/search/es", "notes"),
        ("https://es.example.org/search/notes/", "https://es.example.org:9200/search", "notes"),
        ("HTTPS://ES.Example.Org/notes", "https://es.example.org:9200", "notes"),
        ("http://127.0.0.1:9201/a-b_c.d+e", "http://127.0.0.1:9201", "a-b_c.d+e"),
        ("http://[::1]/notes", "http://[::1]:9200", "notes"),
        ("https://[2001:db8::7]:9243/es/notes", "https://[2001:db8::7]:9243/es", "notes"),
        ("https://es/笔记", "https://es:9200", "笔记"),
        ("https://es/2024", "https://es:9200", "2024"),
    ],
)
def test_an_address_is_read(url, server, name):
    assert parse(url) == Address(server, name)


#: Elasticsearch's rules: small letters, not these characters, and not these at the beginning.
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Lu", "Lt"], exclude_characters='\\/*?"<>| ,#:@'),
    min_size=1,
    max_size=60,
).filter(lambda name: name == name.lower() and name[0] not in "-_+." and len(name.encode()) <= LONGEST_NAME)


@given(names, st.sampled_from(["http://es", "https://es:1", "https://[::1]/proxy"]))
def test_an_address_as_it_is_shown_leads_to_the_same_index(name, server):
    address = parse(f"{server}/{name}")
    assert address.name == name
    assert parse(address.url) == address


@pytest.mark.parametrize(
    "name",
    [
        "Notes",
        "noteS",
        "Ä",
        "my notes",
        " notes",
        *(f"a{character}b" for character in '\\*"<>|,:\x1f'),
        "-notes",
        "_notes",
        "+notes",
        ".notes",
        ".",
        "..",
        "_all",
        "a" * (LONGEST_NAME + 1),
        "字" * 67,
    ],
    ids=ascii,
)
def test_a_name_that_elasticsearch_does_not_allow_is_refused_and_shown(name):
    with pytest.raises(NameRefused) as told:
        parse(f"https://es:9200/{name}")
    assert told.value.name == name
    assert name in str(told.value)


@pytest.mark.parametrize("name", ["a" * LONGEST_NAME, "字" * 66])
def test_the_longest_name_leaves_room_for_those_that_are_derived(name):
    address = parse(f"https://es/{name}")
    derived = [address.readings, address.dead_letters, address.write_alias(MODELS[0])]
    derived += [address.generation(MODELS[0], number) for number in (1, 999_999)]
    assert max(len(one.encode()) for one in derived) <= 255, "Elasticsearch's limit"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "notes",
        "es:9200/notes",
        "//es:9200/notes",
        "ftp://es/notes",
        "sqlite:///notes",
        "file:///notes",
        "https://",
        "https:///notes",
        "https://:9200/notes",
        "https://es",
        "https://es/",
        "https://es:9200//",
        "https://es:port/notes",
        "https://es:99999/notes",
        "https://es:-1/notes",
        "https://[::1/notes",
        "https://[::x]/notes",
        "https://e\r\ns:9200/notes",
        "https://es:9200/no\ntes",
        "https://es:9200/notes\n",
        "https://es:9200/sea\trch/notes",
        "https://e s:9200/notes",
        "https://e\x00s:9200/notes",
    ],
)
def test_what_is_no_address_is_refused_and_shown(url):
    with pytest.raises(UrlUnknown) as told:
        parse(url)
    assert told.value.url == url
    assert f"address {url} names" in str(told.value)
    assert "sqlite:///path" not in str(told.value), "that would be no server"


@pytest.mark.parametrize("name", ["a?b", "a#b", "notes?pretty", "notes#top", "?q", "#q"])
def test_an_address_with_more_than_a_name_leads_to_no_other_index(name):
    with pytest.raises(SimsearchError):
        parse(f"https://es:9200/{name}")


def test_a_name_that_is_no_text_is_refused():
    with pytest.raises(SimsearchError):
        parse("https://es/a\udcff")


PASSWORDS = ["geheim", "ge/heim", "1/geheim", "ge#heim", "ge?heim", "ge@heim", "ge:heim", "ge[heim", "%67e%68eim"]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize(
    "rest", ["es:9200/notes", "es/notes", "es", "es:port/notes", "es/Notes", "es/search/notes/", "[::1]:9200/notes"]
)
def test_a_password_in_the_address_is_refused_and_never_shown(password, rest):
    with pytest.raises(SecretInAddress) as told:
        parse(f"https://elastic:{password}@{rest}")
    shown = f"{told.value} {told.value!r} {told.value.args} {told.value.data} {told.value.__cause__}"
    for part in re.split("[^a-z0-9]", password):
        assert len(part) < 2 or part not in shown
    assert "SIMSEARCH_ELASTICSEARCH_PASSWORD" in shown


def test_the_refusal_of_a_password_names_the_server():
    with pytest.raises(SecretInAddress) as told:
        parse("https://elastic:geheim@es.example.org:9200/notes")
    assert told.value.host == "es.example.org:9200"


def test_a_user_alone_in_the_address_is_refused_too():
    with pytest.raises(SecretInAddress):
        parse("https://elastic@es:9200/notes")


def test_the_names_that_belong_to_an_index_are_derived_from_its_name():
    address = Address("https://es:9200", "notes")
    assert address.url == "https://es:9200/notes"
    assert address.readings == "notes-readings"
    assert address.dead_letters == "notes-dead-letters"
    assert address.write_alias(MODELS[0]) == "notes-write-01234567"
    assert address.generation(MODELS[0]) == "notes-01234567-1"
    assert address.generation(MODELS[0], 12) == "notes-01234567-12"


@given(names)
def test_no_two_things_of_an_index_have_the_same_name(name):
    address = Address("https://es:9200", name)
    derived = [address.name, address.readings, address.dead_letters]
    for model in MODELS:
        derived += [address.write_alias(model), address.generation(model), address.generation(model, 2)]
    assert len(set(derived)) == len(derived)
    assert all(parse(f"https://es/{one}").name == one for one in derived), "Elasticsearch allows them as well"


def test_writers_with_different_models_write_through_different_aliases():
    address = Address("https://es:9200", "notes")
    assert address.write_alias(MODELS[0]) != address.write_alias(MODELS[1])
    assert address.write_alias(MODELS[0]) == address.write_alias(MODELS[0][:8] + "another tail")


@pytest.mark.parametrize("url", ["https://es/Notes", "https://elastic:geheim@es/notes", "ftp://es/notes"])
@pytest.mark.parametrize("journey", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_refusal_says_the_same_after_a_journey(url, journey):
    with pytest.raises(SimsearchError) as told:
        parse(url)
    arrived = journey(told.value)
    assert (type(arrived), str(arrived), vars(arrived)) == (type(told.value), str(told.value), vars(told.value))
