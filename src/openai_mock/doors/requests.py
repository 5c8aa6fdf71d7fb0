"""Answers clients of `requests` inside the process.

Theory. The answer goes as bytes through Python's own HTTP reader and urllib3, as one from a socket would: chunks come
when they are due, and length, cookies, encodings and broken bodies are judged by the code that always judges them.
"""

from __future__ import annotations

import io
from functools import wraps
from http.client import HTTPResponse, RemoteDisconnected
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from openai_mock.doors.addresses import Place
from openai_mock.doors.drive import Frame, ended, frames, opening
from openai_mock.doors.written import Written
from openai_mock.wire import Cut, Data, Exchange, Head, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from openai_mock.doors.patch import Caught, Find

OWNER = ("adapters", "HTTPAdapter")


def replacement(requests: ModuleType, find: Find, original: Callable[..., Any]) -> Callable[..., Any]:
    """`HTTPAdapter.send` that answers the requests which `find` catches."""

    @wraps(original)
    def send(self: Any, request: Any, *arguments: Any, **options: Any) -> Any:
        url = urlsplit(request.url)
        caught = find(request.method, Place(url.scheme.lower(), url.hostname or "", url.port, url.path or "/"))
        if caught is None:
            return original(self, request, *arguments, **options)
        timeout = options["timeout"] if "timeout" in options else arguments[1] if len(arguments) > 1 else None
        return self.build_response(request, _answer(requests, request, caught, _patience(timeout)))

    return send


def _answer(requests: ModuleType, request: Any, caught: Caught, patience: float | None) -> Any:
    """The answer as urllib3 hands it to an adapter."""
    from urllib3._collections import HTTPHeaderDict  # noqa: PLC0415 - it came with requests
    from urllib3.response import HTTPResponse as Urllib3Response  # noqa: PLC0415

    asked = _incoming(request, caught.path)
    began = caught.timer.now()
    steps = caught.answer(asked)
    try:
        opened = opening(steps)
        rest = frames(steps, caught.timer, began=began, opened=opened, patience=patience)
        first = next(rest, None)
    except TimeoutError as error:
        raise requests.exceptions.ReadTimeout(error, request=request) from error
    except OSError as error:
        if isinstance(error, requests.exceptions.RequestException):
            raise
        raise requests.exceptions.ConnectionError(error, request=request) from error
    if not isinstance(first, Head):
        raise _unanswered(requests, request, first)
    written = Written(request.method, opened)
    reader = HTTPResponse(_Line(_Received(rest, steps, written, written.head(first))), method=request.method)  # type: ignore[arg-type]
    reader.begin()
    return Urllib3Response(
        body=reader,
        headers=HTTPHeaderDict(reader.msg.items()),
        status=reader.status,
        version=11,
        reason=reader.reason,
        preload_content=False,
        decode_content=False,
        original_response=reader,
        request_method=request.method,
    )


def _incoming(request: Any, path: str) -> Request:
    """The request of an adapter as the core wants it."""
    headers = {_text(name).lower(): _text(value) for name, value in request.headers.items()}
    headers.setdefault("host", urlsplit(request.url).netloc.rpartition("@")[2])
    return Request(request.method, path, urlsplit(request.url).query, headers, _body(request.body))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _body(body: Any) -> bytes:
    """A body of any kind that `requests` takes, read to its end."""
    if body is None or isinstance(body, (str, bytes, bytearray, memoryview)):
        return body.encode() if isinstance(body, str) else bytes(body or b"")
    parts = [body.read()] if hasattr(body, "read") else body
    return b"".join(part.encode() if isinstance(part, str) else part for part in parts)


def _patience(timeout: Any) -> float | None:
    """The read timeout in seconds, from a number, a pair, or urllib3's object; None waits for ever."""
    if isinstance(timeout, tuple):
        timeout = timeout[1]
    elif hasattr(timeout, "read_timeout"):
        timeout = timeout.read_timeout
    return timeout if isinstance(timeout, (int, float)) else None


def _unanswered(requests: ModuleType, request: Any, frame: Frame | None) -> Exception:
    """The exception that a connection which broke before the head would be."""
    if isinstance(frame, Cut) and frame.how == "timeout":
        timeout: Exception = requests.exceptions.ReadTimeout("Read timed out.", request=request)
        return timeout
    error = RemoteDisconnected("Remote end closed connection without response")
    broken: Exception = requests.exceptions.ConnectionError(error, request=request)
    return broken


class _Line:
    """What Python's HTTP reader wants of a socket."""

    def __init__(self, received: _Received) -> None:
        self.received = received

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The bytes that arrive."""
        return io.BufferedReader(self.received)


class _Received(io.RawIOBase):
    """The bytes of an answer, each as soon as it is due. Closing it closes the exchange."""

    def __init__(self, rest: Iterator[Frame], steps: Exchange, written: Written, head: bytes) -> None:
        self.rest, self.steps, self.written = rest, steps, written
        self.held = head
        self.over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.held and not self.over:
            self.held = self._more()
        size = min(len(buffer), len(self.held))
        buffer[:size] = self.held[:size]
        self.held = self.held[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            ended(self.steps)
        super().close()

    def _more(self) -> bytes:
        """What comes next; nothing and `over` at the end, which a broken connection brings too early."""
        frame = next(self.rest, None)
        if isinstance(frame, Data):
            return self.written.data(frame)
        self.over = True
        if isinstance(frame, Cut):
            if frame.how == "timeout":
                raise TimeoutError("timed out")
            return b""
        return self.written.end()
