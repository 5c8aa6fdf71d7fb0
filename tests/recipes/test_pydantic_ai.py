"""pydantic-ai: streams, the Responses API, and results of a type."""

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


async def test_a_stream(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    model = installed("pydantic_ai.models.openai").OpenAIChatModel("gpt-4o")
    openai_mock.chat.completions.create.stream(["It is ", "sunny."])
    async with installed("pydantic_ai").Agent(model).run_stream("The weather?") as result:
        parts = [part async for part in result.stream_text(delta=True, debounce_by=None)]
    assert parts == ["It is ", "sunny."]


async def test_responses(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    model = installed("pydantic_ai.models.openai").OpenAIResponsesModel("gpt-4o")
    openai_mock.responses.create.reply("Sunny.")
    assert (await installed("pydantic_ai").Agent(model).run("The weather?")).output == "Sunny."


async def test_a_result_of_a_type(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    model = installed("pydantic_ai.models.openai").OpenAIChatModel("gpt-4o")
    arguments = {"city": "Lisbon", "degrees": 25}
    openai_mock.chat.completions.create.reply(tool_calls=[{"name": "final_result", "arguments": arguments}])
    result = await installed("pydantic_ai").Agent(model, output_type=Weather).run("How warm is it in Lisbon?")
    assert result.output == Weather(**arguments)
