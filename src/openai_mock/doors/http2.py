"""HTTP/2 straight to the engine: many requests at once on one connection, framed by zttp.

Theory. A whole answer is framed where its request was read, and everything framed in one turn of the event loop leaves
in one write. What cannot end there is played by a task of its own, which the client's reset cancels. A connection that
*leaves* has said so (GOAWAY): it takes no more requests and closes behind its last answer.

What a client can make the server hold is bounded: zttp bounds headers and open streams and ends a flood of empty work,
`max_body` bounds each body, answers wait for credit, and a client that does not read is not read either.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

import zttp

from openai_mock.doors.drive import LARGE_BODY, begun, burst
from openai_mock.doors.fields import fields
from openai_mock.doors.http2_stream import Answer, Opened, play, play_large
from openai_mock.doors.refusals import refusal, too_large
from openai_mock.wire import Handle, Head, Headers, Request

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from uvicorn.server import ServerState

MAX_RESETS = 128
"""Streams that a client may reset before it is asked to go on with a new connection; zttp breaks one at 256."""
MAX_UNSENT = 1 << 20
"""Bytes that wait for a client to read before its own are left unread."""
NO_ERROR, REFUSED_STREAM = 0, 7
ENABLE_CONNECT_PROTOCOL = 8

log = logging.getLogger("openai_mock")


class _Reading:
    """A request whose body is still being read."""

    __slots__ = ("headers", "method", "parts", "path", "query", "size")

    def __init__(self, event: zttp.Request) -> None:
        self.method, self.path = event.method.decode("latin-1"), event.path.decode("latin-1")
        self.query = event.query.decode("latin-1")
        self.headers = _fields(cast("list[tuple[bytes, bytes]]", event.headers))
        self.parts: list[bytes] = []
        self.size = 0

    def request(self) -> Request:
        body = self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
        return Request(self.method, self.path, self.query, self.headers, body)


class Http2(asyncio.Protocol):
    """One connection. `max_body` is the longest body it takes, in bytes; `quiet` the seconds it may stay idle."""

    def __init__(
        self, handle: Handle, max_body: int, quiet: float, state: ServerState, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.handle, self.max_body, self.quiet, self.state, self.loop = handle, max_body, quiet, state, loop
        self.transport: asyncio.Transport
        self.conn = zttp.Connection(zttp.SERVER, zttp.HTTP2)
        self.reading: dict[int, _Reading] = {}
        self.playing: dict[int, asyncio.Task[None]] = {}
        self.waiting: list[asyncio.Future[None]] = []
        self.paused = self.deaf = self.leaving = self.flushing = False
        self.resets = 0
        self.quiet_since = 0.0
        self.timer: asyncio.TimerHandle | None = None

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say what this server takes."""
        self.transport = cast("asyncio.Transport", transport)
        self.state.connections.add(cast("Any", self))
        self.conn.initiate_connection()
        self.transport.write(_without_connect(self.conn.data_to_send()))
        self.quiet_since = self.loop.time()
        self.timer = self.loop.call_later(self.quiet, self._look)

    def data_received(self, data: bytes) -> None:
        """Answer what can be answered at once, in one write."""
        try:
            self.conn.receive_data(data)
            while (event := self.conn.next_event()) is not zttp.NEED_DATA:
                self._hear(event)
        except zttp.RemoteProtocolError as error:
            log.info("An HTTP/2 client broke the protocol: %s.", error)
            self.flush()
            self.transport.close()
            return
        self.flush()
        if not self.deaf and self.transport.get_write_buffer_size() > MAX_UNSENT:
            self.deaf = True
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The client left: nobody waits for its answers any more."""
        self.state.connections.discard(cast("Any", self))
        self.reading.clear()
        for task in self.playing.values():
            task.cancel()
        if self.timer is not None:
            self.timer.cancel()

    def pause_writing(self) -> None:
        """The client does not read as fast as it is written to."""
        self.paused = True

    def resume_writing(self) -> None:
        """The client has read."""
        self.paused = False
        if self.deaf:
            self.deaf = False
            self.transport.resume_reading()
        self._wake()

    def shutdown(self) -> None:
        """The server ends: close now, or behind the answers that are running."""
        self._leave()
        self.flush()

    # What an answer sees of its connection

    def defaults(self) -> Headers:
        """Headers of every answer."""
        return self.state.default_headers

    def flush(self) -> None:
        """Write what has been framed; close behind the last answer of a connection that leaves."""
        self.flushing = False
        if out := self.conn.data_to_send():
            self.transport.write(out)
        if self.leaving and self._idle():
            self.transport.close()

    def flush_soon(self) -> None:
        """Write it together with what else is framed in this turn of the event loop."""
        if not self.flushing:
            self.flushing = True
            self.loop.call_soon(self.flush)

    async def room(self, stream: zttp.Stream) -> None:
        """Return when the client has taken what was sent on a stream so far."""
        while self.paused or stream.pending_bytes:
            waiting = self.loop.create_future()
            self.waiting.append(waiting)
            await waiting

    # How a client is heard

    def _hear(self, event: zttp.Event) -> None:
        kind = type(event)
        if kind is zttp.Request:
            self._begin(event)
        elif kind is zttp.Data:
            self._more(event.stream_id, event.data)
        elif kind is zttp.EndOfMessage:
            self._complete(event.stream_id)
        elif kind is zttp.RstStream:
            self._reset(event.stream_id)
        elif kind is zttp.GoAway:
            self._leave()
        elif self.waiting:  # a window or a setting: there may be room now
            self._wake()

    def _begin(self, event: zttp.Request) -> None:
        """Refuse what is known to be too much, and say so before a client sends it."""
        number = event.stream_id
        if self.leaving:
            self.conn.stream(number).reset(REFUSED_STREAM)
            return
        if event.protocol is not None:
            self._refuse(number, refusal(403, "Nothing is served here over HTTP/2 but requests; use HTTP/1.1."))
            return
        reading = self.reading[number] = _Reading(event)
        length = reading.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self.max_body:
            self._refuse(number, too_large(self.max_body))
        elif event.end_stream:
            self._complete(number)
        elif event.expect_continue:
            self.conn.stream(number).send_informational(100)

    def _more(self, number: int, data: bytes) -> None:
        reading = self.reading.get(number)
        if reading is None:
            return
        reading.parts.append(data)
        reading.size += len(data)
        if reading.size > self.max_body:
            self._refuse(number, too_large(self.max_body))

    def _complete(self, number: int) -> None:
        reading = self.reading.pop(number, None)
        if reading is not None:
            self._answer(number, reading.request())

    def _refuse(self, number: int, refused: tuple[Head, bytes]) -> None:
        """Answer without the engine, and ask for no more of the request."""
        self.reading.pop(number, None)
        stream = self.conn.stream(number)
        Answer(self, stream, "POST").whole(*refused)
        stream.reset(NO_ERROR)

    def _reset(self, number: int) -> None:
        """The client waits for this answer no more."""
        self.reading.pop(number, None)
        task = self.playing.get(number)
        if task is not None:
            task.cancel()
        self.resets += 1
        if self.resets >= MAX_RESETS:
            self._leave()

    # How a request is answered

    def _answer(self, number: int, request: Request) -> None:
        """Answer at once, or let a task play what cannot end at once."""
        answer = Answer(self, self.conn.stream(number), request.method)
        self.state.total_requests += 1
        self.quiet_since = self.loop.time()
        if len(request.body) > LARGE_BODY:
            self._play(number, play_large(answer, self.handle, request))
            return
        head: Head | None = None
        chunks: list[bytes] = []
        try:
            steps, step = begun(self.handle, request)
            if isinstance(step, Head):
                head = step
                step = burst(steps, next(steps, None), chunks)
                if step is None and sum(map(len, chunks)) <= LARGE_BODY:
                    answer.whole(head, b"".join(chunks))
                    return
        except Exception as error:  # noqa: BLE001 - logged where it is answered
            answer.fail(error, request)
            return
        self._play(number, play(answer, request, Opened(steps, step, head, tuple(chunks)), self.quiet_since))

    def _play(self, number: int, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self.playing[number] = task
        self.state.tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            del self.playing[number]
            self.state.tasks.discard(task)
            self.quiet_since = self.loop.time()
            self.flush_soon()

        task.add_done_callback(done)

    # When a connection ends

    def _idle(self) -> bool:
        return not (self.playing or self.reading or self.conn.has_pending_send())

    def _leave(self) -> None:
        """Take no more requests, and tell the client, so that it sends them elsewhere."""
        if not self.leaving:
            self.leaving = True
            self.conn.close()

    def _look(self) -> None:
        """Leave when nothing has been asked for too long; one timer looks again instead of one per request."""
        left = self.quiet - (self.loop.time() - self.quiet_since)
        if left <= 0 and self._idle():
            self._leave()
            self.flush()
            return
        self.timer = self.loop.call_later(left if left > 0 else self.quiet, self._look)

    def _wake(self) -> None:
        waiting, self.waiting = self.waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)


def _fields(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers as the core wants them; HTTP/2 splits cookies, which are one header joined by "; "."""
    found = fields(pairs)
    if "cookie" in found:
        found["cookie"] = "; ".join(value.decode("latin-1") for name, value in pairs if name == b"cookie")
    return found


def _without_connect(settings: bytes) -> bytes:
    """The server's SETTINGS frame without the offer of WebSockets, so that browsers open theirs over HTTP/1.1."""
    rows = (settings[at : at + 6] for at in range(9, len(settings), 6))
    kept = b"".join(row for row in rows if int.from_bytes(row[:2]) != ENABLE_CONNECT_PROTOCOL)
    return len(kept).to_bytes(3) + settings[3:9] + kept
