"""A worker that does what a test's prompt tells it, and breaks off where it is told to."""

import json
import os
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "scripted-1"
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
# What a prompt may be.
ANSWER, CUT, RESET, HOLD, FAIL_ONCE = "answer", "cut", "reset", "hold", "fail once"


def ask(prompt: str) -> dict:
    """A request's fields that make the worker do so."""
    return {"model": MODEL, "messages": [{"role": "user", "content": prompt}], "max_tokens": 8}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        card = {"id": MODEL, "object": "model", "created": 1, "owned_by": "tests", "max_model_len": 4096, "tasks": ["chat"]}
        if self.path == "/v1/models":
            self.reply(200, {"object": "list", "data": [card]})
        else:
            self.reply(404, {})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = request["messages"][-1]["content"]
        self.server.requests.append(request)
        if prompt == FAIL_ONCE and len(self.server.requests) == 1:
            self.reply(500, {"error": {"message": "out of memory", "type": "server_error", "param": None, "code": None}})
        elif request.get("stream"):
            self.stream(prompt)
        else:
            choice = {"index": 0, "message": {"role": "assistant", "content": "abc", "refusal": None}, "logprobs": None, "finish_reason": "stop"}
            self.reply(200, self.body("chat.completion", [choice], USAGE))

    def stream(self, prompt: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.delta({"role": "assistant", "content": ""})
        for text in "abc":
            self.delta({"content": text})
        if prompt in (CUT, RESET):
            # Closed in the middle, as by a process that died; with a reset, as by a machine that is gone.
            if prompt == RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            os.close(self.connection.detach())
            return
        if prompt == HOLD:
            # Comes back when the other side hangs up.
            self.connection.recv(1)
            self.server.left.set()
            self.close_connection = True
            return
        self.delta({}, "stop")
        self.event(self.body("chat.completion.chunk", [], USAGE))
        self.chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def delta(self, delta: dict, finish_reason: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        self.event(self.body("chat.completion.chunk", [choice], None))

    def body(self, kind: str, choices: list, usage: dict | None) -> dict:
        return {"id": "chatcmpl-scripted", "object": kind, "created": 1, "model": MODEL, "choices": choices, "usage": usage}

    def event(self, body: dict) -> None:
        self.chunk(b"data: " + json.dumps(body).encode() + b"\n\n")

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def reply(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Scripted(ThreadingHTTPServer):
    """Serves from the start of `with` to its end."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict] = []
        self.left = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        """That the other side has gone is what some tests are about."""
