"""What can go wrong with an answer, each as one small function over the steps that the client would have got.

Theory. A fault is data: a kind, to whom it happens, and options. A kind either refuses (an error instead of an answer,
before any handler runs) or wraps steps. A wrapper gets each event of a stream as one `Data`, and the body of any other
answer as one `Data`; it passes on what it does not know. Deadlines that it adds are later than those it has seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from fnmatch import fnmatchcase
from random import Random
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from openai_mock.engine.errors import ApiError
from openai_mock.engine.failures import failure
from openai_mock.engine.headers import is_stream
from openai_mock.wire import Ask, Cut, Data, Exchange, Head, Step, Wait

_WRITES_PER_SECOND = 50
"""How often slow bytes are written at most."""
_KEEP_ALIVE = b": keep-alive\n\n"
_VALUE = re.compile(rb'":\s?"')
_encode = msgspec.json.Encoder().encode


class Calls(Struct, frozen=True):
    """Which of the calls that a fault could happen to, counted from 1: those from `start` to `stop` (None: to the end),
    each `step` calls.
    """

    start: int = 1
    stop: int | None = None
    step: int = 1

    def have(self, n: int) -> bool:
        """Whether the n-th call is among them."""
        return n >= self.start and (self.stop is None or n <= self.stop) and (n - self.start) % self.step == 0


class Fault(Struct, frozen=True):
    """One thing that goes wrong: what, for whom, how often. `operation`, `model` and `rule` are globs; a `rule` of None
    does not ask. `options` are those of the kind.
    """

    kind: str
    operation: str = "*"
    model: str = "*"
    rule: str | None = None
    probability: float = 1.0
    calls: Calls = Calls()
    options: Mapping[str, Any] = {}

    def concerns(self, operation: str, model: str, rule: str | None) -> bool:
        """Whether it can happen to such a call."""
        return (
            fnmatchcase(operation, self.operation)
            and fnmatchcase(model, self.model)
            and (self.rule is None or fnmatchcase(rule or "", self.rule))
        )


Wrap: TypeAlias = Callable[[Exchange, Mapping[str, Any], Random], Exchange]
Refuse: TypeAlias = Callable[[Mapping[str, Any], str, str], ApiError]


class Kind(Struct, frozen=True):
    """A kind of fault: either `wrap(steps, options, chance)`, or `refuse(options, model, request id)`.

    `options` are the names it knows, `needs` those it cannot do without; with `streams` it happens to streams only.
    """

    about: str
    wrap: Wrap | None = None
    refuse: Refuse | None = None
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    streams: bool = False


# Errors


def _error(options: Mapping[str, Any], model: str, request_id: str) -> ApiError:
    error = failure(
        options["status"],
        model=model,
        request_id=request_id,
        code=options.get("code"),
        message=options.get("message"),
        kind=options.get("type"),
        param=options.get("param"),
        retry_after=options.get("retry_after"),
    )
    retry = options.get("should_retry")
    if retry is not None:
        error.headers = (*error.headers, (b"x-should-retry", b"true" if retry else b"false"))
    return error


def _rate_limit(options: Mapping[str, Any], model: str, request_id: str) -> ApiError:
    return _error({"retry_after": 1.0, **options, "status": 429}, model, request_id)


def _quota(options: Mapping[str, Any], model: str, request_id: str) -> ApiError:
    return _error({"should_retry": False, **options, "status": 429, "code": "insufficient_quota"}, model, request_id)


# Broken connections


def _reset(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    yield from _passed(steps, options)
    yield Cut("reset")


def _stall(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    yield from _passed(steps, options)
    yield Cut("timeout")


def _delay(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    at, rest = yield from _passed(steps, options)
    yield Wait(at + options["for"])
    if rest:
        yield Data(rest)
    for step in steps:
        yield Wait(step.at + options["for"]) if isinstance(step, Wait) else step


def _end(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    yield from _passed(steps, {"after_events": 1, **options})


def _slow(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    rate = options["bytes_per_second"]
    size = max(1, int(rate / _WRITES_PER_SECOND))
    at = 0.0
    for step in steps:
        if isinstance(step, Wait):
            at = max(at, step.at)
        if not isinstance(step, Data):
            yield step
            continue
        for piece in _pieces(step.chunk, lambda: size):
            at += len(piece) / rate
            yield Wait(at)
            yield Data(piece)


# Wrong content


def _truncate(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    if "after_bytes" in options:
        yield from _rewritten(steps, lambda body: body[: options["after_bytes"]])
    else:
        half = lambda text: text[: len(text) // 2]  # noqa: E731 - said twice
        yield from _rewritten(steps, half, at_event=options.get("event", 2), ends=True)


def _invalid_utf8(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    yield from _rewritten(steps, _with_a_stray_byte, at_event=options.get("event", 1))


def _malformed(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    broken = lambda text: text[: len(text) // 2] + b"\n" + text[len(text) // 2 :]  # noqa: E731 - used once
    yield from _rewritten(steps, broken, at_event=options.get("event", 1))


def _duplicate(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    yield from _rewritten(steps, lambda event: event + event, at_event=options.get("event", 2))


def _reorder(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    held: Data | None = None
    event, seen = options.get("event", 2), 0
    for step in steps:
        if isinstance(step, Data):
            seen += 1
            if seen == event:
                held = step
                continue
        yield step
        if held is not None and isinstance(step, Data):
            yield held
            held = None
    if held is not None:
        yield held


def _error_event(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    events = options.get("after_events", 1)
    yield from _passed(steps, {"after_events": events})
    following = yield from _following(steps)
    message = options.get("message", "The server had an error while processing your request. Sorry about that!")
    kind, code = options.get("type", "server_error"), options.get("code")
    if following.startswith(b"event: "):
        error = {"type": "error", "code": code or kind, "message": message, "param": None, "sequence_number": events}
        yield Data(b"event: error\ndata: %b\n\n" % _encode(error))
    else:
        error = {"message": message, "type": kind, "param": None, "code": code}
        yield Data(b"data: %b\n\n" % _encode({"error": error}))


def _following(steps: Exchange) -> Generator[Step, Any, bytes]:
    """The next piece of the body, which the client does not get; what has to be asked for it is."""
    for step in steps:
        if isinstance(step, Data):
            return step.chunk
        if isinstance(step, Ask):
            yield step
    return b""


def _content_type(steps: Exchange, options: Mapping[str, Any], _chance: Random) -> Exchange:
    kind = options.get("content_type", "text/html").encode("latin-1", "replace")
    for step in steps:
        yield _with_header(step, b"content-type", kind) if isinstance(step, Head) else step


def _empty(steps: Exchange, _options: Mapping[str, Any], _chance: Random) -> Exchange:
    for step in steps:
        if isinstance(step, Head):
            yield _with_header(step, b"content-length", b"0")
            return
        yield step


# Legal, and hard to read


def _split(steps: Exchange, options: Mapping[str, Any], chance: Random) -> Exchange:
    most, every = options.get("bytes", 64), options.get("every", 0.001)
    at = 0.0
    for step in steps:
        if isinstance(step, Wait):
            at = max(at, step.at)
        if not isinstance(step, Data):
            yield step
            continue
        for piece in _pieces(step.chunk, lambda: chance.randint(1, most)):
            yield Data(piece)
            if every:
                at += every
                yield Wait(at)


def _crlf(steps: Exchange, _options: Mapping[str, Any], _chance: Random) -> Exchange:
    for step in steps:
        yield Data(step.chunk.replace(b"\n", b"\r\n")) if isinstance(step, Data) else step


def _comments(steps: Exchange, _options: Mapping[str, Any], chance: Random) -> Exchange:
    for step in steps:
        yield Data(_KEEP_ALIVE + step.chunk) if isinstance(step, Data) and chance.random() < 0.5 else step


def _together(steps: Exchange, options: Mapping[str, Any], chance: Random) -> Exchange:
    most = options.get("events", 16)
    held: list[bytes] = []
    size = chance.randint(min(2, most), most)
    for step in steps:
        if held and isinstance(step, Cut):
            yield Data(b"".join(held))
            held.clear()
        if not isinstance(step, Data):
            yield step
            continue
        held.append(step.chunk)
        if len(held) >= size:
            yield Data(b"".join(held))
            held.clear()
            size = chance.randint(min(2, most), most)
    if held:
        yield Data(b"".join(held))


def _rechunk(steps: Exchange, options: Mapping[str, Any], chance: Random) -> Exchange:
    steps = _comments(steps, {}, chance)
    if chance.random() < 0.5:
        steps = _crlf(steps, {}, chance)
    steps = _together(steps, {"events": 4}, chance)
    yield from _split(steps, options, chance)


_PLACE = ("after_events", "after_bytes")
_ERROR = ("message", "code", "type", "param", "retry_after", "should_retry")
KINDS: Mapping[str, Kind] = {
    "error": Kind("an HTTP error", refuse=_error, options=("status", *_ERROR), needs=("status",)),
    "rate_limit": Kind("429: too many requests, try again later", refuse=_rate_limit, options=_ERROR),
    "quota": Kind("429: the account has no credit left", refuse=_quota, options=("message",)),
    "reset": Kind("the connection breaks", _reset, options=_PLACE),
    "stall": Kind("silence until the client gives up", _stall, options=_PLACE),
    "delay": Kind("a pause, then all goes on", _delay, options=("for", *_PLACE), needs=("for",)),
    "slow": Kind("few bytes per second", _slow, options=("bytes_per_second",), needs=("bytes_per_second",)),
    "truncate": Kind("the text ends in the middle", _truncate, options=("event", "after_bytes")),
    "empty": Kind("no body", _empty),
    "invalid_utf8": Kind("a byte that is no UTF-8", _invalid_utf8, options=("event",)),
    "content_type": Kind("another content type", _content_type, options=("content_type",)),
    "end": Kind("the stream ends early, as if whole", _end, options=("after_events",), streams=True),
    "malformed": Kind("an event breaks in two", _malformed, options=("event",), streams=True),
    "duplicate": Kind("an event comes twice", _duplicate, options=("event",), streams=True),
    "reorder": Kind("an event comes after the next", _reorder, options=("event",), streams=True),
    "error_event": Kind(
        "the stream ends by an error", _error_event, options=("after_events", "message", "code", "type"), streams=True
    ),
    "split": Kind("harmless: many small writes", _split, options=("bytes", "every")),
    "together": Kind("harmless: several events in one write", _together, options=("events",), streams=True),
    "crlf": Kind("harmless: lines end by CR and LF", _crlf, streams=True),
    "comments": Kind("harmless: comments between events", _comments, streams=True),
    "rechunk": Kind(
        "harmless: comments, CRLF, joined and split events", _rechunk, options=("bytes", "every"), streams=True
    ),
}
"""All kinds by name. The installed entry points of the group `openai_mock.faults` add theirs, each a `Kind`."""


def _passed(steps: Exchange, options: Mapping[str, Any]) -> Generator[Step, Any, tuple[float, bytes]]:
    """The steps up to the place where something happens; returns the last deadline and the rest of a `Data` cut in two.

    Without a place it is before the head. `after_events` counts events; an answer that has none breaks in its middle.
    """
    events, left = options.get("after_events"), options.get("after_bytes")
    at, stream = 0.0, False
    if events is None and left is None:
        return at, b""
    for step in steps:
        if isinstance(step, Wait):
            at = max(at, step.at)
        if isinstance(step, Head):
            stream = is_stream(step.headers)
        if isinstance(step, Data):
            if events is not None and not stream:
                left, events = len(step.chunk) // 2, None
            if left is not None and len(step.chunk) > left:
                yield Data(step.chunk[:left])
                return at, step.chunk[left:]
            left = None if left is None else left - len(step.chunk)
            events = None if events is None else events - 1
        yield step
        if 0 in (events, left) and not isinstance(step, Wait):
            return at, b""
    return at, b""


def _rewritten(
    steps: Exchange, change: Callable[[bytes], bytes], *, at_event: int | None = None, ends: bool = False
) -> Exchange:
    """Change the text of one event (counted from 1), or of a whole answer with its length.

    Without `at_event` the whole stream counts as the text. With `ends` nothing follows the change.
    """
    head: Head | None = None
    body: list[bytes] = []
    seen, streaming = 0, False
    for step in steps:
        if isinstance(step, Head):
            streaming = is_stream(step.headers) and at_event is not None
            head = None if streaming else step
            if streaming:
                yield step
        elif not isinstance(step, Data):
            yield step
        elif not streaming:
            body.append(step.chunk)
        else:
            seen += 1
            yield Data(change(step.chunk)) if seen == at_event else step
            if ends and seen == at_event:
                return
    if head is not None:
        text = change(b"".join(body))
        yield head if is_stream(head.headers) else _with_header(head, b"content-length", b"%d" % len(text))
        yield Data(text)


def _with_a_stray_byte(text: bytes) -> bytes:
    """A byte that no UTF-8 has, at the beginning of the first text value."""
    found = _VALUE.search(text)
    at = found.end() if found else len(text) // 2
    return text[:at] + b"\xff" + text[at:]


def _with_header(head: Head, name: bytes, value: bytes) -> Head:
    return Head(head.status, [*((key, held) for key, held in head.headers if key != name), (name, value)])


def _pieces(chunk: bytes, size: Callable[[], int]) -> Iterator[bytes]:
    start = 0
    while start < len(chunk):
        end = start + size()
        yield chunk[start:end]
        start = end
