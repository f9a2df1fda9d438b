"""Transports that let the SDKs' requests through, keep the raw answers, and hold each to its contract.

They look at bytes, below the SDKs, whose own classes forgive much. What breaks the contract is collected here and
fails the test in which it passed by (`conftest.py`)."""

import json
import re
from dataclasses import dataclass, field

import httpx
import httpx2

import published
import sse

NUMBER, DURATION = r"\d+", r"0s|\d+ms|(\d+m)?\d+(\.\d+)?s"
ALWAYS = {"x-request-id": r"req_\w+", "x-processing-time-ms": NUMBER, "server-timing": r"auth;dur=.*total;dur=.*"}
RATES = {
    f"x-ratelimit-{what}-{of}": DURATION if what == "reset" and of in ("requests", "tokens") else NUMBER
    for what in ("limit", "remaining", "reset")
    for of in ("rpm", "tpm", "requests", "tokens")
}
WAITS = {"retry-after": NUMBER, "retry-after-ms": NUMBER}

# Of the test that is running.
EXCHANGES: list["Exchange"] = []
VIOLATIONS: list[str] = []


@dataclass
class Exchange:
    """A request and its answer, as far as it was read."""

    method: str
    path: str
    status: int
    headers: httpx2.Headers
    body: bytearray = field(default_factory=bytearray)

    def check(self, complete: bool) -> None:
        place = f"{self.method} {self.path} -> {self.status}"
        VIOLATIONS.extend(f"{place}: {problem}" for problem in self.problems(complete))

    def problems(self, complete: bool) -> list[str]:
        _, under_v1, path = self.path.partition("/v1/")
        # A preflight is the browser's own affair.
        if not under_v1 or self.method == "OPTIONS":
            return []
        found = missing_headers(self.status, self.headers)
        content_type = self.headers.get("content-type", "").partition(";")[0]
        if content_type == "text/event-stream":
            text = bytes(self.body)
            whole = text if complete else text[: text.rfind(b"\n\n") + 2]
            for event in sse.events(whole):
                found += published.event_violations(event.data)
        elif content_type != "application/json":
            found.append(f"the content type is {content_type!r}")
        elif complete:
            answer = httpx2.Response(self.status, headers=self.headers, content=bytes(self.body))
            found += published.answer_violations(self.method, "/" + path, self.status, json.loads(answer.content))
        return found


def missing_headers(status: int, headers: httpx2.Headers) -> list[str]:
    expected = ALWAYS | (RATES if status != 401 else {})
    if status == 429 and headers.get("x-should-retry") != "false":
        expected |= WAITS
    return [
        f"the header {name} is {headers.get(name)!r}"
        for name, shape in expected.items()
        if not re.fullmatch(shape, headers.get(name, ""))
    ]


def begin(request, response) -> Exchange:
    headers = httpx2.Headers(list(response.headers.multi_items()))
    exchange = Exchange(request.method, request.url.path, response.status_code, headers)
    EXCHANGES.append(exchange)
    return exchange


def transports(library):
    """A blocking and an asynchronous transport, made of `library`'s own: httpx2, which OpenAI's SDK uses, or httpx."""

    class Body(library.SyncByteStream):
        def __init__(self, stream, exchange):
            self.stream, self.exchange, self.complete = stream, exchange, False

        def __iter__(self):
            for piece in self.stream:
                self.exchange.body += piece
                yield piece
            self.complete = True

        def close(self):
            self.stream.close()
            self.exchange.check(self.complete)

    class AsyncBody(library.AsyncByteStream):
        def __init__(self, stream, exchange):
            self.stream, self.exchange, self.complete = stream, exchange, False

        async def __aiter__(self):
            async for piece in self.stream:
                self.exchange.body += piece
                yield piece
            self.complete = True

        async def aclose(self):
            await self.stream.aclose()
            self.exchange.check(self.complete)

    class Recording(library.HTTPTransport):
        def handle_request(self, request):
            response = super().handle_request(request)
            response.stream = Body(response.stream, begin(request, response))
            return response

    class AsyncRecording(library.AsyncHTTPTransport):
        async def handle_async_request(self, request):
            response = await super().handle_async_request(request)
            response.stream = AsyncBody(response.stream, begin(request, response))
            return response

    return Recording, AsyncRecording


Recording, AsyncRecording = transports(httpx2)
RecordingOfHttpx, AsyncRecordingOfHttpx = transports(httpx)
