"""A hostile client gets its answer or its error soon, and meanwhile everybody else is served."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai_mock.doors.serve import serve_in_thread

from openai_mock.config.load import load
from openai_mock.engine.journal import Entry
from openai_mock.mock import OpenAIMock

FLOWS = r"""
responses:
  - id: nested
    messages: [{role: user, content: '^(a+)+$', matcher: regex}, {role: assistant, content: nested}]
  - id: twofold
    messages: [{role: user, content: '^(a|aa)+$', matcher: regex}, {role: assistant, content: twofold}]
  - id: near
    messages: [{role: user, content: I need help with something, matcher: fuzzy}, {role: assistant, content: near}]
  - id: hello
    messages: [{role: user, content: Hello}, {role: assistant, content: Hello to you}]
  - id: other
    messages: [{role: user, matcher: any}, {role: assistant, content: other}]
"""
PATH = "/v1/chat/completions"
SOON = 3.0
"""Seconds until an answer: a few times what is measured, for machines that are busy with other tests."""
INSTANT = 0.5
"""Seconds until `/health` answers, meanwhile."""


@dataclass
class Server:
    url: str
    mock: OpenAIMock

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    mock = OpenAIMock(load(FLOWS, name="flows.yaml", env={}), raise_errors=False)
    with serve_in_thread(mock.handle) as served:
        started = Server(served.url, mock)
        post(started, chat("warm up: the vocabulary is read at the first request"))
        yield started


def chat(*texts: str, **fields: Any) -> bytes:
    messages = [{"role": "user", "content": text} for text in texts]
    return json.dumps({"model": "gpt-4o", "messages": messages, **fields}).encode()


def post(server: Server, body: bytes, **headers: str) -> tuple[int, Any]:
    given = {"authorization": "Bearer sk-test", "content-type": "application/json"}
    connection = http.client.HTTPConnection(*server.address, timeout=60)
    try:
        connection.request("POST", PATH, body, {**given, **headers})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def raw(server: Server, data: bytes) -> tuple[int, bytes]:
    """Send bytes as they are and read one answer."""
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(data)
        return read_answer(client)


def read_answer(client: socket.socket, method: str = "POST") -> tuple[int, bytes]:
    response = http.client.HTTPResponse(client, method=method)
    response.begin()
    body = response.read()
    response.close()
    return response.status, body


def request_line(target: bytes, *lines: bytes, method: bytes = b"POST", version: bytes = b"1.1") -> bytes:
    start = b"%b %b HTTP/%b" % (method, target, version)
    return b"\r\n".join([start, b"host: x", b"authorization: Bearer sk-test", *lines, b"", b""])


def whole(body: bytes, target: bytes = PATH.encode(), *lines: bytes, version: bytes = b"1.1") -> bytes:
    size = b"content-length: %d" % len(body)
    return request_line(target, b"content-type: application/json", size, *lines, version=version) + body


def while_others_are_served(server: Server, ask: Callable[[], Any]) -> Any:
    """What `ask` returns; fails if it or anybody's `/health` takes too long meanwhile."""
    slowest = 0.0
    with ThreadPoolExecutor(1) as pool, httpx.Client(trust_env=False, verify=False, timeout=60) as other:
        began = time.perf_counter()
        asked = pool.submit(ask)
        while not asked.done():
            start = time.perf_counter()
            assert other.get(f"{server.url}/health").status_code == 200
            slowest = max(slowest, time.perf_counter() - start)
        took = time.perf_counter() - began
    assert slowest < INSTANT, f"/health took {slowest:.2f} s"
    assert took < SOON, f"the answer took {took:.2f} s"
    return asked.result()


