"""An answer over HTTP/1.1 that does not end at once: paced, asked for, cut, or longer than a client reads in one go.

Theory. Nothing runs while an answer waits. It writes what is due, leaves one thing behind that calls it again (a timer
with an absolute deadline, a task that works for it, or the transport once it can take more), and returns. `close` stops
that one thing and closes the exchange; after it, nothing here runs again.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from openai_mock.doors.asgi import in_thread
from openai_mock.doors.drive import burst, ended
from openai_mock.doors.framing import Framed, framed_body, framed_head, whole
from openai_mock.doors.punctuality import Punctuality
from openai_mock.doors.refusals import failed
from openai_mock.doors.timetable import Appointment, Timetable
from openai_mock.wire import Ask, Cut, Data, Exchange, Handle, Head, Headers, Request, Step, Wait, thrown, told

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("openai_mock")


class Asked(Struct, frozen=True):
    """A request that was read, and what its client allows: `keep` the connection, `chunks` in the answer."""

    request: Request
    keep: bool
    chunks: bool


class Link(Protocol):
    """The connection as an answer sees it."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    tasks: set[asyncio.Task[None]]
    punctuality: Punctuality
    timetable: Timetable

    def writable(self) -> bool:
        """Whether the transport takes more now; when it does again, it is `Answer.resume` that is called."""

    def defaults(self) -> Headers:
        """Headers of every answer."""

    def answered(self, *, keep: bool) -> None:
        """The answer is complete; `keep` is whether the connection may serve another."""


