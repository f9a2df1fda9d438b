"""Clients for the tests. `cargo xtask test --only sdk` starts the service and says where it is.

Whatever passes between an SDK and the service is held to OpenAI's published schemas (`recording.py`)."""

import os

import httpx2
import openai
import pytest

import recording
import service

# LangChain tells a host of its own about every call where the caller's environment asks for it.
os.environ["LANGSMITH_TRACING"] = os.environ["LANGCHAIN_TRACING_V2"] = "false"


def base_url() -> str:
    return service.environment("ASSISTERS_URL") + "/v1"


def client_of(key: str, **settings) -> openai.OpenAI:
    """The SDK as anyone would set it up. It does not retry, so that a test sees each answer."""
    http_client = openai.DefaultHttpxClient(transport=recording.Recording())
    return openai.OpenAI(**{"base_url": base_url(), "api_key": key, "max_retries": 0, "http_client": http_client} | settings)


def async_client_of(key: str) -> openai.AsyncOpenAI:
    http_client = openai.DefaultAsyncHttpxClient(transport=recording.AsyncRecording())
    return openai.AsyncOpenAI(base_url=base_url(), api_key=key, max_retries=0, http_client=http_client)


@pytest.fixture(autouse=True)
def exchanges():
    """What the test's clients sent and were answered, as bytes; none of it may break the contract."""
    recording.EXCHANGES.clear()
    recording.VIOLATIONS.clear()
    yield recording.EXCHANGES
    assert not recording.VIOLATIONS, "\n".join(["these answers break the contract:", *recording.VIOLATIONS])


@pytest.fixture(scope="session")
def key() -> str:
    """For all tests that do not count requests or tokens."""
    return service.unlimited_key()


@pytest.fixture(scope="session")
def client(key: str) -> openai.OpenAI:
    return client_of(key)


@pytest.fixture
def developer() -> openai.OpenAI:
    return client_of(service.new_key("developer"))


@pytest.fixture
def free() -> openai.OpenAI:
    return client_of(service.new_key("free"))


@pytest.fixture(scope="session")
def raw(key: str) -> httpx2.Client:
    """HTTP without an SDK."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=base_url(), headers=headers, transport=recording.Recording(), timeout=60) as client:
        yield client


@pytest.fixture
def worker() -> service.Worker:
    return service.Worker()
