"""Chat completions and models as the real SDK sees them."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from pydantic import BaseModel

HELLO: Any = [{"role": "user", "content": "Hello"}]
ANSWER = "Hello! How can I help you today?"
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "strict": True,
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }
]
MAJOR = int(openai.__version__.split(".")[0])
MINOR = int(openai.__version__.split(".")[1])


class Person(BaseModel):
    name: str
    age: int


def test_chat(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert answer.choices[0].message.content == ANSWER
    assert answer.id == "chatcmpl-greeting"
    assert answer.usage
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (8, 9, 17)
    assert answer._request_id
    assert answer._request_id.startswith("req_")


async def test_chat_async(async_client: openai.AsyncOpenAI) -> None:
    answer = await async_client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert answer.choices[0].message.content == ANSWER


@pytest.mark.parametrize(
    ("question", "said"), [("Hello", ANSWER), ("scripts", "naïve café 😀👩‍👩‍👧 日本語 Привет مرحبا")]
)
def test_the_pieces_of_a_stream_join_to_the_answer(client: openai.OpenAI, question: str, said: str) -> None:
    chunks = list(
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": question}], stream=True)
    )
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert "".join(pieces) == said
    assert len([piece for piece in pieces if piece]) > 3
    assert len({(chunk.id, chunk.created, chunk.model, chunk.system_fingerprint) for chunk in chunks}) == 1
    assert [chunk.choices[0].finish_reason for chunk in chunks][-2:] == [None, "stop"]


async def test_stream_async_with_usage(async_client: openai.AsyncOpenAI) -> None:
    stream = await async_client.chat.completions.create(
        model="gpt-4o", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == ANSWER
    assert chunks[-1].choices == []
    assert chunks[-1].usage
    assert chunks[-1].usage.total_tokens == 17


def test_an_agent_loop_with_two_tools_ends(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "What is the weather like?"}]
    for _ in range(3):
        message = client.chat.completions.create(model="gpt-4o", messages=messages, tools=TOOLS).choices[0].message
        if not message.tool_calls:
            break
        messages.append(message.model_dump(exclude_none=True))
        messages += [{"role": "tool", "tool_call_id": call.id, "content": "18 degrees"} for call in message.tool_calls]
    assert message.content == "Paris is mild and Rome is warm."
    assert len(messages) == 4


def _chat_stream(client: Any, **arguments: Any) -> Any:
    completions = (
        client.chat.completions if hasattr(client.chat.completions, "stream") else client.beta.chat.completions
    )
    return completions.stream(model="gpt-4o", **arguments)


def test_the_stream_helper_collects_tool_calls(client: openai.OpenAI) -> None:
    with _chat_stream(client, messages=[{"role": "user", "content": "weather"}], tools=TOOLS) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "tool_calls.function.arguments.delta", "tool_calls.function.arguments.done"} <= kinds
    calls = final.choices[0].message.tool_calls
    assert [(call.id, call.function.name, call.function.parsed_arguments) for call in calls] == [
        ("call_1", "get_weather", {"city": "Paris"}),
        ("call_2", "get_weather", {"city": "Rome"}),
    ]
    assert final.choices[0].finish_reason == "tool_calls"


async def test_the_stream_helper_async(async_client: openai.AsyncOpenAI) -> None:
    async with _chat_stream(async_client, messages=HELLO) as stream:
        texts = [event.delta async for event in stream if event.type == "content.delta"]
        final = await stream.get_final_completion()
    assert "".join(texts) == final.choices[0].message.content == ANSWER


def test_the_stream_helper_tells_texts_and_likelihoods(client: openai.OpenAI) -> None:
    with _chat_stream(client, messages=HELLO, logprobs=True, top_logprobs=1) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    kinds = [event.type for event in events if event.type != "chunk"]
    assert kinds[1:3] == ["content.delta", "logprobs.content.delta"]  # the first text is the empty one of the role
    assert kinds[-2:] == ["content.done", "logprobs.content.done"]
    done = {event.type: event for event in events}
    assert done["content.done"].content == final.choices[0].message.content == ANSWER
    assert done["logprobs.content.done"].content == final.choices[0].logprobs.content
    assert "".join(each.token for each in final.choices[0].logprobs.content) == ANSWER


def test_the_stream_helper_tells_refusals(client: openai.OpenAI) -> None:
    with _chat_stream(client, messages=[{"role": "user", "content": "refuse"}]) as stream:
        events = {event.type: event for event in stream}
    assert events["refusal.done"].refusal == "I cannot help with that."


async def test_the_stream_helper_parses(async_client: openai.AsyncOpenAI) -> None:
    asked: Any = {"messages": [{"role": "user", "content": "extract Ada"}], "response_format": Person}
    async with _chat_stream(async_client, **asked) as stream:
        events = {event.type: event async for event in stream}
    assert events["content.done"].parsed == Person(name="Ada", age=36)


async def test_an_agent_loop_async(async_client: openai.AsyncOpenAI) -> None:
    messages: Any = [{"role": "user", "content": "What is the weather like?"}]
    while len(messages) < 5:
        completions = async_client.chat.completions
        message = (await completions.create(model="gpt-4o", messages=messages, tools=TOOLS)).choices[0].message
        if not message.tool_calls:
            break
        messages.append(message.model_dump(exclude_none=True))
        messages += [{"role": "tool", "tool_call_id": call.id, "content": "18 degrees"} for call in message.tool_calls]
    assert message.content == "Paris is mild and Rome is warm."


def test_parse(client: openai.OpenAI) -> None:
    completions: Any = client.chat.completions
    if not hasattr(completions, "parse"):
        completions = client.beta.chat.completions
    parsed = completions.parse(
        model="gpt-4o", messages=[{"role": "user", "content": "extract Ada"}], response_format=Person
    )
    assert parsed.choices[0].message.parsed == Person(name="Ada", age=36)


def test_refusal(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "refuse"}]
    message = client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message
    assert (message.content, message.refusal) == (None, "I cannot help with that.")
    chunks = list(client.chat.completions.create(model="gpt-4o", messages=messages, stream=True))
    assert "".join(chunk.choices[0].delta.refusal or "" for chunk in chunks) == "I cannot help with that."


def test_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["gpt-3.5-turbo", "gpt-4"]
    assert client.models.retrieve("gpt-4").object == "model"
    with pytest.raises(openai.NotFoundError, match="The model 'x' does not exist"):
        client.models.retrieve("x")


async def test_models_async(async_client: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in async_client.models.list()] == ["gpt-3.5-turbo", "gpt-4"]


def test_errors_are_the_sdk_s_own(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Helo"}])
    assert caught.value.code == "no_match"
    nearest: Any = caught.value.body
    assert nearest["nearest"][0]["id"] == "greeting"


def test_raw_response_carries_the_headers(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=HELLO)
    assert raw.headers["openai-version"] == "2020-10-01"
    assert raw.headers["x-ratelimit-limit-requests"] == "30000"


def test_the_same_seed_gives_the_same_bytes(mock: Any) -> None:
    from openai_mock.mock import OpenAIMock
    from openai_mock.wire import Data, Head, Request

    request = Request(
        "POST",
        "/v1/chat/completions",
        "",
        {"authorization": "Bearer x"},
        b'{"model":"m","messages":[{"role":"user","content":"?"}]}',
    )

    def ask(seed: int) -> list[Any]:
        steps = list(OpenAIMock(seed=seed).handle(request))
        return [
            (step.status, step.headers) if isinstance(step, Head) else step.chunk
            for step in steps
            if isinstance(step, Head | Data)
        ]

    assert ask(1) == ask(1)
    assert ask(1) != ask(2)
