"""How a value of a request is compared: equal to, one of, containing, matching, at least, at most, or there at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from openai_mock.rules.patterns import Budget, compile_pattern
from openai_mock.turns.conversation import text_of

_SHOWN = 80


class Want(Struct, frozen=True):
    """What is wanted of a value: comparisons by name, all of which must hold."""

    comparisons: Mapping[str, Any]

    @property
    def equal(self) -> Any:
        """The one value that fits, as the only item of a tuple; an empty tuple where several may."""
        return (self.comparisons["equals"],) if self.comparisons.keys() == {"equals"} else ()

    def fits(self, found: Sequence[Any], budget: Budget) -> bool:
        """Whether one of the values that were found is as wanted; with `exists: false`, whether there are none."""
        if self.comparisons.get("exists") is False:
            return not found
        return any(all(_holds(name, value, each, budget) for name, value in self.comparisons.items()) for each in found)

    def __str__(self) -> str:
        return " and ".join(_said(name, value) for name, value in self.comparisons.items())


def want(given: Any) -> Want:
    """The want of a plain value, which must be equal, or of a mapping of comparisons. Raises ValueError."""
    if not isinstance(given, Mapping):
        return Want({"equals": given})
    if "regex" in given:
        compile_pattern(given["regex"])
    return Want(dict(given))


def _holds(name: str, wanted: Any, value: Any, budget: Budget) -> bool:
    match name:
        case "equals":
            return same(wanted, value)
        case "one_of":
            return any(same(each, value) for each in wanted)
        case "contains":
            return _contains(wanted, value)
        case "regex":
            text = comparable(value)
            return isinstance(text, str) and budget.found(wanted, text)
        case "at_least":
            return _is_number(value) and value >= wanted
        case "at_most":
            return _is_number(value) and value <= wanted
        case _:
            return True


def same(wanted: Any, value: Any) -> bool:
    """Equality, in which true is not 1, and content parts are as good as their joined text."""
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    parts = isinstance(wanted, str) and isinstance(value, list)
    return bool(wanted == value) or (parts and wanted == comparable(value))


def _contains(wanted: Any, value: Any) -> bool:
    """A text holds another in any case, a list an item, an object a key."""
    text = comparable(value)
    if isinstance(text, str):
        return isinstance(wanted, str) and wanted.casefold() in text.casefold()
    if isinstance(value, list):
        return any(same(wanted, each) for each in value)
    return isinstance(value, Mapping) and wanted in value


def comparable(value: Any) -> Any:
    """A value as it is compared: content parts as their joined text."""
    if isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        return text_of(value) or value
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _said(name: str, value: Any) -> str:
    words = {"equals": "equal to", "one_of": "one of", "contains": "containing", "regex": "matching the pattern",
             "at_least": "at least", "at_most": "at most"}  # fmt: skip
    if name == "exists":
        return "there" if value else "left out"
    return f"{words[name]} {shown(value)}"


def shown(value: Any) -> str:
    """A value in one line that is not too long."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
