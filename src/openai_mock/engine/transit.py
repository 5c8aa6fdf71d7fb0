"""Between the answer and the client: the pace and the faults that each call meets, and the steps that follow.

Theory. A fault that refuses answers before any handler runs, unless it asks for a rule, which is known only afterwards.
Every other fault is chosen once the answer is known. Calls are counted for each fault and each session, and chance is
drawn by that count: the n-th call that a fault could happen to meets the same fate, whatever else goes on meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from random import Random
from typing import Any, TypeVar

from msgspec import Struct

from openai_mock.engine.answers import Events
from openai_mock.engine.chance import stream
from openai_mock.engine.errors import ApiError
from openai_mock.engine.faults import KINDS, Fault, Kind
from openai_mock.engine.headers import is_stream
from openai_mock.engine.journal import Entry
from openai_mock.engine.pace import AT_ONCE, Pace, Paces, beats, nth, streamed, tokens_said
from openai_mock.engine.pace import whole as in_one_piece
from openai_mock.engine.sessions import session_of
from openai_mock.engine.uses import used_of
from openai_mock.spec.families import is_model_call
from openai_mock.wire import Cut, Data, Exchange, Head, Request, thrown, told

PACE_HEADER, FAULT_HEADER = "x-mock-pace", "x-mock-fault"
_Read = TypeVar("_Read")
_END_OF_EVENT = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)")
_MOST_COUNTS = 10_000
"""Counts of calls that are kept; the oldest is forgotten first."""


class Readers(Struct, frozen=True):
    """How the text of a header becomes a pace or a fault; both raise ValueError with a sentence.

    Without `fault`, requests cannot ask for faults.
    """

    pace: Callable[[str], Pace]
    fault: Callable[[str], Fault] | None = None


class Transit:
    """The pace and the faults of one world. `kind` finds a kind of fault by its name."""

    def __init__(
        self,
        paces: Paces,
        faults: Sequence[Fault],
        *,
        seed: int,
        readers: Readers,
        kind: Callable[[str], Kind] = KINDS.__getitem__,
    ) -> None:
        self.paces, self.faults, self.kind, self.readers = paces, tuple(faults), kind, readers
        self.seed = seed
        self.under_way: set[object] = set()
        """The answers that are under way."""
        self._fair = paces.idle and not faults
        self._counts: dict[tuple[int | str, str], count[int]] = {}

    def journey(self, request: Request, entry: Entry) -> Journey | None:
        """What an answer has to go through; None where it comes at once and whole."""
        if self._fair and PACE_HEADER not in request.headers and FAULT_HEADER not in request.headers:
            return None
        return Journey(self, request, entry)

    def nth_call(self, of: int | str, session: str) -> int:
        """Count a call, from 1."""
        counts = self._counts
        if len(counts) > _MOST_COUNTS:
            counts.pop(next(iter(counts)), None)
        return next(counts.setdefault((of, session), count(1)))


class Journey:
    """One answer on its way: `before` and `after` the handler, then `steps`."""

    __slots__ = ("_answer", "_chosen", "_entry", "_pace", "_request", "_session", "_transit")

    def __init__(self, transit: Transit, request: Request, entry: Entry) -> None:
        self._transit, self._request, self._entry = transit, request, entry
        self._session = session_of(request.headers)
        self._chosen: list[Chosen] = []
        self._pace: Pace | None = None
        self._answer: Any = None

    def before(self) -> None:
        """Raise the `ApiError` of a fault that answers instead of the handler, or of a header that cannot be read."""
        headers, transit = self._request.headers, self._transit
        if PACE_HEADER in headers:
            self._pace = _read(PACE_HEADER, headers, transit.readers.pace)
        faults: list[tuple[int | str, Fault]] = list(enumerate(transit.faults))
        if FAULT_HEADER in headers and transit.readers.fault is not None:
            faults.insert(0, (FAULT_HEADER, _read(FAULT_HEADER, headers, transit.readers.fault)))
        self._choose([each for each in faults if each[1].rule is None])

    def after(self, answer: Any) -> None:
        """Note the answer of the handler, which may bring its own headers.

        Raises `ApiError` where a fault of its rule takes its place.
        """
        if self._entry.rule is not None:
            self._choose([each for each in enumerate(self._transit.faults) if each[1].rule is not None])
        self._answer = answer
        if type(answer) is not Events and not is_stream(getattr(answer, "headers", ())):
            self._chosen = [each for each in self._chosen if not each.kind.streams]
        self._entry.faults = [each.fault.kind for each in self._chosen]
        if self._chosen and self._entry.used is None and type(answer) is dict:
            self._entry.used = used_of(answer)  # what reaches the client may end before it tells

    def steps(self, head: Head, chunks: Iterable[bytes]) -> Exchange:
        """The answer as it reaches the client; `chunks` are its body, unless it is a stream."""
        transit, answer = self._transit, self._answer
        known = self._entry.operation is not None
        pace = self._pace or (transit.paces.of(self._entry.model or "", self._entry.rule) if known else AT_ONCE)
        if answer is None or self._request.method == "HEAD":
            yield from in_one_piece(head, chunks, pace.delay)
            return
        mine = object()
        transit.under_way.add(mine)
        try:
            steps = self._paced(pace, head, chunks, answer)
            for each in self._chosen:
                assert each.kind.wrap is not None, "what refuses was raised"
                steps = each.kind.wrap(steps, each.fault.options, each.chance)
            yield from steps
        finally:
            transit.under_way.discard(mine)

    def relayed(self, head: Head, rest: Exchange) -> Exchange:
        """An answer that keeps its own time, with the faults that happen to it."""
        mailbox = Mailbox()
        if self._chosen and is_stream(head.headers):
            head = Head(head.status, tuple(pair for pair in head.headers if pair[0] != b"content-length"))
            steps = whole(head, by_event(mailbox.opened(rest)))
        else:
            steps = mailbox.opened(whole(head, rest))
        for each in self._chosen:
            assert each.kind.wrap is not None, "what refuses was raised"
            steps = each.kind.wrap(steps, each.fault.options, each.chance)
        yield from mailbox.closed(steps)

    def _paced(self, pace: Pace, head: Head, chunks: Iterable[bytes], answer: Any) -> Exchange:
        transit, stream_of = self._transit, type(answer) is Events
        if not stream_of and not is_model_call(self._entry.operation or ""):
            return in_one_piece(head, chunks, pace.delay)
        chance = stream(transit.seed, "pace", self._session, transit.nth_call("pace", self._session))
        deadlines = beats(pace, chance, lambda: len(transit.under_way) - 1)
        if isinstance(answer, Events):
            return streamed(head, answer.frames, deadlines, joined=not self._chosen)
        return in_one_piece(head, chunks, nth(deadlines, tokens_said(answer)))

    def _choose(self, faults: Iterable[tuple[int | str, Fault]]) -> None:
        """Add what happens to this call. Raises the `ApiError` of the first that refuses."""
        entry, transit = self._entry, self._transit
        operation, model = entry.operation or "", entry.model or ""
        chosen = []
        for of, fault in faults:
            if not fault.concerns(operation, model, entry.rule):
                continue
            n = transit.nth_call(of, self._session)
            if not fault.calls.have(n):
                continue
            chance = stream(transit.seed, "fault", of, self._session, n)
            if fault.probability >= 1 or chance.random() < fault.probability:
                chosen.append(Chosen(fault, transit.kind(fault.kind), chance))
        for each in chosen:
            if each.kind.refuse is not None:
                entry.faults = [each.fault.kind]
                raise each.kind.refuse(each.fault.options, model, entry.request_id)
        self._chosen += chosen


class Chosen(Struct, frozen=True):
    """A fault that happens to a call, with random numbers of its own."""

    fault: Fault
    kind: Kind
    chance: Random


class Mailbox:
    """Carries the answers of `Ask` steps past wrappers that know nothing of them."""

    __slots__ = ("_answer", "_error")

    def __init__(self) -> None:
        self._answer: Any = None
        self._error: Exception | None = None

    def closed(self, steps: Exchange) -> Exchange:
        """The outermost part: what is sent in here goes to the mailbox."""
        for step in steps:
            try:
                self._answer = yield step
            except Exception as error:  # noqa: BLE001 - it is the exchange's to deal with
                self._error = error

    def opened(self, steps: Exchange) -> Exchange:
        """The innermost part: what is in the mailbox goes to the exchange."""
        step = next(steps, None)
        while step is not None:
            yield step
            answer, error, self._answer, self._error = self._answer, self._error, None, None
            step = told(steps, answer) if error is None else thrown(steps, error)


def whole(head: Head, rest: Exchange) -> Exchange:
    """An answer from its head on."""
    yield head
    yield from rest


def by_event(steps: Exchange) -> Exchange:
    """A stream of events with each of them as one `Data`, however it was cut."""
    held = b""
    for step in steps:
        if isinstance(step, Data):
            *events, held = _END_OF_EVENT.split(held + step.chunk)
            for event in events:
                yield Data(event)
            continue
        if held and isinstance(step, Cut):
            yield Data(held)
            held = b""
        yield step
    if held:
        yield Data(held)


def _read(name: str, headers: Mapping[str, str], reader: Callable[[str], _Read]) -> _Read:
    try:
        return reader(headers[name])
    except ValueError as error:
        raise ApiError(400, f"Invalid '{name}' header: {error}", code="invalid_value") from None
