"""Chat without an SDK: many valid requests, and streams as they go over the wire."""

import uuid

import pytest

import published
import sse
from service import CHAT, EXACT, QUESTION

WORDS = {"model": CHAT, "messages": QUESTION, "max_tokens": 3}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0, "top_p": 1},
        {"temperature": 2.0, "top_p": 0.01},
        {"n": 1},
        {"stop": "."},
        {"stop": ["a", "b", "c", "d"]},
        {"frequency_penalty": -2, "presence_penalty": 2},
        {"max_tokens": None, "max_completion_tokens": 2},
        {"seed": 42},
        {"user": "someone", "safety_identifier": "x", "prompt_cache_key": "y"},
        {"metadata": {"a": "b"}, "store": False},
        {"logit_bias": {"50": -100}},
        {"logprobs": False},
        {"response_format": {"type": "text"}},
        {"tools": [FUNCTION], "tool_choice": "auto", "parallel_tool_calls": True},
        {"service_tier": "auto", "reasoning_effort": "low", "verbosity": "low", "modalities": ["text"]},
        {"stream": False, "stream_options": None},
        {"stream": None, "temperature": None, "top_p": None, "n": None, "stop": None, "seed": None, "max_tokens": 1},
        {"a_field_that_nobody_knows": {"deep": [1, None]}},
        {"messages": [{"role": "system", "content": "Be brief.", "name": "s"}, {"role": "user", "content": "Hi", "name": "u"}]},
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": None, "refusal": None}, {"role": "user", "content": "?"}]},
        {"messages": [{"role": "user", "content": "\u0000 ünï©ødé 🦀 \u202e"}]},
    ],
    ids=lambda fields: ",".join(fields),
)
def test_what_openai_takes_is_taken(raw, fields):
    request = WORDS | fields
    assert published.violations("CreateChatCompletionRequest", request) == []
    answer = raw.post("/chat/completions", json=request)
    assert answer.status_code == 200, answer.text
    assert answer.json()["usage"]["completion_tokens"] <= 3


def stream(raw, **fields) -> list[sse.Event]:
    answer = raw.post("/chat/completions", json=WORDS | {"stream": True} | EXACT | fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return sse.events(answer.content)


def test_a_streams_last_event_is_done(raw):
    events = stream(raw)
    assert [event.data for event in events].index("[DONE]") == len(events) - 1


def test_every_event_of_a_stream_has_an_id_of_its_own(raw):
    ids = [event.id for event in stream(raw)]
    assert all(ids)
    assert len(set(ids)) == len(ids)


def test_all_chunks_are_of_one_answer(raw):
    *chunks, _ = stream(raw)
    assert len({(chunk.json["id"], chunk.json["created"], chunk.json["model"], chunk.json["object"]) for chunk in chunks}) == 1
    assert chunks[0].json["id"].startswith("chatcmpl-")


def test_the_first_delta_alone_carries_the_role(raw):
    *chunks, _ = stream(raw)
    deltas = [choice["delta"] for chunk in chunks for choice in chunk.json["choices"]]
    assert deltas[0]["role"] == "assistant"
    assert all(delta.get("role") is None for delta in deltas[1:])


def test_the_last_choice_alone_has_a_finish_reason(raw):
    *chunks, _ = stream(raw)
    reasons = [choice["finish_reason"] for chunk in chunks for choice in chunk.json["choices"]]
    assert reasons[-1] == "length"
    assert reasons[:-1] == [None] * (len(reasons) - 1)


@pytest.mark.parametrize("options", [{}, {"stream_options": None}, {"stream_options": {}}, {"stream_options": {"include_usage": False}}], ids=str)
def test_a_stream_does_not_mention_usage_unless_asked(raw, options):
    *chunks, _ = stream(raw, **options)
    assert all("usage" not in chunk.json and chunk.json["choices"] for chunk in chunks)


def test_a_stream_that_is_asked_says_null_until_its_usage_is_known(raw):
    *chunks, last, _ = stream(raw, stream_options={"include_usage": True})
    assert all(chunk.json["usage"] is None and chunk.json["choices"] for chunk in chunks)
    assert last.json["choices"] == []
    usage = last.json["usage"]
    assert usage["completion_tokens"] == 3
    assert usage["total_tokens"] == usage["prompt_tokens"] + 3


def test_a_replayed_stream_leaves_out_what_was_received(raw):
    headers = {"Idempotency-Key": f"test-{uuid.uuid4()}"}
    fields = WORDS | {"stream": True} | EXACT
    first = sse.events(raw.post("/chat/completions", json=fields, headers=headers).content)
    again = raw.post("/chat/completions", json=fields, headers=headers | {"Last-Event-ID": first[1].id})
    assert sse.events(again.content) == first[2:]


def test_a_stream_that_was_cut_goes_on_where_it_was_cut(raw):
    fields = WORDS | {"stream": True, "max_tokens": 40} | EXACT
    headers = {"Idempotency-Key": f"test-{uuid.uuid4()}"}
    whole = text(stream(raw, max_tokens=40))
    received = b""
    with raw.stream("POST", "/chat/completions", json=fields, headers=headers) as answer:
        for piece in answer.iter_bytes():
            received += piece
            if received.count(b"\n\n") >= 4:
                break
    before = sse.events(received[: received.rfind(b"\n\n") + 2])
    again = raw.post("/chat/completions", json=fields, headers=headers | {"Last-Event-ID": before[-1].id})
    after = sse.events(again.content)
    assert text(before) + text(after) == whole
    assert len({event.id for event in before + after}) == len(before) + len(after)


def text(events: list[sse.Event]) -> str:
    chunks = [event.json for event in events if event.data != "[DONE]"]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{", {}, 400, "invalid_json"),
        (b"", {}, 400, "invalid_json"),
        (b"[]", {}, 400, "invalid_json"),
        (b"\xff\xfe", {}, 400, "invalid_json"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (b"{}", {"Content-Encoding": "br"}, 415, "unsupported_media_type"),
        (b'{"model":"m","messages":"' + b"a" * (10 << 20) + b'"}', {}, 413, "body_too_large"),
    ],
    ids=["broken", "nothing", "a-list", "not-utf-8", "not-json", "compressed", "too-large"],
)
def test_a_body_that_is_no_request_is_refused_by_its_status(raw, content, headers, status, code):
    answer = raw.post("/chat/completions", content=content, headers={"Content-Type": "application/json"} | headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_method_that_is_not_there_is_refused_with_those_that_are(raw):
    answer = raw.get("/chat/completions")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


def test_a_client_cannot_choose_the_request_id(raw):
    answer = raw.get("/models", headers={"X-Request-ID": "req_mine"})
    assert answer.headers["x-request-id"] != "req_mine"
