"""LiteLLM: its own HTTP handlers for Responses, embeddings, streams and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from openai_mock import OpenAIMock

pytestmark = [
    pytest.mark.openai_mock(block_network=True),
    pytest.mark.filterwarnings("default"),
]

ASKED: Any = {"model": "openai/gpt-4o", "messages": [{"role": "user", "content": "The weather?"}]}


def test_responses(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    openai_mock.responses.create.reply("Sunny.")
    answer = installed("litellm").responses(model="openai/gpt-4o", input="The weather?")
    assert answer.output[0].content[0].text == "Sunny."


async def test_asynchronous_responses(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    openai_mock.responses.create.reply("Sunny.")
    answer = await installed("litellm").aresponses(model="openai/gpt-4o", input="The weather?")
    assert answer.output[0].content[0].text == "Sunny."


async def test_an_asynchronous_stream(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    openai_mock.chat.completions.create.stream(["It is ", "sunny."])
    parts = await installed("litellm").acompletion(stream=True, **ASKED)
    assert "".join([part.choices[0].delta.content or "" async for part in parts]) == "It is sunny."


async def test_embeddings(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    answer = await installed("litellm").aembedding(model="openai/text-embedding-3-small", input="Lisbon")
    assert len(answer.data[0]["embedding"]) == 1536
    openai_mock.embeddings.create.assert_called_once()


def test_errors(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    litellm = installed("litellm")
    openai_mock.chat.completions.create.fail(status=429)
    with pytest.raises(litellm.RateLimitError):
        litellm.completion(max_retries=0, **ASKED)
