"""`--watch`: the configuration again whenever its file changes, and the old one for as long as the new one is wrong.

Theory. A file is read when two looks in a row see the same state, and a state other than the one last read: an editor
that writes in steps, or replaces the file by renaming another, is never read half-way. A file that is missing is not
a change; it is on its way.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INTERVAL = 0.25
"""Seconds between two looks; a change is served after two of them."""
State: TypeAlias = tuple[int, int, int]
"""Time of change in nanoseconds, size, and the identity of the file."""


def state_of(path: Path) -> State | None:
    """What tells one version of a file from the next; None while it cannot be seen."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Watch:
    """Looks at a file and calls `changed` when it is no longer as `read`, its state before it was read first."""

    def __init__(self, look_at: Callable[[], State | None], changed: Callable[[], None], read: State | None) -> None:
        self._look_at, self._changed = look_at, changed
        self._read = self._last = read
        self._stop = threading.Event()

    def look(self) -> None:
        """Look once."""
        now = self._look_at()
        if now is not None and now != self._read and now == self._last:
            self._read = now
            self._changed()
        self._last = now

    def start(self) -> None:
        """Look again and again in a thread of its own, until `stop`."""
        threading.Thread(target=self._keep_looking, name="openai-mock watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _keep_looking(self) -> None:
        while not self._stop.wait(INTERVAL):
            self.look()
