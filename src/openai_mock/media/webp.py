"""WebP: a checkerboard as a lossless picture whose pixels take no bits at all.

Theory. Lossless WebP lets each tile choose one of several sets of codes, and a code with a single symbol has length
zero. So each colour is a set of codes that can say only that colour, the tiles are one bit each, the pixels none.
"""

from __future__ import annotations

from openai_mock.media.checker import Checker, Colour

_ZERO_OR_ONE = "110010000000"


def webp(picture: Checker) -> bytes:
    """The file, of a few dozen bytes."""
    bits = "".join((_number(picture.width - 1, 14), _number(picture.height - 1, 14), str(int(picture.transparent))))
    data = b"\x2f" + _packed(f"{bits}000" + "00" + _tiles(picture) + _colours(picture))
    chunk = b"VP8L" + len(data).to_bytes(4, "little") + data + bytes(len(data) % 2)
    return b"RIFF" + (len(chunk) + 4).to_bytes(4, "little") + b"WEBP" + chunk


def _tiles(picture: Checker) -> str:
    if picture.columns == picture.rows == 1:
        return "0"
    lines = [("01" * picture.columns)[parity : picture.columns + parity] for parity in (0, 1)]
    plan = "".join(lines[row % 2] for row in range(picture.rows))
    return "1" + _number(picture.side.bit_length() - 3, 3) + "0" + _ZERO_OR_ONE + _only(0) * 4 + plan


def _colours(picture: Checker) -> str:
    used = picture.colours[: picture.columns * picture.rows]
    return "".join(_codes(colour, 0 if picture.transparent and not at else 255) for at, colour in enumerate(used))


def _codes(colour: Colour, alpha: int) -> str:
    red, green, blue = colour
    return "".join(_only(symbol) for symbol in (green, red, blue, alpha, 0))


def _only(symbol: int) -> str:
    """A code that knows one symbol."""
    return "101" + _number(symbol, 8)


def _number(value: int, width: int) -> str:
    """The bits of a number in the order in which the format reads them: lowest first."""
    return f"{value:0{width}b}"[::-1]


def _packed(bits: str) -> bytes:
    return int(bits[::-1], 2).to_bytes(-(-len(bits) // 8), "little")
