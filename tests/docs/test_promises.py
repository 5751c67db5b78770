"""docs/promises.md: each promise, each fault and each risk names tests, and there are these tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simsearch.limits import LIMITS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/promises.md").read_text("utf-8")
PROMISES = re.findall(r"^## (\d)\. (.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
FAULTS = re.findall(r"^\| (\d+) \| (.*)$", PAGE, re.MULTILINE)
RISKS = re.findall(r"^\| (\w[^|]*) \| (.*)$", PAGE.partition("## Security")[2].partition("|---|")[2], re.MULTILINE)
#: How many there are of each, the cases added to the faults among them.
SEVEN, ALL = 7, 49
#: What has to be held, in the order of the page.
SECURITY = [
    "pickle in Celery",
    "code in data",
    "an open Redis",
    "model files",
    "temporary files of others",
    "paths",
    "languages in questions",
    "names of indices, and ids",
    "writing that drives a terminal",
    "markup in a report",
    "secrets shown or kept",
    "secrets sent to others",
    "what other programs have set",
    "too much of anything",
    "files that others may write",
    "other people's code",
]


#: The names of all tests.
THERE = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^ *def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
}


def test_every_promise_every_fault_and_every_risk_is_there() -> None:
    assert [int(number) for number, _ in PROMISES] == list(range(1, SEVEN + 1))
    assert [int(number) for number, _ in FAULTS] == list(range(1, ALL + 1))
    assert [risk for risk, _ in RISKS] == SECURITY


@pytest.mark.parametrize(("number", "told"), PROMISES + FAULTS + RISKS, ids=lambda given: given[:40])
def test_it_names_tests_that_there_are(number: str, told: str) -> None:
    named = re.findall(r"`(test_\w+)`", told)
    assert named, number
    assert sorted(set(named) - THERE) == []


def test_the_limits_are_what_the_page_says() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \| ([\d,]+) \| (.*) \|$", PAGE, re.MULTILINE)
    told = {
        name: (int(default.replace(",", "")), int(most.replace(",", "")), what) for name, default, most, what in rows
    }
    assert told == LIMITS
