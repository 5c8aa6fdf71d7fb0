"""What a handler may answer. A dict or a list is JSON; the rest is here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

_TOGETHER = 256
"""Frames that are joined at once; a stream that is closed early has written no more than these in vain."""
_ENOUGH = 65_536
"""Bytes of a chunk that needs no more."""
JSON = "application/json"
_PIECE = 16_384
"""Bytes of a piece of what is sent chunked."""


class Alike(Struct, frozen=True):
    """Frames that differ in one place only: before + piece + after, for each of the pieces."""

    before: bytes
    pieces: Sequence[bytes]
    after: bytes

    def __iter__(self) -> Iterator[bytes]:
        return (self.before + piece + self.after for piece in self.pieces)

    def together(self) -> Iterator[bytes]:
        """All frames in as few parts as can be had without a copy, some hundreds of frames at a time."""
        between = self.after + self.before
        for start in range(0, len(self.pieces), _TOGETHER):
            yield self.before
            yield between.join(self.pieces[start : start + _TOGETHER])
            yield self.after


class Events(Struct, frozen=True):
    """A stream of server-sent events, each already framed (`data: ...` and the blank line).

    `frames` are single frames and runs of frames that are alike; whoever paces a stream goes by `singly`.
    """

    frames: Iterable[bytes | Alike]

    def singly(self) -> Iterator[bytes]:
        """One frame at a time."""
        for part in self.frames:
            if isinstance(part, Alike):
                yield from part
            else:
                yield part

    def together(self) -> Iterator[bytes]:
        """The stream in chunks that are worth a write of their own."""
        held: list[bytes] = []
        size = 0
        for part in self.frames:
            for run in part.together() if isinstance(part, Alike) else (part,):
                held.append(run)
                size += len(run)
                if size > _ENOUGH:
                    yield b"".join(held)
                    held.clear()
                    size = 0
        if held:
            yield b"".join(held)


class Raw(Struct, frozen=True):
    """Bytes: what is no JSON, or JSON that is written already.

    `chunked` ones are sent piece by piece, without a word of how many there are.
    """

    body: bytes
    content_type: str = "application/octet-stream"
    chunked: bool = False

    def pieces(self) -> Iterator[bytes]:
        """The bytes, some thousands at a time."""
        return (self.body[start : start + _PIECE] for start in range(0, len(self.body), _PIECE))


class Empty(Struct, frozen=True):
    """No body."""

    status: int = 204


Answer: TypeAlias = dict[str, Any] | list[Any] | Events | Raw | Empty
