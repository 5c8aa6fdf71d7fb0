"""HTTP/2: through the client that tests use, and frame by frame with a client that can misbehave."""

import asyncio
import contextlib
import json
import socket
import threading
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import httpx2
import pytest

from openai_mock.doors.http2 import MAX_RESETS, MAX_STREAMS, Http2
from openai_mock.doors.serve import serve_in_thread
from openai_mock.wire import Ask, Cut, Data, Head, Wait

FIELDS = [(":method", "GET"), (":scheme", "http"), (":authority", "x.test"), (":path", "/a?b=1")]


def playing(*steps):
    def handle(_request):
        yield from steps

    return handle


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


class Peer:
    """A client that says exactly what a test wants, over HTTP/2 in the clear."""

    def __init__(self, url, **settings):
        host, _, port = url.removeprefix("http://").rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.conn = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        if settings:
            codes = {h2.settings.SettingCodes[name]: value for name, value in settings.items()}
            self.conn.local_settings = h2.settings.Settings(client=True, initial_values=codes)
        self.conn.initiate_connection()
        self.events = []
        self.credit = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, number, *more, fields=FIELDS, end=True):
        self.conn.send_headers(number, [*fields, *more], end_stream=end)

    def flush(self):
        self.socket.sendall(self.conn.data_to_send())

    def until(self, kind, number=None):
        """Read up to the first event of a kind, of a stream."""
        while True:
            for event in self.events:
                if isinstance(event, kind) and number in (None, event.stream_id):
                    self.events.remove(event)
                    return event
            self.read()

    def read(self):
        self.flush()
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionResetError
        for event in self.conn.receive_data(data):
            self.events.append(event)
            if isinstance(event, h2.events.DataReceived) and self.credit:
                self.conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def status(self, number):
        return dict(self.until(h2.events.ResponseReceived, number).headers)[":status"]


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


def test_no_more_is_made_than_the_client_takes(serve):
    made = []

    def handle(_request):
        yield Head(200, ())
        for number in range(1000):
            made.append(number)
            yield Data(b"x" * 100_000)

    with Peer(serve(handle)) as peer:
        peer.credit = False
        peer.ask(1)
        while sum(len(event.data) for event in peer.events if isinstance(event, h2.events.DataReceived)) < 65_535:
            peer.read()
        peer.ask(3, fields=[*FIELDS[:3], (":path", "/b")])
        assert peer.status(3) == "200"
        assert len(made) < 10


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
        peer.ask(1)
        assert peer.until(h2.events.DataReceived).data == b"a"
        began = time.monotonic()
        assert peer.until(h2.events.DataReceived).data == b"bc"
        assert time.monotonic() - began > 0.02
        peer.until(h2.events.StreamEnded)


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


def test_silence_is_a_read_timeout(serve, client):
    with pytest.raises(httpx2.ReadTimeout):
        client.get(serve(playing(Head(200, ()), Data(b"a"), Cut("timeout"))), timeout=0.05)


@pytest.mark.parametrize("way", ["reset", "disconnect"])
@pytest.mark.parametrize("last", [Wait(1000.0), Cut("timeout"), Data(b"x" * 10_000_000)])
def test_an_abandoned_stream_frees_its_exchange(serve, way, last):
    closed = threading.Event()

    def handle(_request):
        try:
            yield Head(200, ())
            yield Data(b"a")
            yield last
            yield Data(b"b")
        finally:
            closed.set()

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


def test_a_request_that_is_reset_as_it_comes_is_not_begun(serve):
    seen = []

    def handle(request):
        seen.append(request.path)
        yield from echo(request)

    with Peer(serve(handle)) as peer:
        peer.ask(1)
        peer.conn.reset_stream(1)
        peer.ask(3, fields=[*FIELDS[:3], (":path", "/b")])
        assert peer.status(3) == "200"
    assert seen == ["/b"]


def test_a_flood_of_resets_is_cut_off(serve):
    url = serve(playing(Head(200, ()), Wait(100.0)))
    with Peer(url) as peer:
        for number in range(1, 2 * MAX_RESETS + 3, 2):
            peer.ask(number)
            peer.conn.reset_stream(number)
        with contextlib.suppress(ConnectionError):
            end = peer.until(h2.events.ConnectionTerminated)
            assert end.error_code == h2.errors.ErrorCodes.ENHANCE_YOUR_CALM
        with pytest.raises(ConnectionError):
            peer.until(h2.events.PingAckReceived)


