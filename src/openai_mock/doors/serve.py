"""Serves a handle over HTTP on a port: in the foreground for the command line, in a thread for a test.

Theory. uvicorn's protocols speak HTTP; the loop around them is ours, because an embedded server must be ready when the
call returns and gone milliseconds after `stop`. The socket is bound and listening before anything else happens, so that
a taken port is an error of the caller and a client may connect at once.
"""

from __future__ import annotations

import asyncio
import errno
import importlib.util
import signal
import socket
import threading
import time
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

from msgspec import Struct

from openai_mock.doors.asgi import app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from ssl import SSLContext
    from types import FrameType

    from uvicorn.server import ServerState

    from openai_mock.wire import Handle

FIRST_PORT = 12111
MAX_BODY = 512 * 1024 * 1024
"""Bytes of a request body that are taken by default: as large as the largest file OpenAI takes."""
KEEP_ALIVE = 75
"""Seconds after which a connection without a request is closed."""
BACKLOG = 2048
GRACE = 1.5
"""Seconds that running answers get to end by themselves when the foreground server stops."""

HttpChoice = Literal["auto", "h11"]


class PortTakenError(OSError):
    """The port cannot be listened on; the message says which and what to do."""


class _Plan(Struct, frozen=True):
    """What a server is started with."""

    handle: Handle
    sock: socket.socket
    ssl: SSLContext | None
    max_body: int
    http: HttpChoice
    grace: float


class Served(Struct, frozen=True):
    """A server that runs in a thread. `stop` ends it within milliseconds, and may be called again; so does `with`."""

    url: str
    stop: Callable[[], None]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def run(
    handle: Handle,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    on_ready: Callable[[str], None],
    max_body: int = MAX_BODY,
    ssl: SSLContext | None = None,
    http: HttpChoice = "auto",
) -> int:
    """Serve until SIGINT or SIGTERM, then return 0; running answers get 1.5 seconds, none after a second signal.

    `port` None is the first free one from 12111 on, 0 one that the system chooses. `on_ready` gets the URL once clients
    may connect. Raises `PortTakenError` before anything else has happened.
    """
    plan = _Plan(handle, listen(host, port), ssl, max_body, http, GRACE)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        loop, stop, hurry = runner.get_loop(), asyncio.Event(), asyncio.Event()

        def end() -> None:
            (hurry if stop.is_set() else stop).set()

        with _on_signals(partial(loop.call_soon_threadsafe, end)):
            runner.run(_serve(plan, stop, hurry, partial(on_ready, _url(plan, host))))
    return 0


def serve_in_thread(
    handle: Handle,
    host: str = "127.0.0.1",
    port: int | None = 0,
    *,
    max_body: int = MAX_BODY,
    ssl: SSLContext | None = None,
    http: HttpChoice = "auto",
) -> Served:
    """Serve from a thread of this process; clients may connect when this returns. Raises `PortTakenError`."""
    plan = _Plan(handle, listen(host, port), ssl, max_body, http, 0.02)
    started: Future[Callable[[], object]] = Future()

    async def main() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        ready = partial(started.set_result, partial(loop.call_soon_threadsafe, stop.set))
        await _serve(plan, stop, asyncio.Event(), ready)

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

    return Served(_url(plan, host), stop)


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket; `port` None is the first free one from 12111 on. Raises `PortTakenError` or `OSError`."""
    if port is not None:
        return _listen(host, port)
    for candidate in range(FIRST_PORT, FIRST_PORT + 100):
        try:
            return _listen(host, candidate)
        except PortTakenError:
            continue
    raise PortTakenError(f"No port from {FIRST_PORT} to {FIRST_PORT + 99} is free on {host}. Choose one with --port.")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
    except (socket.gaierror, OverflowError) as error:
        raise OSError(f"There is no address {host}:{port} to listen on: {error}.") from error
    # The protocol number lets the event loop recognise TCP and switch off the delay of small packets.
    sock = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            sentence = (
                f"Port {port} on {host} is already in use. Choose another with --port, or stop what listens there."
            )
            raise PortTakenError(sentence) from error
        raise OSError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    sock.setblocking(False)
    return sock


async def _serve(plan: _Plan, stop: asyncio.Event, hurry: asyncio.Event, ready: Callable[[], None]) -> None:
    """Accept connections until `stop` is set, then let running answers end within the grace, or until `hurry`."""
    from uvicorn.server import ServerState  # noqa: PLC0415 - heavy, and only a server needs it

    loop, state = asyncio.get_running_loop(), ServerState()
    with closing(plan.sock):
        protocols = _protocols(plan, state, loop)
        server = await loop.create_server(protocols, sock=plan.sock, ssl=plan.ssl, backlog=BACKLOG)
        ticking = asyncio.ensure_future(_tick(state))
        try:
            ready()
            await stop.wait()
        finally:
            server.close()
            ticking.cancel()
            await _drain(state, hurry, plan.grace)


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


def _protocols(plan: _Plan, state: ServerState, loop: asyncio.AbstractEventLoop) -> Callable[[], asyncio.Protocol]:
    """What makes the protocol of a new connection: ours where httptools is installed, else uvicorn's in pure Python."""
    from uvicorn.config import Config  # noqa: PLC0415 - heavy, and only a server needs it

    config = Config(
        app(plan.handle, max_body=plan.max_body),
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

        return partial(Http11, plan.handle, plan.max_body, config, state, {}, loop)
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


def _url(plan: _Plan, host: str) -> str:
    """Where a client on this machine reaches the server."""
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound to here
    scheme = "http" if plan.ssl is None else "https"
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{plan.sock.getsockname()[1]}"
