"""Answers written step by step, and clocks that do not take time."""

from __future__ import annotations

import asyncio
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from openai_mock.doors.drive import Timer
from openai_mock.wire import Data, Head, Wait

JSON = [(b"content-type", b"application/json"), (b"x-request-id", b"req_1")]
HELLO = [{"role": "user", "content": "Hello"}]


class Clock:
    """A clock that a sleep moves forward at once; `slept` is called at each."""

    def __init__(self, slept=lambda: None):
        self.time, self.slept = 0.0, slept

    def sleep(self, seconds):
        self.time += seconds
        self.slept()

    async def asleep(self, seconds):
        self.sleep(seconds)

    @property
    def timer(self):
        return Timer(lambda: self.time, self.sleep, self.asleep)


class Gate(Clock):
    """A clock whose asynchronous sleeps end when `open` is called: what comes later cannot come before."""

    def __init__(self):
        super().__init__()
        self.turn = asyncio.Semaphore(0)

    def open(self):
        self.turn.release()

    async def asleep(self, seconds):
        await asyncio.wait_for(self.turn.acquire(), 10)
        self.time += seconds


def playing(*steps, seen=None):
    """A handle that gives these steps and notes the requests."""

    def handle(request):
        if seen is not None:
            seen.append(request)
        yield from steps

    return handle


def completion(text="Hi"):
    """A chat completion as a handle's steps."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return Head(200, JSON), Data(json.dumps(body).encode())


def streamed(*words):
    """A streamed chat completion, one second between the words."""
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    yield Head(200, [(b"content-type", b"text/event-stream")])
    for second, word in enumerate(words):
        yield Wait(float(second))
        choice = {"index": 0, "delta": {"content": word}}
        yield Data(b"data: " + json.dumps({**chunk, "choices": [choice]}).encode() + b"\n\n")
    yield Data(b"data: [DONE]\n\n")


class LocalServer:
    """A server on this machine that answers everything with `local`."""

    def __enter__(self):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("content-length", "5")
                self.end_headers()
                self.wfile.write(b"local")

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_error):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
