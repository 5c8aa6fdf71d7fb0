"""A hostile client gets its answer or its error soon, and meanwhile everybody else is served."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from rough import PATH, Server, chat, post, raw, read_answer, request_line, while_others_are_served, whole

from openai_mock.config.load import load
from openai_mock.doors.serve import serve_in_thread
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


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    mock = OpenAIMock(load(FLOWS, name="flows.yaml", env={}), raise_errors=False)
    with serve_in_thread(mock.handle) as served:
        started = Server(served.url)
        post(started, chat("warm up: the vocabulary is read at the first request"))
        yield started


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
    "blanks": (chat(" " * 1_000_000, model="m"), "other"),
    "line ends": (chat("\n" * 1_000_000, model="m"), "other"),
    "one letter": (chat("a" * 1_000_000, model="m"), "nested"),
    "one ideograph": (chat("漢" * 330_000, model="m"), "other"),
    "emoji": (chat("👩‍👩‍👧" * 50_000, model="m"), "other"),
    "punctuation": (chat("!?" * 500_000, model="m"), "other"),
    "digits": (chat("1" * 1_000_000, model="m"), "other"),
    "both patterns": (chat("a" * 40 + "!"), "other"),
    "null character": (chat("a\0b"), "other"),
    "a key twice": (b'{"model":"n","model":"m","messages":[{"role":"user","content":"Hello"}]}', "hello"),
    "a deep schema": (
        chat("Hello")[:-1] + b',"tools":[{"type":"function","function":{"name":"f","parameters":'
        b'{"type":"object","properties":{},"a":%b1%b}}}]}' % (b'{"a":' * 900, b"}" * 900),
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


def test_a_long_text_near_no_long_flow() -> None:
    flows = [{"role": "user", "content": "abcd " * 50_000, "matcher": "fuzzy"}, {"role": "assistant", "content": "A"}]
    mock = OpenAIMock(load(json.dumps({"responses": [{"id": "long", "messages": flows}]}), name="long.json", env={}))
    with serve_in_thread(mock.handle) as served:
        server = Server(served.url)
        post(server, chat("warm up"))
        status, answer = while_others_are_served(server, lambda: post(server, chat("bcda " * 200_000, model="m")))
    assert (status, answer["error"]["code"]) == (400, "no_match")
    assert "is less than 0.8 similar to" in answer["error"]["nearest"][0]["reason"]


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
