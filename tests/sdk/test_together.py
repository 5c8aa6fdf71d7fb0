"""Features used together, as demanding applications do: nested models, tools, streams, history and the background."""

from __future__ import annotations

import importlib
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel, Field

from openai_mock.mock import OpenAIMock

if not hasattr(openai.OpenAI, "responses") or not hasattr(openai.resources.chat.Completions, "parse"):
    pytest.skip("This SDK has no Responses API.", allow_module_level=True)

LIBRARY = importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOLS: Any = [
    {"type": "function", "name": name, "description": said, "strict": True, "parameters": CITY}
    for name, said in (("get_weather", "The weather of a city."), ("get_time", "The local time of a city."))
]


class Color(Enum):
    red = "red"
    blue = "blue"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(ge=1, le=9)


class Dog(BaseModel):
    kind: Literal["dog"]
    color: Color | None


class Branch(BaseModel):
    leaf: str = Field(pattern=r"^[A-Z]{3}-\d{4}$")
    below: list[Branch]
    beside: Branch | None


class Everything(BaseModel):
    pet: Cat | Dog
    tree: Branch
    when: datetime
    day: date
    rows: list[list[Color]]
    mixed: list[str | int | Cat] = Field(min_length=2, max_length=3)
    share: float = Field(ge=3, le=4)
    sevens: int = Field(multiple_of=7, ge=10)


@pytest.fixture
def mock() -> OpenAIMock:
    return OpenAIMock(seed=1)


def said(text: str) -> Any:
    return [{"role": "user", "content": text}]


def fresh() -> openai.OpenAI:
    http = LIBRARY.Client(transport=OpenAIMock(seed=9).transport(LIBRARY))
    return openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0)


def test_a_model_of_everything(client: openai.OpenAI) -> None:
    asked: Any = {"model": "gpt-4o", "messages": said("One of each.")}
    parsed = client.chat.completions.parse(**asked, response_format=Everything, n=2)
    assert all(isinstance(each.message.parsed, Everything) for each in parsed.choices)
    assert isinstance(
        client.responses.parse(model="gpt-5", input="Hi", text_format=Everything).output_parsed, Everything
    )
    with client.responses.stream(model="gpt-5", input="Hi", text_format=Everything) as stream:
        kinds = {event.type for event in stream}
        assert isinstance(stream.get_final_response().output_parsed, Everything)
    assert "response.output_text.done" in kinds


async def test_choices_that_call_tools_in_a_stream(async_client: openai.AsyncOpenAI) -> None:
    tools: Any = [openai.pydantic_function_tool(Everything), openai.pydantic_function_tool(Branch, name="climb")]
    asked: Any = {"model": "gpt-4o", "messages": said("everything, then climb"), "tools": tools, "n": 3}
    async with async_client.chat.completions.stream(
        **asked, logprobs=True, top_logprobs=2, stream_options={"include_usage": True}
    ) as stream:
        done = [event async for event in stream if event.type == "tool_calls.function.arguments.done"]
        final = await stream.get_final_completion()
    assert [(event.index, event.name) for event in done].count((0, "Everything")) == 3
    for choice in final.choices:
        assert [type(call.function.parsed_arguments) for call in choice.message.tool_calls or ()] == [
            Everything, Branch,
        ]  # fmt: skip
        assert choice.finish_reason == "tool_calls"
    assert final.usage
    assert final.usage.completion_tokens > 0


def test_a_conversation_with_tools_of_five_turns(client: openai.OpenAI) -> None:
    kept = client.conversations.create(items=[{"type": "message", "role": "user", "content": "I am Ada."}])
    asked: Any = {"model": "gpt-5", "conversation": kept.id, "tools": TOOLS}
    read: list[int] = []
    for turn in range(5):
        answer = client.responses.create(**asked, input="The weather and the time in Oslo?" if turn % 2 else "Well.")
        calls: list[Any] = [item for item in answer.output if item.type == "function_call"]
        assert [call.name for call in calls] == (["get_weather", "get_time"] if turn % 2 else [])
        if calls:
            outputs: Any = [
                {"type": "function_call_output", "call_id": call.call_id, "output": f"{call.name} {turn}"}
                for call in calls
            ]
            answer = client.responses.create(**asked, input=outputs)
            assert f"get_weather {turn}" in answer.output_text
            assert f"get_time {turn}" in answer.output_text
        assert answer.usage
        read.append(answer.usage.input_tokens)
    assert read == sorted(set(read))
    kinds = [item.type for item in client.conversations.items.list(kept.id, order="asc", limit=4)]
    assert (kinds.count("function_call"), kinds.count("function_call_output"), kinds.count("message")) == (4, 4, 11)


async def test_a_stream_in_the_background_is_taken_up_again(async_client: openai.AsyncOpenAI) -> None:
    responses = async_client.responses
    heard: list[Any] = []
    stream = await responses.create(model="gpt-5", input="Hi", background=True, stream=True)
    async for event in stream:
        heard.append(event)
        if len(heard) == 9:
            await stream.close()
            break
    id_ = heard[0].response.id
    rest: list[Any] = [event async for event in await responses.retrieve(id_, stream=True, starting_after=8)]
    assert [event.sequence_number for event in [*heard, *rest]] == list(range(9 + len(rest)))
    assert [event.type for event in heard[:3]] == ["response.created", "response.queued", "response.in_progress"]
    text = "".join(event.delta for event in [*heard, *rest] if event.type == "response.output_text.delta")
    assert rest[-1].response.output_text == text
    async with responses.stream(response_id=id_, starting_after=8) as helped:
        async for _ in helped:
            pass
        assert (await helped.get_final_response()).output_text == text
    assert (await responses.retrieve(id_)).output_text == text


ASKED: dict[str, dict[str, Any]] = {
    "thoughts": {"model": "gpt-5", "reasoning": {"summary": "detailed", "effort": "high"}},
    "calls": {"tools": TOOLS, "tool_choice": "required"},
    "pictures": {"model": "gpt-5", "tools": [{"type": "image_generation", "partial_images": 2}],
                 "tool_choice": "required"},
    "sources": {"tools": [{"type": "web_search"}], "tool_choice": "required",
                "include": ["web_search_call.action.sources"]},
    "likelihoods": {"include": ["message.output_text.logprobs"], "top_logprobs": 3},
    "code": {"model": "gpt-5", "tools": [{"type": "code_interpreter", "container": {"type": "auto"}}],
             "tool_choice": "required", "include": ["code_interpreter_call.outputs"]},
    "cut": {"max_output_tokens": 16},
    "json": {"text": {"format": {"type": "json_schema", "name": "city", "schema": CITY, "strict": True}}},
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_a_stream_ends_with_the_very_object_that_is_given_whole(name: str) -> None:
    asked: Any = {"model": "gpt-4o", "input": "Hi", **ASKED[name]}
    whole = fresh().responses.create(**asked).to_dict()
    last: Any
    *_, last = fresh().responses.create(**asked, stream=True)
    assert last.response.to_dict() == whole
