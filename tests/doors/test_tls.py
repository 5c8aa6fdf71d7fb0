"""HTTPS with real sockets: both ports of one server, the clients that trust its authority, and those that do not."""

import asyncio
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import httpx2
import openai
import pytest

from openai_mock.doors.certificates import LOCAL, certificate, write_authority
from openai_mock.doors.serve import serve_in_thread
from openai_mock.doors.sockets import FIRST_HTTPS_PORT, Https, PortTakenError, listen
from openai_mock.wire import Data, Head, Wait

SERVER = """
import sys
from openai_mock.doors import serve
from openai_mock.doors.certificates import LOCAL, certificate
from openai_mock.doors.serve import run
from openai_mock.doors.sockets import Https
from openai_mock.wire import Data, Head, Wait

def handle(request):
    yield Head(200, [(b"content-type", b"text/event-stream")])
    for number in range(100_000):
        yield Data(b"data: x\\n\\n")
        yield Wait(number * 0.01)

serve.GRACE = float((sys.argv[1:] or [serve.GRACE])[0])
https = Https(certificate(LOCAL).context, 0)
code = run(handle, port=0, https=https, on_ready=lambda *urls: print(*urls, flush=True))
print("code", code, flush=True)
"""
LONG = "60"
"""A grace, in seconds, that nobody waits for by mistake without a test failing."""
CURL = shutil.which("curl")
KEY = "sk-test"


def echo(request):
    body = json.dumps([request.method, request.path, request.headers.get("host", ""), len(request.body)]).encode()
    yield Head(200, [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))])
    yield Data(body)


def models(_request):
    body = b'{"object":"list","data":[{"id":"gpt-4o","object":"model","created":1,"owned_by":"openai"}]}'
    yield Head(200, [(b"content-type", b"application/json")])
    yield Data(body)


def address(url):
    host, _, port = url.partition("://")[2].rpartition(":")
    return host, int(port)


@pytest.fixture(scope="module")
def made():
    return certificate(LOCAL)