def test_too_many_streams(serve):
    with Peer(serve(playing(Head(200, ()), Wait(100.0)))) as peer:
        peer.until(h2.events.RemoteSettingsChanged)
        assert peer.conn.remote_settings.max_concurrent_streams == MAX_STREAMS
        peer.conn.remote_settings = h2.settings.Settings(client=False)
        for number in range(1, 2 * MAX_STREAMS + 3, 2):
            peer.ask(number)
        with pytest.raises(ConnectionError):
            peer.until(h2.events.PingAckReceived)


@pytest.mark.parametrize("text", [b"nonsense " * 10, b"\x00\x40\x01\x00\x00\x00\x00\x00\x00" + b"x" * 20_000])
def test_what_is_no_frame_ends_the_connection(serve, text, capfd):
    with Peer(serve(echo)) as peer:
        peer.flush()
        peer.socket.sendall(text)
        with pytest.raises(ConnectionError):
            peer.until(h2.events.PingAckReceived)
    assert capfd.readouterr().err == ""


def test_headers_that_are_too_long(serve):
    with Peer(serve(echo)) as peer:
        peer.ask(1, *((f"x-{number}", "a" * 1000) for number in range(100)))
        with pytest.raises(ConnectionError):
            peer.status(1)


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_long(serve, announced):
    with Peer(serve(echo, max_body=1000)) as peer:
        more = [("content-length", "30000")] if announced else []
        peer.ask(1, *more, fields=[(":method", "POST"), *FIELDS[1:]], end=False)
        peer.conn.send_data(1, b"x" * 5000)
        assert peer.status(1) == "413"
        assert b"1000 bytes" in peer.until(h2.events.DataReceived).data
        assert peer.until(h2.events.StreamReset).error_code == h2.errors.ErrorCodes.NO_ERROR
        peer.ask(3)
        assert peer.status(3) == "200"


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
        while not go.is_set():
            await asyncio.sleep(0.001)

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


class Wire:
    """A transport for one connection without a socket."""

    def __init__(self):
        self.sent, self.unread, self.closed, self.reading = b"", 0, False, True

    def write(self, data):
        self.sent += data

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def get_write_buffer_size(self):
        return self.unread

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True


@pytest.fixture
async def link():
    from uvicorn.server import ServerState

    protocol, wire = Http2(echo, 1000, 0.01, ServerState(), asyncio.get_running_loop()), Wire()
    protocol.connection_made(wire)
    yield protocol, wire
    protocol.connection_lost(None)


async def test_a_quiet_connection_is_closed(link):
    _, wire = link
    while not wire.closed:
        await asyncio.sleep(0.001)
    peer = h2.connection.H2Connection()
    peer.initiate_connection()
    assert isinstance(peer.receive_data(wire.sent)[-1], h2.events.ConnectionTerminated)


async def test_a_client_that_does_not_read_is_not_read(link):
    protocol, wire = link
    peer = h2.connection.H2Connection()
    peer.initiate_connection()
    protocol.data_received(peer.data_to_send())
    assert wire.reading
    wire.unread = 2_000_000
    peer.ping(b"12345678")
    protocol.data_received(peer.data_to_send())
    assert not wire.reading
    protocol.pause_writing()
    protocol.resume_writing()
    assert wire.reading


async def test_a_leaving_connection_refuses_requests(link):
    protocol, wire = link
    protocol.handle = playing(Head(200, ()), Wait(100.0))
    peer = h2.connection.H2Connection()
    peer.initiate_connection()
    peer.send_headers(1, FIELDS, end_stream=True)
    protocol.data_received(peer.data_to_send())
    protocol.shutdown()
    peer.send_headers(3, FIELDS, end_stream=True)
    protocol.data_received(peer.data_to_send())
    resets = [event for event in peer.receive_data(wire.sent) if isinstance(event, h2.events.StreamReset)]
    assert [(event.stream_id, event.error_code) for event in resets] == [(3, h2.errors.ErrorCodes.REFUSED_STREAM)]
    assert not wire.closed
