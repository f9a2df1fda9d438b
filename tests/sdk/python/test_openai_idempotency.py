"""Requests that may be sent twice and are done once, by OpenAI's SDK and its `extra_headers`."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import openai
import pytest

from conftest import client_of
from service import CHAT, EMBEDDINGS, QUESTION, new_key

WORDS = {"model": CHAT, "messages": QUESTION, "max_tokens": 6}


def same(key: str | None = None) -> dict:
    return {"Idempotency-Key": key or f"test-{uuid.uuid4()}"}


def test_an_answer_comes_again_byte_for_byte(client, worker, exchanges):
    headers = same()
    first = client.chat.completions.create(**WORDS, extra_headers=headers)
    before = worker.idle()
    again = client.chat.completions.with_raw_response.create(**WORDS, extra_headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.parse() == first
    one, two = exchanges
    assert "idempotent-replayed" not in one.headers
    assert bytes(one.body) == bytes(two.body)
    assert one.headers["x-request-id"] != two.headers["x-request-id"]
    assert worker.idle()["generated_tokens"] == before["generated_tokens"]


def test_a_stream_comes_again_byte_for_byte(client, exchanges):
    headers = same()
    first = list(client.chat.completions.create(**WORDS, stream=True, extra_headers=headers))
    again = list(client.chat.completions.create(**WORDS, stream=True, extra_headers=headers))
    assert again == first
    one, two = exchanges
    assert two.headers["idempotent-replayed"] == "true"
    assert bytes(one.body) == bytes(two.body)


def test_a_replay_costs_no_tokens():
    client = client_of(new_key("developer"))
    headers = same()
    first = client.chat.completions.with_raw_response.create(**WORDS, extra_headers=headers)
    again = client.chat.completions.with_raw_response.create(**WORDS, extra_headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["x-ratelimit-remaining-tokens"] == first.headers["x-ratelimit-remaining-tokens"]


def test_many_at_once_are_one(key, worker):
    headers, barrier = same(), Barrier(8)
    before = worker.idle()

    def ask(_) -> str:
        client = client_of(key)
        barrier.wait(timeout=20)
        return client.chat.completions.create(**WORDS, extra_headers=headers).id

    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(ask, range(8)))
    assert len(ids) == 1
    assert 0 < worker.idle()["generated_tokens"] - before["generated_tokens"] <= WORDS["max_tokens"]


def test_the_key_may_be_quoted(client):
    bare, quoted = same(), same()
    quoted["Idempotency-Key"] = f'"{bare["Idempotency-Key"]}"'
    first = client.embeddings.create(model=EMBEDDINGS, input="once", extra_headers=bare)
    again = client.embeddings.with_raw_response.create(model=EMBEDDINGS, input="once", extra_headers=quoted)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.parse() == first


def test_the_order_of_fields_and_blanks_makes_no_other_request(raw):
    headers = same() | {"Content-Type": "application/json"}
    one = b'{"model":"%s","input":"once"}' % EMBEDDINGS.encode()
    two = b' { "input" : "once", "model" : "%s" } ' % EMBEDDINGS.encode()
    first = raw.post("/embeddings", content=one, headers=headers)
    again = raw.post("/embeddings", content=two, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content


def test_the_same_key_with_another_body_is_refused(client):
    headers = same()
    client.moderations.create(input="one", extra_headers=headers)
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        client.moderations.create(input="two", extra_headers=headers)
    assert (refused.value.code, refused.value.type) == ("idempotency_mismatch", "idempotency_error")


def test_a_key_is_of_its_account_and_path(client):
    headers = same()
    first = client.embeddings.create(model=EMBEDDINGS, input="mine", extra_headers=headers)
    stranger = client_of(new_key("developer"))
    theirs = stranger.embeddings.with_raw_response.create(model=EMBEDDINGS, input="mine", extra_headers=headers)
    assert "idempotent-replayed" not in theirs.headers
    elsewhere = client.moderations.with_raw_response.create(input="mine", extra_headers=headers)
    assert "idempotent-replayed" not in elsewhere.headers
    assert theirs.parse().data == first.data


@pytest.mark.parametrize("malformed", ["", "a" * 256, "two words"], ids=["empty", "too-long", "blank"])
def test_a_malformed_key_is_refused(client, malformed):
    with pytest.raises(openai.BadRequestError) as refused:
        client.moderations.create(input="a", extra_headers={"Idempotency-Key": malformed})
    assert refused.value.type in ("invalid_request_error", "idempotency_error")


def test_a_refusal_is_not_kept_so_that_a_retry_can_work(raw):
    headers = same()
    refused = raw.post("/moderations", content=b"input=a", headers=headers | {"Content-Type": "text/plain"})
    assert refused.status_code == 415
    after = raw.post("/moderations", json={"input": "a"}, headers=headers)
    assert after.status_code == 200
    assert "idempotent-replayed" not in after.headers
