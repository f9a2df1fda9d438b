"""A worker that nobody here wrote: llama.cpp's server, with the service in front of it."""

import contextlib
import http.client
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import sse
from service import QUESTION, Service, environment, unlimited_key, wait_until

MODEL = "llama-cpp-smollm2"
LISTENING = "listening on "
# Without a system line of ours the model's template brings its own, with which it does not know the answer.
ASKED = [{"role": "system", "content": "You are a helpful assistant."}, *QUESTION]


def find(text: str, name: str) -> int:
    """A figure of llama.cpp's metrics."""
    (line,) = [line for line in text.splitlines() if line.startswith(name + " ")]
    return int(float(line.split()[1]))


class Llama:
    def __init__(self, url: str):
        self.url = url

    def metrics(self) -> str:
        with urllib.request.urlopen(self.url + "/metrics", timeout=30) as answer:
            return answer.read().decode()

    def running(self) -> int:
        return find(self.metrics(), "llamacpp:requests_processing")

    def generated(self) -> int:
        return find(self.metrics(), "llamacpp:tokens_predicted_total")


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    model = Path(environment("ASSISTERS_MODELS_DIR")) / "smollm2-135m-instruct" / "model.gguf"
    command = [sys.executable, str(Path(__file__).with_name("serve.py")), str(model)]
    log = open(tmp_path_factory.mktemp("llama") / "llama.log", "ab")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        first = process.stdout.readline()
        assert first.startswith(LISTENING), f"{first!r}; its log: {Path(log.name).read_text()[-2000:]}"
        yield Llama(first.removeprefix(LISTENING).strip())
    finally:
        # It ends with its input; one that is stuck in C++ does not look at it.
        process.stdin.close()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        log.close()


@pytest.fixture(scope="module")
def own(llama, tmp_path_factory):
    """A service in front of it alone."""
    data = tmp_path_factory.mktemp("service") / "data"
    data.mkdir()
    own = Service(data, llama.url)
    with own.running():
        own.key = unlimited_key(data)
        yield own


@contextlib.contextmanager
def asked(own, body: dict):
    """The answer to a chat request, not read yet; left at the end."""
    connection = http.client.HTTPConnection(own.url.removeprefix("http://"), timeout=120)
    headers = {"Authorization": f"Bearer {own.key}", "Content-Type": "application/json"}
    whole = {"model": MODEL, "messages": ASKED, "max_tokens": 16, "temperature": 0} | body
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(whole), headers)
        yield connection.getresponse()
    finally:
        connection.close()


def row(own, request: str):
    """The request's row, as soon as the ledger has it."""
    found = lambda: [row for row in own.ledger() if row["request_id"] == request]
    (row,) = wait_until(found, f"{request} is in the ledger")
    return row


def test_its_models_are_ours(own):
    request = urllib.request.Request(own.url + "/v1/models", headers={"Authorization": f"Bearer {own.key}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert [model["id"] for model in json.load(answer)["data"]] == [MODEL]


def test_a_plain_answer_and_its_row(own):
    with asked(own, {}) as response:
        answer = json.load(response)
    assert response.status == 200, answer
    assert "Paris" in answer["choices"][0]["message"]["content"]
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    found = row(own, response.headers["x-request-id"])
    assert (found["status"], found["billing_basis"], found["model"]) == (200, "worker_usage", MODEL)
    assert (found["prompt_tokens"], found["completion_tokens"]) == (usage["prompt_tokens"], usage["completion_tokens"])


@pytest.mark.parametrize("wanted", [True, False], ids=["with usage", "without usage"])
def test_a_stream_and_its_row(own, wanted):
    options = {"stream_options": {"include_usage": True}} if wanted else {}
    with asked(own, {"stream": True} | options) as response:
        events = sse.events(response.read())
    assert response.headers["content-type"].startswith("text/event-stream")
    assert events[-1].data == "[DONE]"
    chunks = [event.json for event in events[:-1]]
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert len({chunk["id"] for chunk in chunks}) == 1
    said = [choice for chunk in chunks for choice in chunk["choices"]]
    assert "Paris" in "".join(choice["delta"].get("content") or "" for choice in said)
    assert [choice["finish_reason"] for choice in said if choice["finish_reason"]] == ["stop"]
    found = row(own, response.headers["x-request-id"])
    assert (found["status"], found["billing_basis"]) == (200, "worker_usage")
    assert found["completion_tokens"] > 0
    if wanted:
        usage = chunks[-1]["usage"]
        assert chunks[-1]["choices"] == []
        assert (usage["prompt_tokens"], usage["completion_tokens"]) == (found["prompt_tokens"], found["completion_tokens"])
        assert all(chunk["usage"] is None for chunk in chunks[:-1])
    else:
        assert not any("usage" in chunk for chunk in chunks)


def test_leaving_a_stream_frees_it_and_is_charged(own, llama):
    before, longest = llama.generated(), 1500
    prompt = [{"role": "user", "content": "Count from 1 to 1000, with commas."}]
    # Left alone, it would go on to the last of them.
    body = {"stream": True, "max_tokens": longest, "ignore_eos": True, "messages": prompt}
    with asked(own, body) as response:
        response.read(400)
        wait_until(lambda: llama.running() == 1, "it is at work")
    wait_until(lambda: llama.running() == 0, "it is free again")
    assert llama.generated() - before < longest / 2, "it went on for nobody"
    found = row(own, response.headers["x-request-id"])
    assert found["completion_tokens"] < longest / 2
    assert found["prompt_tokens"] > 0


def test_a_prompt_that_is_too_long_is_named_so(own):
    prompt = [{"role": "user", "content": "one " * 4000}]
    with asked(own, {"messages": prompt}) as response:
        error = json.load(response)["error"]
    assert (response.status, error["type"], error["code"]) == (400, "invalid_request_error", "context_length_exceeded")
    assert "context size" in error["message"]


def test_what_may_be_relied_on(llama, capsys):
    program = [environment("ASSISTERS_PROGRAM"), "conformance", llama.url]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300)
    with capsys.disabled():
        print(f"\n\n{done.stdout}")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(subprocess.run([*program, "--json"], capture_output=True, text=True, timeout=300).stdout)
    found = {case["case"]: case["found"] for case in told["cases"]}
    assert not [case for case, found in found.items() if case.startswith("chat") and found != "ok"]
    assert (found["stream: end"], found["stream: usage last"], found["cancellation"]) == ("ok", "ok", "ok")
