"""What an HTTP/2 client can make the server hold is bounded, and a connection ends as both sides expect."""

import asyncio
import contextlib
import json

import h2.connection
import h2.errors
import h2.events
import h2.settings
import pytest
from http2_peer import FIELDS, Peer

from openai_mock.doors.http2 import MAX_RESETS, MAX_STREAMS, Http2
from openai_mock.doors.serve import serve_in_thread
from openai_mock.wire import Data, Head, Wait


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


def test_an_answer_goes_on_as_credit_comes(serve):
    with Peer(serve(playing(Head(200, ()), Data(b"x" * 300_000)))) as peer:
        peer.ask(1)
        size = 0
        while size < 300_000:
            size += len(peer.until(h2.events.DataReceived).data)
        peer.until(h2.events.StreamEnded)


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


@pytest.mark.parametrize("text", [b"\0\0\1\0\0\0\0\0\0x", b"\x00\x40\x01\x00\x00\x00\x00\x00\x00" + b"x" * 20_000])
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
    while not wire.closed:  # noqa: ASYNC110 - it tells nobody
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