NOT_JSON = [
    b'{"model":',
    b"\xff\xfe",
    b'{"model":"m","messages":[{"role":"user","content":"\xff"}]}',
    rb'{"model":"m","messages":[{"role":"user","content":"\ud800"}]}',
    rb'{"model":"m","messages":[{"role":"user","content":"a\udc00b"}]}',
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":NaN}',
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":1e999}',
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"seed":%b}' % (b"9" * 5000),
    b'{"model":"m","messages":%b%b}' % (b"[" * 10_000, b"]" * 10_000),
    b"[" * 20_000_000,
]
REFUSED = [
    (b'{"model":"m","messages":%b%b}' % (b"[" * 500, b"]" * 500), "messages[0]", "invalid_type"),
    (chat("x", n=10**30), "n", "integer_above_max_value"),
    (chat("x", n=-1), "n", "integer_below_min_value"),
    (chat("a" * 20_000_000), "messages[0].content", "string_above_max_length"),
    (chat("hello world " * 1_700_000), "messages[0].content", "string_above_max_length"),
    (b"null", None, "invalid_type"),
    (b'"text"', None, "invalid_type"),
    (b'{"model":"m","messages":[null]}', "messages[0]", "invalid_type"),
    (chat("x", **{f"k{index}": index for index in range(100_000)}), None, None),
]
ANSWERED = {
    "blanks": (chat(" " * 1_000_000), "other"),
    "line ends": (chat("\n" * 1_000_000), "other"),
    "one letter": (chat("a" * 1_000_000), "nested"),
    "one ideograph": (chat("漢" * 330_000), "other"),
    "emoji": (chat("👩‍👩‍👧" * 50_000), "other"),
    "punctuation": (chat("!?" * 500_000), "other"),
    "digits": (chat("1" * 1_000_000), "other"),
    "both patterns": (chat("a" * 40 + "!"), "other"),
    "null character": (chat("a\0b"), "other"),
    "a key twice": (b'{"model":"n","model":"m","messages":[{"role":"user","content":"Hello"}]}', "hello"),
    "a deep schema": (
        chat("Hello")[:-1]
        + b',"tools":[{"type":"function","function":{"name":"f","parameters":%b1%b}}]}' % (b'{"a":' * 900, b"}" * 900),
        "hello",
    ),
}


@pytest.mark.parametrize("body", NOT_JSON, ids=range(len(NOT_JSON)))
def test_what_is_not_json(server: Server, body: bytes) -> None:
    status, answer = while_others_are_served(server, lambda: post(server, body))
    assert (status, answer["error"]["message"][:45]) == (400, "We could not parse the JSON body of your requ")


