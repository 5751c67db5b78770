"""Two machines whose clocks differ: the later clock wins, and whoever comes too late is told so."""

from __future__ import annotations

import re
import time
from pathlib import Path

from cli.process import Done, Simsearch, write_lines

from simsearch.indexer import open_index

from .conftest import NEW, NEWEST, OLD, Place, documents, write
from .server import finish

HOUR = 3_600 * 10**9
CENTURY = 100 * 365 * 24 * HOUR
#: Python that runs before a command: its clock is ahead by so many ns.
AHEAD = "import time; right = time.time_ns; time.time_ns = lambda: right() + {}"
SAID = r"Older: {} not stored; (.+) (?:was read again|bears the time) .+: .*clock.*\.\n"


def told(done: Done, count: int) -> str:
    """Check that a run has said in one sentence that so many readings came too late, and return it."""
    assert done.code == 0, done.err
    assert done.row["older"] == count
    assert re.fullmatch(SAID.format(count), done.err), done.err
    return done.err


def test_45_the_later_clock_wins_and_the_other_is_told(place: Place) -> None:
    fast = AHEAD.format(HOUR)
    assert place.commands("index", write(place, NEW, 0), first=fast, fresh=True).row["stored"] == 1
    assert "甲.txt" in told(place.commands("index", write(place, OLD, 0)), 1)
    assert place.text() == NEW
    again = place.commands.ok("index", write(place, NEW, 0))
    assert (again.row["unchanged"], again.err) == (1, "")
    assert place.commands("index", write(place, NEWEST, 0), first=fast, fresh=True).row["stored"] == 1
    assert place.text() == NEWEST
    assert place.commands.ok("status").row["documents"] == 1


def test_45_producers_whose_clocks_differ_lose_and_double_nothing(place: Place, tmp_path: Path) -> None:
    sources = [write_lines(tmp_path / f"{n}.jsonl", documents(300, edition=n)) for n in range(2)]
    slow, fast = (place.commands.start("index", sources[n], first=AHEAD.format(n * HOUR), fresh=True) for n in range(2))
    done = finish(slow)
    assert finish(fast).row["stored"] == 300
    assert (done.code, done.row["stored"] + done.row["older"]) == (0, 300), done.err
    assert bool(done.row["older"]) == ("Older: " in done.err)
    with open_index(place.url, create=False) as index:
        index.engine.settle()
        assert index.info().documents == 300
        found = index.engine.fetch([f"文-{number}" for number in range(300)])
    assert all(one.text.endswith("第1版。") for one in found.values())


def test_45_a_clock_that_is_far_ahead_is_told_by_whatever_comes_after_it(place: Place) -> None:
    place.commands("index", write(place, OLD, 0), first=AHEAD.format(CENTURY), fresh=True)
    year = str(time.gmtime().tm_year + 99)[:3]  # leap days are not counted
    said = told(place.commands("index", write(place, NEW, 0)), 1)
    assert f"the time {year}" in said
    assert "still to come" in said
    gone = place.commands("delete", "甲.txt", "没有")
    assert gone.code == 3
    assert [row["status"] for row in gone.rows] == ["older", "absent"]
    assert f"Older: not deleted; what is known of 甲.txt bears the time {year}" in gone.err
    assert place.text() == OLD
    elsewhere = Simsearch(place.commands.folder, SIMSEARCH_INDEX=str(place.commands.folder / "新.db"))
    assert elsewhere.ok("index", "甲.txt").row["stored"] == 1, "what the sentence says helps"
