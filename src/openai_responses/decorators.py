"""`mock`: the decorator of whole tests, `@mock()`, and those of single resources, `@mock.files(failures=2)`.

Theory. Nothing is made before a decorated function runs: every run has a mock of its own, so that no run sees another.
Decorators of resources over one function join in one mock (see `mockers`); each says what it is told when it enters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from openai_responses.decorating import Decorator, T, decorated

if TYPE_CHECKING:
    from openai_responses.facade import OpenAIMock
    from openai_responses.stores import StateStore

_MOCK = "openai_mock"
_STATE = "state_store"


class _Steps:
    """`mock.beta.threads.runs.steps`."""

    def __call__(
        self,
        *,
        steps: Sequence[Mapping[str, Any]] = (),
        latency: float = 0.0,
        failures: int = 0,
        state_store: StateStore | None = None,
        validate_thread_exists: bool = False,
        validate_run_exists: bool = False,
    ) -> Decorator:
        """Steps of runs: `steps` are those of every run."""
        required = _required(thread_id=validate_thread_exists, run_id=validate_run_exists)

        def told(mock: OpenAIMock) -> None:
            from openai_responses import first_form  # noqa: PLC0415 - the machine loads when a test runs

            first_form.steps(mock, steps, required=required)

        return _decorator("run_steps_mock", told, latency, failures, state_store)


class _Runs:
    """`mock.beta.threads.runs`."""

    steps = _Steps()

    def __call__(
        self,
        *,
        sequence: Mapping[str, Sequence[Any]] | Sequence[Any] = (),
        latency: float = 0.0,
        failures: int = 0,
        state_store: StateStore | None = None,
        validate_thread_exists: bool = False,
        validate_assistant_exists: bool = False,
    ) -> Decorator:
        """Runs: `sequence` are partial runs by method, one a call; a list is for `retrieve`. The last one stays."""
        required = _required(thread_id=validate_thread_exists, assistant_id=validate_assistant_exists)

        def told(mock: OpenAIMock) -> None:
            from openai_responses import first_form  # noqa: PLC0415 - as above

            first_form.threads_of(mock, first_form.RUNS, sequence=sequence, required=required)

        return _decorator("runs_mock", told, latency, failures, state_store)


class _Threads:
    """`mock.beta.threads`."""

    runs = _Runs()

    def __call__(self, *, latency: float = 0.0, failures: int = 0, state_store: StateStore | None = None) -> Decorator:
        """Threads."""
        return _decorator("threads_mock", _nothing, latency, failures, state_store)

    @staticmethod
    def messages(
        *,
        latency: float = 0.0,
        failures: int = 0,
        state_store: StateStore | None = None,
        validate_thread_exists: bool = False,
    ) -> Decorator:
        """Messages of threads."""
        required = _required(thread_id=validate_thread_exists)

        def told(mock: OpenAIMock) -> None:
            from openai_responses import first_form  # noqa: PLC0415 - as above

            first_form.threads_of(mock, first_form.MESSAGES, required=required)

        return _decorator("messages_mock", told, latency, failures, state_store)


class _Beta:
    """`mock.beta`."""

    threads = _Threads()

    @staticmethod
    def assistants(*, latency: float = 0.0, failures: int = 0, state_store: StateStore | None = None) -> Decorator:
        """Assistants."""
        return _decorator("assistants_mock", _nothing, latency, failures, state_store)


class _Chat:
    """`mock.chat`."""

    @staticmethod
    def completions(*, choices: Sequence[Mapping[str, Any]] = (), latency: float = 0.0, failures: int = 0) -> Decorator:
        """Chat completions with these choices, which may be partial; as many as a request's `n` asks for."""

        def told(mock: OpenAIMock) -> None:
            from openai_responses import first_form  # noqa: PLC0415 - as above

            first_form.choices(mock, choices)

        return _decorator("chat_completion_mock", told, latency, failures, None)


class Mock:
    """The decorators. Each takes `latency`, seconds before each answer, and `failures`, how many calls get a 500."""

    beta = _Beta()
    chat = _Chat()
    assistants = staticmethod(_Beta.assistants)

    @overload
    def __call__(self, target: T, /) -> T: ...
    @overload
    def __call__(self, *, base_url: str | None = None, state: StateStore | None = None) -> Decorator: ...
    def __call__(self, target: Any = None, *, base_url: str | None = None, state: StateStore | None = None) -> Any:
        """Decorate a function or a test class, sync or async: it runs with a mock of its own, which a parameter
        `openai_mock` gets. `base_url` is what clients talk to instead of OpenAI's own addresses; `state` is there
        before the first call, and is afterwards as it was. Also without parentheses.
        """

        @contextmanager
        def entered(taken: Collection[str], named: dict[str, Any]) -> Iterator[dict[str, Any]]:
            from openai_responses.facade import active  # noqa: PLC0415 - the machine loads when a test runs

            with active(base_url, state) as mock:
                yield {**dict.fromkeys(taken, mock), **named}

        decorate = partial(decorated, entered=entered, names=(_MOCK,))
        return decorate if target is None else decorate(target)

    @staticmethod
    def embeddings(*, embedding: Sequence[float] = (), latency: float = 0.0, failures: int = 0) -> Decorator:
        """Embeddings: this one, for each input."""

        def told(mock: OpenAIMock) -> None:
            from openai_responses import first_form  # noqa: PLC0415 - the machine loads when a test runs

            first_form.embedding(mock, embedding)

        return _decorator("embeddings_mock", told, latency, failures, None)

    @staticmethod
    def files(*, latency: float = 0.0, failures: int = 0, state_store: StateStore | None = None) -> Decorator:
        """Files."""
        return _decorator("files_mock", _nothing, latency, failures, state_store)


def _nothing(_mock: OpenAIMock) -> None:
    """Say nothing but what every decorator can."""


def _required(**wanted: bool) -> frozenset[str]:
    return frozenset(name for name, each in wanted.items() if each)


def _decorator(
    fixture: str, told: Callable[[OpenAIMock], None], latency: float, failures: int, state: StateStore | None
) -> Decorator:
    """A decorator of one resource, whose mock a parameter called `fixture` gets. Raises ValueError."""
    if latency < 0 or failures < 0:
        raise ValueError(f"latency is in seconds, failures are calls; neither is below 0: {latency:g}, {failures}.")

    @contextmanager
    def entered(taken: Collection[str], named: dict[str, Any]) -> Iterator[dict[str, Any]]:
        from openai_responses.facade import remembering  # noqa: PLC0415 - the machine loads when a test runs
        from openai_responses.mockers import FIXTURES, chained  # noqa: PLC0415 - as above

        given = named.get(_STATE) or state
        with ExitStack() as stack:
            stack.enter_context(remembering(given))
            mock = stack.enter_context(chained())
            if given is not None:
                mock.state = given
            mocker = FIXTURES[fixture](mock)
            told(mock)
            for endpoint in mocker.endpoints():
                endpoint.slow_down(latency)
                endpoint.fail(failures)
            yield {**dict.fromkeys(taken, mocker), **named}

    return partial(decorated, entered=entered, names=(fixture,))


mock = Mock()
