"""Answers that do not end at once keep their deadlines and end with their client."""

import asyncio

import pytest

from openai_mock.wire import Ask, Cut, Data, Head, Wait

GET = b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"
OK = Head(200, [(b"content-length", b"2")])


def playing(*steps):
    def handle(_request):
        yield from steps

    return handle


def test_paced_stream_keeps_its_deadlines(talk):
    it = talk(playing(Head(200, ()), Data(b"a"), Wait(1.0), Data(b"b"), Data(b"c"), Wait(2.0), Data(b"d")))
    it.send(GET)
    assert len(it.wire.writes) == 1
    assert it.wire.writes[0].endswith(b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n")
    it.timers.advance(0.9)
    assert len(it.wire.writes) == 1
    it.timers.advance(0.1)
    assert it.wire.writes[1] == b"2\r\nbc\r\n"
    it.timers.advance(1.0)
    assert it.wire.writes[2] == b"1\r\nd\r\n0\r\n\r\n"


def test_what_is_overdue_is_written_together(talk):
    it = talk(playing(Head(200, ()), Wait(1.0), Data(b"a"), Wait(1.5), Data(b"b"), Wait(9.0), Data(b"c")))
    it.send(GET)
    it.timers.due[-1].when, it.timers.now = 52.0, 52.0  # the loop was busy for two seconds
    it.timers.advance(0)
    assert it.wire.writes[1] == b"2\r\nab\r\n"
    assert it.timers.waiting()[-1].when == 59.0


def test_ask_before_a_whole_answer_keeps_it_whole(talk):
    def handle(_request):
        answer = yield Ask(lambda: b"xy")
        yield Head(200, ())
        yield Data(answer)

    it = talk(handle)
    it.send(GET)
    assert it.wire.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nxy"]


def test_ask_raises_inside(talk):
    def handle(_request):
        try:
            yield Ask(lambda: 1 // 0)
        except ZeroDivisionError:
            yield OK
            yield Data(b"ok")

    it = talk(handle)
    it.send(GET)
    assert it.bodies().endswith(b"ok")


async def test_awaitable_answers_are_awaited(talk):
    async def later():
        await asyncio.sleep(0)
        return b"xy"

    async def broken():
        raise KeyError("x")

    def handle(request):
        try:
            answer = yield Ask(later if request.path == "/a" else broken)
        except KeyError:
            answer = b"no"
        yield Head(200, ())
        yield Data(answer)

    it = talk(handle)
    it.send(GET, GET.replace(b"/a", b"/b"))
    await asyncio.gather(*it.protocol.tasks)
    await asyncio.sleep(0)
    await asyncio.gather(*it.protocol.tasks)
    await asyncio.sleep(0)
    assert [part[-2:] for part in it.bodies().split(b"HTTP/1.1")[1:]] == [b"xy", b"no"]


async def test_leaving_cancels_what_is_awaited(talk):
    ended = []

    async def for_ever():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("responder")

    def handle(_request):
        try:
            yield Ask(for_ever)
        finally:
            ended.append("exchange")

    it = talk(handle)
    it.send(GET)
    await asyncio.sleep(0)
    it.protocol.connection_lost(None)
    assert ended == ["exchange"]
    await asyncio.sleep(0)
    assert ended == ["exchange", "responder"]


async def test_leaving_before_the_responder_began_leaves_no_warning(talk):
    async def never():
        return b""

    it = talk(lambda _request: iter_ask(never))
    it.send(GET)
    it.protocol.connection_lost(None)
    await asyncio.sleep(0)


def iter_ask(call):
    yield Ask(call)
    yield OK


def test_leaving_closes_the_exchange_at_once(talk):
    closed = []

    def handle(_request):
        try:
            yield Head(200, ())
            yield Wait(5.0)
        finally:
            closed.append(True)

    it = talk(handle)
    it.send(GET)
    it.protocol.connection_lost(ConnectionResetError())
    assert closed == [True]
    written = len(it.wire.writes)
    it.timers.advance(10)
    assert len(it.wire.writes) == written, "nothing happens when the deadline comes"
    assert it.timers.waiting() == []


def test_reset_leaves_the_body_unfinished(talk):
    it = talk(playing(Head(200, ()), Data(b"a"), Cut("reset")))
    it.send(GET)
    assert it.wire.closing
    assert it.bodies().endswith(b"1\r\na\r\n")


def test_reset_before_the_head_sends_nothing(talk):
    it = talk(playing(Cut("reset")))
    it.send(GET)
    assert (it.wire.closing, it.wire.writes) == (True, [])


def test_silence_stays_silent(talk):
    it = talk(playing(Head(200, ()), Data(b"a"), Cut("timeout")))
    it.send(GET)
    it.timers.advance(10_000)
    assert (it.wire.closing, len(it.wire.writes)) == (False, 1)


def test_a_slow_reader_is_waited_for(talk):
    def handle(_request):
        yield Head(200, ())
        for _ in range(10):
            yield Data(b"x" * 70_000)

    it = talk(handle)
    it.send(GET)
    it.protocol.pause_writing()
    it.timers.advance(1.0)
    assert len(it.wire.writes) == 1
    it.protocol.resume_writing()
    it.timers.advance(1.0)
    assert len(it.bodies()) > 700_000
    assert it.bodies().endswith(b"0\r\n\r\n")


def test_an_error_in_the_body_breaks_the_answer(talk, caplog):
    def handle(_request):
        yield Head(200, ())
        yield Wait(1.0)
        raise KeyError("oh")

    it = talk(handle)
    it.send(GET)
    it.timers.advance(1.0)
    assert it.wire.closing
    assert not it.bodies().endswith(b"0\r\n\r\n")
    assert "KeyError" in caplog.text


@pytest.mark.parametrize("steps", [(), (Head(200, [(b"x", b"a\r\nb")]),), (OK, Data(b"abc")), (Ask(int),)])
def test_an_answer_that_is_none_is_a_500(talk, caplog, steps):
    it = talk(playing(*steps))
    it.send(GET)
    assert it.bodies().startswith(b"HTTP/1.1 500 ")
    assert caplog.records


def test_a_stream_shorter_than_announced_breaks(talk, caplog):
    it = talk(playing(OK, Data(b"a"), Wait(1.0)))
    it.send(GET)
    it.timers.advance(1.0)
    assert it.wire.closing
    assert "announced 2 bytes" in caplog.text


def test_shutdown_lets_the_answer_end(talk):
    it = talk(playing(Head(200, ()), Data(b"a"), Wait(1.0), Data(b"b")))
    it.send(GET)
    it.protocol.shutdown()
    assert not it.wire.closing
    it.timers.advance(1.0)
    assert it.bodies().endswith(b"b\r\n0\r\n\r\n")
    assert it.wire.closing


async def test_a_large_request_starts_in_a_thread(talk):
    import threading

    threads = []

    def handle(request):
        threads.append(threading.current_thread())
        answer = yield Ask(lambda: threads.append(threading.current_thread()) or b"ok")
        yield Head(200, ())
        yield Data(answer)

    it = talk(handle, max_body=10**6)
    it.send(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n" + b"x" * 300_000)
    await asyncio.gather(*it.protocol.tasks)
    await asyncio.sleep(0)
    assert it.bodies().endswith(b"ok")
    assert [thread is threading.main_thread() for thread in threads] == [False, True]


async def test_leaving_while_the_thread_runs_closes_the_exchange(talk):
    import threading

    go, closed = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def handle(_request):
        go.wait(10)
        try:
            yield Head(200, ())
        finally:
            loop.call_soon_threadsafe(closed.set)

    it = talk(handle, max_body=10**6)
    it.send(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n" + b"x" * 300_000)
    await asyncio.sleep(0)
    it.protocol.connection_lost(None)
    go.set()
    await asyncio.wait_for(closed.wait(), 10)
