"""HTTP/1.1 straight to the engine: a uvicorn protocol that answers a request where it was parsed.

Theory. A whole answer is written by the parser's own callback: no task, no queue, one write. What cannot end there
becomes an `Answer`, of which a connection has at most one; requests that arrive meanwhile wait in `queue`, and reading
pauses. uvicorn's protocol keeps what is not an HTTP request: WebSocket upgrades, flow control, the set of connections.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from openai_mock.doors.answer import Answer, Asked
from openai_mock.doors.drive import LARGE_BODY, burst
from openai_mock.doors.fields import known_fields
from openai_mock.doors.framing import whole
from openai_mock.doors.punctuality import Punctuality
from openai_mock.doors.refusals import failed, refusal, too_large
from openai_mock.doors.timetable import Timetable
from openai_mock.wire import Handle, Head, Headers, Request

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from uvicorn.config import Config
    from uvicorn.server import ServerState

MAX_HEAD = 65_536
"""Bytes of a request line and its headers that are read before the request is refused with 431."""
LINGER = 1.0
"""Seconds for which the rest of a refused request is read away, so that its client gets to read the refusal."""

log = logging.getLogger("openai_mock")


class Http11(HttpToolsProtocol):
    """One connection. `max_body` is the longest body it takes, in bytes."""

    def __init__(
        self,
        handle: Handle,
        max_body: int,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        punctuality: Punctuality | None = None,
        timetable: Timetable | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.access_log = False
        self.handle, self.max_body = handle, max_body
        self.punctuality = Punctuality() if punctuality is None else punctuality
        self.timetable = Timetable(self.loop) if timetable is None else timetable
        self.answer: Answer | None = None
        self.queue: deque[Asked] = deque()
        self.refused: tuple[Head, bytes] | None = None
        self.deaf = False
        self.upgrading = False
        self.turning = False
        self.in_head = False
        self.head_size = self.fed = 0
        self.lines: list[tuple[bytes, bytes]] = []
        self.fields: Mapping[str, str] = {}
        self.parts: list[bytes] = []
        self.size = 0
        self.expecting = False
        self.quiet_since = 0.0

    # What the transport calls

    def data_received(self, data: bytes) -> None:
        """Parse; the callbacks below do the rest."""
        if self.deaf:
            return
        was_in_head, self.fed = self.in_head, len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(refusal(400, "The server could not read the HTTP request."))
        if self.in_head and was_in_head:
            self.head_size += len(data)
            if self.head_size > MAX_HEAD:
                self._refuse(_long_head())

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left: nobody waits for the answer any more."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self.queue.clear()
        answer, self.answer = self.answer, None
        if answer is not None:
            answer.close()

    def resume_writing(self) -> None:
        """The client has read; an answer that waited for it goes on."""
        super().resume_writing()
        if self.answer is not None:
            self.answer.resume()
        else:
            self._turn()

    def shutdown(self) -> None:
        """The server ends: close now, or behind the answer that is running."""
        if self.answer is None:
            self.transport.close()
        else:
            self.answer.keep = False

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has been quiet for too long; one timer looks again instead of one per request."""
        quiet = self.loop.time() - self.quiet_since
        if self.answer is None and not self.in_head and not self.parts and quiet >= self.timeout_keep_alive:
            self.transport.close()
            return
        left = self.timeout_keep_alive - quiet
        delay = left if left > 0 else self.timeout_keep_alive
        self.timeout_keep_alive_task = self.loop.call_later(delay, self.timeout_keep_alive_handler)

    # What the parser calls

    def on_message_begin(self) -> None:
        """A request begins."""
        self.in_head = True
        self.head_size = 0
        self.url = b""
        self.lines = []
        self.parts = []
        self.size = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line."""
        self.lines.append((name, value))

    def on_headers_complete(self) -> None:
        """Refuse what is known to be too much, and say so before a client sends it."""
        self.in_head = False
        found = self.fields = known_fields(tuple(self.lines))
        if self.deaf:
            return
        if self.fed + self.head_size > MAX_HEAD and self._head_length() > MAX_HEAD:
            self._refuse(_long_head())
        elif int(found.get("content-length", 0)) > self.max_body:
            self._refuse(too_large(self.max_body))
        elif self.parser.should_upgrade():
            self._prepare_upgrade()
        elif "expect" in found and found["expect"].lower() == "100-continue":
            self.expecting = True
            self._continue()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self.deaf:
            return
        self.parts.append(body)
        self.size += len(body)
        if self.size > self.max_body:
            self._refuse(too_large(self.max_body))

    def on_message_complete(self) -> None:
        """Answer, or let the request wait for its turn."""
        if self.deaf or self.upgrading or self.transport.is_closing() or self._body_skipped():
            return
        self.expecting = False
        chunks = self.parser.get_http_version() != "1.0"
        path, _, query = self._target().partition("?")
        parts, self.parts = self.parts, []
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        request = Request(self.parser.get_method().decode(), path, query, self.fields, body)
        asked = Asked(request, chunks and self.parser.should_keep_alive(), chunks)
        if self.answer is None and not self.queue and not self.flow.write_paused:
            self._begin(asked)
        else:
            self.queue.append(asked)
            self.punctuality.waited += 1
            self.flow.pause_reading()

    # What an answer sees of its connection

    def writable(self) -> bool:
        """Whether the transport takes more now."""
        return not self.flow.write_paused

    def defaults(self) -> Headers:
        """Headers of every answer."""
        return self.server_state.default_headers

    def answered(self, *, keep: bool) -> None:
        """The answer is complete: close, or take the next request."""
        self._settle(keep=keep)
        self._turn()

    # How a request is answered

    def _begin(self, asked: Asked) -> None:
        """Answer in one write, or hand what cannot end at once to an `Answer`."""
        request = asked.request
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._refuse(refusal(503, "The server has as many connections as it takes. Try again later."))
            return
        if len(request.body) > LARGE_BODY:
            self.answer = Answer(self, asked)
            self.answer.open(self.handle)
            return
        began = self.loop.time() if self.punctuality.measuring else None
        head: Head | None = None
        chunks: list[bytes] = []
        try:
            steps = self.handle(request)
            step = next(steps, None)
            if isinstance(step, Head):
                head = step
                step = burst(steps, next(steps, None), chunks)
                if step is None:
                    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
                    out, keep = whole(request.method, head, body, self.defaults(), keep=asked.keep)
                    self.transport.write(out)
                    if began is not None:
                        self.punctuality.at_once(began)
                    self._settle(keep=keep)
                    return
        except Exception:
            log.exception("The exchange of %s %s failed.", request.method, request.path)
            out, keep = whole(request.method, *failed(), self.defaults(), keep=asked.keep)
            self.transport.write(out)
            self._settle(keep=keep)
            return
        self.answer = Answer(self, asked)
        self.answer.head, self.answer.chunks = head, chunks
        self.answer.play(steps, lambda: step)

    def _settle(self, *, keep: bool) -> None:
        self.answer = None
        self.server_state.total_requests += 1
        if not keep:
            self.queue.clear()
            self.transport.close()
            return
        self.quiet_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            later = self.timeout_keep_alive
            self.timeout_keep_alive_task = self.loop.call_later(later, self.timeout_keep_alive_handler)

    def _turn(self) -> None:
        """Answer the requests that waited; when none is left, read on."""
        if self.turning:
            return
        self.turning = True
        try:
            while self.queue and self.answer is None and not self.flow.write_paused:
                self._begin(self.queue.popleft())
        finally:
            self.turning = False
        if self.answer is None and not self.queue and not self.transport.is_closing():
            self.flow.resume_reading()
            self._continue()
            if self.refused is not None:
                self._say_refusal(*self.refused)

    def _continue(self) -> None:
        """Ask for the body of a client that waits to be asked, once it is its turn."""
        if self.expecting and self.answer is None and not self.queue:
            self.expecting = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, refused: tuple[Head, bytes]) -> None:
        """Answer without the engine, behind what is still to be answered, and listen no more."""
        if self.deaf:
            return
        self.deaf, self.refused = True, refused
        if self.answer is None and not self.queue:
            self._say_refusal(*refused)

    def _say_refusal(self, head: Head, body: bytes) -> None:
        """Send a refusal and its end at once, but close a little later: closing over unread bytes would destroy it."""
        self.refused = None
        self.transport.write(whole("GET", head, body, self.defaults(), keep=False)[0])
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.close)

    def _prepare_upgrade(self) -> None:
        """Fill in what uvicorn's protocol wants to know for a WebSocket; any other upgrade is a plain request."""
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.fields.items()]
        self.headers = headers
        if not self._should_upgrade():
            return
        if self.answer is not None or self.queue:
            self._refuse(refusal(400, "A WebSocket cannot be opened behind a request that is still being answered."))
            return
        url = self.url
        super().on_message_begin()
        self.url, self.headers = url, headers
        self.scope["headers"] = headers
        self.scope["method"] = self.parser.get_method().decode()
        self.upgrading = True

    def _upgrade(self, rest: bytes) -> None:
        """Hand the connection to the WebSocket protocol, or go on where a plain request only offered an upgrade."""
        if self.upgrading:
            self._unset_keepalive_if_required()
            self.handle_websocket_upgrade()
        elif self._body_skipped():
            self.data_received(self._head_without_upgrade() + rest)
        elif rest:
            self.data_received(rest)

    def _body_skipped(self) -> bool:
        """Whether the parser left a body aside, as it does for every request that offers an upgrade."""
        found = self.fields
        has_body = "transfer-encoding" in found or found.get("content-length", "0") != "0"
        return self.parser.should_upgrade() and has_body

    def _head_without_upgrade(self) -> bytes:
        """The head again, for the parser to read the body behind it."""
        kept = [f"{name}: {value}" for name, value in self.fields.items() if name not in ("connection", "upgrade")]
        line = f"{self.parser.get_method().decode()} {self.url.decode('latin-1')} HTTP/1.1"
        return "\r\n".join([line, *kept, "", ""]).encode("latin-1")

    def _target(self) -> str:
        """Path and query of the request line, which names the whole address when it was meant for a proxy."""
        target = self.url.decode("latin-1")
        if target.startswith("/") or "://" not in target:
            return target
        _, slash, path = target.partition("://")[2].partition("/")
        return slash + path or "/"

    def _head_length(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.fields.items())


def _long_head() -> tuple[Head, bytes]:
    return refusal(431, f"The request line and headers are longer than {MAX_HEAD} bytes.")
