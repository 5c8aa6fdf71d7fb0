"""Clients of aiohttp see in the process what they would see over a socket."""

from __future__ import annotations

import asyncio

import aiohttp
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import HELLO, JSON, Clock, Gate, LocalServer, completion, playing

from openai_mock.doors.aiohttp import Incoming
from openai_mock.doors.escape import AnswerFailed, NetworkBlocked
from openai_mock.doors.patch import intercept
from openai_mock.wire import Ask, Cut, Data, Head, Wait

URL = "https://api.openai.com/v1/things"


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_whole_answer(session):
    seen = []
    with intercept(playing(Head(201, JSON), Data(b'{"a": 1}'), seen=seen)):
        async with session.post(
            URL, params={"x": "1"}, json={"b": 2}, headers={"Authorization": "Bearer k"}
        ) as response:
            assert (response.status, response.reason, await response.json()) == (201, "Created", {"a": 1})
            assert response.headers["x-request-id"] == "req_1"
    request = seen[0]
    assert (request.method, request.path, request.query, request.body) == ("POST", "/v1/things", "x=1", b'{"b": 2}')
    assert request.headers["authorization"] == "Bearer k"
    assert request.headers["host"] == "api.openai.com"


async def chunks(*parts):
    for part in parts:
        yield part


@pytest.mark.parametrize("expect100", [False, True])
async def test_bodies_that_are_streamed(session, expect100):
    seen = []
    with intercept(playing(Head(200, ()), seen=seen)):
        await session.post(URL, data=chunks(b"a" * 70_000, b"", b"bc"), expect100=expect100)
        await session.post(URL, data=b"whole", expect100=expect100)
        form = aiohttp.FormData()
        form.add_field("file", b"abc", filename="a.txt")
        await session.post(URL, data=form, expect100=expect100)
    assert seen[0].body == b"a" * 70_000 + b"bc"
    assert seen[1].body == b"whole"
    assert b'filename="a.txt"' in seen[2].body


async def test_base_urls_with_a_path(session):
    seen = []
    with intercept(playing(Head(200, ()), seen=seen), base_urls=("https://gateway.test/llm/v1",)):
        await session.get("https://gateway.test/llm/v1/models")
    assert seen[0].path == "/v1/models"


async def test_chunks_arrive_one_by_one(session):
    gate = Gate()
    steps = [Head(200, ()), Data(b"a"), Wait(1.0), Data(b"b"), Wait(2.0), Data(b"c")]
    with intercept(playing(*steps), timer=gate.timer):
        async with session.get(URL) as response:
            for second, wanted in enumerate([b"a", b"b", b"c"]):
                assert await response.content.readany() == wanted
                assert gate.time == second
                gate.open()
            assert await response.content.readany() == b""


async def test_a_slow_reader_holds_a_fast_writer_back(session):
    written = []

    def handle(_request):
        yield Head(200, ())
        for _ in range(100):
            written.append(True)
            yield Data(bytes(60_000))

    with intercept(handle):
        async with session.get(URL) as response:
            await response.content.readexactly(1)
            assert len(written) < 20
            assert len(await response.read()) == 5_999_999


async def test_answers_without_a_body(session):
    with intercept(playing(Head(200, [(b"content-length", b"5")]))):
        assert await (await session.head(URL)).read() == b""
    with intercept(playing(Head(204, ()))):
        assert await (await session.get(URL)).read() == b""


async def test_cookies_and_redirects(session):
    def handle(request):
        if request.path == "/v1/things":
            yield Head(302, [(b"location", b"/v1/others"), (b"set-cookie", b"a=1; Path=/")])
        else:
            yield Head(200, ())
            yield Data(request.headers["cookie"].encode())

    with intercept(handle):
        response = await session.get(URL)
        assert await response.text() == "a=1"
    assert [step.status for step in response.history] == [302]


async def test_no_connection_outlives_the_interception(session):
    with intercept(playing(Head(200, JSON), Data(b"{}"))):
        for _ in range(3):
            await (await session.get(URL)).read()
    assert not session.connector._conns
    assert not session.connector._acquired
    with intercept(playing(), base_urls=(), block_network=True), pytest.raises(NetworkBlocked):
        await session.get(URL)


async def test_a_connection_from_before_is_not_used(session):
    with LocalServer() as local:
        async with session.get(local) as response:
            assert await response.text() == "local"
        assert session.connector._conns
        with intercept(playing(Head(200, ()), Data(b"mock")), base_urls=(local,)):
            async with session.get(local) as response:
                assert await response.text() == "mock"
        async with session.get(local) as response:
            assert await response.text() == "local"


async def closes_by(leave):
    closed = asyncio.Event()

    def handle(_request):
        try:
            yield Head(200, ())
            yield Data(b"a")
            yield Wait(60.0)
        finally:
            closed.set()

    with intercept(handle):
        await leave()
        await asyncio.wait_for(closed.wait(), 10)


async def test_leaving_closes_the_exchange(session):
    async def leave():
        async with session.get(URL) as response:
            assert await response.content.readany() == b"a"

    await closes_by(leave)


