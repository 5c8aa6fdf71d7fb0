"""Real sockets: servers in threads and in a process of their own."""

import asyncio
import contextlib
import gc
import http.client
import importlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from openai_mock.doors.drive import ended
from openai_mock.doors.serve import serve_in_thread
from openai_mock.doors.sockets import FIRST_PORT, PortTakenError, listen
from openai_mock.wire import Cut, Data, Head, Wait

SERVER = """
import sys
from openai_mock.doors import serve
from openai_mock.doors.serve import run
from openai_mock.wire import Data, Head, Wait

def handle(request):
    yield Head(200, [(b"content-type", b"text/event-stream")])
    for number in range(100_000):
        yield Data(b"data: x\\n\\n")
        yield Wait(number * 0.01)

serve.GRACE = float((sys.argv[2:] or [serve.GRACE])[0])
code = run(handle, port=0, http=sys.argv[1], on_ready=lambda url: print(url, flush=True))
print("code", code, flush=True)
"""
LONG = "60"
"""A grace, in seconds, that nobody waits for by mistake without a test failing."""


@pytest.fixture(params=["httpx", "httpx2"])
def hx(request):
    return importlib.import_module(request.param)


@pytest.fixture(params=["auto", "h11"])
def protocol(request):
    return request.param


@pytest.fixture
def serve(protocol):
    servers = []

    def start(handle, **options):
        servers.append(serve_in_thread(handle, http=protocol, **options))
        return servers[-1].url

    yield start
    for server in servers:
        server.stop()


def playing(*steps):
    def handle(_request):
        yield from steps

    return handle


def echo(request):
    body = json.dumps([request.method, request.path, request.query, len(request.body)]).encode()
    yield Head(200, [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))])
    yield Data(body)


def address(url):
    host, _, port = url.removeprefix("http://").rpartition(":")
    return host, int(port)


async def test_all_clients_get_an_answer(hx, serve):
    url = serve(echo)
    with hx.Client() as client:
        response = client.post(f"{url}/v1/a%20b?x=1", content=b"abc")
        assert response.json() == ["POST", "/v1/a%20b", "x=1", 3]
        assert "date" in response.headers
        assert client.get(url).json() == ["GET", "/", "", 0]
    async with hx.AsyncClient() as client:
        answers = await asyncio.gather(
            *(client.post(url, content=b"x" * size) for size in (1, 70_000, 300_000, 5_000_000))
        )
        assert [answer.json()[3] for answer in answers] == [1, 70_000, 300_000, 5_000_000]


def test_stream_arrives_as_it_is_sent(hx, serve):
    go = threading.Event()

    def handle(_request):
        yield Head(200, ())
        yield Data(b"a")
        yield Wait(0.01)
        yield Data(b"b")
        if not go.wait(10):
            raise AssertionError
        yield Data(b"c")

    with hx.Client() as client, client.stream("GET", serve(handle)) as response:
        chunks = response.iter_raw()
        first = next(chunks)
        go.set()
        assert (first, b"".join(chunks)) == (b"a", b"bc")


@pytest.mark.parametrize("headers", [(), ((b"content-length", b"9"),)])
@pytest.mark.parametrize("pause", [(), (Wait(0.01),)])
def test_reset_in_the_body(hx, serve, headers, pause, capfd):
    url = serve(playing(Head(200, headers), Data(b"abc"), *pause, Cut("reset")))
    with hx.Client() as client, client.stream("GET", url) as response:
        got = []
        with pytest.raises(hx.RemoteProtocolError, match="peer closed connection"):
            got.extend(response.iter_raw())
        assert got == [b"abc"]
    assert capfd.readouterr().err == ""


def test_reset_before_the_head(hx, serve, capfd):
    with hx.Client() as client, pytest.raises(hx.RemoteProtocolError, match="without sending a response"):
        client.get(serve(playing(Cut("reset"))))
    assert capfd.readouterr().err == ""


def test_silence_is_a_read_timeout(hx, serve):
    with hx.Client(timeout=0.05) as client, pytest.raises(hx.ReadTimeout):
        client.get(serve(playing(Head(200, ()), Data(b"a"), Cut("timeout"))))


def test_a_body_that_is_too_long(serve):
    host, port = address(serve(echo, max_body=1000))
    for body in (b"x" * 3_000_000, iter([b"x" * 600] * 5000)):
        connection = http.client.HTTPConnection(host, port, timeout=10)
        with contextlib.suppress(OSError):  # the server stopped listening; its answer is there all the same
            connection.request("POST", "/", body)
        response = connection.getresponse()
        assert response.status == 413
        assert "1000 bytes" in json.load(response)["error"]["message"]
        connection.close()


def test_an_abandoned_stream_frees_its_exchange(serve):
    closed = threading.Event()

    def handle(_request):
        try:
            yield Head(200, ())
            yield Data(b"a")
            yield Wait(1000.0)
        finally:
            closed.set()

    with socket.create_connection(address(serve(handle))) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert client.recv(10)
    assert closed.wait(5)


def test_a_slow_body_and_pipelining(serve):
    with socket.create_connection(address(serve(echo))) as client:
        for part in (
            b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-le",
            b"ngth: 4\r\n\r\n",
            b"ab",
            b"cdGET /b HTTP/1.1\r\nhost: x\r\n\r\n",
        ):
            client.sendall(part)
        client.settimeout(10)
        got = b""
        while b'"/b"' not in got:
            got += client.recv(1000)
    assert got.count(b"HTTP/1.1 200") == 2
    assert b'["POST", "/a", "", 4]' in got


