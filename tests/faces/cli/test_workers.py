"""Several processes behind one port: begun, counted together, replaced and ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest

from openai_mock.faces.cli.workers import refused

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
KEY = {"authorization": "Bearer sk-any"}
HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
COMMAND = [sys.executable, "-m", "openai_mock"]


class Crew:
    """A running server of several workers."""

    def __init__(self, process):
        self.process = process
        self.ready = json.loads(process.stdout.readline())
        self.url = self.ready["url"]

    def client(self):
        """A client with a connection of its own, so that chance chooses the worker."""
        return httpx.Client(base_url=self.url, headers=KEY)

    def chat(self, times):
        for _ in range(times):
            with self.client() as client:
                client.post("/v1/chat/completions", json=HELLO).raise_for_status()

    def counted(self, name='openai_mock_requests_total{operation="chat.completions.create"'):
        with self.client() as client:
            lines = client.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def workers(self):
        with self.client() as client:
            return client.get("/_mock/load").json()["workers"]

    def processes(self):
        command = ["ps", "-A", "-o", "pid=,ppid="]
        rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        pairs = (map(int, row.split()) for row in rows)
        return sorted(pid for pid, parent in pairs if parent == self.process.pid)

    def event(self, name):
        for line in self.process.stdout:
            if (found := json.loads(line))["event"] == name:
                return found
        raise AssertionError(self.process.stderr.read())

    def stop(self, how=signal.SIGTERM):
        began = time.monotonic()
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err, time.monotonic() - began


@contextmanager
def crew(*args, **env):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--workers", "2", "--log-format", "json", "--quiet", *args],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=kept | env,
    )  # fmt: skip
    try:
        yield Crew(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
        for stream in (process.stdout, process.stderr):
            stream.close()


def test_counters_are_those_of_all_workers_over_several_scrapes(tmp_path):
    with crew(TMPDIR=str(tmp_path)) as server:
        assert (server.ready["workers"], server.counted()) == (2, 0)
        for total in (12, 24, 36):
            server.chat(12)
            assert server.counted() == server.counted() == total
            infinite = 'openai_mock_request_seconds_bucket{operation="chat.completions.create",le="+Inf"'
            assert server.counted(infinite) == server.counted("openai_mock_request_seconds_count") == total
        with server.client() as client:
            entries = client.get("/_mock/journal").json()
            assert {entry["worker"] for entry in entries["data"]} == {1, 2}
            order = {"operation": "chat.completions.create", "count": 36}
            assert client.post("/_mock/verify", json=order).json()["matched"] == 36
        code, _, err, seconds = server.stop()
        assert (code, err) == (0, "")
        assert seconds < 3  # two, on a machine that has time
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("named", [True, False])
def test_workers_agree_on_what_is_remembered(tmp_path, named):
    with crew(*(["--state", str(tmp_path / "state.db")] if named else [])) as server:
        made = []
        for number in range(8):
            with server.client() as client:
                upload = {"file": ("a.txt", b"text")}
                answer = client.post("/v1/files", data={"purpose": "user_data"}, files=upload).raise_for_status()
                made.append(answer.json()["id"])
            with server.client() as client:
                assert [each["id"] for each in client.get("/v1/files?order=asc").json()["data"]] == made
                assert client.get(f"/v1/files/{made[number // 2]}").status_code == 200
        assert len(set(made)) == 8
        server.stop()
    assert (tmp_path / "state.db").exists() == named


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_just_after_the_start_ends_them(how):
    for _ in range(3):
        with crew() as server:
            assert server.stop(how)[0] == 0


def test_a_worker_that_dies_is_replaced_and_what_it_told_still_counts():
    with crew() as server:
        server.counted()
        server.chat(10)
        assert server.counted() == 10
        before = server.processes()
        os.kill(before[0], signal.SIGKILL)
        assert "worker 1 was ended by signal 9; another takes its place." in server.event("warning")["message"]
        server.chat(10)
        assert server.counted() == 20
        after = server.processes()
        assert (len(after), before[1] in after, server.workers()) == (2, True, 2)
        assert server.stop(signal.SIGINT)[0] == 0


def test_running_answers_end_with_the_server_in_time(tmp_path):
    config = tmp_path / "slow.json"
    config.write_text(json.dumps({"pace": {"first_token": 0.01, "between_tokens": 30}}))
    with crew("--config", str(config)) as server, server.client() as client:
        request = client.build_request("POST", "/v1/chat/completions", json={**HELLO, "stream": True})
        answer = client.send(request, stream=True)
        code, _, _, seconds = server.stop()
        answer.close()
        assert (code, seconds < 3) == (0, True)


def test_workers_end_when_nobody_looks_after_them():
    with crew() as server:
        children = server.processes()
        server.process.kill()
        server.process.wait()
        end = time.monotonic() + 5
        while any(map(alive, children)) and time.monotonic() < end:
            time.sleep(0.02)
        assert not any(map(alive, children))


def alive(process):
    """Whether a process runs: one that has ended and whom nobody waits for does not."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")


def test_the_audit_is_that_of_all_workers(tmp_path):
    config = tmp_path / "paced.json"
    config.write_text(json.dumps({"pace": {"first_token": 0.01, "between_tokens": 0.002}}))
    with crew("--config", str(config), "--audit", "--audit-limit", "lateness=0.000001ms") as server:
        for _ in range(8):
            with server.client() as client:
                client.post("/v1/chat/completions", json={**HELLO, "stream": True}).raise_for_status()
        code, out, _, _ = server.stop()
    found = json.loads(out.splitlines()[-1])
    assert (code, found["event"], found["workers"], found["answers"]) == (3, "load", 2, 8)
    assert "The mock was the bottleneck" in found["because"][0]


def test_mistakes_are_sentences(tmp_path):
    run = [*COMMAND, "--port", "0", "--workers", "2"]
    seeded = subprocess.run([*run, "--seed", "1"], capture_output=True, text=True, timeout=60, check=False)
    assert (seeded.returncode, seeded.stderr.count("\n")) == (2, 1)
    assert "which worker answers is chance" in seeded.stderr
    (tmp_path / "no.db").write_bytes(b"this is no database, and long enough to tell" * 100)
    wrong = subprocess.run(
        [*run, "--state", str(tmp_path / "no.db")], capture_output=True, text=True, timeout=60, check=False
    )
    assert (wrong.returncode, "cannot hold the state" in wrong.stderr) == (2, True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        busy = subprocess.run(
            [*COMMAND, "--port", port, "--workers", "2"], capture_output=True, text=True, timeout=60, check=False
        )
        assert (busy.returncode, f"Port {port} on 127.0.0.1 is already in use" in busy.stderr) == (1, True)


def test_what_workers_count_apart_is_told(tmp_path):
    config = tmp_path / "limited.yaml"
    config.write_text("limits: {requests_per_minute: 3}\nfaults: [{kind: rate_limit, calls: first 2}]\n")
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--workers", "2", "--config", str(config), "--log-format", "json"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        said = [json.loads(process.stdout.readline())["message"] for _ in range(2)]
        assert json.loads(process.stdout.readline())["event"] == "ready"
        process.terminate()
    assert ["limits" in said[0], "faults" in said[1]] == [True, True]


def test_without_fork_there_is_a_sentence(monkeypatch):
    monkeypatch.delattr(os, "fork")
    assert "Windows" in refused(seeded=False)