@pytest.fixture
def authority(made, tmp_path):
    write_authority(made, tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


@pytest.fixture
def trust(authority):
    return ssl.create_default_context(cafile=authority)


@pytest.fixture
def serve(made):
    servers = []

    def start(handle, **options):
        servers.append(serve_in_thread(handle, https=Https(made.context, 0), **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def shaken(url, trust, alpn):
    """A TLS connection and the protocol that was agreed on."""
    trust.set_alpn_protocols(alpn)
    host, port = address(url)
    client = trust.wrap_socket(socket.create_connection((host, port), timeout=10), server_hostname=host)
    return client, client.selected_alpn_protocol()


def test_http_and_https_at_once(serve, trust):
    served = serve(echo)
    with httpx2.Client(verify=trust) as client:
        for url in (served.url, served.https_url):
            assert client.get(f"{url}/a").json()[:2] == ["GET", "/a"]
    assert (served.url[:7], served.https_url[:8]) == ("http://", "https://")


@pytest.mark.parametrize("http", ["auto", "h11"])
def test_the_sdk_trusts_the_authority(serve, trust, http):
    url = serve(models, http=http).https_url
    with openai.OpenAI(
        base_url=f"{url}/v1", api_key=KEY, http_client=openai.DefaultHttpxClient(verify=trust), max_retries=0
    ) as client:
        assert [model.id for model in client.models.list()] == ["gpt-4o"]


def test_the_sdk_does_not_trust_a_stranger(serve):
    url = serve(models).https_url
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client,
        pytest.raises(openai.APIConnectionError) as error,
    ):
        client.models.list()
    assert "CERTIFICATE_VERIFY_FAILED" in str(error.value.__cause__)


@pytest.mark.parametrize(("offer", "agreed"), [(["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1")])
def test_the_handshake_chooses(serve, trust, offer, agreed):
    client, alpn = shaken(serve(echo).https_url, trust, offer)
    client.close()
    assert alpn == agreed


def test_the_handshake_without_http2(serve, trust):
    client, alpn = shaken(serve(echo, http2=False).https_url, trust, ["h2", "http/1.1"])
    with client:
        assert alpn == "http/1.1"
        client.sendall(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_client_without_alpn_speaks_http1(serve, trust):
    host, port = address(serve(echo).https_url)
    with trust.wrap_socket(socket.create_connection((host, port), timeout=10), server_hostname=host) as client:
        client.sendall(b"GET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("name", ["url", "https_url"])
def test_a_stream_arrives_chunk_by_chunk(serve, trust, name):
    go = threading.Event()

    def handle(_request):
        yield Head(200, ())
        yield Data(b"a")
        yield Wait(0.01)
        yield Data(b"b")
        if not go.wait(10):
            raise AssertionError
        yield Data(b"c")

    url = getattr(serve(handle), name)
    with httpx2.Client(verify=trust) as client, client.stream("GET", url) as response:
        chunks = response.iter_raw()
        first = next(chunks)
        go.set()
        assert (first, b"".join(chunks)) == (b"a", b"bc")


@pytest.mark.parametrize("name", ["url", "https_url"])
def test_a_websocket_is_refused_politely(serve, trust, name):
    url = getattr(serve(echo), name)
    client = SimpleNamespace(url=socket.create_connection, https_url=lambda _: shaken(url, trust, ["http/1.1"])[0])
    with getattr(client, name)(address(url)) as connection:
        connection.settimeout(10)
        connection.sendall(
            b"GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    "text", [b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0" * 99]
)
def test_cleartext_on_the_tls_port_ends_quietly(serve, text, capfd, caplog):
    with socket.create_connection(address(serve(echo).https_url), timeout=10) as client:
        client.sendall(text)
        got = b""
        while chunk := client.recv(1000):
            got += chunk
    assert b"HTTP/1.1 200" not in got
    assert capfd.readouterr().err == ""
    assert caplog.text == ""


def test_tls_on_the_cleartext_port_ends_quietly(serve, trust, capfd):
    with pytest.raises(ssl.SSLError, match=r"WRONG_VERSION_NUMBER|record layer failure"):
        shaken(serve(echo).url, trust, ["h2"])
    assert capfd.readouterr().err == ""


def test_a_silent_client_does_not_delay_the_end(serve, monkeypatch):
    monkeypatch.setattr("openai_mock.doors.serve.GRACE", float(LONG))
    served = serve(echo)
    with socket.create_connection(address(served.url)), socket.create_connection(address(served.https_url)):
        began = time.monotonic()
        served.stop()
        assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another process")
def test_a_silent_client_does_not_delay_a_signal():
    with subprocess.Popen([sys.executable, "-c", SERVER, LONG], stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().split()[1]
        with socket.create_connection(address(url)) as client:
            client.sendall(b"\x16")  # not yet a handshake
            ssl.get_server_certificate(address(url), timeout=10)  # which is accepted behind it
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
            assert time.monotonic() - began < 10
    assert process.returncode == 0


def test_a_taken_port_frees_the_other(made):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with listen("127.0.0.1", 0) as free:
            first = free.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"Port {port} .* --https-port"):
            serve_in_thread(echo, port=first, https=Https(made.context, port))
        listen("127.0.0.1", first).close()


def test_the_first_free_https_port(made):
    with serve_in_thread(echo, https=Https(made.context)) as served:
        assert address(served.https_url)[1] >= FIRST_HTTPS_PORT


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
@pytest.mark.parametrize(
    ("name", "option", "body", "version"),
    [
        ("https_url", "--http2", "abc", "2"),
        ("https_url", "--http1.1", "abc", "1.1"),
        ("url", "--http2-prior-knowledge", "abc", "2"),
        ("url", "--http2", "", "1.1"),  # an offer to upgrade, which may be left aside
    ],
)
def test_curl(serve, authority, name, option, body, version):
    about = subprocess.run([CURL, "--version"], capture_output=True, text=True, check=True).stdout
    if "HTTP2" not in about:
        pytest.skip("this curl does not speak HTTP/2")
    url = getattr(serve(echo), name)
    command = [CURL, "-sS", option, "--cacert", authority, "-d", body, "-w", " %{http_version}", f"{url}/a?b"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    answer, _, spoken = done.stdout.rpartition(" ")
    assert (json.loads(answer), spoken) == (["POST", "/a", url.partition("://")[2], len(body)], version)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another process")
@pytest.mark.parametrize("place", [0, 1])
def test_a_signal_ends_the_server_during_streams(place):
    """Streams over HTTP/2, in the clear and over TLS."""
    env = {**os.environ, "PYTHONWARNINGS": "error"}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    ) as process:
        url = process.stdout.readline().split()[place]
        try:
            began = asyncio.run(stop_during_streams(url, process, http1=bool(place)))
        except BaseException:
            process.kill()
            raise
        out, err = process.communicate(timeout=30)
        assert time.monotonic() - began < 10
    assert (process.returncode, out, err) == (0, "code 0\n", "")


async def stop_during_streams(url, process, *, http1):
    """Read ten streams, stop their server when they have begun, and see them end; when it was told to."""
    begun = asyncio.Barrier(11)

    async def read(client):
        async with client.stream("GET", url) as response:
            assert response.http_version == "HTTP/2"
            chunks = response.aiter_raw()
            await anext(chunks)
            await begun.wait()
            async for _ in chunks:
                pass

    async with httpx2.AsyncClient(http1=http1, http2=True, verify=False) as client:
        streams = [asyncio.ensure_future(read(client)) for _ in range(10)]
        await asyncio.wait_for(begun.wait(), 10)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        ends = await asyncio.gather(*streams, return_exceptions=True)
    assert [type(end) for end in ends if not isinstance(end, httpx2.TransportError)] == []
    return began
