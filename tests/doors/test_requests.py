"""Clients of requests see in the process what they would see over a socket."""

from __future__ import annotations

import io

import pytest
import requests
from scripted import JSON, Clock, LocalServer, playing

from openai_mock.doors.escape import AnswerFailed, NetworkBlocked
from openai_mock.doors.patch import intercept
from openai_mock.wire import Ask, Cut, Data, Head, Wait

URL = "https://api.openai.com/v1/things"


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_a_whole_answer(session):
    seen = []
    with intercept(playing(Head(201, JSON), Data(b'{"a": 1}'), seen=seen)):
        response = session.post(URL, params={"x": "1"}, json={"b": 2}, headers={"Authorization": "Bearer k"})
    assert (response.status_code, response.reason, response.json()) == (201, "Created", {"a": 1})
    assert response.headers["x-request-id"] == "req_1"
    assert response.elapsed.total_seconds() >= 0
    assert response.url == URL + "?x=1"
    request = seen[0]
    assert (request.method, request.path, request.query, request.body) == ("POST", "/v1/things", "x=1", b'{"b": 2}')
    assert request.headers["authorization"] == "Bearer k"
    assert request.headers["host"] == "api.openai.com"


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("é", "é".encode()),
        (b"abc", b"abc"),
        (bytearray(b"abc"), b"abc"),
        (io.BytesIO(b"abc"), b"abc"),
        (iter([b"a", b"bc"]), b"abc"),
        (None, b""),
    ],
    ids=["text", "bytes", "bytearray", "file", "iterator", "none"],
)
def test_bodies_of_every_kind(session, body, sent):
    seen = []
    with intercept(playing(Head(200, ()), seen=seen)):
        session.post(URL, data=body)
    assert seen[0].body == sent


def test_forms(session):
    seen = []
    with intercept(playing(Head(200, ()), seen=seen)):
        session.post(URL, files={"file": ("a.txt", b"abc")}, data={"purpose": "test"})
    assert seen[0].headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'filename="a.txt"' in seen[0].body


def test_base_urls_with_a_path(session):
    seen = []
    with intercept(playing(Head(200, ()), seen=seen), base_urls=("https://gateway.test/llm/v1",)):
        session.get("https://gateway.test/llm/v1/models")
    assert seen[0].path == "/v1/models"


def test_lines_arrive_one_by_one(session):
    order = []
    clock = Clock(lambda: order.append("time passes"))
    steps = [Head(200, ()), Data(b"a\n"), Wait(1.0), Data(b"b\n"), Wait(2.0), Data(b"c\n")]
    with intercept(playing(*steps), timer=clock.timer), session.get(URL, stream=True) as response:
        assert response.headers["transfer-encoding"] == "chunked"
        order.extend(response.iter_lines())
    assert order == [b"a", "time passes", b"b", "time passes", b"c"]


def test_chunks_larger_than_a_buffer(session):
    big = bytes(range(256)) * 1000
    with intercept(playing(Head(200, ()), Data(big), Wait(0.0), Data(big))):
        assert session.get(URL).content == big + big


def test_answers_without_a_body(session):
    with intercept(playing(Head(200, [(b"content-length", b"5")]))):
        assert session.head(URL).content == b""
    with intercept(playing(Head(204, ()))):
        assert session.get(URL).content == b""


def test_cookies_and_redirects(session):
    def handle(request):
        if request.path == "/v1/things":
            yield Head(302, [(b"location", b"/v1/others"), (b"set-cookie", b"a=1; Path=/")])
        else:
            yield Head(200, ())
            yield Data(request.headers["cookie"].encode())

    with intercept(handle):
        response = session.get(URL)
    assert response.text == "a=1"
    assert [step.status_code for step in response.history] == [302]


def test_leaving_closes_the_exchange(session):
    closed = []

    def handle(_request):
        try:
            yield Head(200, ())
            yield Data(b"a")
            yield Wait(5.0)
        finally:
            closed.append(True)

    with intercept(handle), session.get(URL, stream=True) as response:
        content = response.iter_content(1)
        assert next(content) == b"a"
        assert closed == []
    assert closed == [True]


@pytest.mark.parametrize("timeout", [7.0, (1.0, 7.0)])
def test_silence_lasts_until_the_read_timeout(session, timeout):
    clock = Clock()
    with intercept(playing(Cut("timeout")), timer=clock.timer), pytest.raises(requests.ReadTimeout):
        session.get(URL, timeout=timeout)
    assert clock.time == 7.0


def test_silence_in_the_middle_of_a_body(session):
    clock = Clock()
    with (
        intercept(playing(Head(200, ()), Data(b"a"), Cut("timeout")), timer=clock.timer),
        pytest.raises(requests.ConnectionError, match=r"timed out"),
    ):
        session.get(URL, timeout=7.0)
    assert clock.time == 7.0


def test_a_reset_before_the_answer(session):
    with intercept(playing(Cut("reset"))), pytest.raises(requests.ConnectionError, match=r"without response"):
        session.get(URL)


@pytest.mark.parametrize("headers", [(), [(b"content-length", b"9")]])
def test_a_reset_in_the_middle_of_a_body(session, headers):
    steps = playing(Head(200, headers), Data(b"a"), Cut("reset"))
    with intercept(steps), pytest.raises(requests.exceptions.ChunkedEncodingError):
        session.get(URL)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionResetError("gone"), requests.ConnectionError),
        (TimeoutError(), requests.ReadTimeout),
        (requests.exceptions.SSLError("no"), requests.exceptions.SSLError),
        (KeyError("city"), AnswerFailed),
    ],
    ids=repr,
)
def test_exceptions_of_a_responder(session, error, kind):
    def fail():
        raise error

    with intercept(playing(Ask(fail))), pytest.raises(kind):
        session.get(URL)


def test_other_hosts_pass_or_are_refused(session):
    with LocalServer() as local:
        with intercept(playing(Head(200, ()))):
            assert session.get(local, timeout=10).text == "local"
        with intercept(playing(Head(200, ())), block_network=True), pytest.raises(NetworkBlocked):
            session.get(local, timeout=10)


def test_adapters_that_build_on_the_default_one(session):
    class Retrying(requests.adapters.HTTPAdapter):
        def send(self, request, **options):
            request.headers["x-tried"] = "1"
            return super().send(request, **options)

    seen = []
    session.mount("https://", Retrying())
    with intercept(playing(Head(200, ()), seen=seen)):
        session.get(URL)
    assert seen[0].headers["x-tried"] == "1"
