"""LangChain: asynchronous calls, streams, structured answers and embeddings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from openai_mock import OpenAIMock

pytestmark = [
    pytest.mark.openai_mock(block_network=True),
    pytest.mark.filterwarnings("default"),
]


class Weather(BaseModel):
    city: str
    degrees: int


async def test_asynchronous(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    model = installed("langchain_openai").ChatOpenAI(model="gpt-4o")
    openai_mock.chat.completions.create.stream(["It is ", "sunny."])
    assert (await model.ainvoke("The weather?")).content == "It is sunny."
    assert [part.content async for part in model.astream("The weather?") if part.content] == ["It is ", "sunny."]


def test_a_structured_answer(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    openai_mock.chat.completions.create.reply('{"city": "Lisbon", "degrees": 25}')
    model = installed("langchain_openai").ChatOpenAI(model="gpt-4o").with_structured_output(Weather)
    assert model.invoke("How warm is it in Lisbon?") == Weather(city="Lisbon", degrees=25)


def test_responses(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    openai_mock.responses.create.reply("Sunny.")
    model = installed("langchain_openai").ChatOpenAI(model="gpt-4o", use_responses_api=True)
    assert model.invoke("The weather?").text == "Sunny."


def test_embeddings(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    made = installed("langchain_openai").OpenAIEmbeddings
    embeddings = made(model="text-embedding-3-small", check_embedding_ctx_length=False)
    assert len(embeddings.embed_query("Lisbon")) == 1536
    openai_mock.embeddings.create.assert_called_once()