async def test_five_hundred_streams_at_once(serve):
    def handle(_request):
        yield Head(200, ())
        for number in range(10):
            yield Data(b"data: %d\n\n" % number)
            yield Wait(number * 0.01)

    host, port = address(serve(handle))

    async def read():
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        got = await reader.read()
        writer.close()
        await writer.wait_closed()
        return got

    answers = await asyncio.gather(*(read() for _ in range(500)))
    assert all(b"data: 9" in answer and answer.endswith(b"0\r\n\r\n") for answer in answers)


def test_a_long_answer_reaches_a_slow_reader_whole(serve):
    url = serve(playing(Head(200, ()), *[Data(b"x" * 100_000)] * 100))
    with urllib.request.urlopen(url, timeout=20) as response:
        assert len(response.read()) == 10_000_000


@pytest.mark.parametrize("path", ["/", "/v1/realtime"])
def test_websocket_is_refused_politely(serve, path):
    with socket.create_connection(address(serve(echo))) as client:
        client.settimeout(10)
        client.sendall(
            b"GET %b HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n" % path.encode()
        )
        assert client.recv(1000).startswith(b"HTTP/1.1 403")


def test_tls(protocol):
    import trustme

    authority = trustme.CA()
    server_side, client_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    authority.configure_trust(client_side)
    with serve_in_thread(echo, ssl=server_side, http=protocol) as served:
        assert served.url.startswith("https://127.0.0.1:")
        with urllib.request.urlopen(served.url + "/a", context=client_side, timeout=10) as response:
            assert json.load(response)[1] == "/a"


def test_servers_come_and_go():
    gc.collect()
    threads = threading.active_count()
    for _ in range(5):
        servers = [serve_in_thread(echo) for _ in range(3)]
        for server in servers:
            with urllib.request.urlopen(server.url, timeout=10) as response:
                assert response.status == 200
        for server in servers:
            server.stop()
            server.stop()
            with pytest.raises(urllib.error.URLError):
                urllib.request.urlopen(server.url, timeout=1)
    assert threading.active_count() == threads
    gc.collect()


def test_stop_is_quick_with_streams_open(monkeypatch):
    monkeypatch.setattr("openai_mock.doors.serve.GRACE", float(LONG))
    closed = threading.Event()

    def handle(_request):
        try:
            yield Head(200, ())
            yield Data(b"a")
            yield Wait(1000.0)
        finally:
            closed.set()

    served = serve_in_thread(handle)
    with socket.create_connection(address(served.url)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        client.recv(1000)
        began = time.monotonic()
        served.stop()
        assert time.monotonic() - began < 10
    assert closed.is_set()


def test_a_taken_port_is_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError) as error:
            serve_in_thread(echo, port=port)
        assert str(error.value).startswith(f"Port {port} on 127.0.0.1 is already in use")


def test_an_address_that_is_none_is_a_sentence():
    with pytest.raises(OSError, match="There is no address"):
        listen("no such host", 0)


def test_the_first_free_port():
    with listen("127.0.0.1", None) as first, listen("127.0.0.1", None) as second:
        ports = {first.getsockname()[1], second.getsockname()[1]}
        assert len(ports) == 2
        assert min(ports) >= FIRST_PORT


def test_an_error_at_the_start_comes_out(monkeypatch):
    def broken(*_args):
        raise RuntimeError("no protocol")

    monkeypatch.setattr("openai_mock.doors.serve._spoken", broken)
    with pytest.raises(RuntimeError, match="no protocol"):
        serve_in_thread(echo)


def test_small_packets_are_not_delayed():
    with listen("127.0.0.1", 0) as sock:
        assert sock.proto == socket.IPPROTO_TCP


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another process")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_during_streams(protocol, number):
    env = {**os.environ, "PYTHONWARNINGS": "error"}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, protocol], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    ) as process:
        url = process.stdout.readline().strip()
        with socket.create_connection(address(url)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert client.recv(10)
            began = time.monotonic()
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
            assert time.monotonic() - began < 10
    assert (process.returncode, out, err) == (0, "code 0\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another process")
def test_a_second_signal_ends_it_at_once(protocol):
    with subprocess.Popen([sys.executable, "-c", SERVER, protocol, LONG], stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        with socket.create_connection(address(url)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert client.recv(10)
            process.send_signal(signal.SIGTERM)
            while True:  # refused means that the first signal has arrived
                try:
                    socket.create_connection(address(url)).close()
                except OSError:
                    break
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
            assert time.monotonic() - began < 10
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another process")
def test_an_idle_connection_does_not_delay_the_end(protocol):
    with subprocess.Popen([sys.executable, "-c", SERVER, protocol, LONG], stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        with socket.create_connection(address(url)) as client:
            client.sendall(b"HEAD / HTTP/1.0\r\nhost: x\r\n")  # not yet a request
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
            assert time.monotonic() - began < 10
    assert process.returncode == 0


def test_ended_logs_what_cleanup_raises(caplog):
    def exchange():
        try:
            yield Head(200, ())
        finally:
            raise KeyError("oh")

    steps = exchange()
    next(steps)
    ended(steps)
    assert "KeyError" in caplog.text
