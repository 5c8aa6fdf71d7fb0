"""Ogg Opus: a packet repeated for a duration, in pages of a second each."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

_CLOCK = 48_000
_PACKET = _CLOCK // 50
_DELAY = 312
_PACKETS_IN_A_PAGE = 50
_STREAM = 1
_NO_FLAGS, _FIRST, _LAST = 0, 2, 4
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def ogg(seconds: float, packet: bytes) -> bytes:
    """A file that plays `seconds` exactly: `packet` holds 20 ms, and the last page says where the sound ends."""
    return b"".join(_pages(_DELAY + round(seconds * _CLOCK), packet))


def _pages(end: int, packet: bytes) -> Iterator[bytes]:
    delay, rate = _DELAY.to_bytes(2, "little"), (24_000).to_bytes(4, "little")
    yield _page(0, _FIRST, 0, [b"OpusHead\1\1%b%b\0\0\0" % (delay, rate)])
    vendor = b"openai-mock"
    yield _page(1, _NO_FLAGS, 0, [b"OpusTags%b%b%b" % (len(vendor).to_bytes(4, "little"), vendor, bytes(4))])
    total = -(-end // _PACKET)
    for start in range(0, total, _PACKETS_IN_A_PAGE):
        stop = min(start + _PACKETS_IN_A_PAGE, total)
        flag = _LAST if stop == total else _NO_FLAGS
        yield _page(2 + start // _PACKETS_IN_A_PAGE, flag, min(stop * _PACKET, end), [packet] * (stop - start))


def _page(number: int, flag: int, position: int, packets: list[bytes]) -> bytes:
    """A page of whole packets, each shorter than 255 bytes. `position` counts samples up to its end."""
    little = [value.to_bytes(size, "little") for value, size in ((position, 8), (_STREAM, 4), (number, 4))]
    head = b"OggS\0" + bytes((flag,)) + b"".join(little)
    body = bytes((len(packets), *map(len, packets))) + b"".join(packets)
    return head + _checksum(head + bytes(4) + body) + body


def _checksum(page: bytes) -> bytes:
    """Ogg's CRC: zlib's polynomial, but highest bit first and without inversions. So both sides are mirrored."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2).to_bytes(4, "little")
