"""What a server answers, in a sentence: whose fault it is, and what to do."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simsearch.errors import SimsearchError
from simsearch.indexer.elasticsearch.connection import (
    AccessRefused,
    ElasticsearchAway,
    ElasticsearchBusy,
    Passing,
    RequestRefused,
    ServerUnknown,
    path_of,
    refusal,
)

SERVER = "https://es:9200"
NGINX = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n</body>\r\n</html>\r\n"


def said(kind: str, reason: str, **more: Any) -> dict[str, Any]:
    """Return a body as Elasticsearch answers."""
    cause = {"type": kind, "reason": reason}
    return {"error": {"root_cause": [cause], **cause, **more}, "status": 0}


FLOOD = (
    "index [notes] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, read-only-allow-delete]"
)
CASES = {
    "401 without credentials": (
        401,
        said("security_exception", "missing authentication credentials for REST request [/]"),
        AccessRefused,
        ["missing authentication credentials", "SIMSEARCH_ELASTICSEARCH_API_KEY", "SIMSEARCH_ELASTICSEARCH_USER"],
    ),
    "401 of a proxy": (401, "Unauthorized", AccessRefused, ["Unauthorized"]),
    "403 of a role": (
        403,
        said("security_exception", "action [indices:data/write/bulk] is unauthorized for user [reader]"),
        AccessRefused,
        ["unauthorized for user [reader]", "role"],
    ),
    "403 of a proxy": (403, "Forbidden", RequestRefused, ["Forbidden", "simsearch doctor"]),
    "403 of a block": (
        403,
        said("cluster_block_exception", "index [notes] blocked by: [FORBIDDEN/8/index write (api)];"),
        ElasticsearchBusy,
        ["FORBIDDEN/8/index write", "lift the block"],
    ),
    "429 of a full disk": (429, said("cluster_block_exception", FLOOD), ElasticsearchBusy, ["disk is full", "flood"]),
    "404": (
        404,
        said("index_not_found_exception", "no such index [notes]"),
        RequestRefused,
        ["no such index [notes]", "simsearch doctor"],
    ),
    "400 with a cause below": (
        400,
        said("mapper_parsing_exception", "failed to parse", caused_by={"type": "x", "reason": "not a number"}),
        RequestRefused,
        ["failed to parse"],
    ),
    "413 of a proxy": (413, NGINX.replace("502", "413"), RequestRefused, ["413"]),
    "413 without a body": (413, None, RequestRefused, ["status 413"]),
    "429 of a full queue": (
        429,
        said("es_rejected_execution_exception", "rejected execution of coordinating operation"),
        ElasticsearchBusy,
        ["rejected execution", "wait until it has less to do", "is stored"],
    ),
    "429 of full memory": (
        429,
        said("circuit_breaking_exception", "[parent] Data too large, data for [<http_request>] would be [1gb]"),
        ElasticsearchBusy,
        ["Data too large", "memory is full", "heap"],
    ),
    "503 of a shard": (
        503,
        said("unavailable_shards_exception", "[notes][0] primary shard is not active"),
        ElasticsearchBusy,
        ["primary shard is not active", "a shard is not available"],
    ),
    "503 of all shards": (
        503,
        {"error": {"root_cause": [], "type": "search_phase_execution_exception", "reason": "all shards failed"}},
        ElasticsearchBusy,
        ["all shards failed", "a shard is not available"],
    ),
    "503 without a master": (
        503,
        said("master_not_discovered_exception", "no master"),
        ElasticsearchBusy,
        ["no master", "wait until"],
    ),
    "502 without a body": (502, None, ElasticsearchAway, ["status 502", "check that it runs"]),
    "502 of a proxy": (502, NGINX, ElasticsearchAway, ["502 Bad Gateway", "check that it runs"]),
    "504 without a body": (504, "", ElasticsearchAway, ["status 504"]),
    "406 of another version": (
        406,
        said("media_type_header_exception", "Invalid media-type value on headers [Accept]"),
        ServerUnknown,
        ["version", "elasticsearch<9"],
    ),
    "400 of another version": (
        400,
        said("media_type_header_exception", "A compatible version is required on both Content-Type and Accept headers"),
        ServerUnknown,
        ["version", "8.19"],
    ),
    "an error that is a text": (400, {"error": "no handler found for uri [/x]"}, RequestRefused, ["no handler found"]),
    "an item of a bulk": (
        409,
        {"_id": "a", "status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "[a]: conflict"}},
        RequestRefused,
        ["[a]: conflict"],
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request):
    return request.param


def test_an_answer_becomes_the_sentence_that_helps(case):
    status, body, kind, parts = case
    error = refusal(SERVER, status, body)
    assert type(error) is kind
    for part in [SERVER, *parts]:
        assert part in str(error)


def test_a_sentence_is_one_line_whatever_a_server_says(case):
    status, body, _, _ = case
    message = str(refusal(SERVER, status, body))
    assert message.splitlines() == [message]
    assert message.endswith(".")


def test_a_refusal_says_the_same_after_a_journey(case):
    status, body, _, _ = case
    error = refusal(SERVER, status, body)
    for arrived in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (type(arrived), str(arrived), vars(arrived)) == (type(error), str(error), vars(error))


def test_a_refused_request_tells_programs_status_and_kind():
    error = refusal(SERVER, 400, said("mapper_parsing_exception", "failed to parse"))
    assert (error.status, error.kind, error.reason) == (400, "mapper_parsing_exception", "failed to parse")
    error = refusal(SERVER, 413, None)
    assert (error.status, error.kind) == (413, "")


def test_the_cause_is_told_rather_than_what_it_led_to():
    outer = {"type": "search_phase_execution_exception", "reason": "all shards failed"}
    cause = {"type": "query_shard_exception", "reason": "No mapping found for [x]"}
    for body in (
        {"error": {**outer, "root_cause": [cause]}},
        {"error": {**outer, "root_cause": [], "failed_shards": [{"shard": 0, "reason": cause}]}},
        {"error": {**outer, "root_cause": [{"type": "silent", "reason": None}], "failed_shards": [{"reason": cause}]}},
    ):
        error = refusal(SERVER, 400, body)
        assert (error.kind, error.reason) == ("query_shard_exception", "No mapping found for [x]")


def test_what_lies_below_a_cause_is_told_with_it_once():
    below = {"type": "illegal_argument_exception", "reason": 'For input string: "x"'}
    cause = {"type": "document_parsing_exception", "reason": "[1:9] failed to parse", "caused_by": below}
    told = refusal(SERVER, 400, {"error": {**cause, "root_cause": [cause]}}).reason
    assert told == '[1:9] failed to parse: For input string: "x"'
    cause["reason"] = 'failed: For input string: "x"'
    assert refusal(SERVER, 400, {"error": cause}).reason == 'failed: For input string: "x"'


@given(
    st.integers(400, 599), st.one_of(st.none(), st.text(), st.dictionaries(st.text(max_size=5), st.text(), max_size=3))
)
def test_whatever_a_server_says_is_told_and_stays_short(status, body):
    error = refusal(SERVER, status, body)
    assert isinstance(error, SimsearchError)
    assert 0 < len(error.data["reason"]) <= 300
    assert isinstance(error, Passing) == (status in (429, 500, 502, 503, 504))


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        (("notes",), "/notes"),
        (("notes", "_bulk"), "/notes/_bulk"),
        (("a,b*", "_search"), "/a,b*/_search"),
        (("笔记",), "/%E7%AC%94%E8%AE%B0"),
        (("a/b?c#d", "_doc"), "/a%2Fb%3Fc%23d/_doc"),
        (("a b%20c+d&e",), "/a%20b%2520c%2Bd%26e"),
    ],
)
def test_every_part_of_a_path_is_quoted(parts, path):
    assert path_of(*parts) == path
