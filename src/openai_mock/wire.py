"""The vocabulary of one HTTP exchange: values, and how an answer gets back in; every door and rule speaks these words.

Theory. The core is a function from a `Request` to a generator of `Step`s. A *driver* runs the generator: it hands
`Head`, `Data` and `Cut` on to a client, waits at `Wait` and sends the answer of an `Ask` back in. Nothing in the core
reads a socket, sleeps or awaits; that is why one engine answers a synchronous client, an asynchronous one and a server.

    Exchange := (Ask | Wait)*  (Head (Data | Wait | Ask)* Cut?  |  Cut)

Closing the generator before its end means that the client went away.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from msgspec import Struct

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]


class Request(Struct, frozen=True, gc=False):
    """One HTTP request, read to its end.

    `path` is as sent (percent-encoded, without the query), `query` the raw text behind `?`, and `headers` maps
    lower-case names to values; a repeated header is joined by ", ".
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Head(Struct, frozen=True, gc=False):
    """The status line and headers. The first step a client sees."""

    status: int
    headers: Headers


class Data(Struct, frozen=True, gc=False):
    """Bytes of the body. Without a `Wait` in between, neighbours may reach the client in one write."""

    chunk: bytes


class Wait(Struct, frozen=True, gc=False):
    """Let nothing pass before `at` seconds after the start of the exchange: a deadline, so that errors never add up."""

    at: float


class Cut(Struct, frozen=True, gc=False):
    """The connection breaks here: `reset` by the server, or silent until the client's own `timeout`."""

    how: Literal["reset", "timeout"] = "reset"


class Ask(Struct, frozen=True):
    """Call this, await the result if it is awaitable, and send it (or the exception) back into the exchange."""

    call: Callable[[], Any]


Step: TypeAlias = Head | Data | Wait | Cut | Ask
Exchange: TypeAlias = Generator[Step, Any, None]
Handle: TypeAlias = Callable[[Request], Exchange]


def told(steps: Exchange, answer: object) -> Step | None:
    """Send an answer into the exchange; its next step, or None at its end."""
    try:
        return steps.send(answer)
    except StopIteration:
        return None


def thrown(steps: Exchange, error: Exception) -> Step | None:
    """Raise an error inside the exchange; its next step, or None at its end."""
    try:
        return steps.throw(error)
    except StopIteration:
        return None
