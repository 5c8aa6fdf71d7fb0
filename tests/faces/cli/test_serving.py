"""Real servers: started as users start them, talked to over HTTP, stopped by signals."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from openai_mock.config.load import load
from openai_mock.faces.cli.console import Console
from openai_mock.faces.cli.options import ServeOptions
from openai_mock.faces.cli.serving import reload
from openai_mock.library.endpoints import is_loopback
from openai_mock.mock import OpenAIMock

CONFIG = """\
responses:
  - id: greeting
    messages:
      - {role: user, content: Hi}
      - {role: assistant, content: FIRST}
"""
SECRET = "sk-very-secret-0123456789"
COMMAND = [sys.executable, "-m", "openai_mock"]


def environment():
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    return kept | {"PYTHONUNBUFFERED": "1"}


class Server:
    """A running command and what it has printed so far."""

    def __init__(self, process):
        self.process = process
        self.lines = []

    def until(self, wanted):
        """Read on to the first event or line that `wanted` accepts."""
        for line in self.process.stdout:
            self.lines.append(line)
            if wanted(line):
                return line
        raise AssertionError(f"the output ended: {self.lines} {self.process.stderr.read()}")

    def event(self, name):
        return json.loads(self.until(lambda line: json.loads(line)["event"] == name))

    def ask(self, text="Hi", key="sk-any"):
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
        return httpx.post(f"{self.url}/chat/completions", json=body, headers={"authorization": f"Bearer {key}"})

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, "".join(self.lines) + out, err


@contextmanager
def started(*args, stdin=subprocess.DEVNULL, command=COMMAND, **more):
    process = subprocess.Popen(
        [*command, *args], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        env=environment(), **more,
    )  # fmt: skip
    server = Server(process)
    try:
        yield server
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


@contextmanager
def serving(*args, **more):
    with started("--port", "0", *args, **more) as server:
        ready = server.event("ready")
        server.url = ready["base_url"]
        yield server


def finished(*args, **more):
    return subprocess.run(
        [*COMMAND, *args], capture_output=True, text=True, env=environment(), timeout=60, check=False, **more
    )


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "flows.yaml"
    file.write_text(CONFIG)
    return file


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_server_from_start_to_stop(config, how):
    with serving("--config", str(config)) as server:
        assert server.ask().json()["choices"][0]["message"]["content"] == "FIRST"
        event = server.event("request")
        assert (event["operation"], event["rule"], event["status"]) == ("chat.completions.create", "greeting", 200)
        assert server.ask("Ho").status_code == 400
        miss = server.event("request")
        assert (miss["rule"], miss["nearest"][0]["id"]) == (None, "greeting")
        code, out, err = server.stop(how)
    assert (code, err) == (0, "")
    assert all(json.loads(line) for line in out.splitlines())


def test_text_for_people(config):
    with started("-p", "0", "-c", str(config), "--log-format", "text") as server:
        server.url = server.until(lambda line: "openai-mock" in line).split(" at ")[1].split()[0] + "/v1"
        server.until(lambda line: "use it" in line)
        server.ask("Ho")
        line = server.until(lambda line: "chat.completions.create" in line)
        assert "nearest greeting  400" in " ".join(line.split()).replace("greeting 400", "greeting  400")
        assert "greeting" in server.until(lambda line: line.startswith("    "))
        code, out, err = server.stop()
    assert (code, err) == (0, "")
    assert "1 flow" in out
    assert "\x1b" not in out


def test_keys_are_asked_for_and_never_printed(config):
    with serving("-c", str(config), "--api-key", SECRET, "-v") as server:
        assert server.ask(key="sk-wrong-one-0123456789").status_code == 401
        assert server.ask(key=SECRET).status_code == 200
        server.event("request")
        detailed = server.event("request")
        assert detailed["headers"]["authorization"] == "Bearer ****"
        assert '"Hi"' in detailed["body"]
        _, out, err = server.stop()
    assert SECRET not in out + err
    assert "wrong-one-0123456789" not in out + err


def test_quiet_logs_no_requests(config):
    with serving("-c", str(config), "-q") as server:
        assert server.ask().status_code == 200
        _, out, _ = server.stop()
    assert [json.loads(line)["event"] for line in out.splitlines()] == ["ready"]


def test_a_configuration_on_standard_input(config):
    with config.open() as stdin, serving(stdin=stdin) as server:
        assert server.ask().json()["choices"][0]["message"]["content"] == "FIRST"
        server.stop()
    with started("--port", "0", stdin=subprocess.PIPE) as server:
        server.process.stdin.write(CONFIG)
        server.process.stdin.close()
        server.process.stdin = None
        assert server.event("ready")["rules"] == 1
        server.stop()
    with started("--port", "0", "-c", "-", stdin=subprocess.PIPE) as server:
        server.process.stdin.write(CONFIG)
        server.process.stdin.close()
        server.process.stdin = None
        assert server.event("ready")["rules"] == 1
        server.stop()


def test_a_pipe_that_nobody_closes_does_not_hold_up_the_start():
    with started("--port", "0", stdin=subprocess.PIPE) as server:
        assert "--config -" in server.event("warning")["message"]
        assert server.event("ready")["rules"] == 0
        assert server.stop()[0] == 0


def test_a_taken_port_is_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = finished("--port", str(port), stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"openai-mock: Port {port} on 127.0.0.1 is already in use.")
    assert len(done.stderr.splitlines()) == 1


def test_an_address_that_is_not_ours_is_a_sentence():
    done = finished("--host", "192.0.2.1", "--port", "0", stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert done.stderr.startswith("openai-mock: Cannot listen on 192.0.2.1")
    assert "Traceback" not in done.stderr


def test_the_port_of_the_option_beats_that_of_the_configuration(config):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config.write_text(f"port: {port}\n{CONFIG}")
        assert finished("-c", str(config), stdin=subprocess.DEVNULL).returncode == 1
        with serving("-c", str(config)) as server:
            assert server.ask().status_code == 200
            server.stop()


def test_the_configuration_is_read_again_without_dropping_a_connection(config):
    with serving("-c", str(config), "--watch", "-q") as server, httpx.Client() as client:

        def ask():
            body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
            return client.post(
                f"{server.url}/chat/completions", json=body, headers={"authorization": "Bearer x"}
            ).json()

        assert ask()["choices"][0]["message"]["content"] == "FIRST"
        other = config.with_name("new.yaml")
        other.write_text(CONFIG.replace("FIRST", "SECOND"))
        other.replace(config)
        assert server.event("reloaded")["rules"] == 1
        assert ask()["choices"][0]["message"]["content"] == "SECOND"
        config.write_text("responses: 1")
        assert "responses" in server.event("reload_failed")["problems"][0]
        assert ask()["choices"][0]["message"]["content"] == "SECOND"
        server.stop()


def test_the_log_may_lose_its_reader(config):
    with serving("-c", str(config)) as server:
        server.process.stdout.close()
        for _ in range(3):
            assert server.ask().status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert server.process.stderr.read() == ""


def test_everyone_is_warned_of_an_open_server():
    with started("--host", "0.0.0.0", "--port", "0") as server:
        assert "Add --api-key KEY" in server.event("warning")["message"]
        server.stop()
    with started("--host", "0.0.0.0", "--port", "0", "--api-key", "k") as server:
        server.event("ready")
        _, out, _ = server.stop()
        assert "warning" not in out


def test_the_commands_are_installed():
    folder = Path(sys.executable).parent
    for name in ("openai-mock", "openai-mock-api"):
        done = subprocess.run([folder / name, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout.startswith(name)
    with started("-p", "0", "-l", "error", command=[folder / "openai-mock-api"]) as server:
        server.event("ready")
        assert server.stop()[0] == 0


def test_help_loads_nothing_heavy():
    code = (
        "import sys, runpy; sys.argv = ['openai-mock', '--help']\n"
        "try: runpy.run_module('openai_mock', run_name='__main__')\n"
        "finally: print('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False)
    loaded = done.stdout.split("LOADED")[1].split()
    assert not {"yaml", "tiktoken", "uvicorn", "jsonschema_rs", "rapidfuzz", "regex", "asyncio", "uvloop"} & set(loaded)


def test_importing_the_package_needs_no_click():
    code = "import sys, openai_mock.faces.cli; assert 'click' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_reload_keeps_the_keys_of_the_command_line_and_tells_of_a_new_port(config):
    out, err = io.StringIO(), io.StringIO()
    console = Console(out, err, as_json=False)
    mock = OpenAIMock(load(CONFIG, name="x", env={}))
    options = ServeOptions(config=str(config), api_keys=("sk-option",))
    config.write_text("port: 4001\napiKey: sk-file\n" + CONFIG.replace("FIRST", "SECOND"))
    reload(mock, options, console, None)
    assert mock.plan.api_keys == ("sk-option",)
    before = mock.plan
    config.write_text("prot: 1")
    reload(mock, options, console, 4001)
    config.unlink()
    reload(mock, options, console, 4001)
    assert mock.plan is before
    console.close()
    assert "port" in err.getvalue()
    assert out.getvalue().count("the old rules stay") == 2
    assert f"    {config}:1:1: prot:" in out.getvalue()


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.9.9.9", True), ("0.0.0.0", False), ("::", False),
     ("example.com", False), ("", False)],
)  # fmt: skip
def test_loopback(host, alone):
    assert is_loopback(host) is alone
