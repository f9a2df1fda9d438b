"""`kill -9` in the middle of traffic: whatever a client was answered has its row in the ledger afterwards."""

import threading

import httpx2
import pytest

import sse
from scripted import ANSWER, USAGE, Scripted, ask
from service import Service, unlimited_key

CLIENTS, ENOUGH = 6, 60


class Traffic:
    """Clients that ask again and again until the service is gone, and the ids of the requests that were answered whole."""

    def __init__(self, url: str, key: str):
        self.url, self.headers = url + "/v1/chat/completions", {"Authorization": f"Bearer {key}"}
        self.answered: list[str] = []
        self.enough = threading.Event()
        self.threads = [threading.Thread(target=self.ask, args=(n % 2 == 0,)) for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def ask(self, stream: bool) -> None:
        with httpx2.Client(timeout=20, headers=self.headers) as client:
            while True:
                try:
                    answer = client.post(self.url, json=ask(ANSWER) | {"stream": stream})
                except httpx2.HTTPError:
                    return
                if answer.status_code == 200 and (not stream or sse.events(answer.content)[-1].data == "[DONE]"):
                    self.answered.append(answer.headers["x-request-id"])
                if len(self.answered) >= ENOUGH:
                    self.enough.set()

    def join(self) -> list[str]:
        for thread in self.threads:
            thread.join(timeout=30)
            assert not thread.is_alive()
        return self.answered


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_every_answered_request_has_its_row_after_kill_9(tmp_path, times):
    data = tmp_path / "data"
    data.mkdir()
    answered = []
    with Scripted() as worker:
        own = Service(data, worker.url)
        key = None
        for _ in range(times):
            with own.running():
                key = key or unlimited_key(data)
                traffic = Traffic(own.url, key)
                assert traffic.enough.wait(timeout=60)
                own.kill()
                answered += traffic.join()
        with own.running():
            pass
    rows = {row["request_id"]: row for row in own.ledger()}
    assert len(answered) >= ENOUGH * times
    assert not set(answered) - set(rows)
    for row in (rows[request] for request in answered):
        assert (row["status"], row["billing_basis"]) == (200, "worker_usage")
        assert (row["prompt_tokens"], row["completion_tokens"]) == (USAGE["prompt_tokens"], USAGE["completion_tokens"])
