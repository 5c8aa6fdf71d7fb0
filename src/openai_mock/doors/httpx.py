"""Answers httpx and httpx2 clients inside the process; the two have one shape, so one factory serves both."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from openai_mock.doors.drive import REAL, Frame, Timer, aframes, ended, frames, opening
from openai_mock.doors.fields import known_fields
from openai_mock.wire import Cut, Data, Exchange, Handle, Head, Request, Step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from types import ModuleType


def transport(hx: ModuleType, handle: Handle, timer: Timer = REAL) -> Any:
    """A transport for `hx.Client` and `hx.AsyncClient`, where `hx` is the module httpx or httpx2.

    A broken connection is the exception that a real one would be: `hx.RemoteProtocolError` for a reset,
    `hx.ReadTimeout` where the read timeout of the request ends first.
    """
    if not hasattr(hx, "SyncByteStream"):
        raise TypeError(f"A transport is for a client library, transport(httpx2) or transport(httpx); got {hx!r}.")
    return _transport_class(hx)(handle, timer)


def incoming(request: Any, body: bytes) -> Request:
    """The request of an httpx client as the core wants it."""
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    return Request(request.method, path, query, known_fields(tuple(request.headers.raw)), body)


def _patience(request: Any) -> float | None:
    """The read timeout of the request in seconds; None waits for ever."""
    seconds: float | None = request.extensions.get("timeout", {}).get("read")
    return seconds


def _broken(hx: ModuleType, cut: Cut, head: Head | None) -> Exception:
    """The exception a real broken connection would be."""
    if cut.how == "timeout":
        error: Exception = hx.ReadTimeout("The read operation timed out")
    elif head is None:
        error = hx.RemoteProtocolError("Server disconnected without sending a response.")
    else:
        length = next((int(value) for name, value in head.headers if name.lower() == b"content-length"), None)
        how = "incomplete chunked read" if length is None else f"incomplete body, {length} bytes were announced"
        error = hx.RemoteProtocolError(f"peer closed connection without sending complete message body ({how})")
    return error


def _whole(opened: Sequence[Step | None]) -> tuple[Head, bytes] | None:
    """The head and body of an answer that ended within its opening."""
    head, last = opened[0], opened[-1]
    if last is not None or not isinstance(head, Head):
        return None
    data = opened[1]
    return head, data.chunk if isinstance(data, Data) else b""


def _first(hx: ModuleType, frame: Frame | None) -> Head:
    """The head, which comes first unless the connection breaks before it."""
    if isinstance(frame, Head):
        return frame
    raise _broken(hx, frame if isinstance(frame, Cut) else Cut("reset"), None)


def _bodies(hx: ModuleType) -> tuple[Any, Any]:
    """The stream classes of one client library, synchronous and asynchronous."""

    class Body(hx.SyncByteStream):  # type: ignore[misc,name-defined]
        """The rest of an answer for a synchronous client, chunk by chunk."""

        def __init__(self, head: Head, rest: Iterator[Frame], steps: Exchange) -> None:
            self.head, self.rest, self.steps = head, rest, steps

        def __iter__(self) -> Iterator[bytes]:
            for frame in self.rest:
                if isinstance(frame, Data):
                    yield frame.chunk
                elif isinstance(frame, Cut):
                    raise _broken(hx, frame, self.head)

        def close(self) -> None:
            ended(self.steps)

    class AsyncBody(hx.AsyncByteStream):  # type: ignore[misc,name-defined]
        """The rest of an answer for an asynchronous client, chunk by chunk."""

        def __init__(self, head: Head, rest: AsyncIterator[Frame], steps: Exchange) -> None:
            self.head, self.rest, self.steps = head, rest, steps

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for frame in self.rest:
                if isinstance(frame, Data):
                    yield frame.chunk
                elif isinstance(frame, Cut):
                    raise _broken(hx, frame, self.head)

        async def aclose(self) -> None:
            ended(self.steps)

    return Body, AsyncBody


@lru_cache(maxsize=4)
def _transport_class(hx: ModuleType) -> Callable[[Handle, Timer], Any]:
    """The transport class of one client library; a class, because the library asks for its own base classes."""
    body_class, async_body_class = _bodies(hx)

    class Transport(hx.BaseTransport, hx.AsyncBaseTransport):  # type: ignore[misc,name-defined]
        """Carries requests of both kinds of client into exchanges."""

        def __init__(self, handle: Handle, timer: Timer) -> None:
            self.handle, self.timer = handle, timer

        def handle_request(self, request: Any) -> Any:
            body, began = request.read(), self.timer.now()
            steps = self.handle(incoming(request, body))
            opened = opening(steps)
            if (whole := _whole(opened)) is not None:
                return hx.Response(whole[0].status, headers=whole[0].headers, stream=hx.ByteStream(whole[1]))
            rest = frames(steps, self.timer, began=began, opened=opened, patience=_patience(request))
            head = _first(hx, next(rest, None))
            return hx.Response(head.status, headers=head.headers, stream=body_class(head, rest, steps))

        async def handle_async_request(self, request: Any) -> Any:
            body, began = await request.aread(), self.timer.now()
            steps = self.handle(incoming(request, body))
            opened = opening(steps)
            if (whole := _whole(opened)) is not None:
                return hx.Response(whole[0].status, headers=whole[0].headers, stream=hx.ByteStream(whole[1]))
            rest = aframes(steps, self.timer, began=began, opened=opened, patience=_patience(request))
            head = _first(hx, await anext(rest, None))
            return hx.Response(head.status, headers=head.headers, stream=async_body_class(head, rest, steps))

    return Transport
