"""One answer over HTTP/2: its frames, and the play of an answer that does not end at once.

Theory. zttp frames what it is given and holds back what the client has granted no credit for. A whole answer is handed
over at once; a long one only in slices, each when the one before has left, so that a client that reads slowly costs no
more than a slice. A playing answer is one task; cancelling it closes its exchange.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from openai_mock.doors.asgi import in_thread
from openai_mock.doors.drive import ENOUGH, awaited, burst, ended
from openai_mock.doors.refusals import failed
from openai_mock.wire import Ask, Cut, Data, Exchange, Handle, Head, Headers, Request, Step, Wait

if TYPE_CHECKING:
    import zttp

INTERNAL_ERROR = 2
HOP_BY_HOP = frozenset((b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"))
"""Headers of a connection, which HTTP/2 forbids in a message."""
BODILESS = (204, 304)

log = logging.getLogger("openai_mock")


class Link(Protocol):
    """The connection as one of its answers sees it."""

    loop: asyncio.AbstractEventLoop

    def defaults(self) -> Headers:
        """Headers of every answer."""

    def flush(self) -> None:
        """Write what has been framed."""

    def flush_soon(self) -> None:
        """Write it together with what else is framed in this turn of the event loop."""

    async def room(self, stream: zttp.Stream) -> None:
        """Return when the client has taken what was sent on a stream so far."""


class Opened(Struct, frozen=True):
    """An exchange that has been begun, as far as it was taken. Without `head` it begins with `step`."""

    steps: Exchange
    step: Step | None
    head: Head | None = None
    chunks: tuple[bytes, ...] = ()


class Answer:
    """The writing side of one stream, which answers a request of this method."""

    __slots__ = ("announced", "bodiless", "link", "method", "sent", "started", "stream")

    def __init__(self, link: Link, stream: zttp.Stream, method: str) -> None:
        self.link, self.stream, self.method = link, stream, method
        self.started = self.bodiless = False
        self.announced: int | None = None
        self.sent = 0

    def whole(self, head: Head, body: bytes) -> None:
        """Frame a complete answer. Raises ValueError for a header that is none or a length that is wrong."""
        self.begin(head, len(body))
        if self.bodiless:
            return
        if self.announced != len(body):
            raise ValueError(f"The head announced {self.announced} bytes, but the body has {len(body)}.")
        if body:
            self.stream.send_data(body)
        self.stream.end_message()

    def begin(self, head: Head, length: int | None = None) -> None:
        """Frame the head; an answer without a body ends with it."""
        headers = [*self.link.defaults()]
        for name, value in head.headers:
            key = name.lower()
            if key == b"content-length":
                self.announced = int(value)
            if key not in HOP_BY_HOP:
                headers.append((key, value))
        self.bodiless = self.method == "HEAD" or head.status in BODILESS
        if self.announced is None and length is not None and head.status not in BODILESS:
            self.announced = length
            headers.append((b"content-length", b"%d" % length))
        self.stream.send_response(head.status, headers, self.bodiless)
        self.started = True

    def write(self, body: bytes | memoryview) -> None:
        """Frame a piece of the body."""
        if body and not self.bodiless:
            self.sent += len(body)
            self.stream.send_data(body)
            self.link.flush_soon()

    async def write_long(self, body: bytes) -> None:
        """Frame a piece of the body slice by slice, as the client takes it."""
        view = memoryview(body)
        while len(view) > ENOUGH:
            self.write(view[:ENOUGH])
            self.link.flush()
            await asyncio.sleep(0)  # a long answer leaves room for others
            await self.link.room(self.stream)
            view = view[ENOUGH:]
        self.write(view)

    def end(self) -> None:
        """Frame the end. Raises ValueError when the body is not as long as announced."""
        if not self.started:
            raise RuntimeError("The exchange ended without an answer.")
        if self.bodiless:
            return
        if self.announced not in (None, self.sent):
            raise ValueError(f"The head announced {self.announced} bytes, but the body has {self.sent}.")
        self.stream.end_message()
        self.link.flush_soon()

    def fail(self, error: BaseException, request: Request) -> None:
        """The exchange raised an error: 500 if the client has seen nothing yet, else a broken stream."""
        log.error("The exchange of %s %s failed.", request.method, request.path, exc_info=error)
        if self.started:
            self.stream.reset(INTERNAL_ERROR)
        else:
            self.announced = None
            self.whole(*failed())
        self.link.flush_soon()


async def play_large(answer: Answer, handle: Handle, request: Request) -> None:
    """Begin an exchange in a worker thread, for a request that takes long to understand, and play it."""
    began = answer.link.loop.time()
    try:
        steps, step = await in_thread(handle, request)
    except Exception as error:  # noqa: BLE001 - logged where it is answered
        answer.fail(error, request)
        return
    await play(answer, request, Opened(steps, step), began)


async def play(answer: Answer, request: Request, opened: Opened, began: float) -> None:
    """Send an answer step by step; `began` is when the exchange did, on the clock of the event loop."""
    try:
        if opened.head is not None:
            answer.begin(opened.head)
        cut = await _play(answer, opened.steps, opened.step, [*opened.chunks], began)
        if cut is None:
            answer.end()
        elif cut.how == "reset":
            answer.stream.reset(INTERNAL_ERROR)
            answer.link.flush_soon()
        else:
            await answer.link.loop.create_future()  # silence, until the client gives up
    except Exception as error:  # noqa: BLE001 - logged where it is answered
        answer.fail(error, request)
    finally:
        ended(opened.steps)


async def _play(answer: Answer, steps: Exchange, step: Step | None, chunks: list[bytes], began: float) -> Cut | None:
    """Send everything but the end; the cut that takes its place, or None."""
    link = answer.link
    while (step := burst(steps, step, chunks)) is not None:
        if isinstance(step, Wait) and (left := began + step.at - link.loop.time()) <= 0:
            step = next(steps, None)
            continue
        await answer.write_long(b"".join(chunks))
        chunks.clear()
        if isinstance(step, Cut):
            return step
        if isinstance(step, Wait):
            await asyncio.sleep(left)
            await link.room(answer.stream)
        elif isinstance(step, Head):
            answer.begin(step)
            link.flush_soon()
        elif isinstance(step, Ask):
            step = await awaited(steps, step)
            continue
        elif isinstance(step, Data):
            link.flush()
            await asyncio.sleep(0)
            await link.room(answer.stream)
            continue
        step = next(steps, None)
    await answer.write_long(b"".join(chunks))
    return None
