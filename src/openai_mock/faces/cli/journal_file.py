"""The journal as a file of JSON lines, written by a thread of its own: an exchange ends without waiting for a disk."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from openai_mock.engine.recorded import recorded

if TYPE_CHECKING:
    from pathlib import Path

    from openai_mock.engine.journal import Entry

BACKLOG = 10_000
"""Exchanges that may wait to be written; what comes on top of them is only counted."""

_TOGETHER = 100
"""Lines that are written at once."""


class JournalFile:
    """Appends each exchange that it hears of. `close` writes what waits, for at most `patience` seconds."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where the file cannot be written."""
        self._file = path.open("ab", buffering=0)
        """Unbuffered, since processes that share a file must not break each other's lines."""
        self._waiting: deque[Entry] = deque()
        self._lost, self._closing = 0, False
        self._some = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="openai-mock journal", daemon=True)
        self._thread.start()

    def hear(self, entry: Entry) -> None:
        """Take note of an exchange that has ended."""
        if not entry.number:
            return
        if len(self._waiting) >= BACKLOG:
            self._lost += 1
            return
        self._waiting.append(entry)
        self._some.set()

    def close(self, patience: float = 5.0) -> None:
        """Write what waits, and stop."""
        self._closing = True
        self._some.set()
        self._thread.join(patience)

    def _drained(self) -> bytes:
        """What waits, as whole lines; at most so many that they fit into memory twice."""
        lines: list[bytes] = []
        while self._waiting and len(lines) < _TOGETHER:
            lines.append(msgspec.json.encode(recorded(self._waiting.popleft())) + b"\n")
        if self._lost:
            lost, self._lost = self._lost, 0
            lines.append(msgspec.json.encode({"lost": lost}) + b"\n")
        return b"".join(lines)

    def _write_all(self) -> None:
        with self._file as file:
            while not (self._closing and not self._waiting):
                self._some.wait()
                self._some.clear()
                try:
                    while self._waiting or self._lost:
                        file.write(self._drained())
                except OSError:
                    return
                if self._closing:
                    self._some.set()
