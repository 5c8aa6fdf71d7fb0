"""Padding of streams: what stands in `obfuscation`, so that the size of an event does not tell the size of its words.

Theory. A piece and its filler have a multiple of 16 bytes together. The filler is a part of one random-looking text,
at a place that follows from the piece's position and length, so it is the same each time and costs a look into a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import cycle

from openai_mock.turns.pieces import encoded_pieces, remembering

WIDTH = 16
_NOISE = b"".join(
    bytes(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[byte % 62] for byte in digest)
    for digest in (sha256(b"openai-mock %d" % number).digest() for number in range(9))
)
_PLACES = 61
"""Positions whose fillers differ."""
_FILLERS = tuple(
    tuple(_NOISE[start : start + -length % WIDTH] for length in range(WIDTH)) for start in range(0, 4 * _PLACES, 4)
)
"""Fillers by position, then by the length of the piece, each without its multiples."""


def filler(piece: bytes, position: int = 0) -> bytes:
    """What makes a piece, as it stands in JSON, a multiple of 16 bytes: up to 15 letters and digits."""
    return _FILLERS[position % _PLACES][len(piece) % WIDTH]


@remembering
def padded_pieces(text: str, encoding: str, between: bytes) -> Sequence[bytes]:
    """The encoded pieces of a text, each followed by `between` and its filler."""
    cut = encoded_pieces(text, encoding)
    return tuple(
        [b"%b%b%b" % (piece, between, fillers[len(piece) % WIDTH]) for piece, fillers in zip(cut, cycle(_FILLERS))]
    )
