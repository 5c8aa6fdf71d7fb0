"""A mock and the SDK's clients on its transport, for the tests of what users hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2
import openai
import pytest

from openai_mock import OpenAIMock


@pytest.fixture
def mock() -> OpenAIMock:
    return OpenAIMock(seed=1)


@pytest.fixture
def client(mock: OpenAIMock) -> Iterator[openai.OpenAI]:
    with httpx2.Client(transport=mock.transport(httpx2)) as http:
        yield openai.OpenAI(api_key="sk-test", http_client=http)


@pytest.fixture
async def async_client(mock: OpenAIMock) -> AsyncIterator[openai.AsyncOpenAI]:
    async with httpx2.AsyncClient(transport=mock.transport(httpx2)) as http:
        yield openai.AsyncOpenAI(api_key="sk-test", http_client=http)


@pytest.fixture
def ask(client: openai.OpenAI) -> Callable[..., Any]:
    def asked(text: str = "Hello", **fields: Any) -> Any:
        messages = fields.pop("messages", [{"role": "user", "content": text}])
        return client.chat.completions.create(**{"model": "gpt-4o", "messages": messages, **fields})

    return asked


@pytest.fixture
def said(ask: Callable[..., Any]) -> Callable[..., str]:
    return lambda *given, **fields: ask(*given, **fields).choices[0].message.content