class Answer:
    """One running answer, begun when it is made. `keep` may be set to False to close the connection after it."""

    __slots__ = (
        "asked", "began", "chunks", "due", "framed", "head", "held", "keep", "link", "sent", "steps", "task", "track",
        "when",
    )  # fmt: skip

    def __init__(self, link: Link, asked: Asked) -> None:
        self.link, self.asked, self.keep = link, asked, asked.keep
        self.began = self.when = link.loop.time()
        self.track = link.punctuality.track(self.began) if link.punctuality.measuring else None
        self.steps: Exchange | None = None
        self.head: Head | None = None
        self.framed: Framed | None = None
        self.chunks: list[bytes] = []
        self.sent = 0
        self.due: asyncio.TimerHandle | Appointment | None = None
        self.task: asyncio.Future[Any] | None = None
        self.held: Callable[[], None] | None = None

    def open(self, handle: Handle) -> None:
        """Start the exchange in a worker thread, for a request that takes long to understand."""
        self._work(asyncio.ensure_future(in_thread(handle, self.asked.request)), self._opened)

    def play(self, steps: Exchange, take: Callable[[], Step | None]) -> None:
        """Write what is due from the step on that `take` gets, and leave behind what calls again."""
        self.steps, self.due = steps, None
        try:
            self._play(steps, take())
        except Exception as error:  # noqa: BLE001 - logged where it is answered
            self._fail(error)

    def resume(self) -> None:
        """The transport takes more again."""
        held, self.held = self.held, None
        if held is not None:
            if self.track is not None:
                self.track.excuse()
            held()

    def close(self) -> None:
        """The client left or the server ends."""
        self._forget_track()
        steps, self.steps, self.held = self.steps, None, None
        if self.due is not None:
            self.due.cancel()
        if self.task is not None:
            self.task.cancel()
        if steps is not None:
            ended(steps)

    def _play(self, steps: Exchange, step: Step | None) -> None:
        while (step := burst(steps, step, self.chunks)) is not None:
            if isinstance(step, Wait):
                when = self.began + step.at
                if when > self.link.loop.time():
                    self._flush()
                    self.when = when
                    self.due = self.link.timetable.call_at(when, self._tick)
                    return
                if not self.chunks:
                    self.when = when
            elif isinstance(step, Head):
                self.head = step
            else:
                self._flush()
                if not isinstance(step, Ask):
                    break
                try:
                    answer = step.call()
                except Exception as error:  # noqa: BLE001 - the exchange decides what an error means
                    step = thrown(steps, error)
                    continue
                if inspect.isawaitable(answer):
                    self._work(asyncio.ensure_future(answer), self._awaited)
                    return
                step = told(steps, answer)
                continue
            step = next(steps, None)
        self._end(steps, step)

    def _tick(self) -> None:
        """Go on at a deadline. One piece that is followed by another deadline, as in a paced stream, takes the short
        way; everything else is `_play`'s.
        """
        self.due = None
        link, steps, framed = self.link, self.steps, self.framed
        if not link.writable() or steps is None:
            self.held = self._tick
            return
        try:
            step = next(steps, None)
            if type(step) is Data and framed is not None and framed.chunked and step.chunk:
                after, track = next(steps, None), self.track
                now = link.loop.time() if track is None else track.now()
                if type(after) is Wait and (when := self.began + after.at) > now:
                    self.sent += len(step.chunk)
                    link.transport.write(b"%x\r\n%b\r\n" % (len(step.chunk), step.chunk))
                    if track is not None:
                        track.add(now - self.when)
                    self.when = when
                    self.due = link.timetable.call_at(when, self._tick)
                    return
                self.chunks.append(step.chunk)
                step = after
            self._play(steps, step)
        except Exception as error:  # noqa: BLE001 - logged where it is answered
            self._fail(error)

    def _end(self, steps: Exchange, step: Step | None) -> None:
        """Finish, break, or go on a little later, so that a long answer leaves room for others."""
        if isinstance(step, Data):
            again = partial(self.play, steps, lambda: step)
            self.due = self.link.loop.call_later(0, self._when_writable, again)
        elif isinstance(step, Cut):
            if step.how == "reset":
                self.link.transport.close()
        else:
            self._finish()

    def _when_writable(self, then: Callable[[], None]) -> None:
        """Go on now, or when the client has read some of what was sent."""
        self.due = None
        if self.link.writable():
            then()
        else:
            self.held = then

    def _work(self, task: asyncio.Future[Any], then: Callable[[asyncio.Future[Any]], None]) -> None:
        """Let a task work for this answer; the server knows it, and may cancel it when it stops."""
        self.task = task
        if isinstance(task, asyncio.Task):
            self.link.tasks.add(task)
            task.add_done_callback(self.link.tasks.discard)
        task.add_done_callback(then)

    def _opened(self, task: asyncio.Future[Any]) -> None:
        self.task = None
        if task.cancelled():
            self.link.transport.close()
        elif (error := task.exception()) is not None:
            self._fail(error)
        else:
            steps, step = task.result()
            self.play(steps, lambda: step)

    def _awaited(self, task: asyncio.Future[Any]) -> None:
        steps, self.task = self.steps, None
        if task.cancelled() or steps is None:
            self.link.transport.close()
            return
        error = task.exception()
        if isinstance(error, Exception):
            self.play(steps, partial(thrown, steps, error))
        else:
            self.play(steps, partial(told, steps, task.result()))

    def _flush(self) -> None:
        """Write what is due in one piece, behind the head where that is still to be sent."""
        body, text = b"".join(self.chunks), b""
        self.chunks.clear()
        if self.framed is None:
            if self.head is None:
                return
            method, chunks = self.asked.request.method, self.asked.chunks
            self.framed = framed_head(method, self.head, self.link.defaults(), keep=self.keep, chunks=chunks)
            self.keep, text = self.framed.keep, self.framed.text
        self.sent += len(body)
        if out := text + framed_body(self.framed, body, last=False):
            self._write(out)

    def _write(self, out: bytes) -> None:
        self.link.transport.write(out)
        if self.track is not None:
            self.track.wrote(self.when)

    def _forget_track(self) -> None:
        track, self.track = self.track, None
        if track is not None:
            track.end()

    def _finish(self) -> None:
        body, method = b"".join(self.chunks), self.asked.request.method
        if self.head is None:
            raise RuntimeError("The exchange ended without an answer.")
        if self.framed is None:
            out, self.keep = whole(method, self.head, body, self.link.defaults(), keep=self.keep)
        else:
            sent, announced = self.sent + len(body), self.framed.length
            if announced not in (None, sent) and not self.framed.bodiless:
                raise ValueError(f"The head announced {announced} bytes, but the body has {sent}.")
            out = framed_body(self.framed, body, last=True)
        if out:
            self._write(out)
        self.steps = None
        self._forget_track()
        self.link.answered(keep=self.keep)

    def _fail(self, error: BaseException) -> None:
        """The exchange raised an error: 500 if the client has seen nothing yet, else a broken answer."""
        request = self.asked.request
        log.error("The exchange of %s %s failed.", request.method, request.path, exc_info=error)
        if self.steps is not None:
            ended(self.steps)
        self.steps = None
        self._forget_track()
        if self.framed is not None:
            self.link.transport.close()
            return
        out, keep = whole(request.method, *failed(), self.link.defaults(), keep=self.keep)
        self.link.transport.write(out)
        self.link.answered(keep=keep)
