"""The mock as such tests hold it: routes by the SDK's names, a router, and a state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from openai_mock import OpenAIMock as Native
from openai_mock import Route as NativeRoute
from openai_mock.doors.drive import REAL
from openai_mock.doors.virtual import virtual
from openai_mock.engine.store import Store
from openai_responses.defaults import DEFAULTS
from openai_responses.router import Router
from openai_responses.routes import Endpoint, Names
from openai_responses.stores import StateStore


class OpenAIMock:
    """The OpenAI API for tests: `with openai_mock.router:`, or a transport made of `openai_mock.router.handler`.

    `base_url` is what clients talk to instead of OpenAI's and Azure's own addresses, `state` is what is there before
    the first call. With `virtual_time` nobody waits: delays move the clock of the mock. Raises ValueError for what is
    no base URL, TypeError for what is no state store.
    """

    def __init__(
        self, base_url: str | None = None, state: StateStore | None = None, *, virtual_time: bool = False
    ) -> None:
        self.state = StateStore() if state is None else state
        self._endpoints: dict[str, Endpoint] = {}
        current = cast(Store, _Current(lambda: self._state.store))
        self._native = Native(base_url=base_url, store=current, virtual_time=virtual_time)
        clock = self._native.clock
        timer = virtual(clock.now, clock.advance) if virtual_time else REAL
        self._router = Router(self._native, (base_url,) if base_url else (), lambda: timer)
        for name in DEFAULTS:
            self.endpoint(name)

    @property
    def router(self) -> Router:
        """What makes the mock active, and answers other hosts."""
        return self._router

    @property
    def state(self) -> StateStore:
        """Everything the mock remembers."""
        return self._state

    @state.setter
    def state(self, value: StateStore) -> None:
        if not isinstance(value, StateStore):
            raise TypeError(f"The state of a mock is a StateStore of openai_responses.stores, not {value!r}.")
        self._state = value

    @property
    def native(self) -> Native:
        """The mock of `openai_mock` behind this one, with everything that it can do."""
        return self._native

    def endpoint(self, name: str) -> Endpoint:
        """The route of an operation by its whole name, `chat.completions.create`. Raises AttributeError."""
        if name not in self._endpoints:
            found: Any = self._native
            for part in name.split("."):
                found = getattr(found, part)
            self._endpoints[name] = Endpoint(found, name, lambda: self._state, DEFAULTS.get(name))
        return self._endpoints[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"'OpenAIMock' object has no attribute {name!r}", name=name)
        return self._wrapped(getattr(self._native, name))

    def _wrapped(self, found: Any) -> Any:
        if isinstance(found, NativeRoute):
            return self.endpoint(found.name)
        return Names(found, self._wrapped)

    def __repr__(self) -> str:
        return f"<OpenAIMock of openai_responses: {self._native.calls.call_count} calls>"


class _Current:
    """Whichever store a mock has by now; to the mock it is one and the same."""

    def __init__(self, current: Callable[[], Store]) -> None:
        self._current = current

    def __getattr__(self, name: str) -> Any:
        return getattr(self._current(), name)


@contextmanager
def remembering(state: StateStore | None) -> Iterator[None]:
    """Leave a state that a test brought as it was found, so that no run of the test sees another."""
    before = None if state is None else state.store.snapshot()
    try:
        yield
    finally:
        if state is not None and before is not None:
            state.store.restore(before)


@contextmanager
def active(base_url: str | None, state: StateStore | None) -> Iterator[OpenAIMock]:
    """A mock for one run of a decorated function."""
    mock = OpenAIMock(base_url, state)
    with remembering(state), mock.router:
        yield mock
