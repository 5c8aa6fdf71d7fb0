"""The fixtures of single resources for pytest; what is heavy loads when a test first asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openai_responses.facade import OpenAIMock
    from openai_responses.mockers import Mocker


@pytest.fixture
def openai_responses_chain() -> Iterator[OpenAIMock]:
    """The mock that the fixtures and decorators of a test share, active until its end."""
    from openai_responses.mockers import chained  # noqa: PLC0415 - see the first line

    with chained() as mock:
        yield mock


def _mocker(fixture: str, resource: str) -> Callable[..., Mocker]:
    """The fixture of that name: the routes of one resource."""

    def made(openai_responses_chain: OpenAIMock) -> Mocker:
        from openai_responses.mockers import FIXTURES  # noqa: PLC0415 - see the first line

        return FIXTURES[fixture](openai_responses_chain)

    made.__doc__ = f"The routes of {resource}."
    return pytest.fixture(made, name=fixture)


chat_completion_mock = _mocker("chat_completion_mock", "chat completions")
embeddings_mock = _mocker("embeddings_mock", "embeddings")
files_mock = _mocker("files_mock", "files")
assistants_mock = _mocker("assistants_mock", "assistants")
threads_mock = _mocker("threads_mock", "threads")
messages_mock = _mocker("messages_mock", "messages")
runs_mock = _mocker("runs_mock", "runs")
run_steps_mock = _mocker("run_steps_mock", "the steps of runs")
