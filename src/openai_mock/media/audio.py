"""Audio of any duration: a soft steady tone in each format that speech can be asked for.

Theory. wav and pcm are computed. The others repeat one frame of `data/` (made by `scripts/media`), whose tone ends
where it begins: mp3 and aac by joining frames, opus and flac in pages and frames that carry a number and a checksum.
"""

from __future__ import annotations

import pkgutil
from array import array
from functools import lru_cache
from math import pi, sin
from sys import byteorder
from typing import Literal, TypeAlias

from openai_mock.media.durations import duration
from openai_mock.media.flac import flac
from openai_mock.media.ogg import ogg

__all__ = ["RATE", "AudioFormat", "audio", "content_type", "duration", "speech", "speech_seconds"]

AudioFormat: TypeAlias = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]

RATE = 24_000
"""Samples per second of pcm and wav: 16 bits, one channel, little-endian."""

_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_MP3_FRAME, _AAC_FRAME = 576, 1024
_PERIODS, _PATTERN = 5, 288
_LOUDNESS = 3277
_SHORTEST, _LONGEST = 0.1, 3600
_CHARACTERS_PER_SECOND = 15
_SHORTEST_SPEECH, _LONGEST_SPEECH = 0.2, 60.0


def content_type(format: AudioFormat) -> str:  # noqa: A002
    """The media type of a format. Raises ValueError with a sentence for an unknown one."""
    if format not in _TYPES:
        raise ValueError(f"There is no audio format {format!r}; write one of {', '.join(_TYPES)}.")
    return _TYPES[format]


def audio(format: AudioFormat, seconds: float) -> bytes:  # noqa: A002
    """A tone of `seconds`: exact for wav, pcm, flac and opus, to the nearest frame (24 or 43 ms) for mp3 and aac.

    Readers do not recognise the very shortest files, so less than 0.1 s becomes 0.1 s. Raises ValueError with a
    sentence for an unknown format and for more than 3600 s.
    """
    content_type(format)
    if not seconds <= _LONGEST:
        raise ValueError(f"Audio of {seconds} seconds is longer than {_LONGEST}.")
    seconds = max(seconds, _SHORTEST)
    samples = round(seconds * RATE)
    match format:
        case "mp3":
            return _frame("mp3.frame") * round(samples / _MP3_FRAME)
        case "aac":
            return _frame("aac.frame") * round(samples / _AAC_FRAME)
        case "opus":
            return ogg(seconds, _frame("opus.packet"))
        case "flac":
            return flac(samples, _frame("flac.subframe"))
        case "wav":
            return _wav(_pcm(samples))
        case "pcm":
            return _pcm(samples)


def speech(text: str, format: AudioFormat, speed: float = 1.0) -> bytes:  # noqa: A002
    """A tone as long as it takes to say `text`: 15 characters a second times `speed`, from 0.2 to 60 seconds."""
    return audio(format, speech_seconds(text, speed))


def speech_seconds(text: str, speed: float = 1.0) -> float:
    """How long it takes to say `text`, as `speech` says it."""
    seconds = len(text) / _CHARACTERS_PER_SECOND / speed if speed > 0 else _LONGEST_SPEECH
    return min(max(seconds, _SHORTEST_SPEECH), _LONGEST_SPEECH)


def _wav(sound: bytes) -> bytes:
    shape = ((16, 4), (1, 2), (1, 2), (RATE, 4), (RATE * 2, 4), (2, 2), (16, 2))
    form = b"".join(value.to_bytes(size, "little") for value, size in shape)
    length, whole = (value.to_bytes(4, "little") for value in (len(sound), len(sound) + 36))
    return b"RIFF%bWAVEfmt %bdata%b%b" % (whole, form, length, sound)


def _pcm(samples: int) -> bytes:
    pattern = _tone()
    return (pattern * (samples * 2 // len(pattern) + 1))[: samples * 2]


@lru_cache(maxsize=1)
def _tone() -> bytes:
    """Some whole periods of the tone, near 417 Hz."""
    waves = (sin(2 * pi * _PERIODS * at / _PATTERN) for at in range(_PATTERN))
    values = array("h", [round(_LOUDNESS * wave) for wave in waves])
    if byteorder == "big":
        values.byteswap()
    return values.tobytes()


@lru_cache(maxsize=4)
def _frame(name: str) -> bytes:
    # pkgutil reads from a zipped package too, and imports in a tenth of the time of importlib.resources.
    data = pkgutil.get_data("openai_mock.media", f"data/{name}")
    assert data is not None
    return data
