"""Answers any ASGI 3 server: the whole API as one application, with no framework in between.

Theory. An answer that ends without a pause is sent at once, without a task. Any other answer is *played* in a task of
its own beside a listener for the client's departure, so that whichever ends first ends the other: a client that left
closes the exchange, an exchange that ended stops listening.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias
from urllib.parse import quote

from msgspec import Struct

from openai_mock.doors.drive import LARGE_BODY, REAL, Timer, awaited, begun, burst, ended
from openai_mock.doors.fields import fields
from openai_mock.doors.punctuality import Punctuality, Track
from openai_mock.doors.refusals import failed, too_large
from openai_mock.wire import Ask, Cut, Exchange, Handle, Head, Request, Step, Wait

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("openai_mock")


class _TooLargeError(Exception):
    """The body is longer than the application takes."""


class _Line(Struct, frozen=True):
    """One request's way back to its client."""

    receive: Receive
    send: Send
    timer: Timer
    began: float
    track: Track | None = None


def app(handle: Handle, *, max_body: int, timer: Timer = REAL, punctuality: Punctuality | None = None) -> App:
    """An ASGI application that answers with `handle`. A body of more than `max_body` bytes is refused with 413."""

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = await _request(scope, receive, send, max_body)
            if request is not None:
                with _followed(punctuality, began := timer.now()) as track:
                    await _http(handle, request, _Line(receive, send, timer, began, track))
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "Nothing is served over WebSocket here."})

    return asgi


async def in_thread(handle: Handle, request: Request) -> tuple[Exchange, Step | None]:
    """Start an exchange in a worker thread. When cancelled, let the thread finish, then close what it started."""
    work = asyncio.ensure_future(asyncio.to_thread(begun, handle, request))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait((work,))
        if not work.cancelled() and work.exception() is None:
            ended(work.result()[0])
        raise


@contextmanager
def _followed(punctuality: Punctuality | None, began: float) -> Iterator[Track | None]:
    """What measures an answer, where it is measured."""
    track = punctuality.track(began) if punctuality is not None and punctuality.measuring else None
    try:
        yield track
    finally:
        if track is not None:
            track.end()


async def _request(scope: Scope, receive: Receive, send: Send, max_body: int) -> Request | None:
    """A request, read to its end; None where it was refused or its client left."""
    found = fields(scope["headers"])
    try:
        body = await _body(found.get("content-length", ""), receive, max_body)
    except _TooLargeError:
        await _send_whole(send, *too_large(max_body))
        return None
    if body is None:
        return None
    return Request(scope["method"], _path(scope), scope["query_string"].decode("latin-1"), found, body)


async def _http(handle: Handle, request: Request, line: _Line) -> None:
    """Answer one request."""
    if len(request.body) > LARGE_BODY:
        await _played(line, _large(line, handle, request))
        return
    try:
        steps, step = begun(handle, request)
    except Exception:
        log.exception("The exchange failed before it answered %s %s.", request.method, request.path)
        await _send_whole(line.send, *failed())
        return
    await _small(line, steps, step)


async def _small(line: _Line, steps: Exchange, step: Step | None) -> None:
    """Send a whole answer at once, or play what is longer."""
    if isinstance(step, Head):
        chunks: list[bytes] = []
        try:
            after = burst(steps, next(steps, None), chunks)
        except Exception:
            log.exception("The exchange failed after its head.")
            after = Cut()
        if after is None:
            await _send_whole(line.send, step, b"".join(chunks))
            if line.track is not None:
                line.track.wrote(line.began)
            return
        await line.send(_start(step))
        await _played(line, _play(line, steps, after, chunks, started=True))
    else:
        await _played(line, _play(line, steps, step, []))


async def _large(line: _Line, handle: Handle, request: Request) -> Cut | None:
    """Take the first step in a worker thread, where a long body does not hold up other clients, and play the rest."""
    try:
        steps, step = await in_thread(handle, request)
    except Exception:
        log.exception("The exchange failed before it answered %s %s.", request.method, request.path)
        await _send_whole(line.send, *failed())
        return None
    return await _play(line, steps, step, [])


