"""Header blocks of HTTP/2 without memory: every field is written out, so that equal fields are equal bytes.

Theory. HPACK lets both sides remember fields. Written out instead, a field is a pure function of its name and value and
is kept ready-made; the block is longer by some hundred bytes, which cost less on one machine than compressing them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FORGET = b"\x20"
"""The update that a client must see at the head of the next block when it has shrunk its memory; it sets it to 0."""


class FieldWriter:
    """Takes the place of the encoder of a connection of h2."""

    __slots__ = ("_prefix", "_size")

    def __init__(self) -> None:
        self._size, self._prefix = 4096, b""

    @property
    def header_table_size(self) -> int:
        """Bytes that the client is ready to remember; none of them are used."""
        return self._size

    @header_table_size.setter
    def header_table_size(self, size: int) -> None:
        self._size, self._prefix = size, FORGET

    def encode(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """A header block of these fields."""
        prefix, self._prefix = self._prefix, b""
        return prefix + b"".join(map(_field, headers))


@lru_cache(maxsize=1024)
def _field(field: tuple[bytes, bytes]) -> bytes:
    """A literal field that is not to be remembered."""
    name, value = field
    return b"\0" + _length(len(name)) + name + _length(len(value)) + value


def _length(length: int) -> bytes:
    """The length of a text as a number behind one bit, which is 0 for text that is not packed."""
    if length < 127:
        return bytes((length,))
    rest, out = length - 127, [127]
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    return bytes((*out, rest))
