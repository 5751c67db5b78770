"""Nothing is lost and nothing is stored twice when workers are killed or stopped (cases 1 to 6)."""

from __future__ import annotations

import random
import time

import pytest

from simsearch.worker import signs
from simsearch.worker.message import Message, write
from simsearch.worker.producer import send
from simsearch.worker.work import MOST_WAITS

from .conftest import documents
from .quick import DEAF, FAILS, HANGS, KILLS, SLOW
from .site import Site, until


def test_1_a_killed_process_loses_nothing(any_site: Site) -> None:
    expected = documents(400) + documents(5, SLOW, first=400)
    worker = any_site.start(QUICK_VISIBILITY="3600")  # no sweep brings it back within this test
    any_site.enqueue(expected)
    until(any_site.in_hand, "a message is in hand")
    worker.kill_children()
    any_site.wait()
    any_site.assert_each_once(expected)


def test_2_a_killed_worker_loses_nothing(any_site: Site) -> None:
    expected = documents(400) + documents(5, SLOW, first=400)
    worker = any_site.start()
    any_site.enqueue(expected)
    until(any_site.in_hand, "a message is in hand")
    worker.kill()
    assert any_site.queue.in_hand() > 0
    any_site.start()
    any_site.wait()
    any_site.assert_each_once(expected)


def test_a_message_that_is_lost_between_two_steps_of_celery_is_announced_again(any_site: Site) -> None:
    expected = documents(1)
    any_site.queue.put("ohne-ankündigung", write(Message(any_site.queue.name, documents=expected)))
    assert any_site.queue.length() == 1
    any_site.start(1, QUICK_VISIBILITY="2")
    any_site.wait()
    any_site.assert_each_once(expected)


def test_a_message_that_is_put_back_again_and_again_is_divided(site: Site) -> None:
    """One of its documents may be why the server is never there for it."""
    expected = documents(4)
    send(site.queue, "某", write(Message(site.queue.name, documents=expected)))
    for _ in range(MOST_WAITS + 1):
        site.queue.try_again("某")
        site.queue.note_wait("某")
    worker = site.start(1)
    site.wait()
    site.assert_each_once(expected)
    assert worker.said().count("Divided") == 1


@pytest.mark.parametrize(
    ("count", "kills"), [(1_200, 4), pytest.param(5_000, 20, marks=pytest.mark.slow)], ids=["4 kills", "20 kills"]
)
def test_3_random_kills_lose_nothing(any_site: Site, chance: random.Random, count: int, kills: int) -> None:
    expected = documents(count)
    worker = any_site.start()
    part = count // kills
    for number in range(kills):
        for start in range(number * part, (number + 1) * part, 10):  # small messages: there is always one in hand
            any_site.enqueue(expected[start : start + 10])
        time.sleep(chance.uniform(0, 0.5))
        if chance.random() < 0.5:
            worker.kill()
            worker = any_site.start()
        else:
            worker.kill_child(chance)
    any_site.enqueue(expected[kills * part :])
    any_site.wait()
    any_site.assert_each_once(expected)


@pytest.mark.parametrize(
    ("token", "reason", "count"),
    [
        (KILLS, "its worker died", 200),
        (HANGS, "it took too long", 8),
        (DEAF, "its worker died", 8),
        (FAILS, "ZeroDivisionError: 出错", 200),
    ],
    ids=["4 kills", "5 hangs", "5 hangs and hears nothing", "fails"],
)
def test_a_poisonous_document_ends_alone_in_dead_letters(site: Site, token: str, reason: str, count: int) -> None:
    expected = documents(count)
    (poison,) = documents(1, token, first=count // 3)
    expected[count // 3] = poison
    worker = site.start(1, QUICK_SOFT_LIMIT="1", QUICK_HARD_LIMIT="2")
    site.enqueue(expected)
    site.wait()
    letter = site.letters()[poison.id]
    assert (letter.reason, letter.tries, letter.document.text) == (reason, 3, poison.text)
    assert site.lacks(expected) == [poison.id]
    assert site.documents() == count - 1
    assert list(site.letters()) == [poison.id]
    site.enqueue(documents(1, first=count))
    until(lambda: site.documents() == count, "the worker goes on")
    assert worker.process.poll() is None


def test_a_message_that_fails_is_told_in_one_piece(site: Site) -> None:
    """Between two pieces of a result a kill would leave half of it; the worker would end by an error as it reads on."""
    worker = site.start(1)
    expected = [*documents(1, FAILS), *documents(1, first=1)]
    site.enqueue(expected)
    site.wait()
    assert site.letters()[expected[0].id].reason == "ZeroDivisionError: 出错"
    assert site.documents() == 1
    assert "exited" not in worker.said(), "no process is killed as it says more than goes in one piece"


def test_6_a_worker_that_is_asked_to_end_finishes_what_is_in_hand(any_site: Site) -> None:
    worker = any_site.start(1)
    for number in range(4):
        any_site.enqueue(documents(5, SLOW, first=10 * number))
    until(any_site.in_hand, "a message is in hand")
    assert worker.stop() == 0
    assert any_site.documents() in (5, 10)
    assert any_site.queue.in_hand() == 0
    assert any_site.queue.length() == 4 - any_site.documents() // 5, "the rest waits"
    assert signs.workers(any_site.queue) == []
