"""When each word and sentence of a recording is said, and subtitles made of that.

Theory. A recording of `seconds` says its text evenly: a word takes time by its number of characters and the blank after
it. A segment is a sentence, and lasts from its first word to its last. So words lie within their segments, nothing
overlaps, and the last word ends with the recording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

_SENTENCE = re.compile(r"\S.*?(?:[.!?\u3002\uff01\uff1f]+(?=\s|$)|$)", re.DOTALL)
_DIGITS = 3


class Span(Struct, frozen=True):
    """A word or a segment, with where it begins and ends, in seconds."""

    text: str
    start: float
    end: float


def spans(texts: Sequence[str], start: float, end: float) -> list[Span]:
    """Texts said one after another between two instants, each as long as it is written."""
    whole = sum(len(text) + 1 for text in texts) or 1
    found, at = [], 0
    for text in texts:
        after = at + len(text) + 1
        found.append(Span(text, _at(start, end, at / whole), _at(start, end, after / whole)))
        at = after
    return found


def words(text: str, seconds: float) -> list[Span]:
    """The words of a text, without the marks around them."""
    said = [word for segment in segments(text, seconds) for word in _words_of(segment)]
    return [Span(bare, each.start, each.end) for each in said if (bare := each.text.strip(".,;:!?\"'()[]{}"))]


def segments(text: str, seconds: float) -> list[Span]:
    """The sentences of a text."""
    return spans(_SENTENCE.findall(text), 0.0, seconds)


def _words_of(segment: Span) -> list[Span]:
    return spans(segment.text.split(), segment.start, segment.end)


def srt(text: str, seconds: float) -> str:
    """Subtitles in SubRip's form."""
    cues = [
        f"{number}\n{_line(each, _with_comma)}\n{each.text}\n\n"
        for number, each in enumerate(segments(text, seconds), 1)
    ]
    return "".join(cues) or "\n"


def vtt(text: str, seconds: float) -> str:
    """Subtitles in WebVTT's form."""
    return "WEBVTT\n\n" + "".join(f"{_line(each, _clock)}\n{each.text}\n\n" for each in segments(text, seconds))


def _line(span: Span, write: Callable[[float], str]) -> str:
    return f"{write(span.start)} --> {write(span.end)}"


def _clock(seconds: float) -> str:
    whole = round(seconds * 1000)
    minutes, rest = divmod(whole, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def _with_comma(seconds: float) -> str:
    return _clock(seconds).replace(".", ",")


def _at(start: float, end: float, share: float) -> float:
    return round(start + (end - start) * share, _DIGITS)
