"""While all places on a worker are taken: what OpenAI's SDK makes of the comments, and of `Prefer: wait`."""

import openai
import pytest

from conftest import client_of
from scripted import ANSWER, HOLD, Scripted, ask
from service import Service, unlimited_key


@pytest.fixture
def scripted():
    with Scripted() as worker:
        yield worker


@pytest.fixture
def narrow(tmp_path, scripted) -> Service:
    """A service whose worker takes one request at a time, and whose streams are silent for a second at most."""
    data = tmp_path / "data"
    data.mkdir()
    config = f"[streams]\nkeepalive_seconds = 1\n[[worker]]\nurl = '{scripted.url}'\nmax_in_flight = 1\n"
    return Service(data, scripted.url, config)


def test_a_stream_that_waits_hears_its_turn_and_the_sdk_does_not_notice(narrow, exchanges):
    with narrow.running():
        sdk = client_of(unlimited_key(narrow.data_dir), base_url=narrow.url + "/v1")
        running = sdk.chat.completions.create(**ask(HOLD), stream=True)
        next(running)
        waiting = sdk.chat.completions.create(**ask(ANSWER), stream=True)
        # Its head is out, so that it has been told.
        running.close()
        text = "".join(chunk.choices[0].delta.content or "" for chunk in waiting)
    assert text == "abc"
    assert bytes(exchanges[-1].body).startswith(b": queued position=1\n\n")


def test_who_would_not_wait_is_refused_at_once_and_told_when_to_come_back(narrow, exchanges):
    with narrow.running():
        sdk = client_of(unlimited_key(narrow.data_dir), base_url=narrow.url + "/v1")
        running = sdk.chat.completions.create(**ask(HOLD), stream=True)
        next(running)
        with pytest.raises(openai.InternalServerError) as refused:
            sdk.chat.completions.create(**ask(ANSWER), extra_headers={"Prefer": "wait=0"})
        running.close()
    assert (refused.value.status_code, refused.value.code) == (503, "queue_full")
    assert exchanges[-1].headers["preference-applied"] == "wait=0"
    assert int(exchanges[-1].headers["retry-after"]) >= 1
