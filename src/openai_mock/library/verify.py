"""Verification: whether calls are as a test wants them, and if not, what differs from the closest one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import ndiff
from typing import Any

from openai_mock.library.fields import MISSING, described, fits, found
from openai_mock.library.views import MadeCall

_SHOWN_CALLS = 5


def misfits(call: MadeCall, wanted: Mapping[str, Any]) -> list[str]:
    """The names whose values are not as wanted."""
    return [path for path, value in wanted.items() if not fits(value, found(call.fields, path))]


def nothing_called(name: str) -> str:
    """What to say when there is no call to look at."""
    return f"{name} was not called."


def counted(count: int) -> str:
    """`never`, `once` or `3 times`."""
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def wrong_count(name: str, wanted: int, count: int, calls: Sequence[MadeCall]) -> str:
    """What to say when the number of calls differs; lists the last of them."""
    lines = [f"{name} was to be called {counted(wanted)}, but was called {counted(count)}."]
    lines += [f"    {_line(call)}" for call in calls[-_SHOWN_CALLS:]]
    return "\n".join(lines)


def difference(name: str, calls: Sequence[MadeCall], wanted: Mapping[str, Any]) -> str:
    """What to say when no call is as wanted: the differing fields of the one that comes closest."""
    number, closest = min(enumerate(calls, 1), key=lambda each: (len(misfits(each[1], wanted)), -each[0]))
    differing = misfits(closest, wanted)
    where = "" if len(calls) == 1 else f" Closest is call {number} of {len(calls)}:"
    lines = [f"{name} was called {counted(len(calls))}, but not with these values.{where}"]
    for path in differing:
        lines += [f"  {path}:", *_compared(wanted[path], found(closest.fields, path))]
    kept = [path for path in wanted if path not in differing]
    if kept:
        lines.append(f"  as wanted: {', '.join(kept)}")
    unknown = [path for path in differing if found(closest.fields, path) is MISSING]
    if unknown:
        lines.append(f"  sent were: {', '.join(sorted(closest.fields)) or 'no fields'}")
    return "\n".join(lines)


def _compared(wanted: Any, sent: Any) -> list[str]:
    if type(wanted) is type(sent) and isinstance(sent, str | list | dict):
        ours, theirs = _lines(wanted), _lines(sent)
        if len(ours) + len(theirs) > 2 or isinstance(sent, str):
            return [f"    {line.rstrip()}" for line in ndiff(ours, theirs)]
    return [f"    - {described(wanted)}", f"    + {sent!r}"]


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return [repr(line) for line in value.splitlines()] or ["''"]
    return json.dumps(value, indent=1, ensure_ascii=False, default=repr, sort_keys=True).splitlines()


def _line(call: MadeCall) -> str:
    shown = ", ".join(f"{name}={_short(value)}" for name, value in call.fields.items())
    return f"{call.request.method} {call.request.path} -> {call.response.status_code}: {shown}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
