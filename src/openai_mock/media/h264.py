"""H.264: a still picture of two colours, one above the other, as a baseline stream of any even size.

Theory. The picture is coded in blocks of 16x16 pixels that continue a neighbour: the first column continues the block
above, all others the block to the left, and that with nothing to add. Such a block takes exactly one byte. Only the
first block and the one where the second colour starts add something: one level of brightness and one of each colour
difference. The frames after the first say "every block as before". The largest number, the count of blocks, starts with
fifteen zeros, so the run of 22 zeros that the format would want escaped does not occur.
"""

from __future__ import annotations

from collections.abc import Iterator

from openai_mock.media.checker import Colour, ycbcr

_BLOCK = 16
# At this quantizer a level is worth 10 steps of brightness or 7 of a colour difference.
_QUANTIZER = 48
_BRIGHT_STEP, _COLOUR_STEP = 10, 7
_NUMBERS = 16
_BASELINE = 66
# The most blocks in a frame for level 3.1, 4.0 and 5.2; an edge may hold the square root of eight times as many.
_LEVELS = ((3600, 31), (8192, 40), (36_864, 52))
MOST_BLOCKS = _LEVELS[-1][0]
_ABOVE, _LEFT, _MEAN = 0, 1, 2
# The same three directions are numbered otherwise for the colour differences.
_COLOUR_MODES = {_ABOVE: 2, _LEFT: 1, _MEAN: 0}
_KEY, _LATER, _SEQUENCE, _PICTURE = 0x65, 0x61, 0x67, 0x68


def blocks(width: int, height: int) -> int:
    """How many blocks of 16x16 pixels cover the picture."""
    return -(-width // _BLOCK) * -(-height // _BLOCK)


def settings(width: int, height: int) -> tuple[bytes, bytes]:
    """The two parameter sets of a stream, which its container carries."""
    columns, rows = -(-width // _BLOCK), -(-height // _BLOCK)
    level = next(level for most, level in _LEVELS if max(columns * rows, max(columns, rows) ** 2 // 8) <= most)
    crop = (columns * _BLOCK - width) // 2, (rows * _BLOCK - height) // 2
    sequence = "".join(
        (
            f"{_BASELINE:08b}11000000{level:08b}",
            _count(0) + _count(0) + _count(2) + _count(1) + "0",
            _count(columns - 1) + _count(rows - 1) + "11",
            f"1{_count(0)}{_count(crop[0])}{_count(0)}{_count(crop[1])}0",
        )
    )
    picture = "".join((_count(0) * 2, "00", _count(0) * 3, "000", _signed(_QUANTIZER - 26), _signed(0) * 2, "100"))
    return _unit(_SEQUENCE, sequence), _unit(_PICTURE, picture)


def frames(width: int, height: int, colours: tuple[Colour, Colour], count: int) -> Iterator[bytes]:
    """The units of `count` frames, one each: a key frame, then frames that repeat it."""
    columns, rows = -(-width // _BLOCK), -(-height // _BLOCK)
    yield _key_frame(columns, rows, *(_levels(colour) for colour in colours))
    head, rest = f"{_count(0)}{_count(5)}{_count(0)}", f"000{_signed(0)}{_count(1)}{_count(columns * rows)}"
    later = [_unit(_LATER, f"{head}{number:04b}{rest}") for number in range(_NUMBERS)]
    for number in range(1, count):
        yield later[number % _NUMBERS]


def _key_frame(columns: int, rows: int, first: Colour, second: Colour) -> bytes:
    head = f"{_count(0)}{_count(7)}{_count(0)}0000{_count(0)}00{_signed(0)}{_count(1)}"
    change = tuple(new - old for old, new in zip(first, second, strict=True))
    row = _block(_LEFT) * (columns - 1)
    upper, lower = rows - rows // 2, rows // 2
    bits = [head, _block(_MEAN, first), row, (_block(_ABOVE) + row) * (upper - 1)]
    if lower:
        bits += [_block(_ABOVE, change), row, (_block(_ABOVE) + row) * (lower - 1)]
    return _unit(_KEY, "".join(bits))


def _levels(colour: Colour) -> Colour:
    bright, blue, red = ycbcr(colour)
    # Films keep brightness within 16..235 and colour differences within 16..240.
    narrow = 16 + bright * 219 / 255 - 128, (blue - 128) * 224 / 255, (red - 128) * 224 / 255
    return round(narrow[0] / _BRIGHT_STEP), round(narrow[1] / _COLOUR_STEP), round(narrow[2] / _COLOUR_STEP)


def _block(mode: int, added: tuple[int, ...] = (0, 0, 0)) -> str:
    """A block that continues in one direction, with levels added to its brightness, blueness and redness."""
    bright, blue, red = added
    coloured = bool(blue or red)
    start = _count(1 + mode + 4 * coloured) + _count(_COLOUR_MODES[mode]) + _signed(0)
    bits = start + _coefficient(bright, "1", "01", "000101")
    if coloured:
        bits += _coefficient(blue, "01", "1", "000111") + _coefficient(red, "01", "1", "000111")
    return bits


def _coefficient(level: int, none: str, one: str, more: str) -> str:
    """A transform of which at most the mean is coded; the three codes are for no level, a level of one, and more."""
    if not level:
        return none
    if abs(level) == 1:
        return f"{one}{int(level < 0)}1"
    code = 2 * abs(level) - 4 + (level < 0)
    size = "0" * code + "1" if code < 14 else f"{'0' * 14}1{code - 14:04b}"
    return f"{more}{size}1"


def _count(value: int) -> str:
    """A number from 0 up: as many zeros as its successor has bits after the first, then those bits."""
    bits = f"{value + 1:b}"
    return "0" * (len(bits) - 1) + bits


def _signed(value: int) -> str:
    return _count(2 * value - 1 if value > 0 else -2 * value)


def _unit(kind: int, bits: str) -> bytes:
    bits += "1"
    bits += "0" * (-len(bits) % 8)
    return bytes((kind,)) + int(bits, 2).to_bytes(len(bits) // 8)
