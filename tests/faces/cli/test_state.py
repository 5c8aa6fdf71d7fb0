"""A server that remembers in a file: killed, started again, shared, and told what it cannot use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

COMMAND = (sys.executable, "-m", "openai_mock", "--port", "0", "--quiet", "--log-format", "json")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}


@contextmanager
def serving(*options: str | Path) -> Iterator[httpx.Client]:
    """A client of a server that is killed in the end, without a chance to put anything in order."""
    with subprocess.Popen(
        [*COMMAND, *map(str, options)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=ENVIRONMENT
    ) as server:
        try:
            assert server.stdout is not None
            ready = json.loads(server.stdout.readline())
            headers = {"authorization": "Bearer sk-test"}
            with httpx.Client(base_url=ready["base_url"], headers=headers, trust_env=False) as client:
                yield client
        finally:
            server.kill()


def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "mock.db"
    content = bytes(range(256)) * 100
    with serving("--state", file) as client:
        made = client.post("/files", data={"purpose": "assistants"}, files={"file": ("a.bin", content)}).json()
        store = client.post("/vector_stores", json={"name": "Docs"}, headers={"x-mock-session": "one"}).json()
    with serving("--state", file) as client:
        assert client.get(f"/files/{made['id']}").json() == made
        assert client.get(f"/files/{made['id']}/content").content == content
        assert client.get(f"/vector_stores/{store['id']}").status_code == 404
        assert client.get(f"/vector_stores/{store['id']}", headers={"x-mock-session": "one"}).json() == store


def test_two_servers_share_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mock.db"
    with serving("--state", file) as one, serving("--state", file) as two:
        made = one.post("/vector_stores", json={"name": "Docs"}).json()
        assert two.post(f"/vector_stores/{made['id']}", json={"name": "Other"}).json()["name"] == "Other"
        assert one.get(f"/vector_stores/{made['id']}").json()["name"] == "Other"
        assert [each["id"] for each in two.get("/vector_stores").json()["data"]] == [made["id"]]


def test_the_lifecycle_of_the_command_beats_the_file(tmp_path: Path) -> None:
    config = tmp_path / "mock.yaml"
    config.write_text(
        "lifecycle: {default: polls=9, batches: polls=9}\nstate: {files: [{id: file-none, purpose: batch}]}"
    )
    order = {"input_file_id": "file-none", "endpoint": "/v1/embeddings", "completion_window": "24h"}
    with serving("--config", config, "--lifecycle", "instant") as client:
        assert client.post("/batches", json=order).json()["status"] == "failed"


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    text, config = tmp_path / "text", tmp_path / "mock.yaml"
    text.write_text("no database, but some text that is long enough to be told apart from one" * 20)
    config.write_text("state: {fils: [{}]}")
    for options, sentence in (
        (("--state", text), f"openai-mock: {text} cannot hold the state: file is not a database. Name another file.\n"),
        (("--config", config), "mock.yaml:1:15: state.fils: the API keeps no 'fils'"),
    ):
        done = subprocess.run(
            [*COMMAND, *map(str, options)],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=ENVIRONMENT,
            check=False,
            timeout=30,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert sentence in done.stderr


def test_a_thousand_creations_lose_nothing_that_was_answered_when_the_server_is_killed(tmp_path: Path) -> None:
    answered: list[tuple[str, str]] = []
    enough = threading.Event()

    def create(client: httpx.Client, name: str) -> None:
        for number in range(250):
            called = f"{name}-{number}"
            upload = {"file": (called, called.encode())}
            try:
                made = client.post("/files", data={"purpose": "user_data"}, files=upload).json()["id"]
            except httpx.TransportError:
                return
            answered.append((made, called))
            if len(answered) >= 500:
                enough.set()

    with ThreadPoolExecutor(4) as pool, serving("--state", tmp_path / "mock.db") as client:
        for each in range(4):
            pool.submit(create, client, str(each))
        assert enough.wait(60)
    assert 500 <= len(answered) < 1000, "the server was not killed meanwhile"
    with serving("--state", tmp_path / "mock.db") as client:
        kept = {each["id"]: each["filename"] for each in client.get("/files").json()["data"]}
        assert [called for made, called in answered if kept.get(made) != called] == []
        for made, called in answered[-20:]:
            assert client.get(f"/files/{made}/content").text == called
