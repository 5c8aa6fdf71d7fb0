"""PNG: a checkerboard as true colour.

Theory. A checkerboard is made of two kinds of horizontal strips, so only two are compressed, each to a byte boundary
with its window forgotten (a full flush), and their compressed bytes are repeated. Within a strip every line but the
first is "the same as above", which is a run of zeros.
"""

from __future__ import annotations

import zlib

from openai_mock.media.checker import Checker

_SAME_AS_ABOVE = b"\2"
_RAW_DEFLATE = -15
_LEVEL = 6
_STRIP = 64


def png(picture: Checker) -> bytes:
    """The file. RGB with 8 bits each, or RGBA for a transparent picture."""
    kind = 6 if picture.transparent else 2
    header = b"%b%b\x08%c\0\0\0" % (picture.width.to_bytes(4), picture.height.to_bytes(4), kind)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", _pixels(picture)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return b"%b%b%b%b" % (len(content).to_bytes(4), name, content, zlib.crc32(content, zlib.crc32(name)).to_bytes(4))


def _pixels(picture: Checker) -> bytes:
    height = min(picture.side, _STRIP)
    plain = [_strip(picture, parity, height) for parity in (0, 1)]
    packed = [_packed(strip) for strip in plain]
    check, out = 1, [b"\x78\x01"]
    for top in range(0, picture.height - height + 1, height):
        parity = top // picture.side % 2
        check = zlib.adler32(plain[parity], check)
        out.append(packed[parity])
    if rest := picture.height % height:
        strip = _strip(picture, (picture.rows - 1) % 2, rest)
        check = zlib.adler32(strip, check)
        out.append(_packed(strip))
    # An empty last block of fixed codes, then the checksum of everything that was compressed.
    return b"".join((*out, b"\x03\0", check.to_bytes(4)))


def _strip(picture: Checker, parity: int, height: int) -> bytes:
    alphas = (b"\0", b"\xff") if picture.transparent else (b"", b"")
    tiles = [(bytes(colour) + alpha) * picture.side for colour, alpha in zip(picture.colours, alphas, strict=True)]
    length = picture.width * (4 if picture.transparent else 3)
    line = ((tiles[parity] + tiles[1 - parity]) * (picture.columns // 2 + 1))[:length]
    return b"\0" + line + (_SAME_AS_ABOVE + bytes(length)) * (height - 1)


def _packed(strip: bytes) -> bytes:
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
    return deflate.compress(strip) + deflate.flush(zlib.Z_FULL_FLUSH)
