"""Many documents in requests of bounded size: none is lost, none is twice, the order stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise

import pytest
from elastic_transport import NdjsonSerializer
from hypothesis import given
from hypothesis import strategies as st

from simsearch.indexer.elasticsearch import bulk
from simsearch.indexer.elasticsearch.bulk import MOST_ACTIONS, MOST_BYTES, Action, chunks

#: Lines by their length; made once.
LINES = {
    size: b"x" * size for size in (0, 1, 100, 10_000, MOST_BYTES // 2 - 1, MOST_BYTES // 2, MOST_BYTES - 1, MOST_BYTES)
}
runs = st.lists(st.tuples(st.sampled_from(sorted(LINES)), st.integers(1, MOST_ACTIONS + 50)), max_size=8)


def actions_of(found: list[tuple[int, int]]) -> list[Action]:
    """Return actions by size and number; a number of huge ones stays small."""
    return [
        Action(f"{place}-{number}", [LINES[size]])
        for place, (size, times) in enumerate(found)
        for number in range(min(times, 4) if size > 1_000_000 else times)
    ]


@given(runs)
def test_requests_hold_all_actions_in_their_order(found):
    actions = actions_of(found)
    assert [action for chunk in chunks(actions) for action in chunk] == actions


@given(runs)
def test_requests_are_bounded_and_no_smaller_than_need_be(found):
    made = list(chunks(actions_of(found)))
    sizes = [sum(action.size for action in chunk) for chunk in made]
    for chunk, size in zip(made, sizes, strict=True):
        assert 1 <= len(chunk) <= MOST_ACTIONS
        assert size <= MOST_BYTES or len(chunk) == 1
    for (chunk, size), (following, _) in pairwise(zip(made, sizes, strict=True)):
        assert len(chunk) == MOST_ACTIONS or size + following[0].size > MOST_BYTES


def test_nothing_is_no_request():
    assert list(chunks([])) == []


def test_a_request_is_sent_before_all_actions_are_there():
    taken = 0

    def endless() -> Iterator[Action]:
        nonlocal taken
        while taken < 100 * MOST_ACTIONS:
            taken += 1
            yield Action("a", [b"x"])

    assert len(next(chunks(endless()))) == MOST_ACTIONS
    assert taken == MOST_ACTIONS + 1


def test_an_action_that_is_too_large_is_sent_alone():
    small, large = Action("s", [b"x"]), Action("l", [b"x" * (MOST_BYTES + 1)])
    made = [[action.id for action in chunk] for chunk in chunks([small, small, large, large, small])]
    assert made == [["s", "s"], ["l"], ["l"], ["s"]]


BODIES = [{}, {"text": '咖啡 é 😀\n"引"\\\u2028'}, {"a": [1, 2.5, None, True], "b": {"c": "\x00"}}]


@pytest.mark.parametrize("body", BODIES, ids=ascii)
def test_a_document_is_two_lines_of_json(body):
    action = bulk.index('文/档 "1"\n', 17, body)
    assert action.id == '文/档 "1"\n'
    header, document = action.lines
    assert json.loads(header) == {"index": {"_id": '文/档 "1"\n', "version": 17, "version_type": "external_gte"}}
    assert json.loads(document) == body
    assert not any(b"\n" in line for line in action.lines), "a line break ends a line"


def test_a_delete_is_one_line():
    action = bulk.delete("文", 2**62)
    (header,) = action.lines
    assert json.loads(header) == {"delete": {"_id": "文", "version": 2**62, "version_type": "external_gte"}}


SEEN = {"_id": "文", "found": True, "_seq_no": 7, "_primary_term": 2, "_version": 9}


@pytest.mark.parametrize(
    ("action", "header"),
    [
        (bulk.replace(SEEN, {}), {"index": {"_id": "文", "if_seq_no": 7, "if_primary_term": 2}}),
        (bulk.replace({"_id": "文", "found": False}, {}), {"create": {"_id": "文"}}),
        (bulk.remove("文", SEEN), {"delete": {"_id": "文", "if_seq_no": 7, "if_primary_term": 2}}),
        (bulk.remove("文"), {"delete": {"_id": "文"}}),
    ],
)
def test_what_changes_only_what_was_seen_names_its_state_and_no_version(action, header):
    assert json.loads(action.lines[0]) == header
    assert action.lines[1:] in ([], [b"{}"])


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(
    texts.filter(bool), st.integers(0, 2**63 - 1), st.dictionaries(texts, st.one_of(texts, st.floats(0, 1)), max_size=4)
)
def test_the_size_is_that_of_what_the_client_sends(name, version, body):
    for action in (bulk.index(name, version, body), bulk.delete(name, version)):
        sent = NdjsonSerializer().dumps(action.lines)
        assert len(sent) == action.size
        assert sent.count(b"\n") == len(action.lines)
        kind = "index" if len(action.lines) == 2 else "delete"
        header, *rest = map(json.loads, sent.decode().split("\n")[:-1])
        assert header == {kind: {"_id": name, "version": version, "version_type": "external_gte"}}
        assert rest in ([], [body])
