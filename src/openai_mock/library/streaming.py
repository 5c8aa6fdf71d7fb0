"""Streams a user writes: the pieces of a text, or whole events, all at once or with a delay between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import msgspec

from openai_mock.engine.answers import Events
from openai_mock.engine.fallback import frames
from openai_mock.engine.headers import EVENT_STREAM
from openai_mock.engine.stubs import Relayed, Stubbing
from openai_mock.library.answering import Answering, Job, MockError, saying
from openai_mock.library.foreign import plain, raised_as
from openai_mock.turns.turn import Reply, Turn
from openai_mock.wire import Data, Exchange, Wait

Frame: TypeAlias = bytes | BaseException | type[BaseException]
_CHAT = "chat.completions.create"
_encode = msgspec.json.Encoder().encode


def streaming(parts: Iterable[Any], delay: float) -> Answering:
    """The answering of texts, events (dicts, models of the SDK) and exceptions. Raises ValueError or TypeError."""
    if isinstance(parts, str | bytes | Mapping):
        raise TypeError("A stream is a list of pieces. Write .stream([...]), or .reply(text), which is cut for you.")
    listed = [each if _ends(each) or isinstance(each, str) else plain(each) for each in parts]
    texts = [each for each in listed if isinstance(each, str)]
    strange = next((each for each in listed if not (_ends(each) or isinstance(each, str | dict))), None)
    if strange is not None:
        raise ValueError(f"{strange!r} cannot be streamed. Write texts, or events as dicts or models of the SDK.")
    if texts and any(isinstance(each, dict) for each in listed):
        raise ValueError("A stream has either texts or events. Write the texts as events too.")
    if any(isinstance(each, dict) for each in listed):
        return partial(_events, listed, delay)
    return partial(_texts, listed, delay)


def _ends(part: Any) -> bool:
    return isinstance(part, BaseException) or (isinstance(part, type) and issubclass(part, BaseException))


def _texts(parts: Sequence[Any], delay: float, job: Job) -> Stubbing:
    """Texts are what the model says; chat keeps the pieces, where others cut the text at its tokens."""
    body = job.call.body
    text = "".join(part for part in parts if isinstance(part, str))
    wants_stream = isinstance(body, Mapping) and bool(body.get("stream"))
    if not wants_stream or job.call.operation.name != _CHAT:
        answer = yield from saying(Reply((Turn(text),)))(job)
        ends = [part for part in parts if not isinstance(part, str)]
        return _paced([*answer.singly(), *ends], job.at, delay) if isinstance(answer, Events) else answer
    job.call.body = {**body, "stream": False}
    whole = yield from saying(Reply((Turn(text),)))(job)
    assert isinstance(whole, dict)
    with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    return _paced([*_chat(whole, parts, with_usage=with_usage)], job.at, delay)


def _events(parts: Sequence[Any], delay: float, job: Job) -> Stubbing:
    yield from ()
    operation, body = job.call.operation, job.call.body
    if operation.response_kind != "events" and not (isinstance(body, Mapping) and body.get("stream")):
        raise MockError(
            f"{operation.name} was asked for a whole answer, but has only events to give. "
            "Ask with stream=True, or give it a reply as well."
        )
    events = [part for part in parts if isinstance(part, dict)]
    ends = [part for part in parts if not isinstance(part, dict)]
    framed = list(frames(events))
    return _paced([*(framed[: len(events)] if ends else framed), *ends], job.at, delay)


def _paced(parts: Sequence[Frame], at: float, delay: float) -> Relayed:
    return Relayed(200, (EVENT_STREAM,), _steps(parts, at, delay))


def _steps(parts: Sequence[Frame], at: float, delay: float) -> Exchange:
    """The first part at once, each other one `delay` seconds after the one before it."""
    for number, part in enumerate(parts):
        if delay and number:
            yield Wait(at + number * delay)
        if isinstance(part, bytes):
            yield Data(part)
        else:
            raise raised_as(part)


def _chat(whole: Mapping[str, Any], parts: Sequence[Any], *, with_usage: bool) -> Iterator[Frame]:
    """The chunks of a completion in the user's own pieces. An exception among them ends the stream."""
    shared = {key: value for key, value in whole.items() if key not in ("choices", "usage", "object")}
    shared["object"] = "chat.completion.chunk"
    usage = {"usage": None} if with_usage else {}

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> Iterator[bytes]:
        for choice in whole["choices"]:
            one = {"index": choice["index"], "delta": delta, "logprobs": None, "finish_reason": finish}
            yield b"data: %b\n\n" % _encode({**shared, "choices": [one], **usage})

    yield from chunk({"role": "assistant", "content": ""})
    for part in parts:
        if not isinstance(part, str):
            yield part
            return
        yield from chunk({"content": part})
    yield from chunk({}, "stop")
    if with_usage:
        yield b"data: %b\n\n" % _encode({**shared, "choices": [], "usage": whole["usage"]})
    yield b"data: [DONE]\n\n"
