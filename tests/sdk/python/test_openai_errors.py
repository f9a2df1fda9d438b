"""What goes wrong, as the classes that OpenAI's SDK has for it."""

import openai
import pytest

from conftest import client_of
from service import CHAT, EMBEDDINGS, QUESTION, new_key


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"temperature": 9}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "king", "content": "b"}]}, "messages[1].role"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": 5}]}, "messages[1].content"),
    ],
)
def test_a_bad_field_is_named(client, wrong, param):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**{"model": CHAT, "messages": QUESTION, **wrong})
    assert refused.value.param == param
    assert refused.value.type == "invalid_request_error"
    assert refused.value.code in ("invalid_parameter", "missing_parameter")


def test_a_prompt_beyond_the_context_is_a_bad_request(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": "word " * 6000}], max_tokens=1)
    assert refused.value.code == "context_length_exceeded"


@pytest.mark.parametrize("mistyped", ["ask_" + "0" * 32, "sk-somebody-elses", "ask_short"])
def test_a_wrong_key_is_an_authentication_error(mistyped):
    wrong = client_of(mistyped)
    with pytest.raises(openai.AuthenticationError) as refused:
        wrong.chat.completions.create(model=CHAT, messages=QUESTION)
    assert refused.value.code == "invalid_api_key"
    assert refused.value.type == "authentication_error"
    assert refused.value.response.headers["www-authenticate"] == "Bearer"
    assert refused.value.request_id.startswith("req_")


def test_an_unknown_model_is_not_found(client):
    for ask in (
        lambda: client.chat.completions.create(model="gpt-99", messages=QUESTION),
        lambda: client.embeddings.create(model="gpt-99", input="a"),
        lambda: client.moderations.create(model="gpt-99", input="a"),
    ):
        with pytest.raises(openai.NotFoundError) as refused:
            ask()
        assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


def test_a_model_is_asked_only_for_what_it_can(client):
    for ask in (
        lambda: client.chat.completions.create(model=EMBEDDINGS, messages=QUESTION),
        lambda: client.embeddings.create(model=CHAT, input="a"),
    ):
        with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as refused:
            ask()
        assert refused.value.param == "model"


def test_an_endpoint_that_does_not_exist_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as refused:
        client.files.list()
    assert refused.value.code == "not_found"


def test_every_answer_names_itself_and_the_limits(developer):
    raw = developer.chat.completions.with_raw_response.create(model=CHAT, messages=QUESTION, max_tokens=1)
    headers = raw.headers
    assert headers["x-request-id"].startswith("req_")
    assert raw.parse()._request_id == headers["x-request-id"]
    assert (headers["x-ratelimit-limit-rpm"], headers["x-ratelimit-remaining-rpm"]) == ("100", "99")
    assert (headers["x-ratelimit-limit-requests"], headers["x-ratelimit-remaining-requests"]) == ("100", "99")
    used = raw.parse().usage.total_tokens
    assert headers["x-ratelimit-limit-tpm"] == "1000000"
    assert int(headers["x-ratelimit-remaining-tpm"]) == 1_000_000 - used


def test_the_eleventh_request_of_a_free_account_in_a_minute_is_a_rate_limit_error(free):
    for _ in range(10):
        free.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=1)
    with pytest.raises(openai.RateLimitError) as refused:
        free.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=1)
    headers = refused.value.response.headers
    assert refused.value.code == "rate_limit_exceeded"
    # A window of one-second slots frees a request within 61 s.
    assert 1 <= int(headers["retry-after"]) <= 61
    assert int(headers["retry-after"]) == -(-int(headers["retry-after-ms"]) // 1000)
    assert headers["x-ratelimit-remaining-requests"] == "0"


def test_a_request_larger_than_the_limit_is_not_retried(exchanges):
    patient = client_of(new_key("enterprise", 100, 500), max_retries=5)
    with pytest.raises(openai.RateLimitError) as refused:
        patient.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=501)
    assert refused.value.code == "request_too_large"
    assert refused.value.response.headers["x-should-retry"] == "false"
    assert len(exchanges) == 1


def test_a_bad_request_is_not_retried(key, exchanges):
    with pytest.raises(openai.BadRequestError):
        client_of(key, max_retries=5).chat.completions.create(model=CHAT, messages=[])
    assert len(exchanges) == 1
