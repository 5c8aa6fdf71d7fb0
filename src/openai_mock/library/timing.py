"""Which time the clients of a mock wait by: real time, or the mock's own clock, moved on by who waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openai_mock.engine.clock import Clock

if TYPE_CHECKING:
    from openai_mock.doors.drive import Timer


def timer(clock: Clock, *, virtual_time: bool) -> Timer:
    """What doors wait with. With `virtual_time` nobody waits: the clock moves on instead."""
    from openai_mock.doors.drive import REAL  # noqa: PLC0415 - a door loads when it is used
    from openai_mock.doors.virtual import virtual  # noqa: PLC0415

    return virtual(clock.now, clock.advance) if virtual_time else REAL
