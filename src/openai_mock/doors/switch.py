"""Finds out which HTTP a new connection speaks, and hands it to the protocol that does.

Theory. Over TLS the handshake settles it. In the clear an HTTP/2 client opens with a preface that is no HTTP/1.1
request, so the first bytes tell; they are handed on with the connection, and afterwards nothing stands in between.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from uvicorn.server import ServerState

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Spoken(Struct, frozen=True):
    """What makes the protocol of a connection. `http2` None speaks HTTP/1.1 only."""

    http1: Callable[[], asyncio.Protocol]
    http2: Callable[[], asyncio.Protocol] | None

    def alpn(self) -> list[str]:
        """What a TLS handshake offers, the best first."""
        return ["http/1.1"] if self.http2 is None else ["h2", "http/1.1"]

    def turn(self, transport: asyncio.Transport, heard: bytes, *, http2: bool) -> None:
        """Hand a connection on, with what it has said by now."""
        protocol = self.http2() if http2 and self.http2 else self.http1()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if heard:
            protocol.data_received(heard)


class Cleartext(asyncio.Protocol):
    """A connection that has not been heard yet."""

    def __init__(self, spoken: Spoken, state: ServerState) -> None:
        self.spoken, self.state = spoken, state
        self.transport: asyncio.Transport
        self.heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first bytes."""
        self.transport = cast("asyncio.Transport", transport)
        self.state.connections.add(cast("Any", self))

    def data_received(self, data: bytes) -> None:
        """Choose; while the first bytes may still become either, wait for more."""
        self.heard += data
        http2 = self.heard.startswith(PREFACE)
        if http2 or not PREFACE.startswith(self.heard):
            self.state.connections.discard(cast("Any", self))
            self.spoken.turn(self.transport, self.heard, http2=http2)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The client left without having said what it speaks."""
        self.state.connections.discard(cast("Any", self))

    def shutdown(self) -> None:
        """The server ends."""
        self.transport.close()


class Secured(asyncio.Protocol):
    """A connection whose TLS handshake has ended."""

    def __init__(self, spoken: Spoken) -> None:
        self.spoken = spoken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Go by what was agreed on."""
        agreed = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        self.spoken.turn(cast("asyncio.Transport", transport), b"", http2=agreed == "h2")
