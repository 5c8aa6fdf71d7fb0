"""HTTP/2: through the client that tests use, and frame by frame with a client that can misbehave."""

import asyncio
import json
import socket
import threading
import time

import h2.errors
import h2.events
import httpx2
import pytest
from http2_peer import FIELDS, Peer

from openai_mock.doors.serve import serve_in_thread
from openai_mock.doors.switch import PREFACE
from openai_mock.wire import Ask, Cut, Data, Head, Wait


def playing(*steps):
    def handle(_request):
        yield from steps

    return handle


def address(url):
    host, _, port = url.partition("://")[2].rpartition(":")
    return host, int(port)


def echo(request):
    body = json.dumps([request.method, request.path, request.query, dict(request.headers), len(request.body)]).encode()
    yield Head(200, [(b"content-type", b"application/json"), (b"Connection", b"keep-alive")])
    yield Data(body)


@pytest.fixture
def serve():
    servers = []

    def start(handle, **options):
        servers.append(serve_in_thread(handle, **options))
        return servers[-1].url

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def client():
    with httpx2.Client(http1=False, http2=True, timeout=10) as client:
        yield client


def test_a_request_as_the_engine_sees_it(serve, client):
    response = client.post(f"{serve(echo)}/v1/a%20b?x=1", content=b"abc", headers={"x-a": "1", "cookie": "a=1; b=2"})
    method, path, query, headers, size = response.json()
    assert (response.http_version, method, path, query, size) == ("HTTP/2", "POST", "/v1/a%20b", "x=1", 3)
    assert headers["host"] == response.url.netloc.decode()
    assert (headers["x-a"], headers["cookie"]) == ("1", "a=1; b=2")
    assert not any(name.startswith(":") for name in headers)
    assert "connection" not in response.headers
    assert "date" in response.headers
    assert int(response.headers["content-length"]) == len(response.content)


def test_split_cookies_and_repeated_headers(serve):
    with Peer(serve(echo)) as peer:
        peer.ask(1, ("cookie", "a=1"), ("cookie", "b=2"), ("x-a", "1"), ("x-a", "2"))
        headers = json.loads(peer.until(h2.events.DataReceived).data)[3]
    assert (headers["cookie"], headers["x-a"]) == ("a=1; b=2", "1, 2")


@pytest.mark.parametrize("size", [0, 1, 16_384, 70_000, 300_000, 5_000_000])
def test_bodies_both_ways(serve, client, size):
    def handle(request):
        yield Head(200, [(b"content-length", b"%d" % len(request.body))])
        yield Data(request.body)

    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert client.post(serve(handle), content=body).content == body


def test_a_long_answer_reaches_a_slow_reader_whole(serve, client):
    url = serve(playing(Head(200, ()), *[Data(b"x" * 100_000)] * 100))
    with client.stream("GET", url) as response:
        sizes = []
        for chunk in response.iter_raw():
            sizes.append(len(chunk))
            if len(sizes) < 20:
                time.sleep(0.002)
    assert sum(sizes) == 10_000_000


async def test_a_hundred_streams_on_one_connection(serve):
    def handle(request):
        yield Head(200, ())
        for number in range(10):
            yield Data(b"%s %d\n" % (request.path.encode(), number))
            yield Wait(number * 0.01)

    url = serve(handle)
    limits = httpx2.Limits(max_connections=1)
    async with httpx2.AsyncClient(http1=False, http2=True, limits=limits, timeout=20) as client:
        answers = await asyncio.gather(*(client.get(f"{url}/{one}") for one in range(100)))
    assert [answer.text for answer in answers] == [
        "".join(f"/{one} {number}\n" for number in range(10)) for one in range(100)
    ]


