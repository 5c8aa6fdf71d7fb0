"""Calls as such tests look at them: requests and responses of the HTTP library, in a list that asserts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, overload

from openai_mock import Calls as NativeCalls
from openai_mock import MadeCall
from openai_mock.engine.sessions import HEADER
from openai_mock.library.verify import counted
from openai_responses.sdk import client_library


class Call(NamedTuple):
    """One call. `response` is None while there is none, or where the connection broke instead."""

    request: Any
    response: Any

    @property
    def has_response(self) -> bool:
        """Whether the client got a response."""
        return self.response is not None


def sent_request(method: str, url: str, headers: Mapping[str, str], content: bytes) -> Any:
    """A request of the HTTP library, as the client sent it."""
    own = {name: value for name, value in headers.items() if name != HEADER}
    return client_library().Request(method, url, headers=own, content=content)


def made(call: MadeCall) -> Call:
    """A call of the mock in the types of the HTTP library."""
    asked, given = call.request, call.response
    request = sent_request(asked.method, asked.url, asked.headers, asked.content)
    if not given.status_code:
        return Call(request, None)
    response = client_library().Response(
        given.status_code, headers=dict(given.headers), content=given.content, request=request
    )
    return Call(request, response)


class Calls(Sequence[Call]):
    """The calls of a route, oldest first; it follows what happens."""

    def __init__(self, name: str, kept: Callable[[], Sequence[Call]], count: Callable[[], int]) -> None:
        self._name, self._kept, self._count = name, kept, count

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | Sequence[Call]:
        return self._kept()[index]

    def __len__(self) -> int:
        return len(self._kept())

    @property
    def call_count(self) -> int:
        """How many calls were made, also those that are no longer kept."""
        return self._count()

    @property
    def called(self) -> bool:
        """Whether any was made."""
        return self._count() > 0

    @property
    def last(self) -> Call:
        """The latest call. Raises IndexError where there is none."""
        if not (kept := self._kept()):
            raise IndexError(f"{self._name} was not called.")
        return kept[-1]

    def assert_called(self) -> None:
        """Raise AssertionError unless there was a call."""
        __tracebackhide__ = True
        if not self._count():
            raise AssertionError(f"{self._name} was not called.")

    def assert_called_once(self) -> None:
        """Raise AssertionError unless there was exactly one call."""
        __tracebackhide__ = True
        if self._count() != 1:
            raise AssertionError(f"{self._name} was to be called once, but was called {counted(self._count())}.")

    def assert_not_called(self) -> None:
        """Raise AssertionError if there was a call."""
        __tracebackhide__ = True
        if self._count():
            raise AssertionError(f"{self._name} was not to be called, but was called {counted(self._count())}.")

    def __repr__(self) -> str:
        return f"<Calls of {self._name}: {self._count()}>"


def translated(name: str, native: NativeCalls) -> Calls:
    """The calls of a native route."""
    return Calls(name, lambda: [made(call) for call in native], lambda: native.call_count)
