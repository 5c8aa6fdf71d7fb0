"""Every way in, with every client library, synchronous and asynchronous, plain and streamed: the same answer."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import httpx2
import openai
import pytest

from openai_mock import OpenAIMock

WORDS = ["Hel", "lo, ", "Ada!"]
ASKED: Any = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
LIBRARIES = {"httpx": httpx, "httpx2": httpx2}
WAYS = ["fixture", "decorator", "context manager", "transport", "served"]
NO_TRANSPORT = {("transport", "aiohttp")}
"""aiohttp has no transports that a client could be given."""

plain_or_stream = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


def combinations(*libraries: str) -> Any:
    cases = [(way, library) for way in WAYS for library in libraries if (way, library) not in NO_TRANSPORT]
    return pytest.mark.parametrize(("way", "library"), cases, ids=[" ".join(case) for case in cases])


def prepared(mock: OpenAIMock) -> None:
    mock.chat.completions.create.stream(WORDS)


def ask(client: openai.OpenAI, stream: bool) -> list[str | None]:
    if stream:
        parts = client.chat.completions.create(**ASKED, stream=True)
        return [part.choices[0].delta.content for part in parts if part.choices]
    return [client.chat.completions.create(**ASKED).choices[0].message.content]


async def ask_later(client: openai.AsyncOpenAI, stream: bool) -> list[str | None]:
    if stream:
        parts = await client.chat.completions.create(**ASKED, stream=True)
        return [part.choices[0].delta.content async for part in parts if part.choices]
    return [(await client.chat.completions.create(**ASKED)).choices[0].message.content]


def judge(mock: OpenAIMock, said: list[str | None], stream: bool) -> None:
    texts = [text for text in said if text]
    assert texts == (WORDS if stream else ["".join(WORDS)])
    mock.chat.completions.create.assert_called_once_with(model="gpt-4o", messages__last__content="Hello")
    assert bool(mock.calls.last.fields.get("stream")) is stream
    assert not mock.unmatched


@contextmanager
def a_client(library: str, url: str | None = None, **own: Any) -> Iterator[openai.OpenAI]:
    with LIBRARIES[library].Client(trust_env=False, verify=False, **own) as http:
        yield openai.OpenAI(api_key="sk-test", base_url=url, http_client=http, max_retries=0)


@asynccontextmanager
async def an_async_client(library: str, url: str | None = None, **own: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    made = openai.DefaultAioHttpClient if library == "aiohttp" else LIBRARIES[library].AsyncClient
    async with made(trust_env=False, verify=False, **own) as http:
        yield openai.AsyncOpenAI(api_key="sk-test", base_url=url, http_client=http, max_retries=0)


def entered(way: str, fixture: Callable[[], OpenAIMock]) -> OpenAIMock:
    return fixture() if way == "fixture" else OpenAIMock(block_network=way != "served")


def decorated(stream: bool, asked: Callable[[], Any]) -> Any:
    """Runs inside a decorated function; for an asynchronous `asked`, the function is asynchronous and returns later."""

    @OpenAIMock(block_network=True)
    def test(openai_mock: OpenAIMock) -> None:
        prepared(openai_mock)
        judge(openai_mock, asked(), stream)

    @OpenAIMock(block_network=True)
    async def test_later(openai_mock: OpenAIMock) -> None:
        prepared(openai_mock)
        judge(openai_mock, await asked(), stream)

    return test_later() if inspect.iscoroutinefunction(asked) else test()


@plain_or_stream
@combinations("httpx", "httpx2")
def test_synchronous(way: str, library: str, stream: bool, request: pytest.FixtureRequest) -> None:
    def asked(url: str | None = None, **own: Any) -> list[str | None]:
        with a_client(library, url, **own) as client:
            return ask(client, stream)

    if way == "decorator":
        decorated(stream, asked)
        return
    mock = entered(way, lambda: request.getfixturevalue("openai_mock"))
    prepared(mock)
    if way == "context manager":
        with mock:
            said = asked()
    elif way == "transport":
        said = asked(transport=mock.transport(LIBRARIES[library]))
    elif way == "served":
        with mock.serve() as server:
            said = asked(f"{server.url}/v1")
    else:
        said = asked()
    judge(mock, said, stream)


@plain_or_stream
@combinations("httpx", "httpx2", "aiohttp")
async def test_asynchronous(way: str, library: str, stream: bool, request: pytest.FixtureRequest) -> None:
    async def asked(url: str | None = None, **own: Any) -> list[str | None]:
        async with an_async_client(library, url, **own) as client:
            return await ask_later(client, stream)

    if way == "decorator":
        await decorated(stream, asked)
        return
    mock = entered(way, lambda: request.getfixturevalue("openai_mock"))
    prepared(mock)
    if way == "context manager":
        async with mock:
            said = await asked()
    elif way == "transport":
        said = await asked(transport=mock.transport(LIBRARIES[library]))
    elif way == "served":
        with mock.serve() as server:
            said = await asked(f"{server.url}/v1")
    else:
        said = await asked()
    judge(mock, said, stream)
