"""Many deadlines on one timer of an event loop.

Theory. A timer of an event loop costs nearly as much as writing a small chunk, and a thousand paced streams need fifty
thousand a second. Loops wake by whole milliseconds, so what is due within the same one is a queue, and one timer waits
for the first queue. Nothing is done early. At most `MOST` calls are made at a time, so that the loop reads and writes
in between.
"""

from __future__ import annotations

import math
from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

MOST = 64
"""Calls that are made in one turn of the event loop."""
_MANY = 1024
"""Queues from which on those are worth looking for that hold nothing but what was cancelled."""
_CLOSE = 0.001
"""Milliseconds by which the clock of a loop may miss a whole one."""


class Appointment(list[Any]):
    """A call that is to be made. A list of one, as these are made quickly."""

    __slots__ = ()

    def cancel(self) -> None:
        """Let it not be made."""
        self[0] = None


class Timetable:
    """The deadlines of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queues: dict[int, deque[Appointment]] = {}
        self._times: list[int] = []
        self._many = _MANY
        self._wakes: float = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def call_at(self, when: float, call: Callable[[], None]) -> Appointment:
        """Make a call at a time of the event loop's clock."""
        at = math.ceil(when * 1000)
        queue = self._queues.get(at)
        if queue is None:
            if len(self._times) >= self._many and self._wakes > -math.inf:
                self._sweep()
            queue = self._queues[at] = deque()
            heappush(self._times, at)
            if at < self._wakes:
                self._wake_at(at)
        appointment = Appointment((call,))
        queue.append(appointment)
        return appointment

    def _sweep(self) -> None:
        """Forget what was cancelled: clients that leave must not pile up until answers of an hour would be due."""
        waiting = ((at, deque(each for each in queue if each[0] is not None)) for at, queue in self._queues.items())
        self._queues = {at: queue for at, queue in waiting if queue}
        self._times[:] = sorted(self._queues)
        self._many = max(_MANY, 2 * len(self._times))

    def _wake_at(self, at: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wakes = at
        self._timer = self._loop.call_at(at / 1000, self._turn)

    def _turn(self) -> None:
        """Make the calls that are due. They set deadlines themselves, which is no reason to set the timer each time."""
        times, now, left = self._times, self._loop.time() * 1000 + _CLOSE, MOST
        self._timer, self._wakes = None, -math.inf
        try:
            while left and times and times[0] <= now:
                at = times[0]
                queue = self._queues[at]
                while queue and left:
                    left -= 1
                    call = queue.popleft()[0]
                    if call is not None:
                        call()
                if not queue and times[0] == at:
                    del self._queues[heappop(times)]
        finally:
            self._wakes = math.inf
            if times:
                self._wake_at(times[0])
