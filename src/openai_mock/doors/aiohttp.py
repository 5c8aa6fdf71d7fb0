"""Answers clients of `aiohttp` inside the process, and so the SDK's `DefaultAioHttpClient`.

Theory. The client keeps its own machinery: it is given a connection whose transport leads into an exchange instead of a
socket, writes its request there, and parses the answer's bytes as they come due. Timeouts, cookies, redirects, traces
and middlewares are the client's own, and its public classes may change shape. Such a connection never enters the
client's pool, and none from the pool is used for a request that is caught.
"""

from __future__ import annotations

import asyncio
import re
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from openai_mock.doors.addresses import Place
from openai_mock.doors.drive import aframes, ended, opening
from openai_mock.doors.fields import fields
from openai_mock.doors.written import Written
from openai_mock.wire import Cut, Exchange, Head, Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from openai_mock.doors.patch import Caught, Find

OWNER = ("TCPConnector",)

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_TURNS: Final = 100
"""Turns of the event loop for which a client may be busy with something else."""
_SIZE: Final = re.compile(rb"([0-9a-fA-F]+)[^\r\n]*\r\n")


def replacement(aiohttp: ModuleType, find: Find, original: Callable[..., Any]) -> Callable[..., Any]:
    """`TCPConnector.connect` that connects the requests which `find` catches to an exchange."""
    from aiohttp.client_proto import ResponseHandler  # noqa: PLC0415 - loaded with the library
    from aiohttp.connector import Connection  # noqa: PLC0415

    @wraps(original)
    async def connect(self: Any, req: Any, *arguments: Any, **options: Any) -> Any:
        url = req.url
        caught = find(req.method, Place(url.scheme, url.raw_host or "", url.port, url.raw_path))
        if caught is None:
            return await original(self, req, *arguments, **options)
        loop = asyncio.get_running_loop()
        protocol = ResponseHandler(loop)
        protocol.force_close()
        protocol.connection_made(_Line(aiohttp, protocol, caught, url.raw_query_string))
        self._acquired.add(protocol)  # a session that is closed closes it
        return Connection(self, req.connection_key, protocol, loop)

    return connect


class Incoming:
    """Reads one request from the bytes that a client writes."""

    def __init__(self) -> None:
        self.held = bytearray()
        self.line: bytes | None = None
        self.headers: dict[str, str] = {}
        self.body = bytearray()

    def take(self, data: bytes) -> bool:
        """Take more bytes; True once the request is complete."""
        self.held += data
        if self.line is None:
            head, found, rest = bytes(self.held).partition(b"\r\n\r\n")
            if not found:
                return False
            self.line, *lines = head.split(b"\r\n")
            self.headers = fields(
                [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
            )
            self.held[:] = rest
        return self._chunks() if "chunked" in self.headers.get("transfer-encoding", "").lower() else self._length()

    @property
    def hesitates(self) -> bool:
        """Whether the client waits for a sign before it sends the body."""
        return not self.held and self.headers.get("expect", "").lower() == "100-continue"

    def request(self, path: str, query: str) -> Request:
        """The complete request."""
        method = (self.line or b"").partition(b" ")[0].decode("latin-1")
        return Request(method, path, query, self.headers, bytes(self.body))

    def _length(self) -> bool:
        self.body += self.held
        self.held.clear()
        return len(self.body) >= int(self.headers.get("content-length", "0"))

    def _chunks(self) -> bool:
        at = 0
        while (size := _SIZE.match(self.held, at)) is not None:
            length = int(size[1], 16)
            end = size.end() + length
            if len(self.held) < end + 2:
                break
            if not length:
                return True
            self.body += self.held[size.end() : end]
            at = end + 2
        del self.held[:at]
        return False


class _Line(asyncio.Transport):
    """The client's end of a connection that leads into an exchange."""

    def __init__(self, aiohttp: ModuleType, protocol: Any, caught: Caught, query: str) -> None:
        super().__init__()
        self.aiohttp, self.protocol, self.caught, self.query = aiohttp, protocol, caught, query
        self.incoming = Incoming()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.task: asyncio.Task[None] | None = None
        self.over = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.over or self.task is not None:
            return
        told = self.incoming.line is not None
        if self.incoming.take(bytes(data)):
            request = self.incoming.request(self.caught.path, self.query)
            self.task = asyncio.get_running_loop().create_task(self._answer(request))
        elif not told and self.incoming.hesitates:
            asyncio.get_running_loop().call_soon(self.protocol.data_received, _CONTINUE)

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self.flowing.clear()

    def resume_reading(self) -> None:
        self.flowing.set()

    def is_closing(self) -> bool:
        return self.over

    def close(self) -> None:
        if not self.over:
            self.over = True
            if self.task is not None:
                self.task.cancel()
            if not (loop := self.protocol._loop).is_closed():  # noqa: SLF001 - the loop that it was made with
                loop.call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    async def _answer(self, request: Request) -> None:
        began = self.caught.timer.now()
        steps = self.caught.answer(request)
        try:
            await self._play(request, steps, began)
        except asyncio.CancelledError:
            if not self.over:  # the client waits on: it is what was asked that was cancelled
                self._break(Cut("reset"))
            raise
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the client's caller gets it
            await self._taken()
            self._fail(error)
        finally:
            ended(steps)

    async def _play(self, request: Request, steps: Exchange, began: float) -> None:
        """Give the client what is due, as bytes."""
        opened = opening(steps)
        written = Written(request.method, opened)
        patience = self.protocol._read_timeout  # noqa: SLF001 - its public name is younger than the supported versions
        rest = aframes(steps, self.caught.timer, began=began, opened=opened, patience=patience)
        async for frame in rest:
            if isinstance(frame, Cut):
                await self._taken()
                self._break(frame)
                return
            await self._feed(written.head(frame) if isinstance(frame, Head) else written.data(frame))
        if written.framed is None:
            self._break(Cut("reset"))
        await self._feed(written.end())

    async def _feed(self, data: bytes) -> None:
        await self.flowing.wait()
        if data:
            self.protocol.data_received(data)

    async def _taken(self) -> None:
        """Give the client the time to read what it got, which the news of a broken connection would overtake."""
        for _ in range(_TURNS):
            if not getattr(self.protocol._payload, "_buffer", None):  # noqa: SLF001 - nothing public says so
                break
            await asyncio.sleep(0)

    def _break(self, cut: Cut) -> None:
        """The connection breaks: silence until the client gives up, or its end."""
        if cut.how == "timeout":
            kind = getattr(self.aiohttp, "SocketTimeoutError", self.aiohttp.ServerTimeoutError)
            self._fail(kind("Timeout on reading data from socket"))
        else:
            self.protocol.connection_lost(None)
            self.over = True

    def _fail(self, error: BaseException) -> None:
        """Let whoever waits for the answer, or for more of it, get an exception."""
        if (payload := self.protocol._payload) is not None:  # noqa: SLF001 - the client offers no way to fail a body
            payload.set_exception(error)
        self.protocol.set_exception(error)
