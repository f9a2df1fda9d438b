"""The service under test: where it is, its operator's shell, and services of a test's own."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time
import urllib.request
import uuid
from pathlib import Path

import pytest

CHAT, EMBEDDINGS, MODERATION = "smollm2-135m-instruct", "all-minilm-l6-v2", "toxic-bilstm"
PASSWORD = "a sentence that is long enough"
LISTENING = "assisters: listening on "
QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
# Always the most likely token, so that an answer can be compared with another.
EXACT = {"temperature": 0, "seed": 7}


def environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.exit(f"{name} is not set: run `cargo xtask test --only sdk`", returncode=2)
    return value


def admin(*arguments: str, stdin: str = "", data_dir: Path | None = None) -> str:
    """What an operator would type on the machine of the service."""
    command = [environment("ASSISTERS_PROGRAM"), "admin", *arguments]
    settings = os.environ | ({"ASSISTERS_DATA_DIR": str(data_dir)} if data_dir else {})
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, env=settings)
    assert done.returncode == 0, f"{command} failed: {done.stderr}"
    return done.stdout.strip()


def new_key(tier: str, rpm: int | None = None, tpm: int | None = None, data_dir: Path | None = None) -> str:
    """The key of a new account, whose limits nobody else uses up."""
    email = f"{tier}-{uuid.uuid4().hex[:12]}@example.com"
    admin("create-account", email, "--tier", tier, stdin=PASSWORD + "\n", data_dir=data_dir)
    if rpm and tpm:
        admin("set-tier", email, tier, "--rpm", str(rpm), "--tpm", str(tpm), data_dir=data_dir)
    return admin("create-key", email, "sdk test", data_dir=data_dir)


def unlimited_key(data_dir: Path | None = None) -> str:
    """For tests that do not look at limits."""
    return new_key("enterprise", 1_000_000, 1_000_000_000, data_dir)


def wait_until(holds, what: str, seconds: float = 20):
    """What `holds` gives as soon as that is something."""
    deadline = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.02)
    return value


class Worker:
    """What the local worker says of itself."""

    def stats(self) -> dict:
        with urllib.request.urlopen(environment("ASSISTERS_WORKER_URL") + "/stats", timeout=5) as answer:
            return json.load(answer)

    def idle(self) -> dict:
        """Its figures as soon as it does nothing."""
        return wait_until(lambda: (stats := self.stats())["active"] == 0 and stats, "the worker is idle")


class Service:
    """A service of a test's own, on a port and in a data folder of its own; with what else `config` sets."""

    def __init__(self, data_dir: Path, workers: str, config: str = ""):
        self.data_dir = data_dir
        self.config = data_dir.parent / "assisters.toml"
        self.config.write_text(config)
        self.settings = os.environ | {
            "ASSISTERS_LISTEN": "127.0.0.1:0",
            "ASSISTERS_DATA_DIR": str(data_dir),
            "ASSISTERS_WORKERS": workers,
        }

    @contextlib.contextmanager
    def running(self):
        """Started, and ready; ended as an operator would, if it has not been killed by then."""
        log = open(self.data_dir.parent / "service.log", "ab")
        program = [environment("ASSISTERS_PROGRAM"), "serve", "--config", str(self.config)]
        self.process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=log, env=self.settings, text=True)
        try:
            first = self.process.stdout.readline()
            assert first.startswith(LISTENING), f"{first!r}; its log: {Path(log.name).read_text()[-2000:]}"
            self.url = first.removeprefix(LISTENING).strip()
            wait_until(self.ready, "the service is ready")
            yield self
        finally:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
            self.process.stdout.close()
            log.close()

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """As the kernel does it when memory runs out: nothing is tidied up."""
        self.process.kill()
        self.process.wait(timeout=30)

    def ledger(self) -> list[sqlite3.Row]:
        """All rows, for a look after its end."""
        (file,) = self.data_dir.glob("*.db")
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return database.execute("SELECT * FROM ledger ORDER BY started_ms").fetchall()
