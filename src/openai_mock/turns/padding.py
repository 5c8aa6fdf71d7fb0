"""Padding of streams: what stands in `obfuscation`, so that the size of an event does not tell the size of its words.

Theory. A piece and its filler have a multiple of 16 bytes together. The filler is a part of one random-looking text,
at a place that follows from the piece and its position, so it is the same each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from zlib import crc32

from openai_mock.turns.pieces import REMEMBERED, encoded_pieces

WIDTH = 16
_NOISE = b"".join(
    bytes(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[byte % 62] for byte in digest)
    for digest in (sha256(b"openai-mock %d" % number).digest() for number in range(9))
)
_PLACES = len(_NOISE) - WIDTH


def filler(piece: bytes, position: int = 0) -> bytes:
    """What makes a piece, as it stands in JSON, a multiple of 16 bytes: up to 15 letters and digits."""
    start = (crc32(piece) + 97 * position) % _PLACES
    return _NOISE[start : start + -len(piece) % WIDTH]


def padded_pieces(text: str, encoding: str, between: bytes) -> Sequence[bytes]:
    """The encoded pieces of a text, each followed by `between` and its filler."""
    return _remembered(text, encoding, between) if len(text) <= REMEMBERED else _padded(text, encoding, between)


@lru_cache(maxsize=128)
def _remembered(text: str, encoding: str, between: bytes) -> Sequence[bytes]:
    return _padded(text, encoding, between)


def _padded(text: str, encoding: str, between: bytes) -> Sequence[bytes]:
    cut = encoded_pieces(text, encoding)
    return tuple([b"%b%b%b" % (piece, between, filler(piece, position)) for position, piece in enumerate(cut)])
