"""instructor: asynchronous clients, and answers in JSON."""

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


LISBON = {"city": "Lisbon", "degrees": 25}
ASKED: Any = {"model": "gpt-4o", "messages": [{"role": "user", "content": "How warm is it in Lisbon?"}]}


async def test_an_asynchronous_client(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    client = installed("instructor").from_openai(installed("openai").AsyncOpenAI())
    openai_mock.chat.completions.create.reply(tool_calls=[{"name": "Weather", "arguments": LISBON}])
    weather = await client.chat.completions.create(response_model=Weather, **ASKED)
    assert weather.model_dump() == LISBON


def test_json(openai_mock: OpenAIMock, installed: Callable[[str], Any]) -> None:
    instructor = installed("instructor")
    client = instructor.from_openai(installed("openai").OpenAI(), mode=instructor.Mode.JSON)
    openai_mock.chat.completions.create.reply('{"city": "Lisbon", "degrees": 25}')
    assert client.chat.completions.create(response_model=Weather, **ASKED).model_dump() == LISBON
