"""Chat by OpenAI's own SDK with only `base_url` and `api_key` changed, answered by the real local model."""

import asyncio

import pytest

from conftest import async_client_of
from service import CHAT, EXACT, QUESTION


def test_an_answer_comes_whole_with_its_usage(client):
    answer = client.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=16, **EXACT)
    choice = answer.choices[0]
    assert answer.id.startswith("chatcmpl-")
    assert (answer.object, answer.model) == ("chat.completion", CHAT)
    assert choice.message.role == "assistant"
    assert "Paris" in choice.message.content
    assert choice.finish_reason in ("stop", "length")
    assert answer.usage.prompt_tokens > 0
    assert 0 < answer.usage.completion_tokens <= 16
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_an_answer_is_cut_at_its_limit(client, limit):
    answer = client.chat.completions.create(model=CHAT, messages=QUESTION, **{limit: 3}, **EXACT)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 3


def test_a_stop_sequence_ends_the_answer_before_it(client):
    answer = client.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=32, stop=["Paris"], **EXACT)
    assert "Paris" not in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"


def test_a_conversation_in_parts_is_understood(client):
    answer = client.chat.completions.create(
        model=CHAT,
        messages=[
            {"role": "developer", "content": "You are a helpful assistant."},
            {"role": "user", "content": [{"type": "text", "text": "What is the capital "}, {"type": "text", "text": "of France?"}]},
            {"role": "assistant", "content": "The capital of France is Paris."},
            {"role": "user", "content": "Say the name of that city again."},
        ],
        max_tokens=12,
        **EXACT,
    )
    assert "Paris" in answer.choices[0].message.content


def test_a_stream_says_what_the_whole_answer_says(client):
    whole = client.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=16, **EXACT)
    chunks = list(client.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=16, stream=True, **EXACT))
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == whole.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == whole.choices[0].finish_reason
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert all(chunk.object == "chat.completion.chunk" for chunk in chunks)


def test_a_stream_shows_no_usage_unless_asked(client):
    chunks = list(client.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=4, stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_a_stream_that_is_asked_ends_with_its_usage(client):
    whole = client.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=8, **EXACT)
    stream = client.chat.completions.create(
        model=CHAT, messages=QUESTION, max_tokens=8, stream=True, stream_options={"include_usage": True}, **EXACT
    )
    *before, last = list(stream)
    assert last.choices == []
    assert last.usage == whole.usage
    assert before and all(chunk.usage is None for chunk in before)


def test_the_stream_helper_gathers_the_whole_answer(client):
    with client.chat.completions.stream(model=CHAT, messages=QUESTION, max_tokens=16, **EXACT) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        answer = stream.get_final_completion()
    assert answer.choices[0].message.content == "".join(deltas)
    assert "Paris" in answer.choices[0].message.content


def test_closing_a_stream_early_frees_the_worker(client, worker):
    before = worker.idle()
    stream = client.chat.completions.create(
        model=CHAT,
        messages=[{"role": "user", "content": "Write a very long story about a river."}],
        max_tokens=2000,
        stream=True,
    )
    for _, _chunk in zip(range(4), stream):
        pass
    stream.close()
    after = worker.idle()
    assert after["cancelled"] == before["cancelled"] + 1
    assert after["generated_tokens"] - before["generated_tokens"] < 200


def test_the_asynchronous_client_answers_and_streams_side_by_side(key):
    async def ask(client, **settings) -> str:
        answer = await client.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=12, **EXACT, **settings)
        if settings.get("stream"):
            return "".join([chunk.choices[0].delta.content or "" async for chunk in answer])
        return answer.choices[0].message.content

    async def ask_three() -> list[str]:
        async with async_client_of(key) as client:
            return await asyncio.gather(ask(client), ask(client, stream=True), ask(client, stream=True))

    plain, *streamed = asyncio.run(ask_three())
    assert "Paris" in plain
    assert streamed == [plain, plain]


def test_a_cancelled_task_frees_the_worker(key, worker):
    before = worker.idle()

    async def leave_early() -> None:
        async with async_client_of(key) as client:
            stream = await client.chat.completions.create(
                model=CHAT, messages=[{"role": "user", "content": "Count to a thousand."}], max_tokens=2000, stream=True
            )
            task = asyncio.create_task(anext(stream))
            await task
            waiting = asyncio.create_task(drain(stream))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    async def drain(stream) -> None:
        async for _ in stream:
            pass

    asyncio.run(leave_early())
    assert worker.idle()["cancelled"] == before["cancelled"] + 1
