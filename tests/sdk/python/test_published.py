"""The check itself: what breaks a published schema is found, so that silence means something."""

import base64
import struct

import httpx2
import pytest

import published
import recording
import sse

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "a", "refusal": None}, "logprobs": None, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
ERROR = {"error": {"message": "m", "type": "t", "param": None, "code": None}}


def without(value, *path):
    """A copy of `value` that lacks what lies at `path`."""
    name, *rest = path
    if isinstance(value, list):
        return [without(item, *rest) if index == name else item for index, item in enumerate(value)]
    if not rest:
        return {key: item for key, item in value.items() if key != name}
    return {key: without(item, *rest) if key == name else item for key, item in value.items()}


def test_a_right_answer_has_no_violations():
    assert published.answer_violations("POST", "/chat/completions", 200, ANSWER) == []
    assert published.answer_violations("POST", "/chat/completions", 400, ERROR) == []
    assert published.event_violations("[DONE]") == []


@pytest.mark.parametrize("path", [("id",), ("choices", 0, "logprobs"), ("choices", 0, "message", "refusal"), ("usage", "total_tokens")])
def test_a_missing_field_is_found(path):
    (problem,) = published.answer_violations("POST", "/chat/completions", 200, without(ANSWER, *path))
    assert repr(path[-1]) in problem


@pytest.mark.parametrize("name", ["message", "type", "param", "code"])
def test_an_error_without_one_of_its_four_fields_is_found(name):
    (problem,) = published.answer_violations("GET", "/models", 500, without(ERROR, "error", name))
    assert repr(name) in problem


def test_null_is_taken_where_the_document_says_nullable_and_nowhere_else():
    chunk = '{"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":%s,"finish_reason":null}],"usage":null}'
    assert published.event_violations(chunk % "{}") == []
    assert len(published.event_violations(chunk % "null")) == 1


def test_a_base64_embedding_is_held_to_the_schema_by_its_floats():
    entry = {"object": "embedding", "index": 0, "embedding": base64.b64encode(struct.pack("<2f", 0.5, -1)).decode()}
    answer = {"object": "list", "data": [entry], "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    assert published.answer_violations("POST", "/embeddings", 200, answer) == []
    assert entry["embedding"] == [0.5, -1]


def test_a_header_that_is_missing_or_misshapen_is_found():
    headers = httpx2.Headers({"x-request-id": "mine", "x-processing-time-ms": "3", "server-timing": "auth;dur=0.1, total;dur=2"})
    (problem,) = recording.missing_headers(401, headers)
    assert "x-request-id" in problem
    assert len(recording.missing_headers(200, headers)) == 1 + 12
    assert len(recording.missing_headers(429, headers)) == 1 + 12 + 2


def test_events_are_read_with_their_ids_and_a_broken_one_is_refused():
    assert sse.events(b": hm\n\nid: 1\ndata: {}\n\ndata: [DONE]\n\n") == [sse.Event("1", "{}"), sse.Event(None, "[DONE]")]
    with pytest.raises(AssertionError):
        sse.events(b"data: {}\n\ndata: [DO")