async def _played(line: _Line, play: Awaitable[Cut | None]) -> None:
    """Play an answer until it ends or its client leaves. A cut ends as the client sees it: reset, or silence."""
    playing = asyncio.ensure_future(play)
    leaving = asyncio.ensure_future(_left(line.receive))
    try:
        await asyncio.wait((playing, leaving), return_when=asyncio.FIRST_COMPLETED)
        cut = playing.result() if playing.done() else None
        if cut is not None and (cut.how == "timeout" or _dropped(line.receive)):
            await leaving
    finally:
        for task in (playing, leaving):
            task.cancel()
        await asyncio.gather(playing, leaving, return_exceptions=True)


async def _play(
    line: _Line, steps: Exchange, step: Step | None, chunks: list[bytes], *, started: bool = False
) -> Cut | None:
    """Send an answer step by step; the cut that ends it, or None where it ended well."""
    due = line.began
    try:
        while (step := burst(steps, step, chunks)) is not None:
            if isinstance(step, Wait) and (left := line.began + step.at - line.timer.now()) <= 0:
                due = due if chunks else line.began + step.at
                step = next(steps, None)
                continue
            if chunks:
                await _sent(line, chunks, due, more=True)
            if isinstance(step, Cut):
                return step
            if isinstance(step, Wait):
                await line.timer.asleep(left)
                due = line.began + step.at
            elif isinstance(step, Head):
                await line.send(_start(step))
                started = True
            elif isinstance(step, Ask):
                step = await awaited(steps, step)
                continue
            else:
                await asyncio.sleep(0)  # a long answer leaves room for others, and for the news that its client left
                continue
            step = next(steps, None)
        if not started:
            raise RuntimeError("The exchange ended without an answer.")  # noqa: TRY301 - answered like any failure
    except Exception:
        log.exception("The exchange failed.")
        if started:
            return Cut()
        await _send_whole(line.send, *failed())
        return None
    finally:
        ended(steps)
    await _sent(line, chunks, due, more=False)
    return None


async def _sent(line: _Line, chunks: list[bytes], due: float, *, more: bool) -> None:
    """Send what was due in one piece."""
    body = b"".join(chunks)
    chunks.clear()
    await line.send({"type": "http.response.body", "body": body, "more_body": more})
    if body and line.track is not None:
        line.track.wrote(due)


def _start(head: Head) -> dict[str, Any]:
    return {"type": "http.response.start", "status": head.status, "headers": head.headers}


async def _send_whole(send: Send, head: Head, body: bytes) -> None:
    await send(_start(head))
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _body(declared: str, receive: Receive, max_body: int) -> bytes | None:
    """The whole body, or None for a client that left before its end."""
    if declared.isdecimal() and int(declared) > max_body:
        raise _TooLargeError
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > max_body:
            raise _TooLargeError
        return body
    parts, size = [], 0
    while message["type"] == "http.request":
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > max_body:
            raise _TooLargeError
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()
    return None


def _path(scope: Scope) -> str:
    """The path as sent, below the point where the application is mounted."""
    raw: bytes | None = scope.get("raw_path")
    path = raw.decode("latin-1").partition("?")[0] if raw else quote(scope["path"], safe="/:@!$&'()*+,;=~-._")
    root = scope.get("root_path")
    return path.removeprefix(quote(root)) or "/" if root else path


async def _left(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _dropped(receive: Receive) -> bool:
    """Close the connection below an unfinished answer where the server lets us reach it.

    ASGI has no word for it. uvicorn's channel knows its transport; a server that hides it closes an unfinished answer
    itself when the application returns.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        return False
    transport.close()
    return True


async def _lifespan(receive: Receive, send: Send) -> None:
    """The engine needs neither start nor end; say so."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
