"""Somebody else's server is read no faster than was asked for, and slower while it is slow."""

from __future__ import annotations

import pytest

from simsearch.indexer.elasticsearch.pace import LONGEST, Pace


def test_without_a_rate_a_server_that_answers_as_usual_is_not_waited_for() -> None:
    pace = Pace()
    assert [pace.pause(500, seconds) for seconds in (0.1, 0.05, 0.12, 0.1)] == [0, 0, 0, 0]


def test_a_rate_holds_whatever_the_reading_itself_takes() -> None:
    pace = Pace(rate=100)
    assert pace.pause(50, 0.1) == pytest.approx(0.4)
    assert Pace(rate=100).pause(50, 0.5) == 0


def test_a_server_that_is_slower_than_usual_is_given_time() -> None:
    pace = Pace()
    for _ in range(5):
        pace.pause(500, 0.1)
    slow, slower = pace.pause(500, 1.0), pace.pause(500, 4.0)
    assert 1 < slow < slower <= LONGEST
    assert pace.pause(0, 5.0) == 0, "nothing was read"


def test_what_is_slow_for_good_becomes_usual() -> None:
    pace = Pace()
    pace.pause(500, 0.1)
    pauses = [pace.pause(500, 0.5) for _ in range(300)]
    assert pauses[0] > 0
    assert pauses[-1] == 0