@pytest.mark.parametrize(("body", "param", "code"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_json_and_wrong(server: Server, body: bytes, param: str | None, code: str | None) -> None:
    status, answer = while_others_are_served(server, lambda: post(server, body))
    assert (status, answer["error"]["param"], answer["error"]["code"]) == (400, param, code)
    assert len(answer["error"]["message"]) < 1000


@pytest.mark.parametrize(("body", "rule"), ANSWERED.values(), ids=ANSWERED)
def test_what_is_strange_and_right(server: Server, body: bytes, rule: str) -> None:
    status, answer = while_others_are_served(server, lambda: post(server, body))
    assert (status, answer.get("id")) == (200, f"chatcmpl-{rule}")


def test_ten_thousand_messages(server: Server) -> None:
    many = chat(*(f"message {index}" for index in range(10_000)))
    status, answer = while_others_are_served(server, lambda: post(server, many))
    assert (status, answer["error"]["code"]) == (400, "no_match")


def test_patterns_under_attack_from_many_sides(server: Server) -> None:
    def attack() -> list[int]:
        with ThreadPoolExecutor(8) as pool:
            return [status for status, _ in pool.map(lambda _: post(server, chat("a" * 40 + "!")), range(8))]

    assert while_others_are_served(server, attack) == [200] * 8


def test_a_type_that_is_not_json(server: Server) -> None:
    status, answer = post(server, chat("Hello"), **{"content-type": "text/html"})
    assert (status, answer["error"]["code"]) == (400, "unsupported_content_type")


def test_headers_many_and_long(server: Server) -> None:
    assert post(server, chat("Hello"), **{f"x-header-{index}": "v" for index in range(100)})[0] == 200
    lines = [b"x-long: " + b"v" * 100_000]
    assert while_others_are_served(server, lambda: raw(server, whole(chat("Hello"), PATH.encode(), *lines)))[0] == 431


@pytest.mark.parametrize(
    "target",
    [
        b"/V1/chat/completions", b"//v1/chat/completions", b"/v1/../v1/chat/completions",
        b"/v1/%2e%2e/v1/chat/completions", b"/%2e%2e/%2e%2e/etc/passwd", b"/v1/chat%2fcompletions",
        b"/v1/chat/completions%00", b"/v1/chat/completions/", b"/v1/chat/completions;x=1",
    ],
)  # fmt: skip
def test_another_spelling_is_another_address(server: Server, target: bytes) -> None:
    status, body = raw(server, whole(chat("Hello"), target))
    assert (status, json.loads(body)["error"]["message"]) == (404, f"Invalid URL (POST {target.decode()})")


@pytest.mark.parametrize(
    "data",
    [
        request_line(b"/v1/chat/\0completions"),
        request_line(PATH.encode(), b"content-length: -5"),
        request_line(PATH.encode(), b"content-length: 5", b"content-length: 6") + b"hello!",
        request_line(PATH.encode(), b"content-length: 5", b"transfer-encoding: chunked") + b"0\r\n\r\n",
        request_line(PATH.encode(), b"content-length: 99999999999999999999999"),
        request_line(PATH.encode(), b"transfer-encoding: chunked") + b"zz\r\nhello\r\n",
        request_line(PATH.encode(), method=b"BREW"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 5,
    ],
    ids=range(8),
)
def test_what_is_not_http(server: Server, data: bytes) -> None:
    status, body = raw(server, data)
    assert (status, json.loads(body)["error"]["message"]) == (400, "The server could not read the HTTP request.")


def test_a_body_in_chunks(server: Server) -> None:
    body = chat("Hello")
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:])) + b"0\r\n\r\n"
    lines = (b"content-type: application/json", b"transfer-encoding: chunked")
    assert raw(server, request_line(PATH.encode(), *lines) + chunks)[0] == 200


def test_a_client_that_waits_to_be_asked_for_its_body(server: Server) -> None:
    head, _, body = whole(chat("Hello"), PATH.encode(), b"expect: 100-continue").partition(b"\r\n\r\n")
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(head + b"\r\n\r\n")
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        assert read_answer(client)[0] == 200


def test_a_body_that_never_ends_holds_up_nobody(server: Server) -> None:
    started = [socket.create_connection(server.address, timeout=10) for _ in range(20)]
    try:
        for client in started:
            client.sendall(request_line(PATH.encode(), b"content-length: 1000") + b"{")
        for _ in range(20):
            assert while_others_are_served(server, lambda: post(server, chat("Hello")))[0] == 200
    finally:
        for client in started:
            client.close()


def test_http_1_0_closes_behind_its_answer(server: Server) -> None:
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(whole(chat("Hello", stream=True), version=b"1.0"))
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"chunked" not in head
    assert body.startswith(b"data: ")
    assert body.endswith(b"data: [DONE]\n\n")


def test_requests_sent_ahead_are_answered_in_order(server: Server) -> None:
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(b"".join(whole(chat("Hello", user=str(index))) for index in range(20)))
        client.sendall(request_line(b"/health", b"connection: close", method=b"GET"))
        got = b"".join(iter(lambda: client.recv(65_536), b""))
    assert got.count(b"HTTP/1.1 200 OK") == 21
    assert got.endswith(b"}")
    assert got.rindex(b'"status":"ok"') > got.rindex(b"chatcmpl-hello")


def test_head_and_options(server: Server) -> None:
    with httpx.Client(base_url=server.url, trust_env=False, verify=False) as client:
        head = client.head("/v1/models", headers={"authorization": "Bearer x"})
        assert (head.status_code, head.content, int(head.headers["content-length"]) > 10) == (200, b"", True)
        options = client.options(PATH)
        assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
        assert client.options("/v1/nope").status_code == 404


