"""Default clients are answered in the process, and only while an interception is entered."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
import threading

import aiohttp
import httpx
import httpx2
import openai
import pytest
import requests
from scripted import HELLO, JSON, Clock, Gate, LocalServer, completion, playing, streamed

from openai_mock.doors.addresses import DEFAULT_BASE_URLS
from openai_mock.doors.escape import AnswerFailed, NetworkBlocked
from openai_mock.doors.patch import intercept
from openai_mock.wire import Ask, Cut, Data, Head, Wait

URL = "https://api.openai.com/v1/things"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(params=["httpx", "httpx2"])
def hx(request):
    return importlib.import_module(request.param)


@pytest.fixture(params=["sync", "async"])
def get(hx, request):
    """One request of a default client."""

    async def go(url=URL, **options):
        if request.param == "sync":
            with hx.Client(trust_env=False) as client:
                return await asyncio.to_thread(client.get, url, **options)
        async with hx.AsyncClient(trust_env=False) as client:
            return await client.get(url, **options)

    return go


def patched():
    """What a client library would call to send a request."""
    owners = [importlib.import_module(name).HTTPTransport for name in ("httpx", "httpx2")]
    later = [importlib.import_module(name).AsyncHTTPTransport for name in ("httpx", "httpx2")]
    return [
        *(owner.handle_request for owner in owners),
        *(owner.handle_async_request for owner in later),
        aiohttp.TCPConnector.connect,
        requests.adapters.HTTPAdapter.send,
    ]


def chat(client):
    return client.chat.completions.create(model="m", messages=HELLO).choices[0].message.content


async def test_default_clients_are_answered(get):
    seen = []
    with intercept(playing(Head(201, JSON), Data(b'{"a": 1}'), seen=seen)):
        response = await get(URL + "?x=1", headers={"authorization": "Bearer k"})
    assert (response.status_code, response.json(), response.http_version) == (201, {"a": 1}, "HTTP/1.1")
    assert response.elapsed.total_seconds() >= 0
    assert (seen[0].path, seen[0].query, seen[0].headers["authorization"]) == ("/v1/things", "x=1", "Bearer k")
    assert seen[0].headers["host"] == "api.openai.com"


async def test_cookies_and_hooks_of_the_client(hx):
    heard = []
    head = Head(200, [(b"set-cookie", b"a=1; Path=/")])
    with (
        intercept(playing(head)),
        hx.Client(trust_env=False, event_hooks={"response": [heard.append]}) as client,
    ):
        response = client.get(URL)
        assert dict(client.cookies) == {"a": "1"}
        assert heard == [response]


def test_the_sdk_plain_and_streamed():
    with openai.OpenAI(api_key="k") as client:
        with intercept(playing(*completion())):
            assert chat(client) == "Hi"
        order = []
        clock = Clock(lambda: order.append("time passes"))
        with intercept(playing(*streamed("a", "b", "c")), timer=clock.timer):
            stream = client.chat.completions.create(model="m", messages=HELLO, stream=True)
            order.extend(part.choices[0].delta.content for part in stream)
        assert order == ["a", "time passes", "b", "time passes", "c"]


@pytest.mark.parametrize("transport", ["httpx2", "aiohttp"])
async def test_the_asynchronous_sdk_plain_and_streamed(transport):
    own = {} if transport == "httpx2" else {"http_client": openai.DefaultAioHttpClient()}
    async with openai.AsyncOpenAI(api_key="k", **own) as client:
        with intercept(playing(*completion())):
            answer = await client.chat.completions.create(model="m", messages=HELLO)
            assert answer.choices[0].message.content == "Hi"
        gate, got = Gate(), []
        async with intercept(playing(*streamed("a", "b", "c")), timer=gate.timer):
            async for part in await client.chat.completions.create(model="m", messages=HELLO, stream=True):
                got.append(part.choices[0].delta.content)
                assert gate.time == len(got) - 1
                gate.open()
        assert got == ["a", "b", "c"]


def test_azure():
    seen = []
    with intercept(playing(*completion(), seen=seen)):
        client = openai.AzureOpenAI(api_key="k", api_version="2024-10-21", azure_endpoint="https://me.openai.azure.com")
        assert chat(client) == "Hi"
        client.close()
    assert (seen[0].path, seen[0].query) == ("/openai/deployments/m/chat/completions", "api-version=2024-10-21")


@pytest.mark.parametrize(
    ("base", "url", "path"),
    [
        ("https://gateway.test/llm/v1", "https://gateway.test/llm/v1/models", "/v1/models"),
        ("https://gateway.test/llm/v1/", "https://gateway.test/llm/v1/models", "/v1/models"),
        ("https://gateway.test/llm", "https://gateway.test/llm/models", "/models"),
        ("https://gateway.test", "https://gateway.test/v1/models", "/v1/models"),
        ("https://gateway.test/v2", "https://gateway.test/v2/models", "/models"),
        ("https://gateway.test/a/openai/v1", "https://gateway.test/a/openai/v1/models", "/openai/v1/models"),
        ("http://gateway.test:81/v1", "http://gateway.test:81/v1/models", "/v1/models"),
        ("https://gateway.test:443/v1", "https://gateway.test/v1/models", "/v1/models"),
        ("https://*.gateway.test/v1", "https://eu.gateway.test/v1/models", "/v1/models"),
        ("https://api.openai.com", "https://api.openai.com/v1/files/a%2Fb", "/v1/files/a%2Fb"),
    ],
)
async def test_base_urls_that_the_user_names(get, base, url, path):
    seen = []
    with intercept(playing(Head(200, ()), seen=seen), base_urls=(base,)):
        await get(url)
    assert seen[0].path == path


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1/models",
        "https://eu.api.openai.com/v1/models",
        "https://me.openai.azure.com/openai/v1/models",
        "https://me.cognitiveservices.azure.com/openai/v1/models",
        "https://me.services.ai.azure.com/openai/v1/models",
    ],
)
async def test_base_urls_that_are_known(get, url):
    with intercept(playing(Head(200, ()))):
        assert (await get(url)).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "https://gateway.test/llmx/models",
        "https://gateway.test/",
        "http://gateway.test/llm/models",
        "https://gateway.test:444/llm/models",
        "https://xgateway.test/llm/models",
        "https://openai.com.evil.test/v1/models",
    ],
)
async def test_other_urls_are_not_caught(get, url):
    bases = (*DEFAULT_BASE_URLS, "https://gateway.test/llm")
    with intercept(playing(Head(200, ())), base_urls=bases, block_network=True), pytest.raises(NetworkBlocked):
        await get(url)


def test_the_base_url_of_the_environment(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:9/team/v1")
    seen = []
    with intercept(playing(*completion(), seen=seen)), openai.OpenAI(api_key="k") as client:
        assert chat(client) == "Hi"
    assert seen[0].path == "/v1/chat/completions"
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost")
    with pytest.raises(ValueError, match=r"OPENAI_BASE_URL: 'localhost' is no base URL; write it with scheme and host"):
        intercept(playing()).__enter__()
    assert not any(hasattr(method, "__wrapped__") for method in patched())


@pytest.mark.parametrize("url", ["gateway.test", "ftp://gateway.test", "https://", "https://a.*.test", "http://a:b"])
def test_a_base_url_that_is_none(url):
    with pytest.raises(ValueError, match=r"base URL|first label"):
        intercept(playing(), base_urls=(url,))


async def test_other_hosts_pass(get):
    with LocalServer() as local, intercept(playing(Head(200, ()))):
        assert (await get(local)).text == "local"


async def test_other_hosts_are_refused(get):
    with intercept(playing(Head(200, ())), block_network=True):
        with pytest.raises(NetworkBlocked) as caught:
            await get("https://example.test/a?b=c")
        assert (await get()).status_code == 200
    words = str(caught.value)
    assert words.startswith("GET https://example.test/a would go to the network, which is blocked. Mocked are http")
    assert "https://api.openai.com" in words


async def test_some_hosts_are_let_through(get):
    allow = ("127.0.0.1", "*.internal.test")
    with LocalServer() as local, intercept(playing(Head(200, ())), block_network=True, allow_hosts=allow):
        assert (await get(local)).text == "local"


async def test_custom_transports_are_left_alone(hx):
    custom = hx.MockTransport(lambda _request: hx.Response(418))
    with intercept(playing(Head(200, ()))):
        with hx.Client(transport=custom) as client:
            assert client.get(URL).status_code == 418
        async with hx.AsyncClient(transport=custom) as client:
            assert (await client.get(URL)).status_code == 418


def test_the_innermost_answers_and_the_outer_one_returns():
    with openai.OpenAI(api_key="k") as client, intercept(playing(*completion("outer"))):
        with intercept(playing(*completion("inner"))):
            assert chat(client) == "inner"
        assert chat(client) == "outer"


def test_an_outer_one_answers_what_the_inner_one_does_not_catch():
    inner = intercept(playing(*completion("inner")), base_urls=("https://gateway.test/v1",))
    with intercept(playing(*completion("outer"))), inner, openai.OpenAI(api_key="k") as client:
        assert chat(client) == "outer"


def test_any_order_of_leaving():
    before = patched()
    one, other = intercept(playing(*completion("one"))), intercept(playing(*completion("other")))
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    with openai.OpenAI(api_key="k") as client:
        assert chat(client) == "other"
    other.__exit__(None, None, None)
    assert patched() == before


def test_one_can_be_entered_twice_and_again():
    one = intercept(playing(*completion()))
    with openai.OpenAI(api_key="k") as client:
        with one:
            with one:
                pass
            assert chat(client) == "Hi"
        with one:
            assert chat(client) == "Hi"


def test_the_originals_return_after_an_error():
    before = patched()
    with pytest.raises(KeyError), intercept(playing()):
        raise KeyError(*set(patched()) & set(before))
    assert patched() == before
    assert "connect" not in vars(aiohttp.TCPConnector)
    assert not any("openai_mock" in type(finder).__module__ for finder in sys.meta_path)


def test_a_patch_of_somebody_else_is_left_in_place(monkeypatch):
    original = httpx2.HTTPTransport.handle_request
    inside = intercept(playing(*completion()))
    inside.__enter__()
    ours = httpx2.HTTPTransport.handle_request

    def theirs(self, request):
        return ours(self, request)

    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", theirs)
    inside.__exit__(None, None, None)
    assert httpx2.HTTPTransport.handle_request is theirs
    with intercept(playing(*completion("again"))), openai.OpenAI(api_key="k") as client:
        assert chat(client) == "again"
    monkeypatch.undo()
    with LocalServer() as local, httpx2.Client(trust_env=False) as client:
        assert client.get(local).text == "local"
    httpx2.HTTPTransport.handle_request = original


def test_worker_threads_are_answered():
    said = []
    with openai.OpenAI(api_key="k") as client, intercept(playing(*completion())):
        threads = [threading.Thread(target=lambda: said.append(chat(client))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert said == ["Hi"] * 4


def test_threads_that_enter_their_own_do_not_see_each_other():
    before = patched()
    together, said = threading.Barrier(3), {}

    def work(name):
        with openai.OpenAI(api_key="k") as client, intercept(playing(*completion(name)), block_network=name == "b"):
            together.wait(10)
            said[name] = chat(client)
            together.wait(10)
        together.wait(10)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {"a": "a", "b": "b", "c": "c"}
    assert patched() == before


async def test_tasks_that_enter_their_own_do_not_see_each_other():
    together = asyncio.Barrier(3)

    async def work(name):
        async with openai.AsyncOpenAI(api_key="k") as client, intercept(playing(*completion(name))):
            await together.wait()
            answer = await client.chat.completions.create(model="m", messages=HELLO)
            await together.wait()
        return answer.choices[0].message.content

    assert await asyncio.gather(*map(work, "abc")) == ["a", "b", "c"]


def test_a_block_in_one_thread_does_not_bind_another():
    inside, leave = threading.Event(), threading.Event()

    def work():
        with intercept(playing(Head(200, ())), block_network=True):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(10)
    with LocalServer() as local, intercept(playing(Head(200, ()))), httpx2.Client(trust_env=False) as client:
        assert client.get(local).text == "local"
    leave.set()
    thread.join()


async def test_what_fails_inside_reaches_the_test_and_is_not_tried_again():
    calls = []

    def handle(request):
        calls.append(request)
        raise KeyError("city")
        yield

    with intercept(handle):
        with openai.OpenAI(api_key="k", max_retries=2) as client, pytest.raises(AnswerFailed) as caught:
            chat(client)
        for own in ({}, {"http_client": openai.DefaultAioHttpClient()}):
            async with openai.AsyncOpenAI(api_key="k", max_retries=2, **own) as client:
                with pytest.raises(AnswerFailed):
                    await client.chat.completions.create(model="m", messages=HELLO)
    assert len(calls) == 3
    assert str(caught.value) == "POST /v1/chat/completions: what was to answer it raised KeyError: 'city'"
    assert isinstance(caught.value.__cause__, KeyError)


async def test_a_blocked_request_of_the_sdk_is_not_tried_again():
    with intercept(playing(), base_urls=(), block_network=True):
        with openai.OpenAI(api_key="k", max_retries=2) as client, pytest.raises(NetworkBlocked):
            chat(client)
        async with openai.AsyncOpenAI(api_key="k", max_retries=2, http_client=openai.DefaultAioHttpClient()) as client:
            with pytest.raises(NetworkBlocked):
                await client.models.list()


async def test_what_fails_in_the_middle_of_a_stream_reaches_the_test():
    def handle(_request):
        yield Head(200, ())
        yield Data(b"a")
        yield Wait(0.001)
        raise KeyError("city")

    with intercept(handle):
        with httpx2.Client() as client, client.stream("GET", URL) as response:
            chunks = response.iter_raw()
            assert next(chunks) == b"a"
            with pytest.raises(AnswerFailed):
                next(chunks)
        async with aiohttp.ClientSession() as session, session.get(URL) as response:
            assert await response.content.readany() == b"a"
            with pytest.raises(AnswerFailed):
                await response.content.readany()


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (httpx2.ConnectTimeout("slow"), "ConnectTimeout"),
        (httpx.ConnectTimeout("slow"), "ConnectTimeout"),
        (ConnectionResetError("gone"), "ReadError"),
        (ConnectionRefusedError("no"), "ConnectError"),
        (TimeoutError(), "ReadTimeout"),
    ],
    ids=repr,
)
def test_a_broken_connection_that_is_played_is_the_clients(error, name):
    calls = []

    def fail():
        raise error

    def handle(request):
        calls.append(request)
        yield Ask(fail)

    with intercept(handle), openai.OpenAI(api_key="k", max_retries=1) as client:
        client._calculate_retry_timeout = lambda *_arguments, **_options: 0.0
        with pytest.raises(openai.APIConnectionError) as caught:
            chat(client)
    assert type(caught.value.__cause__) is getattr(httpx2, name)
    assert len(calls) == 2


async def test_timeouts_are_the_clients_own(hx):
    clock = Clock()
    silent = intercept(playing(Cut("timeout")), timer=clock.timer)
    with silent, hx.Client(timeout=7.0) as client, pytest.raises(hx.ReadTimeout):
        client.get(URL)
    assert clock.time == 7.0


async def test_a_cancelled_task_closes_the_exchange(hx):
    closed, waiting = asyncio.Event(), asyncio.Event()

    def handle(_request):
        try:
            yield Ask(waiting.set)
            yield Wait(60.0)
            yield Head(200, ())
        finally:
            closed.set()

    with intercept(handle):
        async with hx.AsyncClient() as client:
            task = asyncio.create_task(client.get(URL))
            await asyncio.wait_for(waiting.wait(), 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    await asyncio.wait_for(closed.wait(), 10)


@pytest.mark.parametrize("library", ["httpx", "httpx2", "requests"])
def test_a_library_that_is_imported_later(library):
    code = f"""
import sys
from openai_mock.doors.patch import intercept
from openai_mock.wire import Head
def handle(request):
    yield Head(204, ())
assert "{library}" not in sys.modules
with intercept(handle):
    import {library}
    assert {library}.get("{URL}").status_code == 204
    assert {library}.__spec__.loader.get_source("{library}")
from {library} import {"adapters as module" if library == "requests" else "_transports as module"}
owner = {"module.HTTPAdapter" if library == "requests" else "module.default.HTTPTransport"}
assert not hasattr(owner.{"send" if library == "requests" else "handle_request"}, "__wrapped__")
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)


def test_libraries_that_are_not_used_are_not_imported():
    code = """
import sys
from openai_mock.doors.patch import intercept
with intercept(lambda request: iter(())):
    pass
assert not {"httpx", "httpx2", "aiohttp", "requests", "openai"} & set(sys.modules), sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
