"""The picture that every image format draws: a checkerboard of two colours that a seed chooses."""

from __future__ import annotations

from colorsys import hls_to_rgb
from typing import TypeAlias

from msgspec import Struct

Colour: TypeAlias = tuple[int, int, int]

_GOLDEN_ANGLE = 137
_TILES = 8
_SMALLEST, _LARGEST = 16, 512


class Checker(Struct, frozen=True):
    """A checkerboard. Tiles are squares of `side` pixels, and the one at the top left has the first colour.

    `side` is a power of two from 16 to 512: a whole number of JPEG's 16x16 units, and a size that WebP can name.
    `transparent` makes the first colour see-through.
    """

    width: int
    height: int
    side: int
    colours: tuple[Colour, Colour]
    transparent: bool

    @property
    def columns(self) -> int:
        """How many tiles stand side by side, counting one that the edge cuts."""
        return -(-self.width // self.side)

    @property
    def rows(self) -> int:
        """How many tiles stand one above another, counting one that the edge cuts."""
        return -(-self.height // self.side)


def checker(width: int, height: int, seed: int, *, transparent: bool = False) -> Checker:
    """The picture of a size in pixels and a seed: about eight tiles along the longer edge."""
    side = 1 << max(1, max(width, height) // _TILES).bit_length() - 1
    return Checker(width, height, min(max(side, _SMALLEST), _LARGEST), colours(seed), transparent)


def colours(seed: int) -> tuple[Colour, Colour]:
    """A full and a pale colour of one hue. Neighbouring seeds lie far apart on the colour wheel."""
    turn, step = divmod(seed, 360)
    hue = step * _GOLDEN_ANGLE % 360 / 360
    depth = 0.4 + 0.03 * (turn % 5)
    return _rgb(hue, depth, 0.6), _rgb(hue, depth + 0.3, 0.5)


def ycbcr(colour: Colour) -> Colour:
    """The colour as JPEG stores it: brightness, blueness and redness, each 0..255."""
    red, green, blue = colour
    bright = 0.299 * red + 0.587 * green + 0.114 * blue
    return round(bright), round(128 + (blue - bright) * 0.564), round(128 + (red - bright) * 0.713)


def _rgb(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = hls_to_rgb(hue, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)
