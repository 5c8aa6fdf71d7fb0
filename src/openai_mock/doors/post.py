"""Posts one message to a URL of the user's: no redirect is followed, no proxy asked, and there is an end to waiting."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPConnection

PATIENCE = 10.0
"""Seconds after which an endpoint that has not answered never will."""


class Post(Struct, frozen=True):
    """What is sent where."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def post(message: Post, patience: float = PATIENCE) -> tuple[int | None, str]:
    """The status of the answer, or None and what went wrong. The answer's body is not read. Never raises."""
    from http.client import HTTPException  # noqa: PLC0415 - heavy, and only who has webhooks pays for it

    connection = None
    overdue = threading.Event()
    try:
        connection = _connection(message.url, patience)
        connection.connect()
        watch = threading.Timer(patience, _break, (connection, overdue))
        watch.daemon = True
        watch.start()
        try:
            connection.request("POST", _target(message.url), message.body, dict(message.headers))
            return connection.getresponse().status, ""
        finally:
            watch.cancel()
    except TimeoutError:
        return None, f"no answer within {patience:g} seconds"
    except (OSError, HTTPException, ValueError) as error:
        if overdue.is_set():
            return None, f"no answer within {patience:g} seconds"
        return None, getattr(error, "strerror", None) or str(error) or type(error).__name__
    finally:
        if connection is not None:
            connection.close()


def _connection(url: str, patience: float) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415 - as above

    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=patience)


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _break(connection: HTTPConnection, overdue: threading.Event) -> None:
    """End an answer that comes drop by drop."""
    overdue.set()
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
