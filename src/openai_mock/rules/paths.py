"""Paths into the JSON of a request, as rules write them: `$.metadata.env`, `messages[-1].content`, `tools[*].type`.

A path has keys behind dots or in quoted brackets, numbers in brackets (negative ones count from the end), and `*` for
every item or value. A `$` at its beginning may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

Step: TypeAlias = str | int | None
"""A key, a position, or None for each of them."""

_STEP = re.compile(
    r"""\.?(?:(?P<key>[^.\[\]*'"\s]+)|(?P<all>\*|\[\*\])|\[(?P<at>-?\d{1,9})\]|\[(?P<quoted>'[^']*'|"[^"]*")\])"""
)
_LONGEST = 1_000


def parsed(text: str) -> tuple[Step, ...]:
    """The steps of a path. Raises ValueError with a sentence for what is no path."""
    rest = text.removeprefix("$")
    if len(text) > _LONGEST:
        raise ValueError(f"a path of {len(text)} characters is too long; {_LONGEST} are the most")
    steps: list[Step] = []
    at = 0
    while at < len(rest):
        found = _STEP.match(rest, at)
        if found is None or (at and found["key"] and rest[at] != "."):
            raise ValueError(
                f"'{text}' is no path from '{rest[at : at + 20]}' on; write keys and positions, such as "
                "$.messages[-1].content, tools[*].type or metadata['a.b']"
            )
        steps.append(_step(found))
        at = found.end()
    if not steps:
        raise ValueError("the path names nothing; write a key, such as temperature or $.metadata.env")
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    if found["all"]:
        return None
    if found["at"]:
        return int(found["at"])
    return found["key"] or found["quoted"][1:-1]


def values(sent: Any, steps: Sequence[Step]) -> list[Any]:
    """All values at a path, none where it leads nowhere."""
    here = [sent]
    for step in steps:
        here = [value for each in here for value in _below(each, step)]
    return here


def _below(value: Any, step: Step) -> Iterable[Any]:
    if isinstance(value, Mapping):
        if step is None:
            return value.values()
        key = str(step)
        return (value[key],) if key in value else ()
    if isinstance(value, list):
        if step is None:
            return value
        if isinstance(step, int) and -len(value) <= step < len(value):
            return (value[step],)
    return ()
