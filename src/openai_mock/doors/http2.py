"""HTTP/2 straight to the engine: many requests at once on one connection, framed by h2.

Theory. A whole answer is framed where its request was read, and everything framed in one turn of the event loop leaves
in one write. What cannot end there is played by a task of its own, which the client's reset cancels. A connection that
*leaves* refuses new requests, which a client may then send elsewhere, and closes behind its last answer; only then it
says GOAWAY, because there are clients that take the word for the end of every answer.

What a client can make the server hold is bounded: h2 bounds headers and open streams, `max_body` bounds each body,
answers wait for credit, a client that does not read is not read either, and one that resets without end is cut off.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from openai_mock.doors.drive import LARGE_BODY, begun, burst
from openai_mock.doors.fields import fields
from openai_mock.doors.http2_fields import FieldWriter
from openai_mock.doors.http2_stream import Answer, Opened, play, play_large
from openai_mock.doors.punctuality import Punctuality
from openai_mock.doors.refusals import refusal, too_large
from openai_mock.wire import Handle, Head, Headers, Request

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from uvicorn.server import ServerState

MAX_STREAMS = 128
"""Requests that a client may have open at once on one connection."""
MAX_FIELDS = 65_536
"""Bytes of the headers of a request, counted as HTTP/2 does."""
MAX_RESETS = 1000
"""Streams that a client may reset within one second."""
MAX_UNSENT = 1 << 20
"""Bytes that wait for a client to read before its own are left unread."""

log = logging.getLogger("openai_mock")


class _Reading:
    """A request whose body is still being read."""

    __slots__ = ("headers", "method", "parts", "path", "protocol", "query", "size")

    def __init__(self, pairs: list[tuple[bytes, bytes]]) -> None:
        found = fields(pairs)
        self.method = found.pop(":method")
        self.path, _, self.query = found.pop(":path", "").partition("?")
        self.protocol = found.pop(":protocol", "")
        found.pop(":scheme", None)
        authority = found.pop(":authority", None)
        if authority is not None:
            found["host"] = authority
        if "cookie" in found:  # the one header that HTTP/2 may split and that is not joined by a comma
            found["cookie"] = "; ".join(value.decode("latin-1") for name, value in pairs if name == b"cookie")
        self.headers = found
        self.parts: list[bytes] = []
        self.size = 0

    def request(self) -> Request:
        """The request, read to its end."""
        body = self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
        return Request(self.method, self.path, self.query, self.headers, body)


class Http2(asyncio.Protocol):
    """One connection. `max_body` is the longest body it takes, in bytes; `quiet` the seconds it may stay idle."""

    def __init__(
        self,
        handle: Handle,
        max_body: int,
        quiet: float,
        state: ServerState,
        loop: asyncio.AbstractEventLoop,
        punctuality: Punctuality | None = None,
    ) -> None:
        self.punctuality = Punctuality() if punctuality is None else punctuality
        self.handle, self.max_body, self.quiet, self.state, self.loop = handle, max_body, quiet, state, loop
        self.transport: asyncio.Transport
        self.conn = _connection()
        self.reading: dict[int, _Reading] = {}
        self.playing: dict[int, asyncio.Task[None]] = {}
        self.waiting: list[asyncio.Future[None]] = []
        self.paused = self.deaf = self.leaving = self.flushing = False
        self.resets = self.second = 0
        self.quiet_since = 0.0
        self.timer: asyncio.TimerHandle | None = None

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say what this server takes."""
        self.transport = cast("asyncio.Transport", transport)
        self.state.connections.add(cast("Any", self))
        self.conn.initiate_connection()
        self.quiet_since = self.loop.time()
        self.timer = self.loop.call_later(self.quiet, self._look)
        self.flush()

    def data_received(self, data: bytes) -> None:
        """Answer what can be answered at once, in one write."""
        try:
            events = self.conn.receive_data(data)
            gone = {event.stream_id for event in events if isinstance(event, StreamReset)}
            for event in events:
                self._hear(event, gone)
        except ProtocolError as error:
            log.debug("An HTTP/2 client broke the protocol: %s", error)
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
        self.leaving = True
        self.flush()

    # What an answer sees of its connection

    def defaults(self) -> Headers:
        """Headers of every answer."""
        return self.state.default_headers

    def flush(self) -> None:
        """Write what has been framed; close behind the last answer of a connection that leaves."""
        self.flushing = False
        if self.transport.is_closing():
            return
        closing = self.leaving and not (self.playing or self.reading)
        if closing:
            self.conn.close_connection()
        if out := self.conn.data_to_send():
            self.transport.write(out)
        if closing:
            self.transport.close()

    def flush_soon(self) -> None:
        """Write it together with what else is framed in this turn of the event loop."""
        if not self.flushing:
            self.flushing = True
            self.loop.call_soon(self.flush)

    async def room(self, number: int) -> int:
        """How many bytes may be framed now on a stream: at least one, for which it waits."""
        while self.paused or (credit := self.conn.local_flow_control_window(number)) <= 0:
            self.flush_soon()
            waiting = self.loop.create_future()
            self.waiting.append(waiting)
            await waiting
        return min(credit, self.conn.max_outbound_frame_size)

    # How a client is heard

    def _hear(self, event: Event, gone: set[int]) -> None:
        """Take note of one event; requests that were reset in the same read as they came are not begun."""
        if isinstance(event, RequestReceived):
            if event.stream_id not in gone:
                self._begin(event.stream_id, event.headers)
        elif isinstance(event, DataReceived):
            self._more(event)
        elif isinstance(event, StreamEnded):
            reading = self.reading.pop(event.stream_id, None)
            if reading is not None:
                self._answer(Answer(self, event.stream_id, reading.request()))
        elif isinstance(event, StreamReset):
            self._reset(event.stream_id)
        elif isinstance(event, (WindowUpdated, RemoteSettingsChanged)):
            self._wake()
        elif isinstance(event, ConnectionTerminated):
            self.leaving = True

    def _begin(self, number: int, pairs: list[tuple[bytes, bytes]]) -> None:
        """Refuse what is known to be too much, and say so before a client sends it."""
        if self.leaving:
            self.conn.reset_stream(number, ErrorCodes.REFUSED_STREAM)
            return
        reading = self.reading[number] = _Reading(pairs)
        length = reading.headers.get("content-length", "")
        if reading.protocol:
            self._refuse(number, refusal(403, f"There is no {reading.protocol} over HTTP/2 here. Use HTTP/1.1."))
        elif length.isdecimal() and int(length) > self.max_body:
            self._refuse(number, too_large(self.max_body))
        elif reading.headers.get("expect", "").lower() == "100-continue":
            self.conn.send_headers(number, [(b":status", b"100")])

    def _more(self, event: DataReceived) -> None:
        """A piece of a body; reading it earns the client new credit."""
        self.conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        reading = self.reading.get(event.stream_id)
        if reading is None:
            return
        reading.parts.append(event.data)
        reading.size += len(event.data)
        if reading.size > self.max_body:
            self._refuse(event.stream_id, too_large(self.max_body))

    def _refuse(self, number: int, refused: tuple[Head, bytes]) -> None:
        """Answer without the engine, and ask for no more of the request."""
        answer = Answer(self, number, self.reading.pop(number).request())
        if answer.fits(len(refused[1])):
            answer.whole(*refused)
        answer.reset(ErrorCodes.NO_ERROR)

    def _reset(self, number: int) -> None:
        """The client waits for this answer no more."""
        self.reading.pop(number, None)
        task = self.playing.get(number)
        if task is not None:
            task.cancel()
        second = int(self.loop.time())
        self.resets = self.resets + 1 if second == self.second else 1
        self.second = second
        if self.resets > MAX_RESETS:
            self.conn.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
            raise ProtocolError(f"it reset {self.resets} streams within a second.")

    # How a request is answered

    def _answer(self, answer: Answer) -> None:
        """Answer at once, or let a task play what cannot end at once."""
        self.state.total_requests += 1
        began = self.quiet_since = self.loop.time()
        if len(answer.request.body) > LARGE_BODY:
            self._play(answer.number, play_large(answer, self.handle))
            return
        head: Head | None = None
        chunks: list[bytes] = []
        try:
            steps, step = begun(self.handle, answer.request)
            if isinstance(step, Head):
                head = step
                step = burst(steps, next(steps, None), chunks)
                if step is None and answer.fits(len(body := b"".join(chunks))):
                    answer.whole(head, body)
                    if self.punctuality.measuring:
                        self.punctuality.at_once(began)
                    return
        except Exception as error:  # noqa: BLE001 - logged where it is answered
            answer.fail(error)
            return
        self._play(answer.number, play(answer, Opened(steps, step, head, b"".join(chunks)), began))

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

    # When a connection is quiet

    def _look(self) -> None:
        """Leave when nothing has been asked for too long; one timer looks again instead of one per request."""
        left = self.quiet - (self.loop.time() - self.quiet_since)
        if left <= 0 and not (self.playing or self.reading):
            self.leaving = True
            self.flush()
            return
        self.timer = self.loop.call_later(left if left > 0 else self.quiet, self._look)

    def _wake(self) -> None:
        """There may be room again."""
        waiting, self.waiting = self.waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)


def _connection() -> H2Connection:
    """The server's side of a connection. What it sends is checked where it is framed, so h2 need not check it again."""
    config = H2Configuration(
        client_side=False,
        header_encoding=None,
        validate_outbound_headers=False,
        normalize_outbound_headers=False,
    )
    conn = H2Connection(config)
    limits = {SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS, SettingCodes.MAX_HEADER_LIST_SIZE: MAX_FIELDS}
    conn.local_settings = Settings(client=False, initial_values=limits)
    conn.encoder = cast("Any", FieldWriter())
    return conn
