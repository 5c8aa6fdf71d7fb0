"""The fixtures of single resources for pytest; what is heavy loads when a test first asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openai_responses.facade import OpenAIMock
    from openai_responses.mockers import (
        AssistantsMock,
        ChatCompletionMock,
        EmbeddingsMock,
        FilesMock,
        MessagesMock,
        RunsMock,
        RunStepsMock,
        ThreadsMock,
    )


@pytest.fixture
def openai_responses_chain() -> Iterator[OpenAIMock]:
    """The mock that the fixtures and decorators of a test share, active until its end."""
    from openai_responses.mockers import chained  # noqa: PLC0415 - see the first line

    with chained() as mock:
        yield mock


@pytest.fixture
def chat_completion_mock(openai_responses_chain: OpenAIMock) -> ChatCompletionMock:
    """The routes of chat completions."""
    from openai_responses.mockers import ChatCompletionMock  # noqa: PLC0415 - see the first line

    return ChatCompletionMock(openai_responses_chain)


@pytest.fixture
def embeddings_mock(openai_responses_chain: OpenAIMock) -> EmbeddingsMock:
    """The routes of embeddings."""
    from openai_responses.mockers import EmbeddingsMock  # noqa: PLC0415 - see the first line

    return EmbeddingsMock(openai_responses_chain)


@pytest.fixture
def files_mock(openai_responses_chain: OpenAIMock) -> FilesMock:
    """The routes of files."""
    from openai_responses.mockers import FilesMock  # noqa: PLC0415 - see the first line

    return FilesMock(openai_responses_chain)


@pytest.fixture
def assistants_mock(openai_responses_chain: OpenAIMock) -> AssistantsMock:
    """The routes of assistants."""
    from openai_responses.mockers import AssistantsMock  # noqa: PLC0415 - see the first line

    return AssistantsMock(openai_responses_chain)


@pytest.fixture
def threads_mock(openai_responses_chain: OpenAIMock) -> ThreadsMock:
    """The routes of threads."""
    from openai_responses.mockers import ThreadsMock  # noqa: PLC0415 - see the first line

    return ThreadsMock(openai_responses_chain)


@pytest.fixture
def messages_mock(openai_responses_chain: OpenAIMock) -> MessagesMock:
    """The routes of messages."""
    from openai_responses.mockers import MessagesMock  # noqa: PLC0415 - see the first line

    return MessagesMock(openai_responses_chain)


@pytest.fixture
def runs_mock(openai_responses_chain: OpenAIMock) -> RunsMock:
    """The routes of runs."""
    from openai_responses.mockers import RunsMock  # noqa: PLC0415 - see the first line

    return RunsMock(openai_responses_chain)


@pytest.fixture
def run_steps_mock(openai_responses_chain: OpenAIMock) -> RunStepsMock:
    """The routes of the steps of runs."""
    from openai_responses.mockers import RunStepsMock  # noqa: PLC0415 - see the first line

    return RunStepsMock(openai_responses_chain)
