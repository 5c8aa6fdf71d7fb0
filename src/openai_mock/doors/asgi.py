"""Answers any ASGI 3 server: the whole API as one application, with no framework in between.

Theory. An answer that ends without a pause is sent at once, without a task. Any other answer is *played* in a task of
its own beside a listener for the client's departure, so that whichever ends first ends the other: a client that left
closes the exchange, an exchange that ended stops listening.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import quote

from msgspec import Struct

from openai_mock.doors.drive import LARGE_BODY, REAL, Timer, awaited, begun, burst, ended
from openai_mock.doors.fields import fields
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


def app(handle: Handle, *, max_body: int, timer: Timer = REAL) -> App:
    """An ASGI application that answers with `handle`. A body of more than `max_body` bytes is refused with 413."""

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _http(handle, max_body, timer, scope, receive, send)
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


async def _http(handle: Handle, max_body: int, timer: Timer, scope: Scope, receive: Receive, send: Send) -> None:
    """Read one request and answer it."""
    found = fields(scope["headers"])
    try:
        body = await _body(found.get("content-length", ""), receive, max_body)
    except _TooLargeError:
        await _send_whole(send, *too_large(max_body))
        return
    if body is None:
        return
    request = Request(scope["method"], _path(scope), scope["query_string"].decode("latin-1"), found, body)
    line = _Line(receive, send, timer, timer.now())
    if len(body) > LARGE_BODY:
        await _played(line, _large(line, handle, request))
        return
    try:
        steps, step = begun(handle, request)
    except Exception:
        log.exception("The exchange failed before it answered %s %s.", request.method, request.path)
        await _send_whole(send, *failed())
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
    try:
        while (step := burst(steps, step, chunks)) is not None:
            if isinstance(step, Wait) and (left := line.began + step.at - line.timer.now()) <= 0:
                step = next(steps, None)
                continue
            if chunks:
                await line.send({"type": "http.response.body", "body": b"".join(chunks), "more_body": True})
                chunks.clear()
            if isinstance(step, Cut):
                return step
            if isinstance(step, Wait):
                await line.timer.asleep(left)
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
    await line.send({"type": "http.response.body", "body": b"".join(chunks), "more_body": False})
    return None


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
