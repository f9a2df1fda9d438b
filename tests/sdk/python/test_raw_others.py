"""Embeddings, moderation, rerank and models without an SDK: many valid requests, and the same refused in parts."""

import pytest

from published import floats
from service import EMBEDDINGS, MODERATION

RANK = {"model": EMBEDDINGS, "query": "animals", "documents": ["cats", "cars", "dogs"]}


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"input": "a"}, 1),
        ({"input": ["a", "b"]}, 2),
        ({"input": [101, 4633, 102]}, 1),
        ({"input": [[101, 4633, 102], [4633]]}, 2),
        ({"input": "a", "encoding_format": None, "dimensions": None, "user": None}, 1),
        ({"input": "a", "user": "someone", "a_field_that_nobody_knows": 1}, 1),
        ({"input": "ünï©ødé 🦀 \u0000"}, 1),
    ],
    ids=["text", "texts", "tokens", "lists-of-tokens", "nulls", "user", "unicode"],
)
@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_what_openai_embeds_is_embedded(raw, fields, count, encoding):
    answer = raw.post("/embeddings", json={"model": EMBEDDINGS, "encoding_format": encoding} | fields)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert [entry["index"] for entry in body["data"]] == list(range(count))
    for entry in body["data"]:
        is_base64 = encoding == "base64" and "encoding_format" not in fields
        assert isinstance(entry["embedding"], str) == is_base64
        vector = floats(entry["embedding"]) if is_base64 else entry["embedding"]
        assert len(vector) == 384
        assert sum(x * x for x in vector) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("path", ["/moderate", "/moderations"])
@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"input": "hello"}, 1),
        ({"input": "hello", "model": None}, 1),
        ({"input": "", "model": MODERATION}, 1),
        ({"input": ["a"] * 100}, 100),
        ({"input": "stupid " * 1000}, 1),
        ({"input": "hello", "a_field_that_nobody_knows": []}, 1),
    ],
    ids=["text", "null-model", "empty", "a-hundred", "long", "unknown-field"],
)
def test_what_openai_moderates_is_moderated(raw, path, fields, count):
    answer = raw.post(path, json=fields)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert len(body["results"]) == count
    assert all(len(result["categories"]) == 13 for result in body["results"])
    assert body["usage"]["total_tokens"] >= 0


@pytest.mark.parametrize(
    ("fields", "order"),
    [
        ({}, 3),
        ({"top_n": 1}, 1),
        ({"top_n": 50}, 3),
        ({"top_n": None, "return_documents": None}, 3),
        ({"return_documents": True}, 3),
        ({"documents": [{"text": "cats"}, "cars", {"text": "dogs", "title": "more"}]}, 3),
        ({"documents": ["only"]}, 1),
        ({"documents": ["same", "same"]}, 2),
        ({"max_tokens_per_doc": 4096, "max_chunks_per_doc": 10, "rank_fields": ["text"]}, 3),
    ],
    ids=["plain", "top-1", "top-more", "nulls", "returned", "objects", "one", "equal", "coheres-others"],
)
def test_what_cohere_ranks_is_ranked(raw, fields, order):
    answer = raw.post("/rerank", json=RANK | fields)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {"id", "model", "results", "usage", "meta"}
    assert body["id"].startswith("rerank-") and body["model"] == EMBEDDINGS
    assert body["usage"]["prompt_tokens"] == body["usage"]["total_tokens"] > 0
    assert body["meta"] == {"billed_units": {"search_units": 1}}
    results = body["results"]
    assert len(results) == order
    scores = [result["relevance_score"] for result in results]
    assert scores == sorted(scores, reverse=True)
    assert len({result["index"] for result in results}) == order
    assert all(("document" in result) == bool(fields.get("return_documents")) for result in results)


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/embeddings", {"input": "a"}, "model"),
        ("/embeddings", {"model": EMBEDDINGS}, "input"),
        ("/embeddings", {"model": EMBEDDINGS, "input": 5}, "input"),
        ("/embeddings", {"model": EMBEDDINGS, "input": "a", "dimensions": 0}, "dimensions"),
        ("/moderations", {}, "input"),
        ("/moderations", {"input": {"a": 1}}, "input"),
        ("/rerank", {"query": "a", "documents": ["a"]}, "model"),
        ("/rerank", {"model": EMBEDDINGS, "documents": ["a"]}, "query"),
        ("/rerank", {"model": EMBEDDINGS, "query": "a"}, "documents"),
        ("/rerank", RANK | {"documents": []}, "documents"),
        ("/rerank", RANK | {"documents": ["a"] * 1001}, "documents"),
        ("/rerank", RANK | {"top_n": 0}, "top_n"),
        ("/rerank", RANK | {"documents": ["a", {"title": "b"}]}, "documents[1]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named_by_its_path(raw, path, body, param):
    answer = raw.post(path, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"].startswith(param)


def test_an_unknown_model_is_named_in_its_error(raw):
    answer = raw.get("/models/no/such%2Fmodel")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def test_the_limits_say_what_is_used(raw):
    answer = raw.get("/limits")
    assert answer.status_code == 200, answer.text


def test_the_scheme_of_a_key_may_be_written_in_any_case(raw, key):
    for scheme in ("bearer", "BEARER", "Bearer"):
        assert raw.get("/models", headers={"Authorization": f"{scheme} {key}"}).status_code == 200


@pytest.mark.parametrize("sent", ["", "Basic YTpi", "Bearer"])
def test_without_a_key_there_is_no_answer(raw, sent):
    answer = raw.get("/models", headers={"Authorization": sent})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "missing_api_key")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_browser_of_any_origin_is_answered(raw):
    preflight = raw.options(
        "/chat/completions", headers={"Origin": "https://example.com", "Access-Control-Request-Method": "POST", "Authorization": ""}
    )
    assert preflight.status_code == 200
    answer = raw.get("/models", headers={"Origin": "https://example.com"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-request-id" in answer.headers["access-control-expose-headers"]
