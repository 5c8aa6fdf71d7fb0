"""Routes: what answers an operation and what became of its calls, reached by the SDK's own names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from openai_mock import Route as NativeRoute
from openai_mock.library.namespaces import Namespace
from openai_responses.calls import Calls, translated
from openai_responses.forms import native_form
from openai_responses.sdk import client_library

if TYPE_CHECKING:
    from openai_responses.stores import StateStore

Default = Callable[..., Any]
"""What answers while a test says nothing."""


def response(
    status_code: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    content: Any = None,
    text: str | None = None,
    html: str | None = None,
    json: Any = None,
) -> Any:
    """A response of the HTTP library."""
    given = {"content": content, "text": text, "html": html, "json": json}
    body = {name: value for name, value in given.items() if value is not None}
    return client_library().Response(status_code, headers=headers, **body)


class Endpoint:
    """One operation: `openai_mock.chat.completions.create`."""

    def __init__(
        self, native: NativeRoute, name: str, state: Callable[[], StateStore], default: Default | None
    ) -> None:
        self._native, self._name, self._state, self._default = native, name, state, default
        self._offered = offered(name)
        self._given: Any = None
        self.route = Route(self, native, name)
        self.response = None

    @property
    def response(self) -> Any:
        """What answers: a dict laid over the mock's own answer, a model, a response of httpx, a function, an exception,
        or a list with one of these a call. None returns to the mock's own answer.
        """
        return self._given

    @response.setter
    def response(self, value: Any) -> None:
        self._native.response = native_form(
            self._default if value is None else value, self._state, self._running, self._offered
        )
        self._given = value

    @property
    def calls(self) -> Calls:
        """The calls, oldest first; the same as `route.calls`."""
        return self.route.calls

    @property
    def called(self) -> bool:
        """Whether there was a call."""
        return self.route.called

    @property
    def call_count(self) -> int:
        """How many calls there were."""
        return self.route.call_count

    def slow_down(self, seconds: float) -> None:
        """Wait before each answer."""
        self._native.delay = seconds

    def fail(self, times: int) -> None:
        """Answer the next calls with OpenAI's 500."""
        if times:
            self._native.fail(500, times=times)

    def _running(self, native: Any) -> Route:
        return Route(self, native, self._name, running=1)

    def __repr__(self) -> str:
        return f"<{self._name}: called {self.call_count} times>"


class Route:
    """The history of an operation, and another way to say what answers it. `running` calls are not counted yet."""

    def __init__(self, endpoint: Endpoint, native: Any, name: str, *, running: int = 0) -> None:
        self._endpoint, self._native, self._name, self._running = endpoint, native, name, running

    @property
    def calls(self) -> Calls:
        """The calls, oldest first."""
        return translated(self._name, self._native.calls)

    @property
    def called(self) -> bool:
        """Whether there was a call."""
        return self.call_count > 0

    @property
    def call_count(self) -> int:
        """How many calls there were, those that failed included."""
        return max(0, int(self._native.call_count) - self._running)

    def mock(self, return_value: Any = None, *, side_effect: Any = None) -> Route:
        """Answer with a response, or with what a function, an exception or a list of them gives."""
        self._endpoint.response = return_value if side_effect is None else side_effect
        return self

    def respond(self, status_code: int = 200, **body: Any) -> Route:
        """Answer with a response made of `json`, `text`, `html` or `content`, and `headers`."""
        return self.mock(response(status_code, **body))

    def reset(self) -> None:
        """Forget the calls, the answer and the delay."""
        self._native.reset()
        self._endpoint.response = None

    def __repr__(self) -> str:
        return f"<Route {self._name}: called {self.call_count} times>"


class Names:
    """One resource of the SDK, such as `openai_mock.chat.completions`."""

    def __init__(self, native: Namespace, wrapped: Callable[[Any], Any]) -> None:
        vars(self).update(_native=native, _wrapped=wrapped)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._native, name, value)  # which tells what to set instead

    def __getattr__(self, name: str) -> Any:
        found = self._wrapped(getattr(self._native, name))
        vars(self)[name] = found
        return found

    def __dir__(self) -> list[str]:
        return dir(self._native)

    def __repr__(self) -> str:
        return repr(self._native)


def offered(name: str) -> tuple[str, ...]:
    """The parameters in the path of an operation."""
    from openai_mock.spec.operations import load  # noqa: PLC0415 - read once, when the first route is asked for

    return tuple(load().operations[name].path_params)
