"""The journal: what was asked, what answered, and how it ended. A ring, so that a long run stays small."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from openai_mock.wire import Ask, Data, Exchange, Headers, Request, Step, Wait, thrown, told

SIZE = 1_000
"""Exchanges that are kept; older ones are forgotten."""
BODIES = 32 << 20
"""Bytes of bodies that are kept in all; beyond them the oldest exchanges lose theirs."""


class Admission(Struct, frozen=True):
    """What limits said of a request.

    `headers` announce what is left; `leave` ends the request, where answers under way count.
    """

    headers: Headers
    leave: Callable[[], None] | None = None


class Entry:
    """One exchange. Fields fill as it runs; `seconds` is None until it ended."""

    __slots__ = (
        "admission", "at", "chunks", "error", "faults", "finished", "headers", "ignored", "intended", "light",
        "model", "nearest", "number", "operation", "request", "request_id", "rule", "seconds", "started", "status",
        "stream", "used", "weight",
    )  # fmt: skip

    def __init__(self, request: Request, request_id: str, started: float) -> None:
        self.request = request
        self.request_id = request_id
        self.started = started
        self.at = 0.0
        """When it began, in Unix seconds."""
        self.number = 0
        """Its place among all exchanges of the journal, from 1; negative for one that is part of another."""
        self.intended: float | None = None
        """When the last of the answer was due, in seconds after the start; None where it was due at once."""
        self.admission: Admission | None = None
        """What limits said of the request, where there are any."""
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
        self.faults: Sequence[str] = ()
        """The kinds of fault that happened to the answer."""
        self.headers: Headers = ()
        self.chunks: Sequence[bytes] = ()
        """What the client got; a stream grows as it is read. The journal may keep it until the end only."""
        self.used: Mapping[str, Any] | None = None
        """What its handler says it used, where the answer does not say so; see `accounting`."""
        self.weight = len(request.body)
        """Bytes of the bodies that are kept."""
        self.light = False
        """Whether the journal keeps none of its bodies, to make room; those of one under way stay until its end."""


class Journal:
    """The last `size` exchanges, oldest first, and whoever wants to hear of each as it ends."""

    def __init__(self, size: int = SIZE, bodies: int = BODIES, *, answers: bool = False) -> None:
        """With `answers` the journal keeps what the clients got as well, else until the end of the exchange only."""
        self.answers = answers
        self.entries: deque[Entry] = deque()
        self._size = size
        self._bodies, self._held, self._light = bodies, 0, 0  # the first `_light` entries are light
        self.listeners: list[Callable[[Entry], None]] = []
        self._numbers = count(1)
        self._fallen: Entry | None = None
        self.settle: Callable[[Entry], None] = lambda _: None
        """Whoever counts what was used is given each exchange while it is whole, some before they have ended."""
        self.let_go: Callable[[Entry], None] = lambda _: None
        """The same for an exchange that has ended and stays as it is."""
        self.forgotten: Callable[[], None] = lambda: None
        """Called when all exchanges are forgotten."""
        self.calls: Counter[str] = Counter()
        """How often each operation was asked for, since the start."""

    def open(self, entry: Entry) -> Entry:
        """Note that an exchange has begun."""
        entries = self.entries
        entry.number = next(self._numbers)
        entries.append(entry)
        while len(entries) > self._size:
            self._fallen = fallen = entries.popleft()  # by one thread only, so that it counts once
            self._held -= fallen.weight
            self._light -= fallen.light
            if fallen.seconds is None:
                fallen.light = True  # is settled when it ends
            if fallen.seconds is not None:
                self.let_go(fallen)
        self._held += entry.weight
        if self._held > self._bodies:
            self._lighten()
        return entry

    def _lighten(self) -> None:
        """Take the bodies of the oldest exchanges away until the rest are few enough."""
        while self._held > self._bodies and self._light < len(self.entries):
            entry = self.entries[self._light]
            self._light += 1
            self._held -= entry.weight
            entry.weight, entry.light = 0, True
            if entry.seconds is not None:
                self.settle(entry)
                _strip(entry)

    def leave_out(self, entry: Entry) -> None:
        """Take an exchange out again that is none of the API's: it tells nothing, and must displace no other."""
        with suppress(ValueError):  # another thread's exchanges may have displaced it
            self.entries.remove(entry)
            self._held -= entry.weight
            self._light -= entry.light
            entry.number = 0
            fallen, self._fallen = self._fallen, None
            if fallen is not None and len(self.entries) < self._size:
                fallen.light = fallen.light and not fallen.weight  # unless it was made light as it fell
                self.entries.appendleft(fallen)
                self._held += fallen.weight
                self._light += fallen.light

    def locate(self, entry: Entry, operation: str) -> None:
        """Note which operation is asked for."""
        entry.operation = operation
        if entry.number >= 0:
            self.calls[operation] += 1

    def keep(self, entry: Entry, headers: Headers, chunks: Iterable[bytes]) -> Iterable[bytes]:
        """Note the answer; the result is what to send, and is noted as it goes by."""
        if not entry.number:
            return chunks
        entry.headers = headers
        if type(chunks) is not tuple:
            return self._going_by(entry, chunks)
        entry.chunks = chunks
        for chunk in chunks:
            self._weigh(entry, len(chunk))
        return chunks

    def _going_by(self, entry: Entry, chunks: Iterable[bytes]) -> Iterator[bytes]:
        entry.chunks = kept = []
        for chunk in chunks:
            kept.append(chunk)
            self._weigh(entry, len(chunk))
            yield chunk

    def relayed(self, entry: Entry, headers: Headers, steps: Exchange) -> Exchange:
        """Note an answer that comes in steps as it goes by."""
        if not entry.number:
            yield from steps
            return
        entry.headers, entry.chunks = headers, (kept := [])
        step = next(steps, None)
        while step is not None:
            if isinstance(step, Data):
                kept.append(step.chunk)
                self._weigh(entry, len(step.chunk))
            elif isinstance(step, Wait):
                entry.intended = step.at
            elif isinstance(step, Ask):
                step = yield from _asked(steps, step)
                continue
            yield step
            step = next(steps, None)

    def _weigh(self, entry: Entry, more: int) -> None:
        if entry.light:
            return
        entry.weight += more
        self._held += more
        if self._held > self._bodies:
            self._lighten()

    def forget(self, operation: str | None = None) -> None:
        """Forget the exchanges of an operation, or all of them."""
        if operation is not None:
            for entry in tuple(self.entries):
                entry.light = entry.light or (entry.operation == operation and entry.seconds is None)
                self.settle(entry)
        else:
            self.forgotten()
            for entry in tuple(self.entries):
                entry.light = entry.light or entry.seconds is None  # what is under way weighs nothing from now on
        kept = [entry for entry in self.entries if operation is not None and entry.operation != operation]
        self.entries.clear()
        self.entries.extend(kept)
        self._held = sum(entry.weight for entry in kept)
        self._light = sum(entry.light for entry in kept)
        for name in [operation] if operation is not None else list(self.calls):
            del self.calls[name]

    def close(self, entry: Entry, elapsed: float) -> None:
        """Note its end, also when the client went away."""
        entry.seconds = elapsed - entry.started
        if entry.light or entry.number < 0 or not self.answers:
            self.settle(entry)
        if entry.number >= 0:
            for listener in self.listeners:
                listener(entry)
        if not entry.light and (entry.number < 0 or not self.answers):
            kept = len(entry.request.body)
            self._held -= entry.weight - kept
            entry.headers, entry.chunks, entry.weight = (), (), kept
        elif entry.light and not entry.weight:
            _strip(entry)


def _strip(entry: Entry) -> None:
    """Take the bodies of an exchange that has ended away."""
    entry.request, entry.chunks = replace(entry.request, body=b""), ()


def _asked(steps: Exchange, ask: Ask) -> Generator[Step, Any, Step | None]:
    """Hand an `Ask` on, and its answer or what it raised into the exchange; the step that follows."""
    try:
        answer = yield ask
    except Exception as error:  # noqa: BLE001 - it is the exchange's to deal with
        return thrown(steps, error)
    return told(steps, answer)
