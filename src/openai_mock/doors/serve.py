"""Serves a handle over HTTP and HTTPS: in the foreground for the command line, in a thread for a test.

Theory. uvicorn's protocols speak HTTP; the loop around them is ours, because an embedded server must be ready when the
call returns and gone milliseconds after `stop`. Every socket is bound and listening before anything else happens, so
that a taken port is an error of the caller and a client may connect at once. All ports of a server share one loop, one
handle and one end; a connection's first bytes, or its TLS handshake, choose its protocol.
"""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import threading
import time
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

from msgspec import Struct

from openai_mock.doors.asgi import app
from openai_mock.doors.punctuality import Punctuality
from openai_mock.doors.sockets import BACKLOG, Https, Port, ports
from openai_mock.doors.switch import Cleartext, Spoken
from openai_mock.doors.timetable import Timetable
from openai_mock.doors.tls import accept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager
    from ssl import SSLContext
    from types import FrameType

    from uvicorn.server import ServerState

    from openai_mock.wire import Handle

MAX_BODY = 512 * 1024 * 1024
"""Bytes of a request body that are taken by default: as large as the largest file OpenAI takes."""
KEEP_ALIVE = 75
"""Seconds after which a connection without a request is closed."""
GRACE = 1.5
"""Seconds that running answers get to end by themselves when the foreground server stops."""

HttpChoice = Literal["auto", "h11"]


class _Plan(Struct, frozen=True):
    """What a server is started with."""

    handle: Handle
    ports: tuple[Port, ...]
    max_body: int
    http: HttpChoice
    http2: bool
    grace: float
    punctuality: Punctuality


class Served(Struct, frozen=True):
    """A server that runs in a thread. `stop` ends it within milliseconds, and may be called again; so does `with`.

    `https_url` is the second address of a server that was started with `https`, else empty.
    """

    url: str
    stop: Callable[[], None]
    https_url: str = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def run(
    handle: Handle,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    on_ready: Callable[..., None],
    max_body: int = MAX_BODY,
    ssl: SSLContext | None = None,
    http: HttpChoice = "auto",
    https: Https | None = None,
    http2: bool = True,
    listening: Sequence[Port] = (),
    punctuality: Punctuality | None = None,
    beside: Callable[[], AbstractAsyncContextManager[object]] = nullcontext,
) -> int:
    """Serve until SIGINT or SIGTERM, then return 0; running answers get 1.5 seconds, none after a second signal.

    `port` None is the first free one from 12111 on, 0 one that the system chooses; `ssl` makes it an HTTPS port, and
    `https` adds one. `on_ready` gets the URL, and with `https` the second URL behind it, once clients may connect.
    `http2` speaks HTTP/2 too, where h2 is installed. `listening` are sockets to use instead, `punctuality` measures,
    and `beside` runs on the same event loop as long as the server does. Raises `PortTakenError` before anything else
    has happened.
    """
    found = tuple(listening) or ports(host, port, ssl, https)
    speaks = http2 and http2_installed()
    plan = _Plan(handle, found, max_body, http, speaks, GRACE, punctuality or Punctuality())
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        loop, stop, hurry = runner.get_loop(), asyncio.Event(), asyncio.Event()

        def end() -> None:
            (hurry if stop.is_set() else stop).set()

        with _on_signals(partial(loop.call_soon_threadsafe, end)):
            runner.run(_serve(plan, stop, hurry, partial(on_ready, *(one.url for one in plan.ports)), beside))
    return 0


def serve_in_thread(
    handle: Handle,
    host: str = "127.0.0.1",
    port: int | None = 0,
    *,
    max_body: int = MAX_BODY,
    ssl: SSLContext | None = None,
    http: HttpChoice = "auto",
    https: Https | None = None,
    http2: bool = True,
    punctuality: Punctuality | None = None,
) -> Served:
    """Serve from a thread of this process; clients may connect when this returns. Raises `PortTakenError`."""
    found, speaks = ports(host, port, ssl, https), http2 and http2_installed()
    plan = _Plan(handle, found, max_body, http, speaks, 0.02, punctuality or Punctuality())
    started: Future[Callable[[], object]] = Future()

    async def main() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        ready = partial(started.set_result, partial(loop.call_soon_threadsafe, stop.set))
        await _serve(plan, stop, asyncio.Event(), ready, nullcontext)

    def work() -> None:
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(main())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=work, name="openai-mock", daemon=True)
    thread.start()
    call_stop = started.result()

    def stop() -> None:
        with suppress(RuntimeError):  # the loop has ended in the meantime
            call_stop()
        thread.join()

    urls = [one.url for one in plan.ports]
    return Served(urls[0], stop, *urls[1:])


def http2_installed() -> bool:
    """Whether HTTP/2 can be spoken here."""
    return importlib.util.find_spec("h2") is not None


