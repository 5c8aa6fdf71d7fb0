"""The journal: what was asked, what answered, and how it ended. A ring, so that a long run stays small."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openai_mock.wire import Request

SIZE = 1_000
"""Exchanges that are kept; older ones are forgotten."""


class Entry:
    """One exchange. Fields fill as it runs; `seconds` is None until it ended."""

    __slots__ = (
        "error", "finished", "ignored", "model", "nearest", "operation", "request", "request_id", "rule",
        "seconds", "started", "status", "stream",
    )  # fmt: skip

    def __init__(self, request: Request, request_id: str, started: float) -> None:
        self.request = request
        self.request_id = request_id
        self.started = started
        self.operation: str | None = None
        self.model: str | None = None
        self.rule: str | None = None
        self.status = 0
        self.stream = False
        self.seconds: float | None = None
        self.finished = False
        """False when the client went away before the end."""
        self.error: str | None = None
        self.nearest: Sequence[Mapping[str, Any]] = ()
        self.ignored: Sequence[str] = ()
        """Unknown fields that leniency let pass."""


class Journal:
    """The last `size` exchanges, oldest first, and whoever wants to hear of each as it ends."""

    def __init__(self, size: int = SIZE) -> None:
        self.entries: deque[Entry] = deque(maxlen=size)
        self.listeners: list[Callable[[Entry], None]] = []
        self.calls: Counter[str] = Counter()
        """How often each operation was asked for, since the start."""

    def open(self, entry: Entry) -> Entry:
        """Note that an exchange has begun."""
        self.entries.append(entry)
        return entry

    def close(self, entry: Entry, elapsed: float) -> None:
        """Note its end, also when the client went away."""
        entry.seconds = elapsed - entry.started
        if entry.operation is not None:
            self.calls[entry.operation] += 1
        for listener in self.listeners:
            listener(entry)
