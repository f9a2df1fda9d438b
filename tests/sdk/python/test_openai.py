"""OpenAI's own SDK with only `base_url` and `api_key` changed, against the service and its real local model."""

import asyncio

import openai
import pytest

from conftest import client_of, environment

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
# Always the most likely token, so that an answer can be compared with another.
EXACT = {"temperature": 0, "seed": 7}


def test_models_are_listed_and_found(client, model):
    listed = client.models.list()
    assert model in [entry.id for entry in listed.data]
    found = client.models.retrieve(model)
    assert (found.id, found.object) == (model, "model")


def test_an_answer_comes_whole_with_its_usage(client, model):
    answer = client.chat.completions.create(model=model, messages=QUESTION, max_tokens=16, **EXACT)
    choice = answer.choices[0]
    assert answer.id.startswith("chatcmpl-")
    assert (answer.object, answer.model) == ("chat.completion", model)
    assert choice.message.role == "assistant"
    assert "Paris" in choice.message.content
    assert choice.finish_reason in ("stop", "length")
    assert answer.usage.prompt_tokens > 0
    assert 0 < answer.usage.completion_tokens <= 16
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_an_answer_is_cut_at_max_tokens(client, model):
    answer = client.chat.completions.create(model=model, messages=QUESTION, max_tokens=3, **EXACT)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 3


def test_a_stream_says_what_the_whole_answer_says(client, model):
    whole = client.chat.completions.create(model=model, messages=QUESTION, max_tokens=16, **EXACT)
    chunks = list(client.chat.completions.create(model=model, messages=QUESTION, max_tokens=16, stream=True, **EXACT))
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == whole.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == whole.choices[0].finish_reason
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert all(chunk.object == "chat.completion.chunk" for chunk in chunks)


def test_a_stream_shows_no_usage_unless_asked(client, model):
    chunks = list(client.chat.completions.create(model=model, messages=QUESTION, max_tokens=4, stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_a_stream_that_is_asked_ends_with_its_usage(client, model):
    whole = client.chat.completions.create(model=model, messages=QUESTION, max_tokens=16, **EXACT)
    stream = client.chat.completions.create(
        model=model,
        messages=QUESTION,
        max_tokens=16,
        stream=True,
        stream_options={"include_usage": True},
        **EXACT,
    )
    *before, last = list(stream)
    assert last.choices == []
    assert last.usage == whole.usage
    assert before and all(chunk.usage is None for chunk in before)


def test_the_asynchronous_client_streams_too(key, model):
    async def ask() -> str:
        url = environment("ASSISTERS_URL") + "/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0) as client:
            stream = await client.chat.completions.create(
                model=model, messages=QUESTION, max_tokens=16, stream=True, **EXACT
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert "Paris" in asyncio.run(ask())


def test_a_stop_sequence_ends_the_answer_before_it(client, model):
    answer = client.chat.completions.create(model=model, messages=QUESTION, max_tokens=32, stop=["Paris"], **EXACT)
    assert "Paris" not in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"


def test_closing_a_stream_early_frees_the_worker(client, model, worker):
    before = worker.wait_until(lambda stats: stats["active"] == 0)
    stream = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "Write a very long story about a river."}],
        max_tokens=2000,
        stream=True,
    )
    for _, _chunk in zip(range(4), stream):
        pass
    stream.close()
    after = worker.wait_until(lambda stats: stats["active"] == 0)
    assert after["cancelled"] == before["cancelled"] + 1
    assert after["generated_tokens"] - before["generated_tokens"] < 200


def test_every_answer_names_itself_and_the_limits(developer, model):
    raw = developer.chat.completions.with_raw_response.create(model=model, messages=QUESTION, max_tokens=1)
    headers = raw.headers
    assert headers["x-request-id"].startswith("req_")
    assert raw.parse()._request_id == headers["x-request-id"]
    assert int(headers["x-processing-time-ms"]) >= 0
    assert (headers["x-ratelimit-limit-rpm"], headers["x-ratelimit-remaining-rpm"]) == ("100", "99")
    assert (headers["x-ratelimit-limit-requests"], headers["x-ratelimit-remaining-requests"]) == ("100", "99")
    used = raw.parse().usage.total_tokens
    assert headers["x-ratelimit-limit-tpm"] == "1000000"
    assert int(headers["x-ratelimit-remaining-tpm"]) == 1_000_000 - used
    assert headers["x-ratelimit-reset-requests"].endswith("s")


@pytest.mark.parametrize("mistyped", ["ask_" + "0" * 32, "sk-somebody-elses", "ask_short"])
def test_a_wrong_key_is_an_authentication_error(mistyped, model):
    wrong = client_of(mistyped)
    with pytest.raises(openai.AuthenticationError) as refused:
        wrong.chat.completions.create(model=model, messages=QUESTION)
    assert refused.value.code == "invalid_api_key"
    assert refused.value.type == "authentication_error"
    assert refused.value.response.headers["x-request-id"].startswith("req_")


def test_the_eleventh_request_of_a_free_account_in_a_minute_is_a_rate_limit_error(free, model):
    for _ in range(10):
        free.chat.completions.create(model=model, messages=QUESTION, max_tokens=1)
    with pytest.raises(openai.RateLimitError) as refused:
        free.chat.completions.create(model=model, messages=QUESTION, max_tokens=1)
    headers = refused.value.response.headers
    assert refused.value.code == "rate_limit_exceeded"
    assert 1 <= int(headers["retry-after"]) <= 60
    assert headers["x-ratelimit-remaining-requests"] == "0"


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"temperature": 9}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "king", "content": "b"}]}, "messages[1].role"),
    ],
)
def test_a_bad_field_is_named(client, model, wrong, param):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**{"model": model, "messages": QUESTION, **wrong})
    assert refused.value.param == param
    assert refused.value.type == "invalid_request_error"
    assert refused.value.code in ("invalid_parameter", "missing_parameter")


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model="gpt-99", messages=QUESTION)
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-99")
