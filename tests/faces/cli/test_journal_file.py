"""The journal file: every exchange a line, written behind the back of whoever asks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from openai_mock import OpenAIMock
from openai_mock.faces.cli import journal_file
from openai_mock.faces.cli.journal_file import JournalFile

HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
KEY = {"authorization": "Bearer sk-very-secret-0123456789"}


def test_each_exchange_is_a_line_and_a_second_run_appends(tmp_path: Path) -> None:
    for run in range(2):
        file, mock = JournalFile(tmp_path / "journal.jsonl"), OpenAIMock(seed=1)
        mock.journal.listeners.append(file.hear)
        with httpx.Client(transport=mock.transport(httpx), base_url="http://mock", headers=KEY) as client:
            for _ in range(3):
                client.post("/v1/chat/completions", json=HELLO)
            client.get("/health")
        file.close()
        lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text("utf-8").splitlines()]
        assert [line["number"] for line in lines] == [1, 2, 3] * (run + 1)
        assert lines[-1]["request"]["body"] == HELLO
        assert "very-secret" not in str(lines)


def test_what_comes_too_fast_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_file, "BACKLOG", 0)
    file, mock = JournalFile(tmp_path / "journal.jsonl"), OpenAIMock(seed=1)
    mock.journal.listeners.append(file.hear)
    with httpx.Client(transport=mock.transport(httpx), base_url="http://mock", headers=KEY) as client:
        client.post("/v1/chat/completions", json=HELLO)
    file.close()
    assert json.loads((tmp_path / "journal.jsonl").read_text("utf-8")) == {"lost": 1}


def test_the_command_writes_it_and_demands_the_control_key(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    command = [sys.executable, "-m", "openai_mock", "--port", "0", "--log-format", "json"]
    with subprocess.Popen(
        [*command, "--journal", str(path), "--control-key", "mine"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8",
    ) as server:  # fmt: skip
        assert server.stdout
        try:
            url = next(json.loads(line)["url"] for line in server.stdout if json.loads(line)["event"] == "ready")
            with httpx.Client(base_url=url, trust_env=False, headers=KEY) as client:
                assert client.post("/v1/chat/completions", json=HELLO).status_code == 200
                assert client.get("/_mock/journal").status_code == 403
                kept = client.get("/_mock/journal", headers={"x-mock-control-key": "mine"}).json()["data"]
            assert [each["response"]["body"]["object"] for each in kept] == ["chat.completion"]
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=20)
    assert json.loads(path.read_text("utf-8"))["operation"] == "chat.completions.create"


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "openai_mock", "--port", "0", "--journal", str(tmp_path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