async def test_cancelling_closes_the_exchange(session):
    async def leave():
        begun = asyncio.Event()

        async def read():
            async with session.get(URL) as response:
                begun.set()
                await response.read()

        task = asyncio.create_task(read())
        await asyncio.wait_for(begun.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    await closes_by(leave)


async def test_closing_the_session_closes_the_exchange(session):
    async def leave():
        response = await session.get(URL)
        await session.close()
        response.close()

    await closes_by(leave)


async def test_silence_lasts_until_the_read_timeout(session):
    timeout = aiohttp.ClientTimeout(sock_read=7.0)
    for steps in ([Cut("timeout")], [Head(200, ()), Data(b"a"), Cut("timeout")], [Wait(20.0), Head(200, ())]):
        clock = Clock()
        with intercept(playing(*steps), timer=clock.timer), pytest.raises(aiohttp.ServerTimeoutError):
            await (await session.get(URL, timeout=timeout)).read()
        assert clock.time == 7.0


async def test_the_clients_own_timers_count():
    with intercept(playing(Wait(60.0), Head(200, ()))):
        async with aiohttp.ClientSession() as session:
            with pytest.raises(TimeoutError):
                await session.get(URL, timeout=aiohttp.ClientTimeout(total=0.01))
        client = openai.AsyncOpenAI(api_key="k", http_client=openai.DefaultAioHttpClient(), timeout=0.01, max_retries=0)
        async with client:
            with pytest.raises(openai.APITimeoutError):
                await client.chat.completions.create(model="m", messages=HELLO)


async def test_resets(session):
    with intercept(playing(Cut("reset"))), pytest.raises(aiohttp.ServerDisconnectedError):
        await session.post(URL)
    for headers in ((), [(b"content-length", b"9")]):
        with intercept(playing(Head(200, headers), Data(b"a"), Cut("reset"))):
            response = await session.get(URL)
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()


@pytest.mark.parametrize("end", [Cut("reset"), Ask(lambda: 1 // 0)])
async def test_what_came_before_a_break_is_read_first(session, end):
    got = bytearray()

    async def read(response):
        async for piece in response.content.iter_any():
            got.extend(piece)

    with intercept(playing(Head(200, ()), Data(b"ab"), Data(b"c"), end)):
        async with session.get(URL) as response:
            with pytest.raises((aiohttp.ClientPayloadError, AnswerFailed)):
                await read(response)
    assert got == b"abc"


async def test_an_exchange_without_an_answer_is_a_disconnection(session):
    with intercept(playing()), pytest.raises(aiohttp.ServerDisconnectedError):
        await session.post(URL)


async def test_exceptions_of_a_responder(session):
    error = aiohttp.ClientConnectionError("gone")

    async def fail():
        raise error

    with intercept(playing(Ask(fail))), pytest.raises(aiohttp.ClientConnectionError) as caught:
        await session.post(URL)
    assert caught.value is error
    with intercept(playing(Ask(fail))):
        client = openai.AsyncOpenAI(api_key="k", http_client=openai.DefaultAioHttpClient(), max_retries=0)
        async with client:
            with pytest.raises(openai.APIConnectionError):
                await client.chat.completions.create(model="m", messages=HELLO)


async def test_a_responder_that_is_cancelled(session):
    async def cancelled():
        raise asyncio.CancelledError

    with intercept(playing(Ask(cancelled))), pytest.raises(aiohttp.ServerDisconnectedError):
        await asyncio.wait_for(session.post(URL), 5)


async def test_other_hosts_pass_or_are_refused(session):
    with LocalServer() as local:
        with intercept(playing(Head(200, ()))):
            assert await (await session.get(local)).text() == "local"
        with intercept(playing(Head(200, ())), block_network=True), pytest.raises(NetworkBlocked):
            await session.get(local)


async def test_many_at_once():
    with intercept(playing(*completion())):
        client = openai.AsyncOpenAI(api_key="k", http_client=openai.DefaultAioHttpClient())
        async with client:
            answers = await asyncio.gather(
                *(client.chat.completions.create(model="m", messages=HELLO) for _ in range(50))
            )
    assert {answer.choices[0].message.content for answer in answers} == {"Hi"}


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.booleans(), st.lists(st.integers(1, 30)))
def test_a_request_in_any_pieces(parts, chunked, sizes):
    body = b"".join(parts)
    if chunked:
        head = b"transfer-encoding: chunked"
        sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    else:
        head, sent = b"Content-Length: %d" % len(body), body
    text = b"POST /v1/x?y=1 HTTP/1.1\r\nHost: a\r\n" + head + b"\r\nX-A: 1\r\nX-A: 2\r\n\r\n" + sent
    incoming = Incoming()
    at = 0
    for size in sizes:
        if at + size >= len(text):
            break
        assert not incoming.take(text[at : at + size])
        at += size
    assert incoming.take(text[at:])
    request = incoming.request("/v1/x", "y=1")
    assert (request.method, request.body) == ("POST", body)
    assert (request.headers["x-a"], request.headers["host"]) == ("1, 2", "a")
