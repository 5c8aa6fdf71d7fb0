"""The ASGI application, driven by hand as any ASGI server would."""

import asyncio

import pytest

from openai_mock.doors.asgi import app
from openai_mock.doors.drive import Timer
from openai_mock.wire import Ask, Cut, Data, Head, Wait

OK = Head(200, [(b"content-length", b"2")])


class Clock:
    def __init__(self):
        self.time = 0.0
        self.slept = []

    async def asleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)

    @property
    def timer(self):
        return Timer(lambda: self.time, None, self.asleep)


class Transport:
    def __init__(self, server):
        self.server, self.closed = server, False

    def close(self):
        self.closed = True
        self.server.gone.set()


class Server:
    """One request of an ASGI server, whose transport can be reached as uvicorn's can."""

    def __init__(self, *messages):
        self.messages = list(messages) or [{"type": "http.request", "body": b""}]
        self.sent = []
        self.gone = asyncio.Event()
        self.transport = Transport(self)

    async def receive(self):
        if self.messages:
            return self.messages.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)

    @property
    def bodies(self):
        return [(m["body"], m["more_body"]) for m in self.sent if m["type"] == "http.response.body"]


def scope(**fields):
    return {
        "type": "http",
        "method": "POST",
        "path": "/v1/a b",
        "raw_path": b"/v1/a%20b",
        "query_string": b"x=1",
        "headers": [],
        "root_path": "",
        **fields,
    }


async def ask(handle, *messages, clock=None, server=None, max_body=100, **fields):
    server = server or Server(*messages)
    door = app(handle, max_body=max_body, timer=(clock or Clock()).timer)
    await asyncio.wait_for(door(scope(**fields), server.receive, server.send), 10)
    return server


def playing(*steps):
    def handle(_request):
        yield from steps

    return handle


async def test_a_whole_answer_is_one_body_and_no_task():
    before = asyncio.all_tasks()
    tasks = []

    def handle(_request):
        yield OK
        tasks.append(asyncio.all_tasks() - before)
        yield Data(b"a")
        yield Data(b"b")

    server = Server()
    await app(handle, max_body=100)(scope(), server.receive, server.send)
    assert server.sent[0] == {"type": "http.response.start", "status": 200, "headers": OK.headers}
    assert server.bodies == [(b"ab", False)]
    assert tasks == [set()]


async def test_the_request_is_complete():
    seen = []

    def handle(request):
        seen.append(request)
        yield OK

    more = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request", "body": b"b"}]
    await ask(handle, *more, headers=[(b"x-a", b"1"), (b"x-a", b"2")])
    request = seen[0]
    assert (request.method, request.path, request.query, request.body) == ("POST", "/v1/a%20b", "x=1", b"ab")
    assert request.headers == {"x-a": "1, 2"}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"raw_path": None}, "/v1/a%20b"),
        ({"raw_path": b"/mock/v1/a%20b", "root_path": "/mock"}, "/v1/a%20b"),
        ({"raw_path": b"/mock", "root_path": "/mock"}, "/"),
    ],
)
async def test_the_path_below_a_mount(fields, path):
    seen = []

    def handle(request):
        seen.append(request.path)
        yield OK

    await ask(handle, **fields)
    assert seen == [path]


async def test_a_stream_joins_what_is_due_together():
    clock = Clock()
    steps = [Head(200, ()), Data(b"a"), Data(b"b"), Wait(1.0), Data(b"c"), Wait(0.5), Data(b"d"), Wait(3.0), Data(b"e")]
    server = await ask(playing(*steps), clock=clock)
    assert server.bodies == [(b"ab", True), (b"cd", True), (b"e", False)]
    assert clock.slept == [1.0, 2.0]


async def test_a_wait_before_the_head():
    clock = Clock()
    server = await ask(playing(Wait(1.0), OK, Data(b"ab")), clock=clock)
    assert (server.bodies, clock.slept) == ([(b"ab", False)], [1.0])


async def test_ask_is_performed_and_awaited():
    async def later():
        return b"xy"

    def handle(_request):
        answer = yield Ask(later)
        answer += yield Ask(lambda: b"z")
        yield Head(200, ())
        yield Data(answer)

    assert (await ask(handle)).bodies == [(b"xyz", False)]


@pytest.mark.parametrize("steps", [(OK, Data(b"a")), (Wait(0.1), OK, Data(b"a"))])
async def test_leaving_closes_the_exchange(steps):
    closed, server = asyncio.Event(), Server()

    async def for_ever():
        server.gone.set()
        await asyncio.Event().wait()

    def handle(_request):
        try:
            yield from steps
            yield Ask(for_ever)
        finally:
            closed.set()

    await ask(handle, server=server)
    assert closed.is_set()


