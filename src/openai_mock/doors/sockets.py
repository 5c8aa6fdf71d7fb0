"""Where a server listens: one socket for each address, or one for each of the processes that share it.

Theory. Sockets listen before anything else happens, so that a taken port is an error of the caller. On Linux the system
shares connections evenly among sockets of one address; elsewhere processes share one socket, and whoever is free takes
the next connection. A socket belongs to whoever opened it: what connects while one process is replaced by another waits
in it.
"""

from __future__ import annotations

import errno
import socket
import sys
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ssl import SSLContext

FIRST_PORT, FIRST_HTTPS_PORT = 12111, 12112
BACKLOG = 2048


class PortTakenError(OSError):
    """The port cannot be listened on; the message says which and what to do."""


class Https(Struct, frozen=True):
    """HTTPS on a port of its own, beside the other. `port` None is the first free one from 12112 on, 0 any free one."""

    ssl: SSLContext
    port: int | None = None


class Port(Struct, frozen=True):
    """One listening socket and where a client reaches it."""

    sock: socket.socket
    ssl: SSLContext | None
    url: str


def listen(host: str, port: int | None, *, first: int = FIRST_PORT, option: str = "--port") -> socket.socket:
    """A listening socket; `port` None is the first free one from `first` on. Raises `PortTakenError` or `OSError`.

    `option` is what a user chooses the port with.
    """
    if port is not None:
        return _listen(host, port, option)
    for candidate in range(first, first + 100):
        try:
            return _listen(host, candidate, option)
        except PortTakenError:
            continue
    raise PortTakenError(f"No port from {first} to {first + 99} is free on {host}. Choose one with {option}.")


def ports(host: str, port: int | None, ssl: SSLContext | None, https: Https | None) -> tuple[Port, ...]:
    """Listen wherever the server is to be reached, or nowhere when one of the ports cannot be had."""
    sock = listen(host, port)
    found = (Port(sock, ssl, _url(sock, host, ssl)),)
    if https is None:
        return found
    try:
        second = listen(host, https.port, first=FIRST_HTTPS_PORT, option="--https-port")
    except OSError:
        sock.close()
        raise
    return (*found, Port(second, https.ssl, _url(second, host, https.ssl)))


def shared(host: str, found: Sequence[Port], processes: int) -> list[tuple[Port, ...]]:
    """The same addresses for each of several processes. The sockets that were found are used up."""
    if not (sys.platform == "linux" and hasattr(socket, "SO_REUSEPORT")):
        return [tuple(found)] * processes
    each: list[tuple[Port, ...]] = [()] * processes
    for port in found:
        number = port.sock.getsockname()[1]
        port.sock.close()
        for process in range(processes):
            sock = _listen(host, number, "--port", shares=True)
            each[process] = (*each[process], replace(port, sock=sock))
    return each


def _listen(host: str, port: int, option: str, *, shares: bool = False) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
    except (socket.gaierror, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise OSError(f"There is no address {host}:{port} to listen on: {why}.") from error
    # The protocol number lets the event loop recognise TCP and switch off the delay of small packets.
    sock = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shares:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            sentence = (
                f"Port {port} on {host} is already in use. Choose another with {option}, or stop what listens there."
            )
            raise PortTakenError(sentence) from error
        raise OSError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    sock.setblocking(False)
    return sock


def _url(sock: socket.socket, host: str, ssl: SSLContext | None) -> str:
    """Where a client on this machine reaches the server."""
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound to here
    scheme = "http" if ssl is None else "https"
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{sock.getsockname()[1]}"
