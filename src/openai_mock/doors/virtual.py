"""Waits that take no time: a clock that is moved on by whoever waits on it.

Theory. A deadline is reached by moving the clock there, so a stream of a minute ends at once and a client's timeout
still ends before a later deadline. Exchanges that wait side by side share the clock: while one waits, time passes for
all of them, as it would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openai_mock.doors.drive import Timer, asleep

if TYPE_CHECKING:
    from collections.abc import Callable


def virtual(now: Callable[[], float], advance: Callable[[float], Any]) -> Timer:
    """A timer on a clock in seconds, which `advance` moves on by seconds."""

    async def pass_by(seconds: float) -> None:
        advance(seconds)
        await asleep(0)

    return Timer(now, advance, pass_by)
