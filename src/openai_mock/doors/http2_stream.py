"""One answer over HTTP/2: its frames, and the play of an answer that does not end at once.

Theory. A client grants credit for every byte of a body. An answer that fits into what is granted is framed at once; any
other is played by one task, which frames as much as there is credit and room for and waits for more, so that a client
that reads slowly costs no more than it has asked for. Cancelling the task closes its exchange.
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from msgspec import Struct

from openai_mock.doors.asgi import in_thread
from openai_mock.doors.drive import ENOUGH, awaited, burst, ended
from openai_mock.doors.punctuality import Punctuality, Track
from openai_mock.doors.refusals import failed
from openai_mock.wire import Ask, Cut, Data, Exchange, Handle, Head, Headers, Request, Step, Wait

if TYPE_CHECKING:
    from h2.connection import H2Connection

HOP_BY_HOP = frozenset((b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"))
"""Headers of a connection, which HTTP/2 forbids in a message."""
BODILESS = (204, 304)
BROKEN = re.compile(rb"[\r\n\0]")

log = logging.getLogger("openai_mock")


class Link(Protocol):
    """The connection as one of its answers sees it."""

    loop: asyncio.AbstractEventLoop
    conn: H2Connection
    punctuality: Punctuality

    def defaults(self) -> Headers:
        """Headers of every answer."""

    def flush(self) -> None:
        """Write what has been framed."""

    def flush_soon(self) -> None:
        """Write it together with what else is framed in this turn of the event loop."""

    async def room(self, number: int) -> int:
        """How many bytes may be framed now on a stream: at least one, for which it waits."""


class Opened(Struct, frozen=True):
    """An exchange that has been begun, as far as it was taken: `head`, where it had come, `body`, and then `step`."""

    steps: Exchange
    step: Step | None
    head: Head | None = None
    body: bytes = b""


class Answer:
    """The writing side of the stream `number`. Its methods raise h2's `ProtocolError` when the stream is gone."""

    __slots__ = ("announced", "bodiless", "link", "number", "request", "sent", "started")

    def __init__(self, link: Link, number: int, request: Request) -> None:
        self.link, self.number, self.request = link, number, request
        self.started = self.bodiless = False
        self.announced: int | None = None
        self.sent = 0

    def fits(self, size: int) -> bool:
        """Whether a body of so many bytes can be framed at once."""
        conn = self.link.conn
        return size <= conn.max_outbound_frame_size and size <= conn.local_flow_control_window(self.number)

    def whole(self, head: Head, body: bytes) -> None:
        """Frame a complete answer that fits. Raises ValueError for a wrong header or length."""
        self.begin(head, body)
        if not self.bodiless:
            self.link.conn.send_data(self.number, body, end_stream=True)

    def begin(self, head: Head, body: bytes | None = None) -> None:
        """Frame the head, of an answer with this body where it is known; an answer without a body ends with it."""
        headers, announced = [(b":status", b"%d" % head.status), *self.link.defaults()], None
        for name, value in head.headers:
            key = name.lower()
            if key == b"content-length":
                announced = int(value)
            if key not in HOP_BY_HOP:
                headers.append((key, value.strip()))
        bodiless = self.request.method == "HEAD" or head.status in BODILESS
        if body is not None and not bodiless:
            if announced is None:
                headers.append((b"content-length", b"%d" % len(body)))
            elif announced != len(body):
                raise ValueError(f"The head announces {announced} bytes, but the body has {len(body)}.")
        if BROKEN.search(b" ".join(map(b" ".join, headers))):
            raise ValueError("A header of the answer holds a line break or a zero byte.")
        self.link.conn.send_headers(self.number, headers, end_stream=bodiless)
        self.started, self.bodiless, self.announced = True, bodiless, announced

    async def write(self, body: bytes) -> None:
        """Frame a piece of the body, as the client takes it."""
        if self.bodiless:
            return
        at = 0
        while at < len(body):
            piece = body[at : at + await self.link.room(self.number)]
            self.link.conn.send_data(self.number, piece)
            if at // ENOUGH != (at + len(piece)) // ENOUGH:
                await self.breathe()
            at += len(piece)
        self.sent += at
        self.link.flush_soon()

    async def breathe(self) -> None:
        """Write what is framed, and leave room for others: a long answer must not hold them up."""
        self.link.flush()
        await asyncio.sleep(0)

    def end(self) -> None:
        """Frame the end. Raises ValueError when the body is not as long as announced."""
        if not self.started:
            raise RuntimeError("The exchange ended without an answer.")
        if self.bodiless:
            return
        if self.announced not in (None, self.sent):
            raise ValueError(f"The head announced {self.announced} bytes, but the body has {self.sent}.")
        self.link.conn.end_stream(self.number)
        self.link.flush_soon()

    def reset(self, code: ErrorCodes = ErrorCodes.INTERNAL_ERROR) -> None:
        """Break the stream; the others of the connection go on."""
        self.link.conn.reset_stream(self.number, code)
        self.link.flush_soon()

    def fail(self, error: Exception) -> None:
        """The exchange raised an error: 500 if the client has seen nothing yet, else a broken stream."""
        log.error("The exchange of %s %s failed.", self.request.method, self.request.path, exc_info=error)
        with suppress(ProtocolError):
            if self.started:
                self.reset()
            else:
                self.whole(*failed())
                self.link.flush_soon()


