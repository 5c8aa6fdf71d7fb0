"""FLAC: as many frames of a prepared tone as fit a duration, then one of silence for the remainder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

BLOCK = 2304
"""The samples in each frame but the last."""

_RATE = 24_000
_SILENCE = b"\0\0\0"


def flac(samples: int, subframe: bytes) -> bytes:
    """A file of `samples` samples at 24 kHz, 16 bits, one channel. `subframe` holds the sound of BLOCK of them.

    The checksum of the decoded sound is left out, which the format allows.
    """
    return b"".join((b"fLaC", _stream_info(samples), *_frames(samples, subframe)))


def _stream_info(samples: int) -> bytes:
    shape = _RATE << 44 | (16 - 1) << 36 | samples
    return b"\x80\0\0\x22%b%b%b%b%b" % (BLOCK.to_bytes(2), BLOCK.to_bytes(2), bytes(6), shape.to_bytes(8), bytes(16))


def _frames(samples: int, subframe: bytes) -> Iterator[bytes]:
    whole, rest = divmod(samples, BLOCK)
    for number in range(whole):
        yield _frame(number, BLOCK, subframe)
    if rest:
        yield _frame(whole, rest, _SILENCE)


def _frame(number: int, samples: int, subframe: bytes) -> bytes:
    # Blocks of one size; the size in two bytes; 24 kHz; one channel; 16 bits; the number spelled as UTF-8 spells it.
    head = b"\xff\xf8\x77\x08" + chr(number).encode() + (samples - 1).to_bytes(2)
    head += bytes((_remainder(head, 8, 0x07),))
    check, changes = _checks(subframe)
    before = crc16(head)
    for bit, change in enumerate(changes):
        if before >> bit & 1:
            check ^= change
    return b"%b%b%b" % (head, subframe, check.to_bytes(2))


@lru_cache(maxsize=2)
def _checks(subframe: bytes) -> tuple[int, list[int]]:
    """The checksum of a subframe on its own, and how each bit of the checksum before it changes it.

    Checksums are linear, so frames that differ in their headers alone need not be read byte by byte.
    """
    padding = bytes(len(subframe) - 2)
    return crc16(subframe), [crc16((1 << bit).to_bytes(2) + padding) for bit in range(16)]


def crc16(data: bytes) -> int:
    """The checksum at the end of a frame; that of a whole frame, checksum included, is 0."""
    return _remainder(data, 16, 0x8005)


def _remainder(data: bytes, width: int, polynomial: int) -> int:
    check, table, mask = 0, _remainders(width, polynomial), (1 << width) - 1
    for byte in data:
        check = (check << 8 & mask) ^ table[check >> width - 8 ^ byte]
    return check


@lru_cache(maxsize=2)
def _remainders(width: int, polynomial: int) -> tuple[int, ...]:
    def divided(value: int) -> int:
        value <<= width - 8
        for _ in range(8):
            value <<= 1
            if value >> width:
                value ^= 1 << width | polynomial
        return value

    return tuple(map(divided, range(256)))
