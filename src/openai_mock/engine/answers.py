"""What a handler may answer. A dict or a list is JSON; the rest is here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from msgspec import Struct


class Events(Struct, frozen=True):
    """A stream of server-sent events, each already framed (`data: ...` and the blank line)."""

    frames: Iterable[bytes]


class Raw(Struct, frozen=True):
    """Bytes that are not JSON."""

    body: bytes
    content_type: str = "application/octet-stream"


class Empty(Struct, frozen=True):
    """No body."""

    status: int = 204


Answer: TypeAlias = dict[str, Any] | list[Any] | Events | Raw | Empty
