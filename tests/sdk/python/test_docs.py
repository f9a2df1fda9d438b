"""Every example of the docs, as the service serves them: it must run as it stands, with nothing but the key in the environment."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import service

ROOT = Path(__file__).parents[3]
PAGES = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))
NODE_PACKAGES = ROOT / "tests" / "sdk" / "node"
EXAMPLE = re.compile(r"^```(bash|python|javascript)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(page: str) -> list[tuple[str, str]]:
    """The page's examples, by language, with this service's address and models."""
    address = f"{service.environment('ASSISTERS_URL')}/docs/{page}.md"
    with urllib.request.urlopen(address, timeout=10) as answer:
        return EXAMPLE.findall(answer.read().decode())


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    # As it stands, curl takes any answer for a success.
    home = tmp_path_factory.mktemp("curl")
    (home / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    return {"PATH": os.environ["PATH"], "CURL_HOME": str(home), "ASSISTERS_API_KEY": service.unlimited_key()}


def command(language: str, code: str) -> list[str]:
    match language:
        case "bash":
            return ["bash", "-euo", "pipefail", "-c", code]
        case "python":
            return [sys.executable, "-c", code]
        case _:
            return ["node", "--input-type=module", "--eval", code]


@pytest.mark.parametrize("page", PAGES)
def test_examples_run_as_they_stand(page: str, environment: dict[str, str]):
    for language, code in examples(page):
        # Node looks for packages from where it is started.
        done = subprocess.run(command(language, code), capture_output=True, text=True, timeout=120, env=environment, cwd=NODE_PACKAGES)
        assert done.returncode == 0, f"{page}, {language}:\n{code}\n{done.stdout}\n{done.stderr}"
        # One that prints nothing has proved nothing; those on idempotency compare by themselves.
        assert done.stdout.strip() or "assert" in code, f"{page}, {language} prints nothing:\n{code}"
        assert "Assertion failed" not in done.stderr, f"{page}, {language}:\n{done.stderr}"


def test_the_docs_hold_examples_in_every_language():
    languages = [language for page in PAGES for language, _ in examples(page)]
    assert {language: languages.count(language) >= 8 for language in ("bash", "python", "javascript")} == {
        "bash": True,
        "python": True,
        "javascript": True,
    }
    assert shutil.which("curl")
