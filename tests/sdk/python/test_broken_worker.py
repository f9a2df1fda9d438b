"""A worker that breaks off, fails or is left: what the SDK raises, and what the ledger says afterwards."""

import openai
import pytest

import sse
from conftest import client_of
from scripted import ANSWER, CUT, FAIL_ONCE, HOLD, RESET, Scripted, ask
from service import Service, unlimited_key


@pytest.fixture
def scripted():
    with Scripted() as worker:
        yield worker


@pytest.fixture
def own(tmp_path, scripted) -> Service:
    """A service with the scripted worker alone; not yet started."""
    data = tmp_path / "data"
    data.mkdir()
    return Service(data, scripted.url)


def client(own: Service, **settings) -> openai.OpenAI:
    return client_of(unlimited_key(own.data_dir), base_url=own.url + "/v1", **settings)


@pytest.mark.parametrize("how", [CUT, RESET])
def test_a_stream_that_breaks_off_raises_and_what_was_sent_is_charged(own, exchanges, how):
    with own.running():
        stream = client(own).chat.completions.create(**ask(how), stream=True)
        received = []
        with pytest.raises(openai.APIError) as broken:
            received.extend(chunk.choices[0] for chunk in stream)
    # Not a broken connection: the service says what happened.
    assert not isinstance(broken.value, (openai.APIConnectionError, openai.APIStatusError))
    assert (broken.value.type, broken.value.code) == ("server_error", "upstream_error")
    text = "".join(choice.delta.content or "" for choice in received)
    # A reset may overtake what was sent before it.
    assert text == "abc" if how == CUT else "abc".startswith(text)
    assert all(choice.finish_reason is None for choice in received)
    (row,) = own.ledger()
    assert (row["status"], row["error_code"], row["finish_reason"]) == (502, "upstream_error", None)
    assert (row["completion_tokens"], row["billing_basis"], row["streamed"]) == (len(text), "counted", 1)
    assert row["prompt_tokens"] > 0
    assert row["request_id"] == exchanges[0].headers["x-request-id"]


def test_a_stream_that_breaks_off_ends_in_an_error_and_done(own, exchanges):
    with own.running():
        with client(own).chat.completions.with_streaming_response.create(**ask(CUT), stream=True) as answer:
            *_, error, done = sse.events(answer.read())
    assert error.json["error"]["code"] == "upstream_error"
    assert done.data == "[DONE]"


def test_a_client_that_leaves_frees_the_worker_and_pays_for_what_came(own, scripted):
    with own.running():
        stream = client(own).chat.completions.create(**ask(HOLD), stream=True)
        for chunk in stream:
            if chunk.choices[0].delta.content == "c":
                break
        stream.close()
        assert scripted.left.wait(timeout=20)
    (row,) = own.ledger()
    assert (row["status"], row["error_code"]) == (499, "client_closed_request")
    assert (row["completion_tokens"], row["billing_basis"]) == (3, "counted")


def test_what_fails_for_a_moment_is_retried_by_the_sdk_and_counted(own, scripted):
    with own.running():
        answer = client(own, max_retries=5).chat.completions.create(**ask(FAIL_ONCE))
        assert answer.choices[0].message.content == "abc"
    *refused, good = own.ledger()
    assert [row["retry_count"] for row in (*refused, good)] == list(range(len(refused) + 1))
    assert refused and all(row["status"] in (502, 503) for row in refused)
    assert (good["status"], good["prompt_tokens"], good["completion_tokens"]) == (200, 7, 3)
    assert good["billing_basis"] == "worker_usage"


def test_a_workers_usage_is_what_is_charged(own):
    with own.running():
        plain = client(own).chat.completions.create(**ask(ANSWER))
        list(client(own).chat.completions.create(**ask(ANSWER), stream=True))
    assert (plain.usage.prompt_tokens, plain.usage.completion_tokens) == (7, 3)
    for row in own.ledger():
        assert (row["prompt_tokens"], row["completion_tokens"], row["billing_basis"]) == (7, 3, "worker_usage")
        assert (row["status"], row["finish_reason"]) == (200, "stop")