async def test_thousands_of_requests_on_one_connection(serve):
    url = serve(playing(Head(200, [(b"content-length", b"2")]), Data(b"ok")))
    limits = httpx2.Limits(max_connections=1)
    async with httpx2.AsyncClient(http1=False, http2=True, limits=limits, timeout=20) as client:
        await client.get(url)
    with Peer(url) as peer:
        for first in range(1, 12_001, 200):
            for number in range(first, first + 200, 2):
                peer.ask(number)
            peer.until(h2.events.StreamEnded, first + 198)
        assert not [event for event in peer.events if isinstance(event, h2.events.StreamReset)]


def test_a_stream_is_paced(serve):
    with Peer(serve(playing(Head(200, ()), Data(b"a"), Wait(0.05), Data(b"b"), Wait(0.05), Data(b"c")))) as peer:
        began = time.monotonic()
        peer.ask(1)
        assert peer.until(h2.events.DataReceived).data == b"a"
        assert peer.until(h2.events.DataReceived).data.startswith(b"b")
        assert time.monotonic() - began >= 0.05
        peer.until(h2.events.StreamEnded)


def test_a_preface_in_pieces(serve):
    with socket.create_connection(address(serve(echo)), timeout=10) as client:
        for at in range(len(PREFACE)):
            client.sendall(PREFACE[at : at + 1])
        assert client.recv(9)[3] == 4  # the server's settings


def test_a_request_in_pieces_is_no_preface(serve):
    with socket.create_connection(address(serve(echo)), timeout=10) as client:
        for part in (b"P", b"OST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"):
            client.sendall(part)
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


def test_asks_are_performed(serve, client):
    async def answer():
        await asyncio.sleep(0)
        return b"late"

    def handle(_request):
        told = yield Ask(answer)
        yield Head(200, ())
        now = yield Ask(lambda: b" now")
        yield Data(told + now)

    assert client.get(serve(handle)).content == b"late now"


@pytest.mark.parametrize("headers", [(), ((b"content-length", b"9"),)])
@pytest.mark.parametrize("before", [(), (Data(b"abc"),), (Data(b"abc"), Wait(0.01))])
def test_a_cut_resets_only_its_stream(serve, headers, before, capfd):
    def handle(request):
        if request.query:
            yield Head(200, headers)
            yield from before
            yield Cut("reset")
        yield from echo(request)

    with Peer(serve(handle)) as peer:
        peer.ask(1)
        peer.ask(3, fields=[*FIELDS[:3], (":path", "/b")])
        assert peer.until(h2.events.StreamReset, 1).error_code == h2.errors.ErrorCodes.INTERNAL_ERROR
        assert peer.status(3) == "200"
    assert capfd.readouterr().err == ""


def test_a_cut_before_the_head(serve, client):
    with pytest.raises(httpx2.RemoteProtocolError, match="StreamReset"):
        client.get(serve(playing(Cut("reset"))))


def test_what_is_asked_may_be_cancelled(serve, client):
    async def cancelled():
        raise asyncio.CancelledError

    with pytest.raises(httpx2.RemoteProtocolError, match="StreamReset"):
        client.get(serve(playing(Ask(cancelled))))


def test_silence_is_a_read_timeout(serve, client):
    with pytest.raises(httpx2.ReadTimeout):
        client.get(serve(playing(Head(200, ()), Data(b"a"), Cut("timeout"))), timeout=0.05)


@pytest.mark.parametrize("way", ["reset", "disconnect"])
@pytest.mark.parametrize("last", [Wait(1000.0), Cut("timeout"), Data(b"x" * 10_000_000)])
def test_an_abandoned_stream_frees_its_exchange(serve, way, last):
    closed, kept = threading.Event(), []

    def exchange():
        try:
            yield Head(200, ())
            yield Data(b"a")
            yield last
            yield Data(b"b")
        finally:
            closed.set()

    def handle(_request):
        kept.append(exchange())  # so that closing it is left to the server
        return kept[-1]

    with Peer(serve(handle)) as peer:
        peer.credit = False
        peer.ask(1)
        peer.until(h2.events.DataReceived)
        assert not closed.is_set()
        if way == "reset":
            peer.conn.reset_stream(1, h2.errors.ErrorCodes.CANCEL)
            peer.flush()
            assert closed.wait(5)
    assert closed.wait(5)


