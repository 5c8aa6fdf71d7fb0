"""Accepts TLS connections one by one, so that the server knows each from its first moment.

Theory. An event loop that accepts by itself keeps a connection to itself until the handshake has ended, and does not
end before its handshakes have; a client that connects and says nothing would hold up the end of the server. Here the
server holds the socket, and shutting it down ends the handshake.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from openai_mock.doors.switch import Secured, Spoken

if TYPE_CHECKING:
    from ssl import SSLContext

    from uvicorn.server import ServerState

HANDSHAKE = 10
"""Seconds that a client gets to finish its TLS handshake."""
PAUSE = 0.1
"""Seconds to wait when the system has no room for another connection."""


class Shaking:
    """A handshake, which ends like any other connection of the server."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.transport = self

    def shutdown(self) -> None:
        """The server ends."""
        with suppress(OSError):  # the client was faster
            self.sock.shutdown(socket.SHUT_RDWR)

    abort = shutdown


async def accept(listening: socket.socket, context: SSLContext, spoken: Spoken, state: ServerState) -> None:
    """Accept connections until cancelled."""
    context.set_alpn_protocols(spoken.alpn())
    while True:
        try:
            sock = await _accepted(listening)
        except OSError:
            await asyncio.sleep(PAUSE)
            continue
        shaking = Shaking(sock)
        state.connections.add(cast("Any", shaking))
        task = asyncio.ensure_future(_shaken(sock, context, spoken))
        state.tasks.add(task)
        task.add_done_callback(partial(_shook, shaking, state))


async def _accepted(listening: socket.socket) -> socket.socket:
    """The next connection. One that arrives in the moment of being cancelled is closed, not lost."""
    accepting = asyncio.ensure_future(asyncio.get_running_loop().sock_accept(listening))
    try:
        return (await asyncio.shield(accepting))[0]
    except asyncio.CancelledError:
        await asyncio.sleep(0)
        if accepting.done() and not accepting.exception():
            accepting.result()[0].close()
        accepting.cancel()
        raise


def _shook(shaking: Shaking, state: ServerState, task: asyncio.Task[None]) -> None:
    """A handshake ended; one that was cancelled, perhaps before it began, leaves its socket to be closed."""
    state.connections.discard(cast("Any", shaking))
    state.tasks.discard(task)
    if task.cancelled():
        shaking.sock.close()


async def _shaken(sock: socket.socket, context: SSLContext, spoken: Spoken) -> None:
    """Shake hands; the protocol takes over from there."""
    try:
        await asyncio.get_running_loop().connect_accepted_socket(
            partial(Secured, spoken), sock, ssl=context, ssl_handshake_timeout=HANDSHAKE
        )
    except OSError:  # it speaks no TLS, trusts nobody here, was too slow, or left
        sock.close()
