"""Texts that match a regular expression, for schemas that ask for a `pattern`.

The expression is read by Python's own parser and walked once, so the time taken is bounded by its size; what Python
cannot read, and what looks around or back in ways a walk cannot follow, is for the caller to find by checking.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from random import Random
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from string import ascii_letters, digits, punctuation
from types import MappingProxyType
from typing import Any

_MOST_REPEATS = 3
_LONGEST = 10_000
_ROOM = 50_000
"""Repetitions that a whole text may have: those within others multiply."""
_WORD = ascii_letters + digits + "_"
_ANY = ascii_letters + digits
_PRINTABLE = ascii_letters + digits + punctuation + " "
_PROPERTIES = {"L": "A-Za-z", "Lu": "A-Z", "Ll": "a-z", "N": "0-9", "Nd": "0-9", "P": "!-/", "S": "$+<=>", "Z": " "}
_CATEGORIES: Mapping[Any, str] = MappingProxyType(
    {
        ops.CATEGORY_DIGIT: digits,
        ops.CATEGORY_NOT_DIGIT: ascii_letters,
        ops.CATEGORY_WORD: _WORD,
        ops.CATEGORY_NOT_WORD: " -.,",
        ops.CATEGORY_SPACE: " ",
        ops.CATEGORY_NOT_SPACE: _ANY,
    }
)


_CLASS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*", re.DOTALL)
_SETS = re.compile(r"\\.|\[|--|&&|~~|\|\|", re.DOTALL)


def matching(pattern: str, draw: Random, *, least: int = 0) -> str | None:
    """A text that matches, or None where the pattern cannot be read or asks for far too much.

    Open repetitions reach for `least` characters.
    """
    try:
        tree = _parsed(_translated(pattern))
    except (re.error, OverflowError, RecursionError):
        return None
    walk = _Draw(draw, least)
    made = _text(tree, walk)
    return made if walk.room else None


class _Draw:
    """What one walk carries: its choices, how long the text should become, the groups it has written, and how many
    repetitions are left.
    """

    def __init__(self, draw: Random, least: int) -> None:
        self.draw, self.least = draw, least
        self.groups: dict[int, str] = {}
        self.room = _ROOM


@lru_cache(maxsize=64)
def _parsed(pattern: str) -> Any:
    return parser.parse(pattern)


def _translated(pattern: str) -> str:
    """ECMA's expression in Python's words."""
    pattern = re.sub(r"\\p\{(\w+)\}", lambda found: f"[{_PROPERTIES.get(found[1], 'A-Za-z')}]", pattern)
    pattern = re.sub(r"\[([^\]]*)\[([^\]]*)\]", r"[\1\2", pattern) if "[[" in pattern else pattern
    pattern = _CLASS.sub(_plainly, pattern)
    return pattern.replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!").replace(r"\/", "/")


def _plainly(found: re.Match[str]) -> str:
    """A class of characters without what a later Python may read as an operation on sets, which it warns of."""
    text = found[0]
    if text[0] != "[":
        return text
    return "[" + _SETS.sub(lambda mark: mark[0] if mark[0][0] == "\\" else f"{mark[0][:-1]}\\{mark[0][-1]}", text[1:])


def _text(tree: Iterable[Any], walk: _Draw) -> str:
    return "".join(_WRITERS.get(op, _nothing)(argument, walk) for op, argument in tree)


def _repeat(argument: Any, walk: _Draw) -> str:
    least, most, inner = argument
    wanted = max(least, min(most, least + walk.draw.randint(0, _MOST_REPEATS)))
    if most is ops.MAXREPEAT or most > wanted:
        wanted = max(wanted, min(int(most), walk.least))
    written: list[str] = []
    for _ in range(min(wanted, _LONGEST)):
        if not walk.room:
            break
        walk.room -= 1
        written.append(_text(inner, walk))
    return "".join(written)


def _in(argument: Any, walk: _Draw) -> str:
    listed = [choice for entry in argument if entry[0] is not ops.NEGATE for choice in _members(entry)]
    if argument[0][0] is not ops.NEGATE:
        return walk.draw.choice(listed) if listed else ""
    return walk.draw.choice([each for each in _ANY if each not in listed] or sorted(set(_PRINTABLE) - set(listed)))


def _members(entry: Any) -> Iterable[str]:
    op, argument = entry
    if op is ops.LITERAL:
        return (chr(argument),)
    if op is ops.RANGE:
        low, high = argument
        return [chr(code) for code in range(low, min(high, low + 256) + 1)]
    return _CATEGORIES.get(argument, _ANY)


def _group(argument: Any, walk: _Draw) -> str:
    number, _, _, inner = argument
    text = _text(inner, walk)
    if number is not None:
        walk.groups[number] = text
    return text


def _nothing(argument: Any, walk: _Draw) -> str:  # noqa: ARG001  (anchors and assertions write nothing)
    return ""


_WRITERS: Mapping[Any, Callable[[Any, _Draw], str]] = MappingProxyType(
    {
        ops.LITERAL: lambda code, _: chr(code),
        ops.NOT_LITERAL: lambda code, walk: walk.draw.choice([each for each in _ANY if ord(each) != code]),
        ops.ANY: lambda _, walk: walk.draw.choice(_ANY),
        ops.IN: _in,
        ops.CATEGORY: lambda kind, walk: walk.draw.choice(_CATEGORIES.get(kind, _ANY)),
        ops.BRANCH: lambda argument, walk: _text(walk.draw.choice(argument[1]), walk),
        ops.MAX_REPEAT: _repeat,
        ops.MIN_REPEAT: _repeat,
        ops.POSSESSIVE_REPEAT: _repeat,
        ops.SUBPATTERN: _group,
        ops.ATOMIC_GROUP: _text,
        ops.GROUPREF: lambda number, walk: walk.groups.get(number, ""),
    }
)
