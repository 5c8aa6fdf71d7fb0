"""The current form of openai-responses: one mock for the whole API, as decorator, context manager and transport."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any
from unittest.mock import Mock

import openai
import pytest
from openai import DefaultHttpxClient

import openai_responses
from openai_mock import AnswerFailed, NetworkBlocked
from openai_responses import OpenAIMock
from openai_responses.ext.httpx import AsyncClient, Client, MockTransport, Request, Response
from openai_responses.ext.respx import Route
from openai_responses.sdk import client_library
from openai_responses.stores import StateStore

SOON = {"retry-after-ms": "1"}
HELLO = [{"role": "user", "content": "Hello"}]
ANSWER = {
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"content": "Hello! How can I help?", "role": "assistant"}}
    ]
}


def ask(**options: Any) -> Any:
    with openai.OpenAI(api_key="sk-fake123", **options) as client:
        return client.chat.completions.create(model="gpt-4o", messages=HELLO)


def said(completion: Any) -> str:
    return completion.choices[0].message.content


@openai_responses.mock()
def test_decorator(openai_mock: OpenAIMock) -> None:
    openai_mock.chat.completions.create.response = ANSWER
    assert said(ask()) == "Hello! How can I help?"
    assert openai_mock.chat.completions.create.route.call_count == 1
    assert openai_mock.chat.completions.create.route.called
    assert isinstance(openai_mock.chat.completions.create.route, Route)


@openai_responses.mock
def test_bare_decorator(openai_mock: OpenAIMock) -> None:
    assert ask().choices
    openai_mock.chat.completions.create.calls.assert_called_once()


@openai_responses.mock()
def test_nothing_needs_to_be_taken() -> None:
    assert ask().choices


@openai_responses.mock()
def test_keyword_only(*, openai_mock: OpenAIMock) -> None:
    assert isinstance(openai_mock, OpenAIMock)


@pytest.mark.parametrize("word", ["one", "two"])
@openai_responses.mock()
def test_parametrised_runs_share_nothing(word: str, openai_mock: OpenAIMock) -> None:
    with openai.OpenAI(api_key="sk-fake123") as client:
        assert client.beta.assistants.list().data == []
        client.beta.assistants.create(model="gpt-4o", name=word)
        assert openai_mock.beta.assistants.create.route.call_count == 1


@openai_responses.mock()
async def test_async(openai_mock: OpenAIMock) -> None:
    async def answer(request: Any) -> Any:
        await asyncio.sleep(0)
        return ANSWER

    openai_mock.chat.completions.create.response = answer
    async with openai.AsyncOpenAI(api_key="sk-fake123") as client:
        completion = await client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert said(completion) == "Hello! How can I help?"


class TestMethods:
    @openai_responses.mock()
    def test_method(self, openai_mock: OpenAIMock) -> None:
        assert ask().choices
        assert openai_mock.chat.completions.create.called


@openai_responses.mock
class TestClass:
    def test_method(self, openai_mock: OpenAIMock) -> None:
        assert ask().choices
        assert openai_mock.chat.completions.create.call_count == 1


def test_context_manager() -> None:
    openai_mock = OpenAIMock()
    with openai_mock.router:
        ask()
    route = openai_mock.chat.completions.create.route
    assert (route.call_count, len(route.calls), route.calls.call_count) == (1, 1, 1)
    request, response = route.calls.last
    assert b"Hello" in request.content
    assert request.url == "https://api.openai.com/v1/chat/completions"
    assert isinstance(request, Request)
    assert response.json()["choices"]
    assert openai_mock.router.calls.call_count == 1


def test_transport() -> None:
    openai_mock = OpenAIMock()
    with openai.Client(
        api_key="sk-fake123", http_client=DefaultHttpxClient(transport=MockTransport(openai_mock.router.handler))
    ) as client:
        openai_mock.chat.completions.create.response = ANSWER
        assert said(client.chat.completions.create(model="gpt-4o", messages=HELLO)) == "Hello! How can I help?"
    assert openai_mock.chat.completions.create.route.calls[0].has_response


def test_the_handler_is_a_function_like_any_other() -> None:
    openai_mock = OpenAIMock()
    with openai.Client(
        api_key="sk-fake123",
        http_client=DefaultHttpxClient(transport=client_library().MockTransport(openai_mock.router.handler)),
    ) as client:
        assert client.models.retrieve("gpt-4o").id == "gpt-4o"
    with Client(transport=MockTransport(lambda request: Response(418))) as http:
        assert http.get("https://teapot.test").status_code == 418


async def test_transport_of_an_async_client() -> None:
    openai_mock = OpenAIMock()
    async with openai.AsyncOpenAI(
        api_key="sk-fake123", http_client=AsyncClient(transport=MockTransport(openai_mock.router.handler))
    ) as client:
        openai_mock.chat.completions.create.response = ANSWER
        assert said(await client.chat.completions.create(model="gpt-4o", messages=HELLO)) == "Hello! How can I help?"


@openai_responses.mock(base_url="https://acme.openai.azure.com")
def test_azure(openai_mock: OpenAIMock) -> None:
    openai_mock.chat.completions.create.response = ANSWER
    with openai.AzureOpenAI(
        api_key="x", api_version="2024-10-21", azure_endpoint="https://acme.openai.azure.com"
    ) as client:
        assert said(client.chat.completions.create(model="gpt-4o", messages=HELLO)) == "Hello! How can I help?"
    assert openai_mock.chat.completions.create.route.call_count == 1


@openai_responses.mock(base_url="https://gateway.test/llm/v1")
def test_gateway(openai_mock: OpenAIMock) -> None:
    assert ask(base_url="https://gateway.test/llm/v1").choices
    with pytest.raises(NetworkBlocked, match=r"POST https://api\.openai\.com"):
        ask()


def test_gateway_by_transport() -> None:
    openai_mock = OpenAIMock(base_url="https://gateway.test/llm/v1")
    http = DefaultHttpxClient(transport=MockTransport(openai_mock.router.handler))
    assert ask(base_url="https://gateway.test/llm/v1", http_client=http).choices


# Forms of a response


@openai_responses.mock()
def test_response_object(openai_mock: OpenAIMock) -> None:
    openai_mock.chat.completions.create.response = Response(
        400, json={"error": {"message": "No", "type": "x", "param": None, "code": "nope"}}
    )
    with pytest.raises(openai.BadRequestError, match="No"):
        ask()


@openai_responses.mock()
def test_model_is_stored(openai_mock: OpenAIMock) -> None:
    from openai.types import FileObject

    given = FileObject(
        id="file-1", bytes=1, created_at=1, filename="a.txt", object="file", purpose="assistants", status="processed"
    )
    openai_mock.files.retrieve.response = given
    with openai.OpenAI(api_key="sk-fake123") as client:
        assert client.files.retrieve("file-1").filename == "a.txt"
        assert [file.id for file in client.files.list()] == ["file-1"]
        openai_mock.files.retrieve.response = None
        assert client.files.retrieve("file-1").filename == "a.txt"
    assert openai_mock.state.files.get("file-1") == given


@openai_responses.mock()
def test_partial(openai_mock: OpenAIMock) -> None:
    openai_mock.beta.assistants.create.response = {"id": "asst_mine", "name": "Mine"}
    with openai.OpenAI(api_key="sk-fake123") as client:
        made = client.beta.assistants.create(model="gpt-4o", name="Theirs")
        assert (made.id, made.name, made.model) == ("asst_mine", "Mine", "gpt-4o")
        assert client.beta.assistants.retrieve("asst_mine").name == "Mine"
    assert openai_mock.beta.assistants.create.response == {"id": "asst_mine", "name": "Mine"}


@openai_responses.mock()
def test_function_sees_request_route_state_and_path(openai_mock: OpenAIMock) -> None:
    seen: list[Any] = []

    def answer(request: Any, route: Any, state_store: StateStore, thread_id: str, **more: Any) -> Any:
        seen.append((type(request), route.call_count, state_store, thread_id, more))
        return {"id": thread_id, "metadata": {"seen": "yes"}}

    openai_mock.beta.threads.retrieve.response = answer
    with openai.OpenAI(api_key="sk-fake123") as client:
        assert client.beta.threads.retrieve("thread_1").metadata == {"seen": "yes"}
    assert seen == [(Request, 0, openai_mock.state, "thread_1", {})]


@openai_responses.mock()
def test_function_fails_first(openai_mock: OpenAIMock) -> None:
    def flaky(req: Any, rt: Any, failures: int = 0) -> Any:
        return Response(500, headers=SOON) if rt.call_count < failures else ANSWER

    openai_mock.chat.completions.create.response = partial(flaky, failures=2)
    assert said(ask(max_retries=2)) == "Hello! How can I help?"
    assert openai_mock.chat.completions.create.calls.call_count == 3


@openai_responses.mock()
def test_exceptions(openai_mock: OpenAIMock) -> None:
    library = client_library()
    for given, wanted in (
        (library.ConnectError, openai.APIConnectionError),
        (library.ReadTimeout("late"), openai.APITimeoutError),
        (openai.APITimeoutError, openai.APITimeoutError),
        (openai.RateLimitError, openai.RateLimitError),
    ):
        openai_mock.chat.completions.create.response = given
        with pytest.raises(wanted):
            ask(max_retries=0)


@openai_responses.mock()
def test_an_error_of_the_sdk_raised_by_a_function(openai_mock: OpenAIMock) -> None:
    def answer(request: Any) -> Any:
        raise openai.APITimeoutError(request)

    openai_mock.chat.completions.create.response = answer
    with pytest.raises(openai.APITimeoutError):
        ask(max_retries=0)


@openai_responses.mock()
def test_list_is_one_a_call(openai_mock: OpenAIMock) -> None:
    openai_mock.chat.completions.create.response = [Response(500, headers=SOON), lambda request: ANSWER]
    assert said(ask(max_retries=1)) == said(ask()) == "Hello! How can I help?"


@openai_responses.mock()
def test_route_says_it_too(openai_mock: OpenAIMock) -> None:
    route = openai_mock.chat.completions.create.route
    route.respond(429, json={"error": {"message": "slow"}})
    with pytest.raises(openai.RateLimitError):
        ask(max_retries=0)
    route.mock(side_effect=[Response(500, headers=SOON), Response(200, json={"id": "x", "choices": []})])
    assert ask(max_retries=1).id == "x"
    assert route.mock(return_value=ANSWER) is route
    assert said(ask()) == "Hello! How can I help?"
    route.reset()
    assert not route.called
    route.calls.assert_not_called()


@openai_responses.mock()
def test_mocks_of_unittest_are_functions(openai_mock: OpenAIMock) -> None:
    given = Mock(side_effect=[Response(500, headers=SOON), ANSWER])
    openai_mock.chat.completions.create.response = given
    assert said(ask(max_retries=1)) == "Hello! How can I help?"
    assert given.call_args.kwargs["request"].url.path == "/v1/chat/completions"


def test_a_function_is_told_what_it_cannot_have() -> None:
    with pytest.raises(ValueError, match=r"takes 'thread', .* request, route, state_store, thread_id"):
        OpenAIMock().beta.threads.retrieve.response = lambda request, *, route, thread: None


def test_names_that_do_not_exist() -> None:
    with pytest.raises(AttributeError, match="completions"):
        _ = OpenAIMock().chat.completion
    assert "create" in dir(OpenAIMock().chat.completions)


# Other hosts


@openai_responses.mock()
def test_other_hosts(openai_mock: OpenAIMock) -> None:
    weather = openai_mock.router.get(url="https://weather.test/today?at=Ghent").respond(json={"sky": "grey"})
    posted = openai_mock.router.post(url="https://weather.test/today").mock(return_value=Response(201))
    with Client() as http:
        assert http.get("https://weather.test/today", params={"at": "Ghent"}).json() == {"sky": "grey"}
        assert http.post("https://weather.test/today", json={}).status_code == 201
        with pytest.raises(NetworkBlocked, match=r"GET https://weather\.test/today is not mocked"):
            http.get("https://weather.test/today", params={"at": "Rome"})
        with pytest.raises(NetworkBlocked, match=r"https://other\.test/.*Mocked are .*router\.get\(url="):
            http.get("https://other.test/")
    assert (weather.call_count, posted.call_count) == (1, 1)
    assert weather.calls.last.response.json() == {"sky": "grey"}
    assert ask().choices


@openai_responses.mock()
async def test_other_hosts_of_async_clients(openai_mock: OpenAIMock) -> None:
    async def answer(request: Any) -> Any:
        await asyncio.sleep(0)
        return Response(200, text=request.url.path)

    openai_mock.router.route("GET", "https://weather.test/today").mock(side_effect=[client_library().ReadError, answer])
    async with AsyncClient() as http:
        with pytest.raises(client_library().ReadError):
            await http.get("https://weather.test/today")
        assert (await http.get("https://weather.test/today")).text == "/today"


def test_other_hosts_by_transport() -> None:
    openai_mock = OpenAIMock()
    openai_mock.router.get(url="https://weather.test/today").respond(json={"sky": "grey"})
    with Client(transport=MockTransport(openai_mock.router.handler)) as http:
        assert http.get("https://weather.test/today").json() == {"sky": "grey"}
        with pytest.raises(NetworkBlocked, match=r"GET https://other\.test/ is not mocked"):
            http.get("https://other.test/")
        openai_mock.router.get(url="https://passing.test/").pass_through()
        with pytest.raises(NetworkBlocked, match="A transport of one client cannot let it pass"):
            http.get("https://passing.test/")


def test_a_route_of_the_mocks_own_host_goes_first() -> None:
    openai_mock = OpenAIMock()
    custom = openai_mock.router.post("/v1/chat/completions").respond(418)
    with openai_mock.router, Client() as http:
        assert http.post("https://api.openai.com/v1/chat/completions", json={}).status_code == 418
        models = http.get("https://api.openai.com/v1/models", headers={"authorization": "Bearer sk-x"})
        assert models.json()["data"]
    assert custom.called


def test_pass_through(monkeypatch: pytest.MonkeyPatch) -> None:
    library = client_library()
    reached: list[str] = []

    def network(self: Any, request: Any) -> Any:
        reached.append(str(request.url))
        return library.Response(204)

    monkeypatch.setattr(library.HTTPTransport, "handle_request", network)
    openai_mock = OpenAIMock()
    openai_mock.router.get(url="https://early.test/").pass_through()
    with openai_mock.router, Client() as http:
        openai_mock.router.get(url="https://late.test/").pass_through()
        assert http.get("https://early.test/").status_code == 204
        assert http.get("https://late.test/").status_code == 204
        with pytest.raises(NetworkBlocked):
            http.get("https://never.test/")
    assert reached == ["https://early.test/", "https://late.test/"]


@openai_responses.mock()
def test_a_mistake_of_the_test_is_no_connection_error(openai_mock: OpenAIMock) -> None:
    def broken(request: Any) -> Any:
        raise KeyError("oops")

    openai_mock.chat.completions.create.response = broken
    with pytest.raises(AnswerFailed, match=r"broken.*KeyError"):
        ask(max_retries=5)
    assert openai_mock.chat.completions.create.call_count == 1