async def play_large(answer: Answer, handle: Handle) -> None:
    """Begin an exchange in a worker thread, for a request that takes long to understand, and play it."""
    began = answer.link.loop.time()
    try:
        steps, step = await in_thread(handle, answer.request)
    except Exception as error:  # noqa: BLE001 - logged where it is answered
        answer.fail(error)
        return
    await play(answer, Opened(steps, step), began)


async def play(answer: Answer, opened: Opened, began: float) -> None:
    """Send an answer step by step; `began` is when the exchange did, on the clock of the event loop."""
    punctuality = answer.link.punctuality
    track = punctuality.track(began) if punctuality.measuring else None
    try:
        if opened.head is not None:
            answer.begin(opened.head)
            await answer.write(opened.body)
        cut = await _play(answer, opened.steps, opened.step, began, track)
        if cut is None:
            answer.end()
        elif cut.how == "reset":
            answer.reset()
        else:
            await answer.link.loop.create_future()  # silence, until the client gives up
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and not task.cancelling():  # the client waits on: it is what was asked that was cancelled
            answer.reset()
        raise
    except ProtocolError:
        log.debug("The client of %s %s is gone.", answer.request.method, answer.request.path)
    except Exception as error:  # noqa: BLE001 - logged where it is answered
        answer.fail(error)
    finally:
        ended(opened.steps)
        if track is not None:
            track.end()


async def _play(answer: Answer, steps: Exchange, step: Step | None, began: float, track: Track | None) -> Cut | None:
    """Send everything but the end; the cut that takes its place, or None."""
    chunks: list[bytes] = []
    due = began
    while (step := burst(steps, step, chunks)) is not None:
        if isinstance(step, Wait) and (left := began + step.at - answer.link.loop.time()) <= 0:
            due = due if chunks else began + step.at
            step = next(steps, None)
            continue
        await _written(answer, chunks, due, track)
        if isinstance(step, Cut):
            return step
        if isinstance(step, Wait):
            await asyncio.sleep(left)
            due = began + step.at
        elif isinstance(step, Head):
            answer.begin(step)
            answer.link.flush_soon()
        elif isinstance(step, Ask):
            step = await awaited(steps, step)
            continue
        elif isinstance(step, Data):
            await answer.breathe()
            continue
        step = next(steps, None)
    await _written(answer, chunks, due, track)
    return None


async def _written(answer: Answer, chunks: list[bytes], due: float, track: Track | None) -> None:
    """Frame what was due; what has to wait for credit of the client is not late by us."""
    if not chunks:
        return
    body, waits = b"".join(chunks), answer.link.conn.local_flow_control_window(answer.number) < sum(map(len, chunks))
    chunks.clear()
    await answer.write(body)
    if track is not None:
        if waits:
            track.excuse()
        track.wrote(due)
