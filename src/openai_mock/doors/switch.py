"""Finds out which HTTP a new connection speaks, and hands it to the protocol that does.

Over TLS the handshake has settled it. In the clear an HTTP/2 client opens with a preface that is no HTTP/1.1 request,
so the first bytes tell; they are handed on with the connection, and afterwards nothing stands in between.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ALPN = {True: ["h2", "http/1.1"], False: ["http/1.1"]}
"""What a TLS handshake offers, by whether HTTP/2 is spoken."""


class Switch(asyncio.Protocol):
    """A connection that has not been heard yet. `http1` and `http2` make the protocols it may turn into."""

    def __init__(
        self, http1: Callable[[], asyncio.Protocol], http2: Callable[[], asyncio.Protocol], connections: set[Any]
    ) -> None:
        self.http1, self.http2, self.connections = http1, http2, connections
        self.transport: asyncio.Transport
        self.heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Go by the handshake, or wait for the first bytes."""
        self.transport = cast("asyncio.Transport", transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is None:
            self.connections.add(self)
        else:
            self._turn(self.http2 if tls.selected_alpn_protocol() == "h2" else self.http1)

    def data_received(self, data: bytes) -> None:
        """Go by the first bytes; while they may still become either, wait for more."""
        self.heard += data
        if self.heard.startswith(PREFACE):
            self._turn(self.http2)
        elif not PREFACE.startswith(self.heard):
            self._turn(self.http1)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The client left without having said what it speaks."""
        self.connections.discard(self)

    def shutdown(self) -> None:
        """The server ends."""
        self.transport.close()

    def _turn(self, made: Callable[[], asyncio.Protocol]) -> None:
        self.connections.discard(self)
        protocol = made()
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        if self.heard:
            protocol.data_received(self.heard)
