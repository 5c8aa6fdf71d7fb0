"""What users write, as a strict type checker sees it; an ignored line is one that must be an error."""

from __future__ import annotations

import re
from typing import Any, assert_type

import httpx2

from openai_mock import Calls, GivenResponse, MadeCall, OpenAIMock, Route, SentRequest


def accessors(mock: OpenAIMock) -> None:
    assert_type(mock.chat.completions.create, Route)
    assert_type(mock.beta.threads.runs.create, Route)
    assert_type(mock.files.retrieve_content, Route)
    _ = mock.chat.completion  # type: ignore[attr-defined]
    _ = mock.chat.completions.creat  # type: ignore[attr-defined]
    _ = mock.nothing  # type: ignore[attr-defined]


def answers(mock: OpenAIMock) -> None:
    create = mock.chat.completions.create
    assert_type(create.reply("Hello"), Route)
    create.reply(tool_calls=[{"name": "get_weather", "arguments": {"city": "Paris"}}], times=2)
    create.fail(status=429, times=2).fail(500, code="x", message="y", retry_after=0.1)
    create.stream(["a", "b"], delay=0.1)
    create.response = {"choices": [{"message": {"content": "Hello"}}]}
    create.response = httpx2.Response(200, json={})
    create.response = [lambda request: "Hello", httpx2.ReadTimeout, None]
    create.delay = 0.5
    create.fail(status="429")  # type: ignore[arg-type]
    create.reply("Hello", time=2)  # type: ignore[call-arg]


def respond(request: SentRequest, route: Route, thread_id: str) -> dict[str, Any]:
    return {"id": thread_id, "metadata": {"url": request.url, "count": str(route.call_count)}}


def rules(mock: OpenAIMock) -> None:
    rule = mock.when(contains="weather", model="gpt-4*", temperature=0.5, messages__last__role="user")
    assert_type(rule, Route)
    rule.reply("Sunny")
    assert_type(mock.load("flows.yaml"), OpenAIMock)
    mock.when(contains=re.compile("x"))  # type: ignore[arg-type]


def history(mock: OpenAIMock) -> None:
    calls = mock.chat.completions.create.calls
    assert_type(calls, Calls)
    assert_type(calls[0], MadeCall)
    assert_type(calls.last.request, SentRequest)
    assert_type(calls.last.response, GivenResponse)
    assert_type(calls.call_count, int)
    assert_type(mock.unmatched, list[MadeCall])
    assert_type(mock.report(), str)
    mock.chat.completions.create.assert_called_once_with(model="gpt-4o", messages__last__content="Hello")


def ways_in() -> None:
    with OpenAIMock(seed=1, base_url="https://gateway.test/v1", block_network=True) as mock, mock.serve() as server:
        assert_type(mock, OpenAIMock)
        assert_type(server.url, str)
    OpenAIMock(nothing=1)  # type: ignore[call-arg]


async def asynchronous_ways_in() -> None:
    async with OpenAIMock() as mock:
        assert_type(mock, OpenAIMock)


@OpenAIMock()
def decorated(number: int, openai_mock: OpenAIMock) -> int:
    return number


assert_type(decorated(1, OpenAIMock()), int)
