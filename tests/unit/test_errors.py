"""Errors: one sentence each, made from the docstring, the same after a journey between processes."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
import re
from string import Formatter

import pytest

import simsearch
from simsearch.errors import SimsearchError

for _module in pkgutil.walk_packages(simsearch.__path__, "simsearch."):
    if not _module.name.endswith("__main__"):
        importlib.import_module(_module.name)


def kinds(root: type[SimsearchError]) -> list[type[SimsearchError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in kinds(child))]


#: Errors of the package; other tests may make some of their own.
ERRORS = sorted(
    {kind for kind in kinds(SimsearchError) if kind.__module__.startswith("simsearch.")}, key=lambda kind: kind.__name__
)


def fields(kind: type[SimsearchError]) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(kind.__doc__ or "") if name]


@pytest.fixture(params=ERRORS, ids=lambda kind: kind.__name__)
def kind(request) -> type[SimsearchError]:
    return request.param


def test_all_errors_are_found():
    assert {"WordUnknown", "ModelDamaged", "IndexNotFound", "SourceNotFound", "EmptyCorpus"} <= {
        kind.__name__ for kind in ERRORS
    }


def test_the_message_is_one_sentence_that_holds_the_data(kind):
    data = {name: 1_000 + place for place, name in enumerate(fields(kind))}
    message = str(kind(**data))
    assert message.endswith(".")
    assert message[0].isupper()
    assert not set("{}\n") & set(message)
    assert not re.search(r"[.!?]\s+[A-Z]", message), "more than one sentence"
    for value in data.values():
        assert str(value) in message.replace(",", "")


def test_an_error_survives_a_journey_between_processes(kind):
    error = kind(**dict.fromkeys(fields(kind), 7))
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is kind
    assert (str(arrived), arrived.data, vars(arrived)) == (str(error), error.data, vars(error))


def test_data_with_braces_stay_as_they_are(kind):
    names = fields(kind)
    error = kind(**dict.fromkeys(names, "{x} {0} %s"))
    assert str(error).count("{x} {0} %s") == len(names)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
