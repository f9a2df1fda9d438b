"""Accounts and clients for the tests. `cargo xtask test --only sdk` starts the service and says where it is."""

import json
import os
import subprocess
import time
import urllib.request
import uuid

import openai
import pytest

PASSWORD = "a sentence that is long enough"


def environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.exit(f"{name} is not set: run `cargo xtask test --only sdk`", returncode=2)
    return value


def admin(*arguments: str, stdin: str = "") -> str:
    """What an operator would type on the machine of the service."""
    command = [environment("ASSISTERS_PROGRAM"), "admin", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{command} failed: {done.stderr}"
    return done.stdout.strip()


def new_key(tier: str) -> str:
    """The key of a new account, whose limits nobody else uses up."""
    email = f"{tier}-{uuid.uuid4().hex[:12]}@example.com"
    admin("create-account", email, "--tier", tier, stdin=PASSWORD + "\n")
    return admin("create-key", email, "sdk test")


def client_of(key: str) -> openai.OpenAI:
    """The SDK as anyone would set it up. It does not retry, so that a test sees each answer."""
    return openai.OpenAI(base_url=environment("ASSISTERS_URL") + "/v1", api_key=key, max_retries=0)


@pytest.fixture(scope="session")
def key() -> str:
    return new_key("developer")


@pytest.fixture(scope="session")
def client(key: str) -> openai.OpenAI:
    """For all tests that do not count requests."""
    return client_of(key)


@pytest.fixture
def developer() -> openai.OpenAI:
    return client_of(new_key("developer"))


@pytest.fixture
def free() -> openai.OpenAI:
    return client_of(new_key("free"))


@pytest.fixture(scope="session")
def model(client: openai.OpenAI) -> str:
    return client.models.list().data[0].id


class Worker:
    """What the local worker says of itself."""

    def stats(self) -> dict:
        with urllib.request.urlopen(environment("ASSISTERS_WORKER_URL") + "/stats", timeout=5) as answer:
            return json.load(answer)

    def wait_until(self, holds, seconds: float = 20) -> dict:
        """Its figures as soon as they satisfy `holds`."""
        deadline = time.monotonic() + seconds
        while not holds(stats := self.stats()):
            assert time.monotonic() < deadline, f"after {seconds} s the worker still says {stats}"
            time.sleep(0.02)
        return stats


@pytest.fixture
def worker() -> Worker:
    return Worker()
