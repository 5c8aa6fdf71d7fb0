"""Images of any size, drawn from a seed in a millisecond or two."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias

from openai_mock.media.checker import checker
from openai_mock.media.jpeg import jpeg
from openai_mock.media.png import png
from openai_mock.media.webp import webp

ImageFormat: TypeAlias = Literal["png", "jpeg", "webp"]

LARGEST = 4096
_WRITERS = {"png": png, "jpeg": jpeg, "webp": webp}


@lru_cache(maxsize=8)
def image(format: ImageFormat, width: int, height: int, *, seed: int = 0, transparent: bool = False) -> bytes:  # noqa: A002
    """A valid image of exactly `width` by `height` pixels: a two-colour checkerboard, its colours chosen by `seed`.

    `transparent` makes one of the two colours see-through. Raises ValueError with a sentence for an unknown format,
    a size outside 1..4096, and a transparent JPEG.
    """
    if format not in _WRITERS:
        raise ValueError(f"There is no image format {format!r}; write one of {', '.join(_WRITERS)}.")
    if not (1 <= width <= LARGEST and 1 <= height <= LARGEST):
        raise ValueError(f"An image of {width}x{height} is outside 1x1 to {LARGEST}x{LARGEST} pixels.")
    if transparent and format == "jpeg":
        raise ValueError("A JPEG cannot be transparent; write png or webp.")
    return _WRITERS[format](checker(width, height, seed, transparent=transparent))


def content_type(format: ImageFormat) -> str:  # noqa: A002
    """The media type of a format."""
    return f"image/{format}"
