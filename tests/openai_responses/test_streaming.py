"""Streams that a test writes event by event."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest
from openai.types.beta.assistant_stream_event import ThreadRunCreated
from openai.types.beta.threads import Run
from openai.types.chat import ChatCompletionChunk

import openai_responses
from openai_responses import OpenAIMock
from openai_responses.ext.httpx import Response
from openai_responses.streaming import AsyncEventStream, EventStream

HELLO = [{"role": "user", "content": "Hello"}]


def chunk(text: str) -> ChatCompletionChunk:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return ChatCompletionChunk.model_validate(
        {"id": "x", "choices": [choice], "created": 1, "model": "gpt-4o", "object": "chat.completion.chunk"}
    )


class Words(EventStream[Any]):
    def generate(self) -> Iterator[Any]:
        yield chunk("Hello")
        yield chunk(" you").to_dict()


class AsyncWords(AsyncEventStream[Any]):
    async def agenerate(self) -> AsyncIterator[Any]:  # type: ignore[override]
        yield chunk("Hello")
        yield chunk(" you")


class Steps(EventStream[Any]):
    def generate(self) -> Iterator[Any]:
        yield ThreadRunCreated(event="thread.run.created", data=Run.construct(id="run_1", object="thread.run"))


@openai_responses.mock()
def test_chat(openai_mock: OpenAIMock) -> None:
    openai_mock.chat.completions.create.response = lambda request: Response(200, content=Words())
    for _ in range(2):
        with openai.OpenAI(api_key="sk-x") as client:
            stream = client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
            assert [each.choices[0].delta.content for each in stream] == ["Hello", " you"]


@openai_responses.mock()
async def test_async_chat(openai_mock: OpenAIMock) -> None:
    openai_mock.chat.completions.create.response = Response(200, content=AsyncWords())
    async with openai.AsyncOpenAI(api_key="sk-x") as client:
        stream = await client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
        assert [each.choices[0].delta.content async for each in stream] == ["Hello", " you"]


@openai_responses.mock()
def test_runs(openai_mock: OpenAIMock) -> None:
    openai_mock.beta.threads.create_and_run.response = Response(200, content=Steps())
    with openai.OpenAI(api_key="sk-x") as client:
        stream = client.beta.threads.create_and_run(assistant_id="asst_1", stream=True)
        assert [(each.event, each.data.id) for each in stream] == [("thread.run.created", "run_1")]


def test_a_stream_without_events_says_what_is_missing() -> None:
    with pytest.raises(NotImplementedError, match="generate"):
        list(EventStream[Any]())
    with pytest.raises(NotImplementedError, match="agenerate"):
        AsyncEventStream[Any]().agenerate()
