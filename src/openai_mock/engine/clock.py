"""Time as the machine sees it: given from outside, so that a test or a seed can hold it still."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

SEEDED_TIME = 1_767_225_600.0
"""2026-01-01T00:00:00Z, the instant at which a seeded mock stands still."""


class Clock(Struct, frozen=True):
    """`now` is the wall clock in Unix seconds; `elapsed` only ever grows and measures durations in seconds."""

    now: Callable[[], float]
    elapsed: Callable[[], float]


def standing_still(at: float = SEEDED_TIME) -> Clock:
    """A clock that does not move: the same requests get the same bytes."""
    return Clock(now=lambda: at, elapsed=lambda: 0.0)
