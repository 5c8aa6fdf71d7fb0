"""httpx and httpx2 clients see in the process what they would see over a socket."""

import importlib
import json

import pytest

from openai_mock.doors.drive import Timer
from openai_mock.doors.httpx import transport
from openai_mock.wire import Ask, Cut, Data, Head, Request, Wait

JSON = [(b"content-type", b"application/json"), (b"x-request-id", b"req_1")]
URL = "https://api.openai.com/v1/things"


@pytest.fixture(params=["httpx", "httpx2"])
def hx(request):
    return importlib.import_module(request.param)


class Clock:
    def __init__(self):
        self.time = 0.0

    def sleep(self, seconds):
        self.time += seconds

    async def asleep(self, seconds):
        self.time += seconds

    @property
    def timer(self):
        return Timer(lambda: self.time, self.sleep, self.asleep)


def playing(*steps):
    def handle(_request):
        yield from steps

    return handle


@pytest.fixture(params=["sync", "async"])
def fetch(hx, request):
    """Request once with both kinds of client; the chunks come as `.chunks`."""

    async def go(handle, method="GET", url=URL, *, timer=None, **options):
        door = transport(hx, handle, timer or Clock().timer)
        if request.param == "sync":
            with hx.Client(transport=door) as client, client.stream(method, url, **options) as response:
                response.chunks = list(response.iter_raw())
        else:
            async with hx.AsyncClient(transport=door) as client, client.stream(method, url, **options) as response:
                response.chunks = [chunk async for chunk in response.aiter_raw()]
        return response

    return go


async def test_whole_answer(fetch):
    response = await fetch(playing(Head(201, JSON), Data(b'{"a": 1}')))
    assert (response.status_code, response.headers["x-request-id"]) == (201, "req_1")
    assert json.loads(b"".join(response.chunks)) == {"a": 1}
    assert response.elapsed.total_seconds() >= 0


async def test_head_without_body(fetch):
    response = await fetch(playing(Head(204, ())))
    assert (response.status_code, b"".join(response.chunks)) == (204, b"")


def test_plain_client_reads_a_whole_answer(hx):
    with hx.Client(transport=transport(hx, playing(Head(200, JSON), Data(b'{"a": 1}')))) as client:
        response = client.post(URL, json={})
        assert response.json() == {"a": 1}
        assert response.elapsed.total_seconds() >= 0


async def test_stream_arrives_chunk_by_chunk(fetch):
    steps = [Head(200, ()), Data(b"a"), Data(b"b"), Wait(1.0), Data(b"c")]
    assert (await fetch(playing(*steps))).chunks == [b"a", b"b", b"c"]


async def test_deadlines_count_from_the_request(fetch):
    clock = Clock()
    await fetch(playing(Wait(0.5), Head(200, ()), Data(b"a"), Wait(2.0), Data(b"b")), timer=clock.timer)
    assert clock.time == 2.0


async def test_request_is_complete(fetch):
    seen = []

    def handle(request):
        seen.append(request)
        yield Head(200, ())

    headers = [("X-Two", "1"), ("x-two", "2"), ("Authorization", "Bearer k")]
    await fetch(handle, "POST", URL + "/a%2Fb?x=1&x=%20", headers=headers, content=b"raw")
    request = seen[0]
    assert isinstance(request, Request)
    assert (request.method, request.path, request.query, request.body) == (
        "POST",
        "/v1/things/a%2Fb",
        "x=1&x=%20",
        b"raw",
    )
    assert request.headers["x-two"] == "1, 2"
    assert request.headers["authorization"] == "Bearer k"


async def test_multipart_is_read(fetch):
    seen = []

    def handle(request):
        seen.append(request)
        yield Head(200, ())

    await fetch(handle, "POST", files={"file": ("a.txt", b"content")}, data={"purpose": "batch"})
    assert b"content" in seen[0].body
    assert seen[0].headers["content-type"].startswith("multipart/form-data; boundary=")


async def test_streamed_request_bodies_are_read(hx):
    seen = []

    def handle(request):
        seen.append(request.body)
        yield Head(200, ())

    async def parts():
        yield b"a"
        yield b"b"

    with hx.Client(transport=transport(hx, handle)) as client:
        client.post(URL, content=iter([b"a", b"b"]))
    async with hx.AsyncClient(transport=transport(hx, handle)) as client:
        await client.post(URL, content=parts())
    assert seen == [b"ab", b"ab"]


async def test_reset_before_the_head(hx, fetch):
    with pytest.raises(hx.RemoteProtocolError, match="without sending a response"):
        await fetch(playing(Cut("reset")))


@pytest.mark.parametrize(
    ("headers", "words"), [((), "incomplete chunked read"), ([(b"Content-Length", b"9")], "9 bytes were announced")]
)
async def test_reset_in_the_body(hx, fetch, headers, words):
    with pytest.raises(hx.RemoteProtocolError, match=words):
        await fetch(playing(Head(200, headers), Data(b"a"), Cut("reset")))


async def test_silence_lasts_until_the_read_timeout(hx, fetch):
    clock = Clock()
    with pytest.raises(hx.ReadTimeout):
        await fetch(playing(Head(200, ()), Data(b"a"), Cut("timeout")), timer=clock.timer, timeout=7.0)
    assert clock.time == 7.0


async def test_a_longer_wait_is_a_read_timeout(hx, fetch):
    clock = Clock()
    with pytest.raises(hx.ReadTimeout):
        await fetch(playing(Wait(20.0), Head(200, ())), timer=clock.timer, timeout=hx.Timeout(60.0, read=3.0))
    assert clock.time == 3.0


async def test_leaving_closes_the_exchange(hx):
    closed = []

    def handle(_request):
        try:
            yield Head(200, ())
            yield Data(b"a")
            yield Wait(5.0)
            yield Data(b"b")
        finally:
            closed.append(True)

    with hx.Client(transport=transport(hx, handle)) as client:
        with client.stream("GET", URL):
            pass  # not a byte is read
        with client.stream("GET", URL) as response:
            next(response.iter_raw())
    async with hx.AsyncClient(transport=transport(hx, handle)) as client:
        async with client.stream("GET", URL):
            pass
        async with client.stream("GET", URL) as response:
            async for _ in response.aiter_raw():
                break
    assert closed == [True] * 4


async def test_async_responder_needs_an_async_client(hx):
    async def responder():
        return b"later"

    def handle(_request):
        answer = yield Ask(responder)
        yield Head(200, ())
        yield Data(answer)

    async with hx.AsyncClient(transport=transport(hx, handle)) as client:
        assert (await client.get(URL)).content == b"later"
    with hx.Client(transport=transport(hx, handle)) as client, pytest.raises(TypeError, match="async client"):
        client.get(URL)


def test_the_real_sdk_streams():
    import openai

    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    events = [
        b"data: " + json.dumps({**chunk, "choices": [{"index": 0, "delta": {"content": word}}]}).encode() + b"\n\n"
        for word in ("a", "b")
    ]
    head = Head(200, [(b"content-type", b"text/event-stream")])
    handle = playing(head, Data(events[0]), Wait(0.01), Data(events[1]), Data(b"data: [DONE]\n\n"))
    import httpx2

    client = openai.OpenAI(api_key="k", http_client=httpx2.Client(transport=transport(httpx2, handle, Clock().timer)))
    stream = client.chat.completions.create(model="m", messages=[], stream=True)
    assert [part.choices[0].delta.content for part in stream] == ["a", "b"]
