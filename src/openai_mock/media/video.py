"""Films of any duration and size: an mp4 whose picture stands still."""

from __future__ import annotations

from functools import lru_cache

from openai_mock.media.checker import colours
from openai_mock.media.h264 import MOST_BLOCKS, blocks, frames, settings

FRAMES_PER_SECOND = 30
CONTENT_TYPE = "video/mp4"

_LONGEST = 600
_WIDEST = 4096
_SCALE = 600
_MATRIX = b"".join(value.to_bytes(4) for value in (65_536, 0, 0, 0, 65_536, 0, 0, 0, 1 << 30))
_UNDETERMINED = 0x55C4


@lru_cache(maxsize=4)
def video(seconds: float, width: int, height: int, *, seed: int = 0) -> bytes:
    """An H.264 film of 30 frames a second, `width` by `height` pixels, its two colours chosen by `seed`. No sound.

    Raises ValueError with a sentence for a duration outside 0..600 s and for a size that is odd, outside 2..4096, or of
    more than 9 million pixels.
    """
    if not 0 < seconds <= _LONGEST:
        raise ValueError(f"A video of {seconds} seconds is outside 0 to {_LONGEST}.")
    even = not (width % 2 or height % 2)
    if not (
        even and min(width, height) >= 2 and max(width, height) <= _WIDEST and blocks(width, height) <= MOST_BLOCKS
    ):
        raise ValueError(
            f"A video of {width}x{height} is not possible: write even numbers up to {_WIDEST}, 9 million pixels in all."
        )
    count = max(1, round(seconds * FRAMES_PER_SECOND))
    samples = [len(frame).to_bytes(4) + frame for frame in frames(width, height, colours(seed), count)]
    kind = _box(b"ftyp", b"isom", _int(0x200), b"isomiso2avc1mp41")
    # The table of contents stands before the frames, so that playing can start at once. Its size does not depend on
    # the position that it holds.
    start = len(kind) + len(_contents(samples, width, height, 0)) + 8
    return b"".join((kind, _contents(samples, width, height, start), _box(b"mdat", *samples)))


def _contents(samples: list[bytes], width: int, height: int, start: int) -> bytes:
    length = len(samples) * _SCALE // FRAMES_PER_SECOND
    head = _full(b"mvhd", _int(0, 0, _SCALE, length, 0x10000, 0x1000000, 0, 0), _MATRIX, bytes(24), _int(2))
    size = _int(width << 16, height << 16)
    track = _full(b"tkhd", _int(0, 0, 1, 0, length), bytes(16), _MATRIX, size, flags=3)
    clock = _full(b"mdhd", _int(0, 0, _SCALE, length), _short(_UNDETERMINED, 0))
    handler = _full(b"hdlr", _int(0), b"vide", bytes(12), b"video\0")
    place = _box(b"dinf", _full(b"dref", _int(1), _full(b"url ", flags=1)))
    about = _box(b"minf", _full(b"vmhd", bytes(8), flags=1), place, _tables(samples, width, height, start))
    return _box(b"moov", head, _box(b"trak", track, _box(b"mdia", clock, handler, about)))


def _tables(samples: list[bytes], width: int, height: int, start: int) -> bytes:
    """What the frames are, how long each lasts, which is a key frame, and where they lie: in one chunk."""
    count = len(samples)
    return _box(
        b"stbl",
        _full(b"stsd", _int(1), _codec(width, height)),
        _full(b"stts", _int(1, count, _SCALE // FRAMES_PER_SECOND)),
        _full(b"stss", _int(1, 1)),
        _full(b"stsc", _int(1, 1, count, 1)),
        _full(b"stsz", _int(0, count, *map(len, samples))),
        _full(b"stco", _int(1, start)),
    )


def _codec(width: int, height: int) -> bytes:
    sequence, picture = settings(width, height)
    sets = b"\xe1%b%b\1%b%b" % (_short(len(sequence)), sequence, _short(len(picture)), picture)
    details = _box(b"avcC", b"\1", sequence[1:4], b"\xff", sets)
    look = (bytes(16), _short(width, height), _int(72 << 16, 72 << 16, 0), _short(1), bytes(32), _short(24, 0xFFFF))
    return _box(b"avc1", bytes(6), _short(1), *look, details)


def _box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return (len(body) + 8).to_bytes(4) + name + body


def _full(name: bytes, *content: bytes, flags: int = 0) -> bytes:
    return _box(name, _int(flags), *content)


def _int(*values: int) -> bytes:
    return b"".join(value.to_bytes(4) for value in values)


def _short(*values: int) -> bytes:
    return b"".join(value.to_bytes(2) for value in values)
