"""Verification: whether calls are as a test wants them, and if not, what differs from the closest one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher, ndiff
from itertools import chain
from typing import Any, TypeVar

from openai_mock.engine import redact
from openai_mock.library.fields import MISSING, Path, described, fits, found
from openai_mock.library.views import MadeCall

_SHOWN_CALLS = 5
_COMPARED = 1_000
"""Pairs of lines in one place that are compared letter by letter."""
_P = TypeVar("_P", bound=Path)


def misfits(call: MadeCall, wanted: Mapping[_P, Any]) -> list[_P]:
    """The names whose values are not as wanted."""
    return [path for path, value in wanted.items() if not fits(value, found(call.fields, path))]


def nothing_called(name: str) -> str:
    """What to say when there is no call to look at."""
    return f"{name} was not called."


def nothing_kept(name: str, count: int) -> str:
    """What to say when there were calls, but none is there to be looked at."""
    return f"{name} was called {counted(count)}, but none of it is kept: `history` says how many calls are."


def counted(count: int) -> str:
    """`never`, `once` or `3 times`."""
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def wrong_count(name: str, wanted: int, count: int, calls: Sequence[MadeCall]) -> str:
    """What to say when the number of calls differs; lists the last of them."""
    lines = [f"{name} was to be called {counted(wanted)}, but was called {counted(count)}."]
    lines += [f"    {_line(call)}" for call in calls[-_SHOWN_CALLS:]]
    return "\n".join(lines)


def difference(name: str, calls: Sequence[MadeCall], wanted: Mapping[_P, Any], count: int | None = None) -> str:
    """What to say when no call is as wanted: the differing fields of the one that comes closest, without credentials.

    `count` is how many calls there were, where not all are kept.
    """
    number, closest = min(enumerate(calls, 1), key=lambda each: (len(misfits(each[1], wanted)), -each[0]))
    differing = misfits(closest, wanted)
    where = "" if len(calls) == 1 else f" Closest is call {number} of {len(calls)}:"
    times = counted(len(calls) if count is None else count)
    forgotten = "" if count in {None, len(calls)} else f" ({len(calls)} kept)"
    lines = [f"{name} was called {times}{forgotten}, but not with these values.{where}"]
    for path in differing:
        lines += [f"  {_name(path)}:", *map(redact.text, _compared(wanted[path], found(closest.fields, path)))]
    kept = [_name(path) for path in wanted if path not in differing]
    if kept:
        lines.append(f"  as wanted: {', '.join(kept)}")
    unknown = [path for path in differing if found(closest.fields, path) is MISSING]
    if unknown:
        lines.append(f"  sent were: {', '.join(sorted(closest.fields)) or 'no fields'}")
    return "\n".join(lines)


def _name(path: Path) -> str:
    return path if isinstance(path, str) else "__".join(path)


def _compared(wanted: Any, sent: Any) -> list[str]:
    if type(wanted) is type(sent) and isinstance(sent, str | list | dict):
        ours, theirs = _lines(wanted), _lines(sent)
        if ours != theirs and (len(ours) + len(theirs) > 2 or isinstance(sent, str)):
            return [f"    {line.rstrip()}" for line in _diff(ours, theirs)]
    return [f"    - {described(wanted)}", f"    + {sent!r}"]


def _diff(ours: list[str], theirs: list[str]) -> Iterable[str]:
    """The lines of both. What differs within lines is looked for only where that takes no time to speak of."""
    blocks = SequenceMatcher(None, ours, theirs).get_opcodes()
    replaced = (block for block in blocks if block[0] == "replace")
    if all((end - start) * (until - since) <= _COMPARED for _, start, end, since, until in replaced):
        return ndiff(ours, theirs)
    return chain.from_iterable(
        [f"  {line}" for line in ours[start:end]]
        if kind == "equal"
        else [*(f"- {line}" for line in ours[start:end]), *(f"+ {line}" for line in theirs[since:until])]
        for kind, start, end, since, until in blocks
    )


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return [repr(line) for line in value.splitlines()] or ["''"]
    try:
        return json.dumps(value, indent=1, ensure_ascii=False, default=repr, sort_keys=True).splitlines()
    except TypeError:  # keys that are no texts, or of several types
        return [repr(value)]


def _line(call: MadeCall) -> str:
    shown = ", ".join(f"{name}={_short(name, value)}" for name, value in call.fields.items())
    return f"{call.request.method} {redact.text(call.request.path)} -> {call.response.status_code}: {shown}"


def _short(name: str, value: Any) -> str:
    text = repr(redact.HIDDEN if redact.is_credential(name) else value)
    text = redact.text(text)
    return text if len(text) <= 60 else text[:57] + "..."
