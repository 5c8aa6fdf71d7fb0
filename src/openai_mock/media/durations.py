"""How long an uploaded sound or film plays, from its headers.

Theory. Every reader looks at a bounded number of places, whatever the data claims: a table of contents is followed for
a limited number of entries, frames are counted up to a limit and their average is extended to the rest of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from openai_mock.media.kinds import frame_kind, kind

_Measure: TypeAlias = Callable[[bytes, int], tuple[int, float] | None]

_MOST_ENTRIES = 64
_MOST_FRAMES = 2048
_FARTHEST_START = 16_384
_LARGEST_PAGE = 65_307
_RAW_BYTES_PER_SECOND = 48_000
_RATES = (44_100, 48_000, 32_000)
_HALVINGS = {3: 0, 2: 1, 0: 2}
_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_KILOBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KILOBITS_LOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def duration(data: bytes, filename: str = "") -> float | None:
    """The seconds that a wav, mp3, aac, flac, ogg, mp4 or m4a file plays; None where its headers do not say.

    Data without a signature under a name that ends in `.pcm` is 24 kHz, 16 bits, one channel. Never raises, and takes a
    few milliseconds at most.
    """
    name = kind(data)
    if name is None and filename.lower().endswith(".pcm"):
        return len(data) / _RAW_BYTES_PER_SECOND
    reader = _READERS.get(name or "")
    if reader is None:
        return None
    try:
        seconds = reader(data)
    except (IndexError, ZeroDivisionError):
        return None
    return None if seconds is None else round(seconds, 6)


def _little(data: bytes, start: int, size: int) -> int:
    return int.from_bytes(_part(data, start, size), "little")


def _big(data: bytes, start: int, size: int) -> int:
    return int.from_bytes(_part(data, start, size), "big")


def _part(data: bytes, start: int, size: int) -> bytes:
    part = data[start : start + size]
    if len(part) < size:
        raise IndexError(start)
    return part


def _wav(data: bytes) -> float | None:
    at, bytes_per_second = 12, 0
    for _ in range(_MOST_ENTRIES):
        name, size = _part(data, at, 4), _little(data, at + 4, 4)
        if name == b"fmt ":
            bytes_per_second = _little(data, at + 16, 4)
        elif name == b"data":
            # A file written to a pipe says 0 or the largest number, so what is there counts.
            there = len(data) - at - 8
            return (min(size, there) if size else there) / bytes_per_second
        at += 8 + size + size % 2
    return None


def _flac(data: bytes) -> float | None:
    shape = _big(data, 18, 8)
    samples = shape & (1 << 36) - 1
    return samples / (shape >> 44) if samples else None


def _ogg(data: bytes) -> float | None:
    first = 27 + data[26]
    if data.startswith(b"OpusHead", first):
        rate, delay = 48_000, _little(data, first + 10, 2)
    elif data.startswith(b"\x01vorbis", first):
        rate, delay = _little(data, first + 12, 4), 0
    else:
        return None
    end = len(data)
    for _ in range(_MOST_ENTRIES):
        end = data.rfind(b"OggS", max(0, end - _LARGEST_PAGE), end)
        if end < 0:
            return None
        position = int.from_bytes(_part(data, end + 6, 8), "little", signed=True)
        if position >= 0:
            return max(0, position - delay) / rate
    return None


def _mp4(data: bytes) -> float | None:
    film = _box(data, b"moov", 0, len(data))
    head = film and _box(data, b"mvhd", *film)
    if not head:
        return None
    start = head[0]
    wide = data[start] == 1
    scale, length = (start + 20, 8) if wide else (start + 12, 4)
    units = _big(data, scale + 4, length)
    # A film sent while it was made says 0 or the largest number.
    return units / _big(data, scale, 4) if units not in {0, (1 << 8 * length) - 1} else None


def _box(data: bytes, wanted: bytes, start: int, stop: int) -> tuple[int, int] | None:
    """Where the content of the first box of that name starts and stops."""
    for _ in range(_MOST_ENTRIES):
        size, head = _big(data, start, 4), 8
        if size == 1:
            size, head = _big(data, start + 8, 8), 16
        end = min(start + size, stop) if size else stop
        if data[start + 4 : start + 8] == wanted:
            return start + head, end
        if end < start + head or end == stop:
            return None
        start = end
    return None


def _mp3(data: bytes) -> float | None:
    start = 0
    if data[:3] == b"ID3":
        high, upper, lower, low = _part(data, 6, 4)
        start = 10 + (high << 21 | upper << 14 | lower << 7 | low)
    start = _first_frame(data, start)
    return _named_frames(data, start) or _scanned(data, start, _mp3_frame)


def _first_frame(data: bytes, start: int) -> int:
    """The first place from `start` that looks like a frame followed by another or by the end."""
    limit = start + _FARTHEST_START
    at = data.find(b"\xff", start, limit)
    while at >= 0:
        frame = _mp3_frame(data, at)
        if frame and (at + frame[0] >= len(data) or _mp3_frame(data, at + frame[0])):
            return at
        at = data.find(b"\xff", at + 1, limit)
    raise IndexError(start)


def _mp3_frame(data: bytes, at: int) -> tuple[int, float] | None:
    """The bytes and the seconds of a frame of layer III; None where there is none."""
    head = data[at : at + 4]
    if frame_kind(head) != "mp3":
        return None
    version = head[1] >> 3 & 3
    rate = _RATES[head[2] >> 2 & 3] >> _HALVINGS[version]
    kilobits = (_KILOBITS if version == 3 else _KILOBITS_LOW)[head[2] >> 4]
    samples = 1152 if version == 3 else 576
    return samples // 8 * kilobits * 1000 // rate + (head[2] >> 1 & 1), samples / rate


def _named_frames(data: bytes, at: int) -> float | None:
    """The duration from the number of frames that a variable-rate file names in its first one."""
    frame = _mp3_frame(data, at)
    mono, full = data[at + 3] >> 6 == 3, data[at + 1] >> 3 & 3 == 3
    at += 4 + ((17 if mono else 32) if full else (9 if mono else 17))
    if frame and data[at : at + 4] in {b"Xing", b"Info"} and _big(data, at + 4, 4) & 1:
        return _big(data, at + 8, 4) * frame[1]
    return None


def _aac(data: bytes) -> float | None:
    return _scanned(data, 0, _aac_frame)


def _aac_frame(data: bytes, at: int) -> tuple[int, float] | None:
    head = data[at : at + 7]
    if len(head) < 7 or frame_kind(head) != "aac":
        return None
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return (length, 1024 / _AAC_RATES[head[2] >> 2 & 15]) if length > 7 else None


def _scanned(data: bytes, start: int, measure: _Measure) -> float | None:
    at, seconds = start, 0.0
    for _ in range(_MOST_FRAMES):
        frame = measure(data, at)
        if not frame:
            return seconds or None
        at, seconds = at + frame[0], seconds + frame[1]
    return seconds * max(1.0, (len(data) - start) / (at - start))


_READERS: dict[str, Callable[[bytes], float | None]] = {
    "wav": _wav,
    "mp3": _mp3,
    "aac": _aac,
    "flac": _flac,
    "ogg": _ogg,
    "mp4": _mp4,
    "m4a": _mp4,
}
