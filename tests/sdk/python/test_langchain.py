"""LangChain's OpenAI package: `ChatOpenAI` and `OpenAIEmbeddings` with only the address and the key changed.

`OpenAIEmbeddings` counts and sends tokens of OpenAI's own vocabulary unless `check_embedding_ctx_length=False`. Those
tokens mean nothing to other models, and its tokenizer fetches its table from a host of OpenAI's: so it is set, as
LangChain says for every other provider."""

import asyncio

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

import recording
from conftest import base_url
from service import CHAT, EMBEDDINGS
from test_openai_embeddings import BEGINNING, OTHERS, SENTENCE


def address(key: str) -> dict:
    return {
        "base_url": base_url(),
        "api_key": key,
        "max_retries": 0,
        "http_client": openai.DefaultHttpxClient(transport=recording.Recording()),
    }


@pytest.fixture(scope="module")
def chat(key) -> ChatOpenAI:
    return ChatOpenAI(model=CHAT, temperature=0, max_tokens=16, **address(key))


@pytest.fixture(scope="module")
def embeddings(key) -> OpenAIEmbeddings:
    return OpenAIEmbeddings(model=EMBEDDINGS, check_embedding_ctx_length=False, **address(key))


def test_it_invokes(chat):
    answer = chat.invoke([SystemMessage("You are a helpful assistant."), HumanMessage("What is the capital of France?")])
    assert isinstance(answer, AIMessage)
    assert "Paris" in answer.content
    assert answer.usage_metadata["total_tokens"] == answer.usage_metadata["input_tokens"] + answer.usage_metadata["output_tokens"]
    assert answer.response_metadata["finish_reason"] in ("stop", "length")


def test_it_streams_and_its_chunks_add_up(chat):
    whole = chat.invoke("What is the capital of France?")
    chunks = list(chat.stream("What is the capital of France?", stream_usage=True))
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    assert len(chunks) > 2
    assert total.content == whole.content
    assert total.usage_metadata["output_tokens"] == whole.usage_metadata["output_tokens"]


def test_it_answers_a_batch(chat):
    answers = chat.batch(["What is the capital of France?"] * 3)
    assert len({answer.content for answer in answers}) == 1


def test_it_streams_asynchronously(key):
    client = openai.DefaultAsyncHttpxClient(transport=recording.AsyncRecording())
    settings = address(key) | {"http_async_client": client}
    chat = ChatOpenAI(model=CHAT, temperature=0, max_tokens=16, **settings)

    async def ask() -> str:
        return "".join([chunk.content async for chunk in chat.astream("What is the capital of France?")])

    assert "Paris" in asyncio.run(ask())


def test_a_wrong_key_raises_openais_class():
    with pytest.raises(openai.AuthenticationError):
        ChatOpenAI(model=CHAT, **address("ask_" + "0" * 32)).invoke("Hello")


def test_it_embeds_a_query(embeddings):
    assert embeddings.embed_query(SENTENCE)[:4] == pytest.approx(BEGINNING, abs=1e-5)


def test_it_embeds_documents_in_their_order(embeddings):
    vectors = embeddings.embed_documents([*OTHERS, SENTENCE])
    assert len(vectors) == 3
    assert vectors[2][:4] == pytest.approx(BEGINNING, abs=1e-5)
