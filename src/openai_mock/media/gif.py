"""GIF: a checkerboard in two colours.

Theory. With codes that start at eight bits, a pixel is one byte as long as the table of codes stays small. A code that
clears the table before each 126 pixels keeps it so; two such runs, clears included, fill a block of 254 bytes. A file
is as large as its picture has pixels, and written at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from openai_mock.media.checker import Checker

_CODE_SIZE = 7
_CLEAR, _END = b"\x80", b"\x81"
_RUN = 126


def gif(picture: Checker) -> bytes:
    """The file, of one frame."""
    width, height = picture.width.to_bytes(2, "little"), picture.height.to_bytes(2, "little")
    colours = b"".join(bytes(colour) for colour in picture.colours)
    # A palette of 128 colours, so that pixels are codes of seven bits and the two special codes come next.
    palette = colours + bytes(3 * (1 << _CODE_SIZE) - len(colours))
    see_through = b"\x21\xf9\x04\x01\0\0\0\0" if picture.transparent else b""
    start = (b"GIF89a", width, height, b"\xf6\0\0", palette, see_through)
    frame = (b"\x2c\0\0\0\0", width, height, b"\0", bytes((_CODE_SIZE,)))
    return b"".join((*start, *frame, *_blocks(_pixels(picture)), b"\x01", _END, b"\0\x3b"))


def _pixels(picture: Checker) -> bytes:
    """A byte for each pixel, the number of its colour."""
    side, width = picture.side, picture.width
    lines = [
        ((first * side + second * side) * picture.columns)[:width] for first, second in ((b"\0", b"\1"), (b"\1", b"\0"))
    ]
    strips = [line * side for line in lines]
    return ((strips[0] + strips[1]) * (picture.rows // 2 + 1))[: width * picture.height]


def _blocks(pixels: bytes) -> Iterator[bytes]:
    whole = len(pixels) - len(pixels) % (2 * _RUN)
    for at in range(0, whole, 2 * _RUN):
        yield b"\xfe\x80%b\x80%b" % (pixels[at : at + _RUN], pixels[at + _RUN : at + 2 * _RUN])
    for at in range(whole, len(pixels), _RUN):
        run = pixels[at : at + _RUN]
        yield bytes((len(run) + 1,)) + _CLEAR + run
