"""Fields of a request by name, as rules and verification see them: `model`, `messages__last__content`.

A name is a path whose steps are joined by two underscores: keys, and in lists a number, `first` or `last`. A wanted
value is compared; a function is asked; a compiled pattern is searched for in a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from openai_mock.turns.conversation import text_of

Path: TypeAlias = str | tuple[str, ...]
"""A name, or its steps where a key may have underscores of its own."""


class Missing:
    """What is found where a request has no such field."""

    def __repr__(self) -> str:
        return "(not sent)"


MISSING: Final = Missing()


def found(sent: Any, path: Path) -> Any:
    """The value at a path, or `MISSING`. A name that the request has as it stands goes before its reading as a path."""
    if isinstance(sent, Mapping) and path in sent:
        return sent[path]
    for step in path.split("__") if isinstance(path, str) else path:
        sent = _step(sent, step)
    return sent


def _step(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step, MISSING)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes) and value:
        at = {"first": 0, "last": -1}.get(step, int(step) if step.removeprefix("-").isdecimal() else None)
        if at is not None and -len(value) <= at < len(value):
            return value[at]
    return MISSING


def fits(wanted: Any, value: Any) -> bool:
    """Whether a value is as wanted. A text fits content parts whose joined text it is."""
    if value is MISSING:
        return wanted is MISSING
    if isinstance(wanted, re.Pattern):
        return isinstance(text := _text(value), str) and wanted.search(text) is not None
    if callable(wanted) and not _compares(wanted):
        return bool(wanted(value))
    return bool(wanted == value) or (isinstance(wanted, str) and isinstance(value, list) and wanted == _text(value))


def _compares(wanted: Any) -> bool:
    """Whether a callable value stands for its own comparison, as `unittest.mock.ANY` does."""
    return "__eq__" in vars(type(wanted)) and not hasattr(wanted, "__code__")


def _text(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(part, Mapping) for part in value):
        return text_of(value)
    return value


def described(wanted: Any) -> str:
    """A wanted value in one line."""
    if isinstance(wanted, re.Pattern):
        return f"matches {wanted.pattern!r}"
    if hasattr(wanted, "__code__"):
        return f"satisfies {wanted.__name__}"
    return repr(wanted)
