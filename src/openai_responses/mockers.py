"""The mocks of single resources: `files_mock.create.route.calls.call_count`.

Theory. Mockers of one test share a chain: one mock, so one state. The chain of the moment is a context variable, which
the outermost decorator sets, or a fixture before it; whoever comes later joins. In this form the ids of owners are
lenient: a thread that a call names exists, unless the test asks to have that validated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import ClassVar, Final

from openai_mock.spec.operations import load
from openai_responses.facade import OpenAIMock
from openai_responses.routes import Endpoint
from openai_responses.stores import StateStore

_CURRENT: Final[ContextVar[OpenAIMock | None]] = ContextVar("openai_responses_chain", default=None)


class Mocker:
    """The routes of one resource, by the names of the SDK's methods."""

    resource: ClassVar[str] = ""

    def __init__(self, mock: OpenAIMock | None = None) -> None:
        self.mock = mock or _CURRENT.get() or OpenAIMock()

    @property
    def state(self) -> StateStore:
        """Everything that the mocks of this test remember."""
        return self.mock.state

    def endpoints(self) -> Iterator[Endpoint]:
        """The routes of all methods of the resource."""
        for name in load().operations:
            if name.rpartition(".")[0] == self.resource:
                yield self.mock.endpoint(name)

    def __getattr__(self, name: str) -> Endpoint:
        full = f"{self.resource}.{name}"
        if name.startswith("_") or full not in load().operations:
            raise AttributeError(f"The SDK has no '{full}'.", name=name)
        return self.mock.endpoint(full)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class ChatCompletionMock(Mocker):
    """Chat completions."""

    resource = "chat.completions"


class EmbeddingsMock(Mocker):
    """Embeddings."""

    resource = "embeddings"


class FilesMock(Mocker):
    """Files."""

    resource = "files"


class AssistantsMock(Mocker):
    """Assistants."""

    resource = "beta.assistants"


class ThreadsMock(Mocker):
    """Threads."""

    resource = "beta.threads"


class MessagesMock(Mocker):
    """Messages of threads."""

    resource = "beta.threads.messages"


class RunsMock(Mocker):
    """Runs of threads."""

    resource = "beta.threads.runs"


class RunStepsMock(Mocker):
    """Steps of runs."""

    resource = "beta.threads.runs.steps"


FIXTURES: Final[Mapping[str, type[Mocker]]] = MappingProxyType(
    {
        "chat_completion_mock": ChatCompletionMock,
        "embeddings_mock": EmbeddingsMock,
        "files_mock": FilesMock,
        "assistants_mock": AssistantsMock,
        "threads_mock": ThreadsMock,
        "messages_mock": MessagesMock,
        "runs_mock": RunsMock,
        "run_steps_mock": RunStepsMock,
    }
)
"""By the names under which tests take them."""


@contextmanager
def chained() -> Iterator[OpenAIMock]:
    """The mock of the chain, active: that of the moment, or a new one."""
    outer = _CURRENT.get()
    mock = outer or OpenAIMock()
    _CURRENT.set(mock)
    try:
        with mock.router:
            yield mock
    finally:
        _CURRENT.set(outer)
