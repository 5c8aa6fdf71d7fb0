"""`load-report` asks servers that run, and says whether the mock kept up."""

from __future__ import annotations

import json
import socket

import httpx
import pytest
from click.testing import CliRunner

from openai_mock import OpenAIMock
from openai_mock.faces.cli.commands import openai_mock

HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


def run(*args):
    return CliRunner().invoke(openai_mock, ["load-report", *args])


def chat(url):
    httpx.post(f"{url}/v1/chat/completions", json=HELLO, headers={"authorization": "Bearer x"}).raise_for_status()


def test_the_first_question_begins_and_the_next_tells():
    with OpenAIMock(pace="first_token=5ms,tokens_per_second=1000").serve() as server:
        first = run(server.url)
        assert first.exit_code == 0
        assert "Nothing was measured until now; from now on it is." in first.output
        chat(server.url)
        kept_up = run(f"{server.url}/v1/", "--audit-limit", "lateness=60s", "--audit-limit", "first_byte=60s",
                      "--audit-limit", "loop_lag=60s", "--audit-limit", "cpu=10")  # fmt: skip
        assert (kept_up.exit_code, kept_up.output.splitlines()[-1]) == (0, "The mock kept up.")
        assert "1 paced chunks" in kept_up.output
        late = run(server.url, "--json", "--audit-limit", "first_byte=0ms", "--audit-limit", "lateness=0ms")
        found = json.loads(late.output)
        assert (late.exit_code, found["bottleneck"], found["limits"]["lateness"]) == (3, True, 0)
        assert found["because"][0].startswith("The mock was the bottleneck")


def test_several_servers_add_up():
    with OpenAIMock().serve() as one, OpenAIMock(control_key="k").serve() as two:
        assert "only with" not in run(one.url).output
        closed = run(one.url, two.url)
        assert (closed.exit_code, "wants its own key" in closed.output) == (1, True)
        opened = run(one.url, two.url, "--control-key", "k", "--json")
        assert json.loads(opened.output)["workers"] == 2


def test_who_does_not_tell_is_named():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        silent = run(url)
    assert (silent.exit_code, f"{url} does not tell" in silent.output) == (1, True)
    assert "no address of a server" in run("ftp://here").output
    odd = run("http://a b")
    assert (odd.exit_code, "http://a b does not tell" in odd.output) == (1, True)


def test_a_wrong_limit_is_a_sentence():
    wrong = run("--audit-limit", "late=1")
    assert (wrong.exit_code, "is no limit. Write one of lateness=" in wrong.output) == (2, True)


@pytest.mark.parametrize("path", ["/v1/models", "/health"])
def test_what_is_no_mock_cannot_tell(path):
    with OpenAIMock(control=False).serve() as server:
        refused = run(f"{server.url}{path}")
    assert refused.exit_code == 1
