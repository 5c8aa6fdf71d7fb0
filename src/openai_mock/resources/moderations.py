"""Moderations: all clear, unless the configuration lists words that are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from zlib import crc32

from msgspec import Struct

from openai_mock.engine.answers import Answer
from openai_mock.engine.resource import Call, Resource

moderations = Resource("moderation")
_DEFAULT_MODEL = "omni-moderation-latest"
CATEGORIES: Mapping[str, bool] = {
    "harassment": False,
    "harassment/threatening": False,
    "hate": False,
    "hate/threatening": False,
    "illicit": False,
    "illicit/violent": False,
    "self-harm": True,
    "self-harm/instructions": True,
    "self-harm/intent": True,
    "sexual": True,
    "sexual/minors": False,
    "violence": True,
    "violence/graphic": True,
}
"""Every category, and whether it looks at images too."""
_HIGH, _LOW = 0.9, 0.002
_DIGITS = 10_000


class _Input(Struct, frozen=True):
    """What is judged as one. `pictures` are the addresses of the images, without their data."""

    text: str
    pictures: str = ""
    kinds: tuple[str, ...] = ("text",)


@moderations.on("moderations.create")
def create(call: Call) -> Answer:
    """A result for each text, or one for all parts of a multi-modal input."""
    words = call.world.moderations
    return {
        "id": call.world.ids.letters("modr-", 29),
        "model": call.model or _DEFAULT_MODEL,
        "results": [_result(given, words) for given in _inputs(call.body["input"])],
    }


def _inputs(given: Any) -> Iterable[_Input]:
    if isinstance(given, str):
        return (_Input(given),)
    if given and isinstance(given[0], dict):
        return (_together(given),)
    return map(_Input, given)


def _together(parts: Sequence[Mapping[str, Any]]) -> _Input:
    texts = [part["text"] for part in parts if part["type"] == "text"]
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    kinds = (*(("text",) if texts else ()), *(("image",) if urls else ()))
    return _Input("\n".join(texts), "\n".join(url for url in urls if not url.startswith("data:")), kinds)


def _result(given: _Input, words: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    flags = {
        name: name in words and _hit(given, tuple(words[name]), pictures=pictures)
        for name, pictures in CATEGORIES.items()
    }
    applied = {
        name: [kind for kind in given.kinds if pictures or kind == "text"] for name, pictures in CATEGORIES.items()
    }
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": {name: _score(given, name, flagged=flagged) for name, flagged in flags.items()},
        "category_applied_input_types": applied,
    }


def _hit(given: _Input, words: tuple[str, ...], *, pictures: bool) -> bool:
    find = _pattern(words).search
    return bool(find(given.text) or (pictures and find(given.pictures)))


def _score(given: _Input, category: str, *, flagged: bool) -> float:
    """A score that follows from the input: from 0.9 up where a category is flagged, else next to nothing."""
    drawn = crc32(f"{category} {given.text} {given.pictures}".encode("utf-8", "surrogatepass")) % _DIGITS / _DIGITS
    return round(_HIGH + (1 - _HIGH) * drawn if flagged else _LOW * drawn, 8)


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Finds any of the words or phrases, as whole words in any case."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words)) or r'(?!)'})(?!\w)", re.IGNORECASE)