def test_a_websocket_is_refused_politely(serve):
    with Peer(serve(echo)) as peer:
        peer.conn.config.validate_outbound_headers = False
        peer.ask(1, fields=[(":method", "CONNECT"), (":protocol", "websocket"), *FIELDS[1:]], end=False)
        assert peer.status(1) == "403"
        assert b"HTTP/1.1" in peer.until(h2.events.DataReceived).data


def test_expect_continue(serve):
    with Peer(serve(echo)) as peer:
        peer.ask(1, ("expect", "100-continue"), fields=[(":method", "POST"), *FIELDS[1:]], end=False)
        peer.until(h2.events.InformationalResponseReceived)
        peer.conn.send_data(1, b"abc", end_stream=True)
        assert peer.status(1) == "200"


@pytest.mark.parametrize("steps", [(Data(b"ab"),), (Data(b"ab"), Wait(0.01), Data(b"cd"))])
@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_an_answer_without_a_body(serve, client, method, status, steps):
    response = client.request(method, serve(playing(Head(status, ()), *steps)))
    assert (response.status_code, response.content) == (status, b"")


@pytest.mark.parametrize("handle", [
    playing(),
    playing(Head(200, [(b"x-a", b"b\r\nc: d")])),
    playing(Head(200, [(b"content-length", b"5")]), Data(b"ab")),
    playing(Head(200, [(b"x-a", b"b\0")]), Wait(0.001), Data(b"ab")),
])  # fmt: skip
def test_a_wrong_answer_is_a_500(serve, client, handle, caplog):
    response = client.get(serve(handle))
    assert (response.status_code, response.json()["error"]["type"]) == (500, "server_error")
    assert "The exchange of GET / failed." in caplog.text


@pytest.mark.parametrize("size", [1, 300_000])
def test_an_error_before_the_head_is_a_500(serve, client, caplog, size):
    def handle(_request):
        raise KeyError("oh")
        yield

    assert client.post(serve(handle), content=b"x" * size).status_code == 500
    assert "KeyError" in caplog.text


def test_an_error_behind_the_head_breaks_the_stream(serve, client, caplog):
    def handle(_request):
        yield Head(200, ())
        yield Wait(0.01)
        raise KeyError("oh")

    with pytest.raises(httpx2.RemoteProtocolError, match="StreamReset"):
        client.get(serve(handle))
    assert "KeyError" in caplog.text


def test_a_body_shorter_than_announced_breaks_the_stream(serve, client):
    with pytest.raises(httpx2.RemoteProtocolError):
        client.get(serve(playing(Head(200, [(b"content-length", b"5")]), Wait(0.01), Data(b"ab"))))


def test_running_answers_end_before_a_server_that_stops(serve):
    go = threading.Event()

    async def wait():
        await asyncio.to_thread(go.wait, 10)

    def handle(_request):
        yield Head(200, ())
        yield Data(b"a")
        yield Ask(wait)
        yield Data(b"b")

    served = serve_in_thread(handle)
    with Peer(served.url) as peer:
        peer.ask(1)
        peer.until(h2.events.DataReceived)
        stopping = threading.Thread(target=served.stop)
        stopping.start()
        go.set()
        peer.until(h2.events.StreamEnded)
        assert peer.until(h2.events.ConnectionTerminated).error_code == h2.errors.ErrorCodes.NO_ERROR
        stopping.join()


def test_an_idle_connection_is_told_goodbye(serve):
    served = serve_in_thread(echo)
    with Peer(served.url) as peer:
        peer.ask(1)
        peer.until(h2.events.StreamEnded)
        served.stop()
        assert peer.until(h2.events.ConnectionTerminated).error_code == h2.errors.ErrorCodes.NO_ERROR
