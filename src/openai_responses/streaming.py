"""Streams that a test writes event by event: subclass, write `generate` or `agenerate`, give it as a body."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Generic, TypeVar

from openai_mock.engine.fallback import frames
from openai_responses.sdk import dumped

__all__ = ["AsyncEventStream", "EventStream"]
M = TypeVar("M")
_END = b"event: done\ndata: [DONE]\n\n"


def _framed(event: Any) -> bytes:
    """One event: a model or a dict, named by its `event` and `data`, by its `type`, or not at all."""
    return next(frames([_sent(event)]))


def _sent(event: Any) -> Any:
    """What was set of an event; a chunk of a stream has no more."""
    if hasattr(event, "to_dict"):
        return event.to_dict(mode="json")
    return dumped(event)


class EventStream(Generic[M]):
    """The body of a streamed response: `Response(200, content=MyStream())`."""

    def generate(self) -> Iterator[M]:
        """The events, models of the SDK or dicts; a subclass says which."""
        raise NotImplementedError(f"{type(self).__name__} needs a method generate(self) that yields events.")

    def __iter__(self) -> Iterator[bytes]:
        for event in self.generate():
            yield _framed(event)
        yield _END


class AsyncEventStream(Generic[M]):
    """The body of a streamed response for an asynchronous client."""

    def agenerate(self) -> AsyncIterator[M]:
        """The events, models of the SDK or dicts; a subclass says which."""
        raise NotImplementedError(f"{type(self).__name__} needs a method agenerate(self) that yields events.")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for event in self.agenerate():
            yield _framed(event)
        yield _END
