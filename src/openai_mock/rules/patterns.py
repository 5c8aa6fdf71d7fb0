"""Regular expressions a user wrote: compiled once, run within a time budget, and read for what they must contain.

Theory. A pattern is searched, unanchored and without case, by the `regex` package, which can give up after a while. To
spare most searches, the pattern's parse tree tells which literal texts every match must contain; a message without them
is refused unsearched. The tree comes from the standard parser, whose syntax `regex` extends: a pattern that the
standard parser refuses, warns about, or would read differently counts as unreadable and is always searched.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import regex

MATCH_SECONDS = 0.05
REQUEST_SECONDS = 0.2
CACHED_PATTERNS = 1 << 17

_PLAIN = re.compile(r"[\w ,;:!'\"/&%@=<>~`-]+")
_FOREIGN_BRACE = re.compile(r"(?<!\\)\{(?!\d*,?\d*\})")
_READ_DIFFERENTLY = ("[[", "[:", "--", "&&", "~~", "||")
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT"})
_BEGINNINGS = frozenset({"AT_BEGINNING", "AT_BEGINNING_STRING"})
_ENDS = frozenset({"AT_END", "AT_END_STRING"})
_OPPOSITES = tuple({f"CATEGORY_{name}", f"CATEGORY_NOT_{name}"} for name in ("SPACE", "WORD", "DIGIT"))

Items: TypeAlias = list[tuple[str, Any]]
Requirements: TypeAlias = tuple[tuple[str, ...], ...]


@lru_cache(maxsize=CACHED_PATTERNS)
def compile_pattern(pattern: str) -> regex.Pattern[str]:
    """The pattern as a `regex` matcher gets to use it. Raises ValueError with a sentence that says what is wrong."""
    import regex  # noqa: PLC0415  (10 ms, and most scripts have no pattern)

    try:
        return regex.compile(pattern, regex.IGNORECASE | regex.VERSION0)
    except (regex.error, OverflowError, RecursionError, MemoryError) as problem:
        raise ValueError(f"{pattern!r} is not a valid regular expression: {problem}") from problem


class Budget:
    """The time that the patterns may spend on one request; a new one is made for each request.

    Each search may take `MATCH_SECONDS`, all searches together `REQUEST_SECONDS`. With a clock `now` (seconds) every
    search is charged what it took; without one only searches that were given up are charged.
    """

    __slots__ = ("_left", "_now", "overdue")

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self._left = REQUEST_SECONDS
        self._now = now
        self.overdue = False
        """Whether the latest search was given up, or refused because nothing is left."""

    def found(self, pattern: str, text: str) -> bool:
        """Whether the pattern occurs in the text; False, with `overdue` set, when that takes too long."""
        return self.search(pattern, text) is not None

    def search(self, pattern: str, text: str) -> regex.Match[str] | None:
        """Where the pattern occurs in the text; None also, with `overdue` set, when that takes too long."""
        self.overdue = self._left < 0.001
        if self.overdue:
            return None
        started = self._now() if self._now else 0.0
        allowed = min(MATCH_SECONDS, self._left)
        try:
            return compile_pattern(pattern).search(text, timeout=allowed)
        except TimeoutError:
            self.overdue = True
            if not self._now:
                self._left -= allowed
            return None
        finally:
            if self._now:
                self._left -= self._now() - started


class Reading(NamedTuple):
    """What a pattern says about the texts it matches.

    A `catch_all` matches every non-empty text of one line. Of each of the `requirements`, alternatives in case-folded
    form, at least one is in the case-folded form of every text the pattern matches; none are known for an unreadable
    pattern. They do not hold for a text with a capital I with a dot (U+0130): a pattern's letter i matches it, and it
    folds to two characters.
    """

    catch_all: bool
    requirements: Requirements


@lru_cache(maxsize=CACHED_PATTERNS)
def read(pattern: str) -> Reading:
    r"""Read the pattern's parse tree.

    A catch-all (`.*`, `^.*$`, `(.*)`, `[\s\S]+`, `x*`) consists, without an anchor on both ends, of parts that may all
    be empty, or of one character of any kind beside such parts; anchored on both ends, one part is also an unbounded
    repetition of any character. A pattern that looks ahead, behind or back is never one.
    """
    if _PLAIN.fullmatch(pattern):
        return Reading(catch_all=False, requirements=tuple(filter(None, [_usable([pattern])])))
    items = _parse(pattern)
    if items is None:
        return Reading(catch_all=False, requirements=())
    return Reading(_covers(items), tuple(filter(None, _requirements(items))))


def _covers(items: Items) -> bool:
    items = _flatten(items)
    if len(items) == 1 and items[0][0] == "BRANCH":
        return any(_covers(_items(branch)) for branch in items[0][1][1])
    start, end = 0, len(items)
    while start < end and _is_anchor(items[start], _BEGINNINGS):
        start += 1
    while end > start and _is_anchor(items[end - 1], _ENDS):
        end -= 1
    both_anchored = start > 0 and end < len(items)
    body = items[start:end]
    needed = [item for item in body if not _nullable(item)]
    if len(needed) > 1 or not all(_least_wide(item) == 1 for item in needed):
        return False
    return not both_anchored or any(_is_wide_repeat(item) for item in body)


def _is_anchor(item: tuple[str, Any], kinds: frozenset[str]) -> bool:
    return item[0] == "AT" and item[1].name in kinds


def _nullable(item: tuple[str, Any]) -> bool:
    """Whether the item matches the empty text wherever it stands."""
    name, value = item
    if name in _REPEATS:
        return value[0] == 0 or all(map(_nullable, _items(value[2])))
    if name == "BRANCH":
        return any(all(map(_nullable, _items(branch))) for branch in value[1])
    inner = _group(item)
    return inner is not None and all(map(_nullable, inner))


def _least_wide(item: tuple[str, Any]) -> int:
    """How many characters of any kind the item needs at least; 0 when it is particular about them."""
    name, value = item
    if _is_wide(item):
        return 1
    if name in _REPEATS:
        inner = _flatten(_items(value[2]))
        return int(value[0]) if len(inner) == 1 and _is_wide(inner[0]) else 0
    return 0


def _is_wide_repeat(item: tuple[str, Any]) -> bool:
    name, value = item
    if name not in _REPEATS or value[1] < 1 << 31:
        return False
    inner = _flatten(_items(value[2]))
    return len(inner) == 1 and _is_wide(inner[0])


def _is_wide(item: tuple[str, Any]) -> bool:
    """Whether the item takes any one character of a line."""
    name, value = item
    if name == "ANY":
        return True
    if name == "NOT_LITERAL":
        return chr(value) in "\r\n"
    if name == "BRANCH":
        return any(len(branch) == 1 and _is_wide(_items(branch)[0]) for branch in value[1])
    if name != "IN":
        return False
    if value[0][0].name == "NEGATE":
        return all(op.name == "LITERAL" and chr(code) in "\r\n" for op, code in value[1:])
    classes = {code.name for op, code in value if op.name == "CATEGORY"}
    return any(pair <= classes for pair in _OPPOSITES)


def _best(items: Items) -> tuple[str, ...]:
    """The most telling requirement of a sequence: runs of literals, or the alternatives of a branch."""
    return max(_requirements(items), key=_strength, default=())


def _strength(texts: tuple[str, ...]) -> tuple[int, int]:
    return (min(map(len, texts), default=0), -len(texts))


def _requirements(items: Items) -> Iterable[tuple[str, ...]]:
    run: list[str] = []
    for name, value in _flatten(items):
        if name == "LITERAL":
            run.append(chr(value))
            continue
        if name == "AT":
            continue
        yield _usable(run)
        run = []
        if name in _REPEATS and value[0] > 0:
            yield _best(_items(value[2]))
        elif name == "ATOMIC_GROUP":
            yield _best(_items(value))
        elif name == "BRANCH":
            branches = [_best(_items(branch)) for branch in value[1]]
            yield tuple(text for texts in branches for text in texts) if all(branches) else ()
    yield _usable(run)


def _usable(run: Iterable[str]) -> tuple[str, ...]:
    """The longest part of the run whose characters fold one to one, so that folding both sides cannot miss a match."""
    joined = "".join(run)
    if joined.isascii():
        return (joined.lower(),) if joined else ()
    folded = "".join(c if len(c) == 1 else "\0" for c in map(str.casefold, joined))
    longest = max(folded.split("\0"), key=len)
    return (longest,) if longest else ()


def _flatten(items: Items) -> Items:
    """The sequence with its groups opened."""
    flat: Items = []
    for item in items:
        inner = _group(item)
        flat.extend([item] if inner is None else _flatten(inner))
    return flat


def _group(item: tuple[str, Any]) -> Items | None:
    return _items(item[1][3]) if item[0] == "SUBPATTERN" else None


def _items(sequence: Iterable[tuple[Any, Any]]) -> Items:
    return [(op.name, value) for op, value in sequence]


def _parse(pattern: str) -> Items | None:
    """The standard parser's tree, or None for a pattern that the two syntaxes may read differently."""
    if any(mark in pattern for mark in _READ_DIFFERENTLY) or _FOREIGN_BRACE.search(pattern.replace("\\\\", "")):
        return None
    try:
        return _items(_parser().parse(pattern))
    except (re.error, OverflowError, RecursionError):
        return None


@lru_cache(maxsize=1)
def _parser() -> Any:
    return importlib.import_module("re._parser")