async def test_five_hundred_streams_at_once(server: Server) -> None:
    asked = whole(chat("Hello", stream=True), PATH.encode(), b"connection: close")

    async def read() -> bytes:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(asked)
        got = await reader.read()
        writer.close()
        await writer.wait_closed()
        return got

    answers = await asyncio.gather(*(read() for _ in range(500)))
    assert all(answer.startswith(b"HTTP/1.1 200") and b"data: [DONE]" in answer for answer in answers)


def long_answer(words: int) -> str:
    return f"responses:\n  - id: long\n    messages: [{{role: user, content: Go}}, {{role: assistant, content: '{'word ' * words}'}}]\n"


def test_a_stream_that_is_left_half_way_is_closed_in_the_journal() -> None:
    mock = OpenAIMock(load(long_answer(100_000), name="long.yaml", env={}), raise_errors=False)
    ended: list[Entry] = []
    closed = threading.Event()
    mock.journal.listeners.append(lambda entry: (ended.append(entry), closed.set()))
    with serve_in_thread(mock.handle) as served:
        with socket.create_connection(Server(served.url, mock).address, timeout=10) as client:
            client.sendall(whole(chat("Go", stream=True)))
            assert client.recv(1000).startswith(b"HTTP/1.1 200")
            assert not closed.is_set()
        assert closed.wait(SOON)
    [entry] = ended
    assert (entry.operation, entry.rule, entry.stream) == ("chat.completions.create", "long", True)
    assert (entry.status, entry.finished) == (200, False)
    assert entry.seconds is not None


@pytest.mark.skipif(os.name == "nt", reason="a process is ended otherwise there")
def test_a_signal_during_streams_ends_the_server(tmp_path: Path) -> None:
    config = tmp_path / "long.yaml"
    config.write_text(long_answer(100_000))
    command = [sys.executable, "-m", "openai_mock", "--config", str(config), "--port", "0", "--log-format", "json"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            ready = json.loads(process.stdout.readline())
            clients = [socket.create_connection(Server(ready["url"], OpenAIMock()).address, timeout=10) for _ in range(5)]
            for client in clients:
                client.sendall(whole(chat("Go", stream=True)))
                assert client.recv(1000).startswith(b"HTTP/1.1 200")
            began = time.perf_counter()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            assert time.perf_counter() - began < SOON
            for client in clients:
                client.close()
        finally:
            process.kill()


def test_a_reload_under_load_drops_no_request() -> None:
    plans = [
        load(
            f"responses: [{{id: v{number}, messages: [{{role: user, content: Hello}}, {{role: assistant, content: '{number}'}}]}}]",
            name="given.yaml",
            env={},
        )
        for number in range(4)
    ]
    mock = OpenAIMock(plans[0], raise_errors=False)
    with serve_in_thread(mock.handle) as served, ThreadPoolExecutor(8) as pool:
        address = Server(served.url, mock).address

        def ask(_: int) -> list[tuple[int, str, str]]:
            connection = http.client.HTTPConnection(*address, timeout=30)
            got = []
            for _ in range(40):
                headers = {"authorization": "Bearer x", "content-type": "application/json"}
                connection.request("POST", PATH, chat("Hello"), headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
                got.append((response.status, answer.get("id"), answer["choices"][0]["message"]["content"]))
            connection.close()
            return got

        asked = [pool.submit(ask, number) for number in range(8)]
        replaced = 0
        while not all(one.done() for one in asked):
            replaced += 1
            mock.replace(plans[replaced % len(plans)])
    answers = [answer for one in asked for answer in one.result()]
    assert len(answers) == 320
    assert {status for status, _, _ in answers} == {200}
    assert all(id_ == f"chatcmpl-v{said}" for _, id_, said in answers)
    assert len({said for _, _, said in answers}) > 1