async def _serve(
    plan: _Plan,
    stop: asyncio.Event,
    hurry: asyncio.Event,
    ready: Callable[[], None],
    beside: Callable[[], AbstractAsyncContextManager[object]],
) -> None:
    """Accept connections until `stop` is set, then let running answers end within the grace, or until `hurry`."""
    from uvicorn.server import ServerState  # noqa: PLC0415 - heavy, and only a server needs it

    loop, state = asyncio.get_running_loop(), ServerState()
    with ExitStack() as servers:
        for port in plan.ports:
            servers.callback(port.sock.close)
        spoken = _spoken(plan, state, loop)
        for port in plan.ports:
            servers.callback(await _accepting(port, spoken, state, loop))
        ticking = asyncio.ensure_future(_tick(state))
        servers.callback(ticking.cancel)
        servers.callback(plan.punctuality.attend(loop))
        async with beside():
            try:
                ready()
                await stop.wait()
            finally:
                servers.close()
                await _drain(state, hurry, plan.grace)


async def _accepting(
    port: Port, spoken: Spoken, state: ServerState, loop: asyncio.AbstractEventLoop
) -> Callable[[], object]:
    """Accept the connections of one port; what is returned ends it."""
    if port.ssl is None:
        protocol = partial(Cleartext, spoken, state) if spoken.http2 else spoken.http1
        server = await loop.create_server(protocol, sock=port.sock, backlog=BACKLOG)
        return server.close
    accepting = asyncio.ensure_future(accept(port.sock, port.ssl, spoken, state))
    state.tasks.add(accepting)
    accepting.add_done_callback(state.tasks.discard)
    return accepting.cancel


async def _tick(state: ServerState) -> None:
    """Keep the date header right; written once a second, it costs an answer nothing."""
    while True:
        now = time.time()
        state.default_headers = [(b"date", formatdate(now, usegmt=True).encode())]
        await asyncio.sleep(1 - now % 1)


async def _drain(state: ServerState, hurry: asyncio.Event, grace: float) -> None:
    """Close what is idle, let what runs end within the grace, break the rest."""
    for connection in list(state.connections):
        connection.shutdown()
    end = time.monotonic() + grace
    while (state.connections or state.tasks) and time.monotonic() < end and not hurry.is_set():  # noqa: ASYNC110 - the sets tell nobody
        await asyncio.sleep(0.002)
    for connection in list(state.connections):
        connection.transport.abort()
    end = time.monotonic() + 0.02
    while (state.connections or state.tasks) and time.monotonic() < end:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)
    for task in list(state.tasks):
        task.cancel()
    await asyncio.gather(*state.tasks, return_exceptions=True)


def _spoken(plan: _Plan, state: ServerState, loop: asyncio.AbstractEventLoop) -> Spoken:
    """The protocols that this server speaks."""
    http1 = _http1(plan, state, loop)
    if not plan.http2:
        return Spoken(http1, None)
    from openai_mock.doors.http2 import Http2  # noqa: PLC0415 - needs h2

    return Spoken(http1, partial(Http2, plan.handle, plan.max_body, KEEP_ALIVE, state, loop, plan.punctuality))


def _http1(plan: _Plan, state: ServerState, loop: asyncio.AbstractEventLoop) -> Callable[[], asyncio.Protocol]:
    """What makes an HTTP/1.1 protocol: ours where httptools is installed, else uvicorn's in pure Python."""
    from uvicorn.config import Config  # noqa: PLC0415 - heavy, and only a server needs it

    config = Config(
        app(plan.handle, max_body=plan.max_body, punctuality=plan.punctuality),
        http="h11",
        ws=_websocket if importlib.util.find_spec("websockets") else "none",  # type: ignore[arg-type]  # made when needed
        lifespan="off",
        interface="asgi3",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        h11_max_incomplete_event_size=65_536,
    )
    config.load()
    if plan.http == "auto" and importlib.util.find_spec("httptools"):
        from openai_mock.doors.http11 import Http11  # noqa: PLC0415 - needs httptools

        timetable = Timetable(loop)
        return partial(Http11, plan.handle, plan.max_body, config, state, {}, loop, plan.punctuality, timetable)
    return partial(_quiet_h11, config, state, {}, loop)


def _quiet_h11(*args: Any) -> asyncio.Protocol:
    """The pure-Python protocol of uvicorn without its access log, which is not switched off for the whole process."""
    from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: PLC0415 - heavy, and only a server needs it

    protocol = H11Protocol(*args)
    protocol.access_log = False
    return protocol


def _websocket(**kwargs: Any) -> asyncio.Protocol:
    """The WebSocket protocol, loaded when the first client asks for it."""
    from uvicorn.protocols.websockets.auto import AutoWebSocketsProtocol  # noqa: PLC0415 - heavy, and rarely needed

    protocol: asyncio.Protocol = AutoWebSocketsProtocol(**kwargs)  # type: ignore[misc]
    return protocol


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop  # noqa: PLC0415 - heavy, and not on every platform
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


@contextmanager
def _on_signals(call: Callable[[], object]) -> Iterator[None]:
    """Call for SIGINT, SIGTERM and (Windows) SIGBREAK; only the main thread may listen to signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def heard(_number: int, _frame: FrameType | None) -> None:
        call()

    names = [name for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), heard) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
