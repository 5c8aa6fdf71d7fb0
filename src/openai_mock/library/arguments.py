"""Whether what a mock or its clock, its routes and rules are given makes sense, in sentences where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from numbers import Real
from os import PathLike
from typing import Any

from openai_mock.config.plan import Plan


def sound(plan: Any, *, seed: Any, ids: Any, history: Any) -> None:
    """Raise TypeError or ValueError for what no mock can be made of."""
    if plan is not None and not isinstance(plan, Plan):
        told = f"A plan is what a configuration says, not {plan!r}."
        is_path = isinstance(plan, str | PathLike)
        raise TypeError(f"{told} To {f'read a file, write OpenAIMock().load({str(plan)!r})' if is_path else _DECORATE}")
    if seed is not None and not _whole(seed):
        raise TypeError(f"A seed is a whole number; {seed!r} is none.")
    if ids not in ("strict", "lenient"):
        raise ValueError(f"ids is 'strict' or 'lenient'; {ids!r} is neither.")
    if not _whole(history) or history < 0:
        raise ValueError(f"history is how many calls are kept, a whole number from 0; {history!r} is none.")


_DECORATE = "decorate, write @OpenAIMock()."


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def seconds(name: str, value: float) -> float:
    """The value, if it is a time in seconds. Raises TypeError or ValueError."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} is a number of seconds, such as 0.5; got {value!r}.")
    if value < 0:
        raise ValueError(f"{name} is in seconds and at least 0; got {value:g}.")
    return value


def failing_status(status: int) -> int:
    """The value, if it is the status of an error. Raises TypeError or ValueError."""
    if not _whole(status):
        raise TypeError(f"A failure has a status such as 429, a whole number; got {status!r}.")
    if not 400 <= status <= 599:
        raise ValueError(f"A failure has a status from 400 to 599; {status} is none.")
    return status


def listed(name: str, values: Any) -> list[Any]:
    """The values as a list, if they are several. Raises TypeError for one that stands alone."""
    if isinstance(values, str | dict):
        raise TypeError(f"{name} is a list; write {name}=[{values!r}].")
    return list(values)


def misspelt(name: str, names: Sequence[str]) -> str | None:
    """The one of the names that is nearly the same as `name`, a path whose first step counts."""
    near = get_close_matches(name.partition("__")[0], names, n=1, cutoff=0.8)
    return near[0] if near else None
