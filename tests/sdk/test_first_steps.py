"""What a newcomer tries first, on a mock without any configuration: each ends as it would with the API."""

from __future__ import annotations

import base64
import json
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from openai_mock.media.kinds import kind
from openai_mock.mock import OpenAIMock

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture
def mock() -> OpenAIMock:
    return OpenAIMock(seed=1)


def said(text: str) -> Any:
    return [{"role": "user", "content": text}]


def test_hello(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="gpt-4o", messages=said("Hello!"))
    text = whole.choices[0].message.content or ""
    assert "openai-mock" in text
    assert '"Hello!"' in text
    chunks = client.chat.completions.create(model="gpt-4o", messages=said("Hello!"), stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == text


def test_json(client: openai.OpenAI) -> None:
    asked: Any = {"model": "gpt-4o", "messages": said("Give me JSON"), "response_format": {"type": "json_object"}}
    assert json.loads(client.chat.completions.create(**asked).choices[0].message.content or "")
    completions: Any = client.chat.completions
    completions = completions if hasattr(completions, "parse") else client.beta.chat.completions
    parsed = completions.parse(model="gpt-4o", messages=said("Who is it?"), response_format=Person)
    assert isinstance(parsed.choices[0].message.parsed, Person)


def test_a_tool(client: openai.OpenAI) -> None:
    messages = said("What is the weather in Paris?")
    asked: Any = {"model": "gpt-4o", "tools": [WEATHER]}
    message = client.chat.completions.create(**asked, messages=messages).choices[0].message
    (call,) = list[Any](message.tool_calls or [])
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": "18 degrees"}]
    assert "18 degrees" in (client.chat.completions.create(**asked, messages=messages).choices[0].message.content or "")


def test_an_image(client: openai.OpenAI) -> None:
    asked: Any = {"model": "gpt-image-1", "prompt": "A cat"}
    (made,) = list[Any](client.images.generate(**asked).data or [])
    assert kind(base64.b64decode(made.b64_json)) == "png"


def test_an_embedding(client: openai.OpenAI) -> None:
    made = client.embeddings.create(model="text-embedding-3-small", input="Hello")
    assert len(made.data[0].embedding) == 1536


async def test_all_of_it_async(async_client: openai.AsyncOpenAI) -> None:
    hello = await async_client.chat.completions.create(model="gpt-4o", messages=said("Hello!"))
    assert "openai-mock" in (hello.choices[0].message.content or "")
    asked: Any = {"model": "gpt-4o", "messages": said("What is the weather in Rome?"), "tools": [WEATHER]}
    called: Any = (await async_client.chat.completions.create(**asked)).choices[0].message.tool_calls
    assert json.loads(called[0].function.arguments) == {"city": "Rome"}
    made = await async_client.images.generate(model="gpt-image-1", prompt="A cat")
    assert made.data
    assert len((await async_client.embeddings.create(model="text-embedding-3-small", input="Hi")).data) == 1


@pytest.mark.skipif(not hasattr(openai.OpenAI, "responses"), reason="This SDK has no Responses API.")
async def test_responses_async(async_client: openai.AsyncOpenAI) -> None:
    responses = async_client.responses
    parsed = await responses.parse(model="gpt-4o", input="Who is it?", text_format=Person)
    assert isinstance(parsed.output_parsed, Person)
    async with responses.stream(model="gpt-4o", input="Hello!") as stream:
        deltas = [event.delta async for event in stream if event.type == "response.output_text.delta"]
        final = await stream.get_final_response()
    assert "".join(deltas) == final.output_text
    waiting = await responses.create(model="gpt-4o", input="Hello!", background=True)
    seen = [waiting.status]
    while waiting.status in {"queued", "in_progress"}:
        waiting = await responses.retrieve(waiting.id)
        seen.append(waiting.status)
    assert seen == ["queued", "in_progress", "completed"]
    assert waiting.output_text == final.output_text
