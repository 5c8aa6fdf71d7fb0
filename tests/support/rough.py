"""Talks to a server as no client library would: bytes as they are, and a stopwatch on everybody else."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

PATH = "/v1/chat/completions"
SOON = 10.0
"""Seconds until an answer: many times what is measured, for machines that are busy with other tests."""
INSTANT = 2.0
"""Seconds until `/health` answers, meanwhile."""


@dataclass(frozen=True)
class Server:
    """Where a server is."""

    url: str

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)


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