async def test_an_endless_answer_notices_that_its_client_left():
    server = Server()

    def handle(_request):
        yield Head(200, ())
        for number in range(10**6):
            if number == 5:
                server.gone.set()
            yield Data(b"x" * 70_000)

    await ask(handle, server=server)
    assert len(server.bodies) < 20


async def test_a_client_that_leaves_before_its_body_ends_is_not_answered():
    more = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}]
    assert (await ask(playing(OK), *more)).sent == []


@pytest.mark.parametrize(
    "options",
    [
        {"headers": [(b"content-length", b"101")], "messages": []},
        {"messages": [{"type": "http.request", "body": b"x" * 101}]},
        {"messages": [{"type": "http.request", "body": b"x" * 60, "more_body": True}] * 3},
    ],
)
async def test_a_body_that_is_too_long(options):
    server = await ask(playing(OK), *options.pop("messages"), **options)
    assert server.sent[0]["status"] == 413
    assert (b"connection", b"close") in server.sent[0]["headers"]
    assert b'"type":"invalid_request_error"' in server.sent[1]["body"]


async def test_reset_closes_the_transport():
    server = await ask(playing(Head(200, ()), Data(b"a"), Cut("reset")))
    assert server.transport.closed
    assert server.bodies == [(b"a", True)]


async def test_reset_before_the_head_sends_nothing():
    server = await ask(playing(Cut("reset")))
    assert (server.transport.closed, server.sent) == (True, [])


async def test_reset_on_a_server_that_hides_its_transport_just_returns():
    server = Server()

    async def receive():
        return await server.receive()

    await asyncio.wait_for(app(playing(OK, Cut("reset")), max_body=9)(scope(), receive, server.send), 10)
    assert server.bodies == []


async def test_silence_lasts_until_the_client_leaves():
    server = Server()
    door = asyncio.ensure_future(ask(playing(OK, Cut("timeout")), server=server))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not door.done()
    server.gone.set()
    await door
    assert server.bodies == []


async def test_a_server_that_stops_ends_the_exchange():
    closed = asyncio.Event()

    def handle(_request):
        try:
            yield OK
            yield Cut("timeout")
        finally:
            closed.set()

    door = asyncio.ensure_future(ask(handle))
    for _ in range(5):
        await asyncio.sleep(0)
    door.cancel()
    with pytest.raises(asyncio.CancelledError):
        await door
    assert closed.is_set()


def failing(*steps):
    def handle(_request):
        yield from steps
        raise KeyError("oh")

    return handle


@pytest.mark.parametrize("steps", [(), (Wait(1.0),)])
@pytest.mark.parametrize("size", [0, 300_000])
async def test_an_error_before_the_head_is_a_500(caplog, steps, size):
    server = await ask(failing(*steps), {"type": "http.request", "body": b"x" * size}, max_body=10**6)
    assert server.sent[0]["status"] == 500
    assert b'"type":"server_error"' in server.sent[1]["body"]
    assert "KeyError" in caplog.text


@pytest.mark.parametrize("steps", [(OK,), (OK, Data(b"a"), Wait(1.0))])
async def test_an_error_in_the_body_breaks_the_answer(caplog, steps):
    server = await ask(failing(*steps))
    assert server.transport.closed
    assert all(more for _, more in server.bodies)
    assert "KeyError" in caplog.text


async def test_an_exchange_without_an_answer_is_a_500(caplog):
    server = await ask(playing())
    assert server.sent[0]["status"] == 500
    assert caplog.records


async def test_a_large_request_starts_in_a_thread():
    import threading

    threads = []

    def handle(_request):
        threads.append(threading.current_thread())
        answer = yield Ask(lambda: threads.append(threading.current_thread()) or b"ok")
        yield OK
        yield Data(answer)

    server = await ask(handle, {"type": "http.request", "body": b"x" * 300_000}, max_body=10**6)
    assert server.bodies == [(b"ok", False)]
    assert [thread is threading.main_thread() for thread in threads] == [False, True]


async def test_leaving_while_the_thread_runs_closes_the_exchange():
    import threading

    go, closed = threading.Event(), threading.Event()

    def handle(_request):
        go.wait(10)
        try:
            yield OK
        finally:
            closed.set()

    server = Server({"type": "http.request", "body": b"x" * 300_000})
    door = asyncio.ensure_future(ask(handle, server=server, max_body=10**6))
    for _ in range(5):
        await asyncio.sleep(0)
    server.gone.set()
    await asyncio.sleep(0)
    go.set()
    await door
    assert closed.is_set()
    assert server.sent == []


async def test_lifespan():
    server = Server({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    await app(playing(), max_body=1)({"type": "lifespan"}, server.receive, server.send)
    assert [m["type"] for m in server.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_websocket_is_closed_politely():
    server = Server({"type": "websocket.connect"})
    await app(playing(), max_body=1)({"type": "websocket"}, server.receive, server.send)
    assert server.sent[0]["type"] == "websocket.close"
