"""When a server is asked again, how long that is waited for, and when it is given up."""

from __future__ import annotations

import copy
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch import patience
from simsearch.indexer.elasticsearch.connection import ElasticsearchAway, ElasticsearchBusy
from simsearch.indexer.elasticsearch.retry import passes
from simsearch.patience import FIRST, LONGEST, READING, WRITING, Patience, PatienceUnclear, Waiting, delay, granted

attempts = st.one_of(st.integers(0, 30), st.integers(0, 10**9))
AWAY = ElasticsearchAway(server="http://es:9200", reason="connection refused")


class Clock:
    """Time that passes while somebody waits, and at no other moment."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let seconds pass."""
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock that is waited by."""
    monkeypatch.setattr(patience, "time", made := Clock())
    return made


@given(attempts, st.floats(0, 1))
def test_a_wait_is_neither_negative_nor_longer_than_the_longest(attempt, chance):
    assert 0 <= delay(attempt, chance) <= LONGEST
    assert 0 <= delay(attempt) <= delay(attempt, 1.0)


@given(attempts)
def test_waits_grow_to_twice_the_one_before_until_the_longest(attempt):
    assert delay(attempt + 1, 1.0) == min(LONGEST, 2 * delay(attempt, 1.0))


def test_the_first_wait_is_short_and_later_ones_are_not():
    assert [delay(attempt, 1.0) for attempt in (0, 1, 2, 6, 7, 8)] == pytest.approx([0.1, 0.2, 0.4, 6.4, 10, 10])
    assert delay(0, 1.0) == FIRST
    assert delay(7, 0.5) == pytest.approx(5)


def test_clients_that_were_refused_together_do_not_come_back_together():
    waits = [delay(10) for _ in range(1_000)]
    assert len(set(waits)) > 900
    assert min(waits) < 0.1 * LONGEST, "anything up to the limit"
    assert max(waits) > 0.9 * LONGEST


def test_who_reads_waits_less_than_who_writes():
    assert READING.deadline < WRITING.deadline
    assert READING.timeout <= WRITING.timeout


@pytest.mark.parametrize("patience", [READING, WRITING])
def test_patience_is_what_the_environment_says_and_no_request_takes_longer(monkeypatch, patience):
    assert granted(patience) == patience
    monkeypatch.setenv("SIMSEARCH_PATIENCE", "")
    assert granted(patience) == patience
    monkeypatch.setenv("SIMSEARCH_PATIENCE", "2.5")
    assert granted(patience) == patience._replace(deadline=2.5, timeout=2.5 / 3)
    monkeypatch.setenv("SIMSEARCH_PATIENCE", "1000")
    assert granted(patience) == patience._replace(deadline=1000)


@pytest.mark.parametrize("value", ["0", "-1", "inf", "nan", "1e999", "soon", "60s"])
def test_patience_that_is_no_number_of_seconds_is_refused_and_shown(monkeypatch, value):
    monkeypatch.setenv("SIMSEARCH_PATIENCE", value)
    with pytest.raises(PatienceUnclear) as told:
        granted(WRITING)
    assert f"SIMSEARCH_PATIENCE is {value}:" in str(told.value)
    assert str(copy.copy(told.value)) == str(told.value)


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (429, "es_rejected_execution_exception", True),
        (429, "circuit_breaking_exception", True),
        (429, "cluster_block_exception", True),
        (403, "cluster_block_exception", True),
        (503, "master_not_discovered_exception", True),
        (503, "", True),
        (500, "", True),
        (502, "", True),
        (504, "", True),
        (200, "", False),
        (400, "mapper_parsing_exception", False),
        (401, "security_exception", False),
        (403, "security_exception", False),
        (403, "", False),
        (404, "index_not_found_exception", False),
        (409, "version_conflict_engine_exception", False),
        (413, "", False),
        (501, "", False),
    ],
)
def test_what_passes_is_tried_again_and_nothing_else(status, kind, expected):
    assert passes(status, kind) is expected


def test_after_the_deadline_the_error_is_told_with_what_caused_it(clock):
    cause = OSError("refused")
    waiting = Waiting("Elasticsearch at http://es:9200", Patience(0.15, 1))

    def try_again() -> None:
        for _ in range(1_000):
            waiting.wait(AWAY, cause)

    with pytest.raises(ElasticsearchAway) as told:
        try_again()
    assert told.value is AWAY
    assert told.value.__cause__ is cause
    assert clock.now <= 0.15, "no wait goes beyond the deadline"


def test_without_time_nothing_is_waited_for(clock):
    busy = ElasticsearchBusy(server="http://es:9200", reason="queue full", remedy="wait")
    with pytest.raises(ElasticsearchBusy) as told:
        Waiting("Elasticsearch at http://es:9200", Patience(-1, 1)).wait(busy)
    assert told.value is busy
    assert told.value.__cause__ is None
    assert clock.now == 0


def test_a_wait_that_lasts_is_said_once_and_says_what_for(clock, caplog):
    caplog.set_level(logging.WARNING)
    waiting = Waiting("Elasticsearch at http://es:9200", Patience(60, 1))
    waiting.wait(AWAY)
    assert not caplog.records, "a short wait is nobody's business"
    while not caplog.records and clock.now < 10:
        waiting.wait(AWAY)
    waiting.wait(AWAY)  # the next word comes after half a minute
    (record,) = caplog.records
    assert "http://es:9200" in record.getMessage()
    assert "connection refused" in record.getMessage()
    assert "more at most" in record.getMessage()


def test_a_wait_that_nobody_needs_to_know_of_is_not_said(clock, caplog):
    caplog.set_level(logging.WARNING)
    waiting = Waiting("Elasticsearch at http://es:9200", Patience(60, 1, told=False))
    while clock.now < 1:
        waiting.wait(AWAY)
    assert not caplog.records
