"""What a user gave a route to answer with: first what is for a number of calls, in order, then what stays."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import repeat
from typing import Any

from openai_mock.library.answering import Answering, own


class Answers:
    """The answers of one route. `changed` is called after each change; `given` is what stays, as the user wrote it."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._queue: deque[Answering] = deque()
        self._standing: Answering | None = None
        self.given: Any = None
        self.delay = 0.0

    @property
    def ready(self) -> bool:
        """Whether there is an answer for the next call."""
        return bool(self._queue) or self._standing is not None

    @property
    def idle(self) -> bool:
        """Whether calls go by untouched."""
        return not self.ready and not self.delay

    def add(self, form: Answering, times: int | None, given: Any) -> None:
        """Answer so: the next `times` calls, or from now on. Raises ValueError for less than once."""
        if times is None:
            self._standing, self.given = form, given
        elif times > 0:
            self._queue.extend(repeat(form, times))
        else:
            raise ValueError(f"times is how many calls get this answer, at least 1; got {times}.")
        self._changed()

    def delayed(self, seconds: float) -> None:
        """Wait before each answer."""
        self.delay = seconds
        self._changed()

    def clear(self) -> None:
        """Forget the answers."""
        self._queue.clear()
        self._standing, self.given = None, None
        self._changed()

    def next(self) -> Answering:
        """The answer to the call that has come."""
        try:
            return self._queue.popleft()
        except IndexError:
            return self._standing or own

    def saved(self) -> Callable[[], None]:
        """Remember the answers as they are now; calling the result brings them back."""
        queue, standing, given, delay = tuple(self._queue), self._standing, self.given, self.delay

        def back() -> None:
            self._queue, self._standing, self.given, self.delay = deque(queue), standing, given, delay
            self._changed()

        return back
