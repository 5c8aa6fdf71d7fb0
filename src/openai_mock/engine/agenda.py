"""What is due when: one queue for everything that happens because time passed.

Theory. Nothing ticks here either: an entry waits until somebody takes what is due at a time that they say. Entries come
out in the order of their times, those of one time in the order in which they were put; an entry that was taken may put
others that are due before the rest. A key has one entry: putting it again moves it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from heapq import heapify, heappop, heappush
from typing import Any, Generic, TypeVar

Key = tuple[Any, ...]
Job = TypeVar("Job")


class Agenda(Generic[Job]):
    """Jobs by the Unix second at which they are due. Every method is atomic under `lock`."""

    def __init__(self, lock: AbstractContextManager[Any]) -> None:
        self._lock = lock
        self._heap: list[tuple[float, int, Key]] = []
        self._jobs: dict[Key, tuple[int, Job]] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, key: Key, due: float, job: Job) -> None:
        """Let a job be done when it is due; a job of the same key is moved."""
        with self._lock:
            self._count += 1
            self._jobs[key] = (self._count, job)
            heappush(self._heap, (due, self._count, key))
            if len(self._heap) > 64 and len(self._heap) > 4 * len(self._jobs):
                self._heap = [entry for entry in self._heap if self._is_current(entry)]
                heapify(self._heap)

    def take(self, now: float) -> tuple[float, Job] | None:
        """The first job that is due, with its time, which is then no longer here; None where nothing is due."""
        with self._lock:
            due = self.next()
            if due is None or due > now:
                return None
            return due, self._jobs.pop(heappop(self._heap)[2])[1]

    def next(self) -> float | None:
        """When the next job is due."""
        with self._lock:
            while self._heap and not self._is_current(self._heap[0]):
                heappop(self._heap)
            return self._heap[0][0] if self._heap else None

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._heap.clear()
            self._jobs.clear()

    def _is_current(self, entry: tuple[float, int, Key]) -> bool:
        known = self._jobs.get(entry[2])
        return known is not None and known[0] == entry[1]
