"""One HTTP/1.1 connection, driven byte by byte on a clock of the test's own."""

import pytest

from openai_mock.doors.http11 import MAX_HEAD
from openai_mock.wire import Data, Head, Wait

GET = b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"
OK = Head(200, [(b"content-length", b"2")])


def playing(*steps):
    def handle(_request):
        yield from steps

    return handle


def echo(request):
    body = f"{request.method} {request.path}?{request.query} {request.body.decode()}|".encode()
    yield Head(200, [(b"content-length", b"%d" % len(body))])
    yield Data(body)


def test_a_whole_answer_is_one_write(talk):
    it = talk(playing(OK, Data(b"a"), Data(b"b")))
    it.send(GET)
    assert it.wire.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab"]


def test_request_split_at_every_byte(talk):
    it = talk(echo)
    raw = (
        b"POST /v1/x%20y?a=1 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    it.send(*(raw[i : i + 1] for i in range(len(raw))))
    assert it.bodies().endswith(b"POST /v1/x%20y?a=1 abcde|")


def test_headers_reach_the_engine(talk):
    seen = []

    def handle(request):
        seen.append(request.headers)
        yield OK
        yield Data(b"ab")

    it = talk(handle)
    it.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a: 2\r\nX-L: \xe9\r\n\r\n")
    assert seen == [{"host": "x", "x-a": "1, 2", "x-l": "\xe9"}]


def test_pipelined_requests_are_answered_in_order(talk):
    it = talk(echo)
    it.send(b"".join(b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n" % i for i in range(2000)))
    assert it.bodies().count(b"HTTP/1.1 200") == 2000
    assert [part.split(b"?")[0] for part in it.bodies().split(b"GET /")[1:]] == [b"%d" % i for i in range(2000)]


def test_pipelined_behind_a_paced_answer(talk):
    def handle(request):
        yield OK
        if request.path == "/slow":
            yield Wait(1.0)
        yield Data(request.path[-2:].encode())

    it = talk(handle)
    it.send(GET.replace(b"/a", b"/slow") + GET.replace(b"/a", b"/b1"), GET.replace(b"/a", b"/b2"))
    assert it.wire.reading_paused
    assert it.bodies().count(b"HTTP/1.1") == 1
    it.timers.advance(1.0)
    assert [part[-2:] for part in it.bodies().split(b"HTTP/1.1")[1:]] == [b"ow", b"b1", b"b2"]
    assert not it.wire.reading_paused


def test_a_slow_reader_holds_up_its_own_pipeline(talk):
    it = talk(echo)
    it.protocol.pause_writing()
    it.send(GET * 3)
    assert it.wire.writes == []
    it.protocol.resume_writing()
    assert it.bodies().count(b"HTTP/1.1 200") == 3


@pytest.mark.parametrize(
    ("raw", "closes"),
    [
        (GET, False),
        (GET.replace(b"host", b"connection: close\r\nhost"), True),
        (GET.replace(b"1.1", b"1.0"), True),
    ],
)
@pytest.mark.parametrize("steps", [(OK, Data(b"ab")), (Head(200, ()), Data(b"a"), Wait(1.0), Data(b"b"))])
def test_the_connection_is_kept_as_the_client_wants(talk, raw, closes, steps):
    it = talk(playing(*steps))
    it.send(raw)
    it.timers.advance(2.0)
    assert it.wire.closing is closes
    assert (b"chunked" in it.bodies()) is (len(steps) == 4 and b"1.0" not in raw)


def test_head_gets_no_body(talk):
    it = talk(playing(OK, Data(b"ab")))
    it.send(GET.replace(b"GET", b"HEAD"), GET)
    assert [write.partition(b"\r\n\r\n")[2] for write in it.wire.writes] == [b"", b"ab"]


def test_expect_continue(talk):
    it = talk(echo)
    it.send(b"POST /a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n")
    assert it.wire.writes == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    it.send(b"abc")
    assert it.wire.writes[1].endswith(b"POST /a? abc|")


@pytest.mark.parametrize(
    "raw",
    [
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3ea\r\n" + b"x" * 1002,
    ],
)
def test_a_body_that_is_too_long(talk, raw):
    it = talk(echo)
    it.send(raw, b"x" * 5000)
    assert len(it.wire.writes) == 1
    assert it.wire.writes[0].startswith(b"HTTP/1.1 413 ")
    assert b'"type":"invalid_request_error"' in it.wire.writes[0]
    assert it.wire.ended
    it.timers.advance(2.0)
    assert it.wire.closing


@pytest.mark.parametrize("size", [1 << 12, 1 << 18])
def test_a_head_that_is_too_long(talk, size):
    it = talk(echo)
    raw = b"GET / HTTP/1.1\r\nhost: x\r\nx-a: " + b"a" * (MAX_HEAD + 5000) + b"\r\n\r\n"
    it.send(*(raw[i : i + size] for i in range(0, len(raw), size)))
    assert it.bodies().startswith(b"HTTP/1.1 431 ")
    assert it.bodies().count(b"HTTP/1.1") == 1


def test_a_long_body_in_one_read_is_no_long_head(talk):
    it = talk(echo, max_body=10**6)
    it.send(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n" + b"x" * 100_000)
    assert it.bodies().startswith(b"HTTP/1.1 200 ")


def test_garbage_is_a_400(talk):
    it = talk(echo)
    it.send(b"hello there\r\n\r\n")
    assert it.bodies().startswith(b"HTTP/1.1 400 ")
    assert it.wire.ended


def test_a_refusal_waits_for_the_answer_before_it(talk):
    it = talk(playing(OK, Wait(1.0), Data(b"ab")))
    it.send(GET + b"garbage\r\n\r\n")
    assert b"400" not in it.bodies()
    it.timers.advance(1.0)
    assert it.bodies().index(b"ab") < it.bodies().index(b"HTTP/1.1 400")


def test_an_error_before_the_head_is_a_500(talk, caplog):
    def handle(_request):
        raise KeyError("oh")
        yield

    it = talk(handle)
    it.send(GET, GET)
    assert it.bodies().count(b"HTTP/1.1 500 ") == 2
    assert b'"type":"server_error"' in it.bodies()
    assert not it.wire.closing
    assert "KeyError" in caplog.text


def test_too_many_connections(talk):
    it = talk(echo, limit_concurrency=1)
    it.send(GET)
    assert it.bodies().startswith(b"HTTP/1.1 503 ")


def test_a_quiet_connection_is_closed(talk):
    it = talk(echo, timeout_keep_alive=5)
    it.send(GET)
    it.timers.advance(4.0)
    it.send(GET)
    it.timers.advance(4.0)
    assert not it.wire.closing
    it.timers.advance(1.1)
    assert it.wire.closing


def test_a_running_answer_is_not_quiet(talk):
    it = talk(playing(Head(200, ()), Data(b"a"), Wait(100.0), Data(b"b")), timeout_keep_alive=5)
    it.send(GET)
    it.timers.advance(101.0)
    it.send(GET)
    it.timers.advance(50.0)
    assert not it.wire.closing


def test_shutdown_closes_an_idle_connection(talk):
    it = talk(echo)
    it.protocol.shutdown()
    assert it.wire.closing


@pytest.mark.parametrize(
    ("target", "expected"),
    [(b"http://api.openai.com/v1/x?a=1", b"GET /v1/x?a=1"), (b"http://api.openai.com", b"GET /?"), (b"*", b"GET *?")],
)
def test_request_targets(talk, target, expected):
    it = talk(echo)
    it.send(GET.replace(b"/a", target).replace(b"GET", b"OPTIONS" if target == b"*" else b"GET"))
    assert expected.replace(b"GET *", b"OPTIONS *") in it.bodies()


def test_an_offered_upgrade_to_http2_is_a_plain_request(talk):
    it = talk(echo)
    it.send(b"GET /a HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: h2c\r\n\r\n" + GET.replace(b"/a", b"/b"))
    it.send(GET.replace(b"/a", b"/c"))
    assert [part[:2] for part in it.bodies().split(b"GET ")[1:]] == [b"/a", b"/b", b"/c"]
