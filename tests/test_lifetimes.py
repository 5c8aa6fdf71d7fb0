"""Streams by the hundred, left half-way or cut by the end of the server, and new rules under load."""

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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rough import PATH, SOON, Server, chat, whole

from openai_mock.config.load import load
from openai_mock.doors.serve import serve_in_thread
from openai_mock.engine.journal import Entry
from openai_mock.mock import OpenAIMock


def flow(name: str, said: str) -> str:
    """A configuration that answers `Hello`."""
    messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": said}]
    return json.dumps({"responses": [{"id": name, "messages": messages}]})


def made(config: str) -> OpenAIMock:
    return OpenAIMock(load(config, name="given.json", env={}), raise_errors=False)


LONG = flow("long", "word " * 100_000)
"""Much more than the buffers of a connection hold, so that a client who stops reading is waited for."""


async def test_five_hundred_streams_at_once() -> None:
    asked = whole(chat("Hello", stream=True), PATH.encode(), b"connection: close")
    with serve_in_thread(made(flow("hello", "Hello to you")).handle) as served:
        address = Server(served.url).address

        async def read() -> bytes:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(asked)
            got = await reader.read()
            writer.close()
            await writer.wait_closed()
            return got

        answers = await asyncio.gather(*(read() for _ in range(500)))
    assert all(answer.startswith(b"HTTP/1.1 200") and b"data: [DONE]" in answer for answer in answers)


def test_a_stream_that_is_left_half_way_is_closed_in_the_journal() -> None:
    mock = made(LONG)
    ended: list[Entry] = []
    closed = threading.Event()

    def heard(entry: Entry) -> None:
        ended.append(entry)
        closed.set()

    mock.journal.listeners.append(heard)
    with serve_in_thread(mock.handle) as served:
        with socket.create_connection(Server(served.url).address, timeout=10) as client:
            client.sendall(whole(chat("Hello", stream=True)))
            assert client.recv(1000).startswith(b"HTTP/1.1 200")
            assert not closed.is_set()
        assert closed.wait(SOON)
    [entry] = ended
    assert (entry.operation, entry.rule, entry.stream) == ("chat.completions.create", "long", True)
    assert (entry.status, entry.finished) == (200, False)
    assert entry.seconds is not None


@pytest.mark.skipif(os.name == "nt", reason="a process is ended otherwise there")
def test_a_signal_during_streams_ends_the_server(tmp_path: Path) -> None:
    config = tmp_path / "long.json"
    config.write_text(LONG)
    command = [sys.executable, "-m", "openai_mock", "--config", str(config), "--port", "0", "--log-format", "json"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            address = Server(json.loads(process.stdout.readline())["url"]).address
            clients = [socket.create_connection(address, timeout=10) for _ in range(5)]
            for client in clients:
                client.sendall(whole(chat("Hello", stream=True)))
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
    plans = [load(flow(f"v{number}", str(number)), name="given.json", env={}) for number in range(4)]
    mock = OpenAIMock(plans[0], raise_errors=False)
    with serve_in_thread(mock.handle) as served, ThreadPoolExecutor(8) as pool:
        address = Server(served.url).address
        headers = {"authorization": "Bearer x", "content-type": "application/json"}

        def ask() -> list[tuple[int, str, str]]:
            connection = http.client.HTTPConnection(*address, timeout=30)
            got = []
            for _ in range(20):
                connection.request("POST", PATH, chat("Hello"), headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
                got.append((response.status, answer["id"], answer["choices"][0]["message"]["content"]))
            connection.close()
            return got

        asked = [pool.submit(ask) for _ in range(8)]
        replaced = 0
        while not all(one.done() for one in asked):
            replaced += 1
            mock.replace(plans[replaced % len(plans)])
    answers = [answer for one in asked for answer in one.result()]
    assert len(answers) == 160
    assert {(status, id_) for status, id_, _ in answers} <= {(200, f"chatcmpl-v{number}") for number in range(4)}
    assert all(id_ == f"chatcmpl-v{said}" for _, id_, said in answers)
    assert len({said for _, _, said in answers}) > 1
