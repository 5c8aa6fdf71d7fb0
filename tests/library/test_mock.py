"""The ways in: context manager, decorator, server, transport; and what is as before afterwards."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import openai
import pytest

from openai_mock import Dictionaries, NetworkBlocked, OpenAIMock

HELLO: Any = [{"role": "user", "content": "Hello"}]


def said(**options: Any) -> str | None:
    client = openai.OpenAI(api_key="sk-test", **options)
    return client.chat.completions.create(model="gpt-4o", messages=HELLO).choices[0].message.content


async def asaid() -> str | None:
    client = openai.AsyncOpenAI(api_key="sk-test")
    return (await client.chat.completions.create(model="gpt-4o", messages=HELLO)).choices[0].message.content


def test_a_context_manager() -> None:
    with OpenAIMock() as mock:
        mock.chat.completions.create.reply("Hi")
        assert said() == "Hi"
    mock.chat.completions.create.assert_called_once()
    assert mock.chat.completions.create.calls.last.response.json()["choices"][0]["message"]["content"] == "Hi"


async def test_an_asynchronous_context_manager() -> None:
    async with OpenAIMock() as mock:
        mock.chat.completions.create.reply("Hi")
        assert await asaid() == "Hi"


def test_a_mock_can_be_entered_again_and_within_itself() -> None:
    mock = OpenAIMock()
    mock.chat.completions.create.reply("Hi")
    with mock:
        with mock:
            assert said() == "Hi"
        assert said() == "Hi"
    with mock:
        assert said() == "Hi"
    assert mock.chat.completions.create.call_count == 3


def test_a_base_url_of_ones_own() -> None:
    with OpenAIMock(base_url="https://gateway.test/llm/v1") as mock:
        mock.chat.completions.create.reply("Hi")
        assert said(base_url="https://gateway.test/llm/v1") == "Hi"
    with httpx2.Client(transport=mock.transport(httpx2)) as http:
        assert said(base_url="https://gateway.test/llm/v1", http_client=http) == "Hi"
    with pytest.raises(ValueError, match="no base URL"):
        OpenAIMock(base_url="gateway")


def test_a_blocked_network() -> None:
    with OpenAIMock(block_network=True), pytest.raises(NetworkBlocked, match=r"other\.test"):
        said(base_url="https://other.test/v1")


def test_a_server() -> None:
    mock = OpenAIMock()
    mock.chat.completions.create.reply("Hi", times=1).fail(400, message="No more.")
    with mock.serve() as server:
        assert said(base_url=f"{server.url}/v1") == "Hi"
        with pytest.raises(openai.BadRequestError, match="No more"):
            said(base_url=f"{server.url}/v1")


def test_a_server_shows_what_only_python_could_raise(caplog: pytest.LogCaptureFixture) -> None:
    mock = OpenAIMock()
    mock.chat.completions.create.response = [lambda: 1 / 0, openai.APIConnectionError]
    with mock.serve() as server:
        options: Any = {"base_url": f"{server.url}/v1", "max_retries": 0}
        with pytest.raises(openai.InternalServerError, match="ZeroDivisionError"):
            said(**options)
        with pytest.raises(openai.APIConnectionError):
            said(**options)
    assert "ZeroDivisionError" in caplog.text


def test_a_decorator_gives_the_mock_and_hides_it() -> None:
    @OpenAIMock()
    def decorated(first: int, openai_mock: OpenAIMock, *, second: int) -> tuple[int, int, str | None]:
        openai_mock.chat.completions.create.reply("Hi")
        return first, second, said()

    assert decorated(1, second=2) == (1, 2, "Hi")
    assert list(inspect.signature(decorated).parameters) == ["first", "second"]
    assert decorated.__name__ == "decorated"


def test_a_decorator_needs_no_parameter() -> None:
    mock = OpenAIMock()
    mock.chat.completions.create.reply("Hi")

    @mock
    def decorated() -> str | None:
        return said()

    assert decorated() == "Hi"
    mock.chat.completions.create.assert_called_once()


async def test_a_decorated_coroutine() -> None:
    @OpenAIMock()
    async def decorated(openai_mock: OpenAIMock) -> str | None:
        openai_mock.chat.completions.create.reply("Hi")
        await asyncio.sleep(0)
        return await asaid()

    assert inspect.iscoroutinefunction(decorated)
    assert await decorated() == "Hi"  # type: ignore[call-arg]


async def test_decorated_generators() -> None:
    mock = OpenAIMock()
    mock.chat.completions.create.reply("Hi")

    @mock
    def generator() -> Iterator[str | None]:
        yield said()

    @mock
    async def agenerator() -> AsyncIterator[str | None]:
        yield await asaid()

    assert list(generator()) == ["Hi"]
    assert [one async for one in agenerator()] == ["Hi"]


@OpenAIMock()
class TestDecoratedClass:
    def test_a_method(self, openai_mock: OpenAIMock) -> None:
        openai_mock.chat.completions.create.reply("Hi")
        assert said() == "Hi"

    async def test_a_coroutine(self, openai_mock: OpenAIMock) -> None:
        openai_mock.chat.completions.create.reply("Hi")
        assert await asaid() == "Hi"

    def test_a_method_without(self) -> None:
        assert "openai-mock" in (said() or "")


@pytest.mark.parametrize("number", [1, 2, 3])
@OpenAIMock(seed=7)
def test_nothing_leaks_between_decorated_runs(number: int, openai_mock: OpenAIMock) -> None:
    client = openai.OpenAI(api_key="sk-test")
    assert len(client.files.list().data) == 0
    made = client.files.create(file=b"x", purpose="assistants")
    assert openai_mock.calls.call_count == 2
    assert "openai-mock" in (said() or "")
    openai_mock.chat.completions.create.reply(f"only in run {number}")
    openai_mock.when(contains="hello").reply("rule")
    assert said() == "rule"
    assert client.files.retrieve(made.id).id == made.id


def test_the_same_ids_in_every_decorated_run() -> None:
    @OpenAIMock(seed=7)
    def decorated() -> str:
        return openai.OpenAI(api_key="sk-test").files.create(file=b"x", purpose="assistants").id

    assert decorated() == decorated()


def test_answers_given_before_stay_for_every_run() -> None:
    mock = OpenAIMock()
    mock.chat.completions.create.reply("once", times=1).reply("always")

    @mock
    def decorated() -> list[str | None]:
        return [said(), said()]

    assert decorated() == decorated() == ["once", "always"]


def test_a_store_of_ones_own_is_kept_and_shared() -> None:
    store = Dictionaries()

    @OpenAIMock(store=store)
    def decorated() -> int:
        client = openai.OpenAI(api_key="sk-test")
        client.files.create(file=b"x", purpose="assistants")
        return len(client.files.list().data)

    assert [decorated(), decorated()] == [1, 2]
    with OpenAIMock(store=store):
        assert len(openai.OpenAI(api_key="sk-test").files.list().data) == 2


@pytest.mark.parametrize("wrong", [lambda: OpenAIMock(said), lambda: OpenAIMock()(7)])  # type: ignore[arg-type]
def test_what_cannot_be_decorated_is_told(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"@OpenAIMock\(\)|decorates functions"):
        wrong()


def test_a_reset_forgets_everything_but_what_was_loaded(mock: OpenAIMock, client: openai.OpenAI) -> None:
    first = client.files.create(file=b"x", purpose="assistants")
    mock.files.list.response = {"data": []}
    mock.when(operation="files.list").fail(400)
    mock.reset()
    assert (mock.calls.call_count, mock.unmatched) == (0, [])
    assert client.files.create(file=b"x", purpose="assistants").id == first.id
    assert [file.id for file in client.files.list()] == [first.id]


def test_a_mistake_inside_the_mock_is_not_a_connection_error(mock: OpenAIMock, client: openai.OpenAI) -> None:
    mock.chat.completions.create.response = lambda: {"choices": 7}
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        client.chat.completions.create(model="m", messages=HELLO)
    assert not isinstance(caught.value, openai.OpenAIError)
    assert mock.chat.completions.create.call_count == 1
