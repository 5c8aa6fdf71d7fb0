"""Texts as vectors of length one: the same text gives the same vector, and texts that share words are near each other.

Theory. Each word of a text, and each run of three letters in it, is hashed to a place of the vector and a sign; common
words count little, repeated ones with the square root of their number. Under these few places lies one fixed vector
that all texts of a size share, so that no value is zero and even strangers are a little alike. It is laid so that the
sum has length one, which costs as much as a text has words, not as much as a vector has places.
"""

from __future__ import annotations

import re
from array import array
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import sqrt
from random import Random
from sys import byteorder
from zlib import crc32

_WORD = re.compile(r"\w+")
_SHARED = 0.1
"""The share of a vector's length, squared, that all texts have in common."""
_RUN = 3
_RUNS_WEIGHT = 0.75
_WHOLE_WEIGHT = 0.2
_COMMON_WEIGHT = 0.15
_LONGEST_WORD = 64
_COMMON = frozenset(
    _WORD.findall(
        "a an and any are as at be been but by can could did do does for from had has have he her his how i if in into "
        "is it its just me my no not of on or our she should so some that the their them then there these they this to "
        "up us was we were what when where which who will with would you your"
    )
)


def vector(text: str, dimensions: int) -> list[float]:
    """The vector of a text: `dimensions` (at least 1) numbers whose squares add up to 1."""
    places = _places(text, dimensions)
    ground = _ground(dimensions)
    length = sum([value * value for value in places.values()])
    if not length:
        return [value / sqrt(_SHARED) for value in ground]
    # The positive solution of |scale * text + ground| = 1.
    half = sum([value * ground[place] for place, value in places.items()])
    scale = (sqrt(half * half + length * (1 - _SHARED)) - half) / length
    made = list(ground)
    for place, value in places.items():
        made[place] += scale * value
    return made


def packed(values: Sequence[float]) -> str:
    """A vector as base64 of little-endian floats of 32 bits."""
    floats = array("f", values)
    if byteorder == "big":
        floats.byteswap()
    return b64encode(floats).decode()


def _places(text: str, dimensions: int) -> dict[int, float]:
    """What a text adds at each place that it touches."""
    plain = text.lower()
    found: dict[int, float] = {}
    whole = _hash(text)
    found[(whole >> 1) % dimensions] = _WHOLE_WEIGHT if whole & 1 else -_WHOLE_WEIGHT
    for word, times in Counter(_WORD.findall(plain)).items():
        often = sqrt(times)
        for hashed, weight in _features(word[:_LONGEST_WORD]):
            place = (hashed >> 1) % dimensions
            found[place] = found.get(place, 0.0) + weight * often
    return found


@lru_cache(maxsize=8192)
def _features(word: str) -> tuple[tuple[int, float], ...]:
    """The hashes of a word and of its runs of letters, each with its signed weight."""
    weight = _COMMON_WEIGHT if word in _COMMON else 1.0
    edged = f"<{word}>"
    runs = [edged[at : at + _RUN] for at in range(len(edged) - _RUN + 1)]
    each = weight * _RUNS_WEIGHT / sqrt(len(runs))
    hashes = [(_hash(" " + word), weight), *((_hash(run), each) for run in runs)]
    return tuple([(hashed, value if hashed & 1 else -value) for hashed, value in hashes])


def _hash(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=8)
def _ground(dimensions: int) -> tuple[float, ...]:
    """The vector below all texts; its squares add up to `_SHARED`."""
    chance = Random(dimensions)  # noqa: S311 - it must be the same everywhere
    values = [chance.choice((-1, 1)) * chance.uniform(0.5, 1.5) for _ in range(dimensions)]
    scale = sqrt(_SHARED / sum(value * value for value in values))
    return tuple([value * scale for value in values])
