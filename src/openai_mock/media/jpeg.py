"""JPEG: a checkerboard as a baseline file whose blocks say nothing but their mean.

Theory. A flat block has one coefficient, its mean, stored as the difference from the block before. Our own Huffman
tables give "no difference" and "nothing else in this block" one bit each, so a unit of 16x16 pixels (four blocks of
brightness, one of blueness, one of redness) that continues its neighbour's colour is twelve zero bits. A difference of
two colours of a checkerboard has seven bits at most and a zero behind it, so a byte of ones, which the format would
want escaped, does not occur.
"""

from __future__ import annotations

from functools import partial

from openai_mock.media.checker import Checker, Colour, ycbcr

_UNIT = 16
_SAME = "0" * 12
_REST_OF_BRIGHTNESS = "0" * 6
# A mean is stored times eight. Dividing by eight again leaves the plain difference of two bytes.
_DIVISORS = b"\0" + b"\x08" * 64
# One code of one bit (no difference), then one of five bits for each number of bits that a difference can have.
_MEANS = b"\0" + bytes((1, 0, 0, 0, 11, *[0] * 11)) + bytes(range(12))
_OTHERS = b"\x10" + bytes((1, *[0] * 15)) + b"\0"
_ABOUT = b"JFIF\0\1\1\0\0\1\0\1\0\0"
_PARTS = bytes((3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0))
_SCAN = bytes((3, 1, 0, 2, 0, 3, 0, 0, 63, 0))


def jpeg(picture: Checker) -> bytes:
    """The file: YCbCr with colours at half the resolution. The see-through flag has no meaning here."""
    frame = b"\x08%b%b%b" % (picture.height.to_bytes(2), picture.width.to_bytes(2), _PARTS)
    segments = ((0xE0, _ABOUT), (0xDB, _DIVISORS), (0xC0, frame), (0xC4, _MEANS), (0xC4, _OTHERS), (0xDA, _SCAN))
    head = b"".join(b"\xff%c%b%b" % (mark, (len(part) + 2).to_bytes(2), part) for mark, part in segments)
    return b"\xff\xd8" + head + _scan(picture) + b"\xff\xd9"


def _scan(picture: Checker) -> bytes:
    units, rows = -(-picture.width // _UNIT), -(-picture.height // _UNIT)
    first, second = (ycbcr(colour) for colour in picture.colours)
    steps = (_change(first, second), _change(second, first))
    line = partial(_line, units, picture.side // _UNIT, steps)
    last_tile = picture.columns - 1
    lines, before = [], 0
    for row in range(rows):
        parity = row * _UNIT // picture.side % 2
        lines.append(line(before, parity))
        before = (parity + last_tile) % 2
    # The very first unit starts from grey instead of continuing a neighbour.
    bits = _change((128, 128, 128), first) + "".join(lines)[len(_SAME) :]
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)


def _line(units: int, tile: int, steps: tuple[str, str], before: int, parity: int) -> str:
    """One row of units, `tile` of them in each tile; `before` is the colour of the unit that precedes the row."""
    parts, colour = [], before
    for start in range(0, units, tile):
        wanted = (parity + start // tile) % 2
        parts.append((_SAME if wanted == colour else steps[colour]) + _SAME * (min(tile, units - start) - 1))
        colour = wanted
    return "".join(parts)


def _change(old: Colour, new: Colour) -> str:
    bright, blue, red = (_difference(after - before) for before, after in zip(old, new, strict=True))
    return f"{bright}0{_REST_OF_BRIGHTNESS}{blue}0{red}0"


def _difference(value: int) -> str:
    """The code of a difference: how many bits it has, then those bits (a negative one less one, cut to its size)."""
    size = abs(value).bit_length()
    if not size:
        return "0"
    return f"{15 + size:05b}{value if value > 0 else value + (1 << size) - 1:0{size}b}"
