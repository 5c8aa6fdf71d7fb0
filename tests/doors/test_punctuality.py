"""What a server measures of itself is what its clients could have seen."""

from __future__ import annotations

import asyncio
import random
import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.doors.asgi import app
from openai_mock.doors.drive import Timer
from openai_mock.doors.punctuality import Histogram, Punctuality
from openai_mock.doors.serve import serve_in_thread
from openai_mock.library.punctuality import figures
from openai_mock.wire import Data, Head, Wait

STREAM = Head(200, [(b"content-type", b"text/event-stream")])
ASK = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


def paced(_request):
    yield Wait(0.1)
    yield STREAM
    for number in range(4):
        yield Data(b"data: %d\n\n" % number)
        yield Wait(0.1 + 0.02 * (number + 1))


def whole(_request):
    yield Head(200, [(b"content-length", b"2")])
    yield Data(b"hi")


def told(punctuality):
    return figures([punctuality.raw()])


@given(st.lists(st.floats(1e-6, 100), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.99]))
def test_a_percentile_is_right_within_a_percent(values, share):
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    empty = Histogram().raw()
    raw = {**Punctuality().raw(), "lateness": histogram.raw(), "gaps": empty, "first": empty, "lag": empty}
    found = figures([raw])["lateness_ms"]
    right = sorted(values)[int(share * (len(values) - 1))]
    assert found[f"p{share * 100:g}"] == pytest.approx(1000 * right, rel=0.01)
    assert found["max"] == pytest.approx(1000 * max(values))


def test_memory_is_bounded():
    histogram, chance = Histogram(), random.Random(1)
    for _ in range(50):
        for _ in range(2000):
            histogram.add(chance.lognormvariate(-6, 3))
        histogram.gather()
    assert sum(histogram.counts.values()) == 100_000
    assert len(histogram.counts) < 6000
    assert not histogram._fresh


def test_a_stream_that_is_written_late_is_measured_late(talk):
    conversation = talk(paced)
    timers = conversation.timers
    mine = conversation.protocol.punctuality = Punctuality(now=timers.time, cpu=lambda: 0.0)
    mine.begin()
    conversation.send(ASK)
    timers.advance(0.1)
    timers.now += 0.035  # the event loop is busy: the next chunk is written 15 ms late, and the one after it in time
    timers.advance(0.1)
    found = told(mine)
    assert (found["answers"], found["streams"], found["chunks"], found["in_flight_peak"]) == (1, 1, 5, 1)
    assert found["lateness_ms"]["max"] == pytest.approx(15, abs=0.2)
    assert found["gap_deviation_ms"]["max"] == pytest.approx(15, abs=0.2)
    assert found["lateness_ms"]["p50"] == pytest.approx(0, abs=0.2)
    assert found["first_byte_ms"]["max"] == pytest.approx(0, abs=0.2)
    assert not mine.under_way


def test_what_the_client_held_up_is_not_late(talk):
    conversation = talk(paced)
    timers, protocol = conversation.timers, conversation.protocol
    mine = protocol.punctuality = Punctuality(now=timers.time, cpu=lambda: 0.0)
    mine.begin()
    conversation.send(ASK)
    timers.advance(0.1)
    protocol.pause_writing()
    timers.advance(1)
    protocol.resume_writing()
    timers.advance(1)
    found = told(mine)
    assert found["chunks_held_by_clients"] == 1
    assert found["lateness_ms"]["max"] < 1000


def test_whole_answers_and_those_that_wait_behind_another(talk):
    conversation = talk(paced)
    mine = conversation.protocol.punctuality = Punctuality(now=conversation.timers.time, cpu=lambda: 0.0)
    mine.begin()
    conversation.send(ASK + ASK)
    conversation.timers.advance(5)
    found = told(mine)
    assert (found["answers"], found["requests_waited"]) == (2, 1)
    conversation.protocol.handle = whole
    conversation.send(ASK)
    assert told(mine)["answers"] == 3
    assert told(mine)["streams"] == 2


def test_a_client_that_leaves_is_under_way_no_more(talk):
    conversation = talk(paced)
    mine = conversation.protocol.punctuality = Punctuality(now=conversation.timers.time, cpu=lambda: 0.0)
    mine.begin()
    conversation.send(ASK)
    conversation.timers.advance(0.12)
    assert len(mine.under_way) == 1
    conversation.protocol.connection_lost(None)
    assert not mine.under_way
    assert told(mine)["chunks"] == 2


def test_nothing_is_measured_unasked(talk):
    conversation = talk(paced)
    conversation.send(ASK)
    conversation.timers.advance(1)
    raw = conversation.protocol.punctuality.raw()
    assert not raw["measuring"]
    assert raw["answers"] == 0


@pytest.mark.parametrize("http", ["auto", "h11"])
def test_a_real_server_knows_its_lag_and_its_streams(http):
    mine = Punctuality()

    def handle(request):
        if request.path == "/busy":
            time.sleep(0.06)
        yield from (whole if request.path == "/busy" else paced)(request)

    with serve_in_thread(handle, http=http, punctuality=mine) as served:
        mine.begin()
        assert httpx.get(served.url).text == "".join(f"data: {number}\n\n" for number in range(4))
        httpx.get(f"{served.url}/busy")
        time.sleep(0.12)  # for two probes, which nothing but time brings about
        found = told(mine)
    assert (found["answers"], found["in_flight_peak"]) == (2, 1)
    assert 1 <= found["chunks"] <= 5  # a busy machine joins what is overdue
    assert found["loop_lag_ms"]["max"] > 5
    assert found["first_byte_ms"]["max"] >= 50
    assert 0 < found["cpu"] <= 2


def test_http2_streams_are_measured():
    pytest.importorskip("h2")
    mine = Punctuality()
    with serve_in_thread(paced, punctuality=mine) as served, httpx.Client(http1=False, http2=True) as client:
        mine.begin()
        assert client.get(served.url).status_code == 200
        found = told(mine)
    assert (found["answers"], found["in_flight_peak"]) == (1, 1)
    assert 1 <= found["chunks"] <= 4  # a busy machine joins what is overdue
    assert found["lateness_ms"]["max"] > 0


def test_an_application_measures_too():
    now, sent = [0.0], []
    mine = Punctuality(now=lambda: now[0], cpu=lambda: 0.0)
    mine.begin()

    async def asleep(seconds):
        now[0] += seconds + 0.005

    async def receive():
        if sent or now[0]:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": []}
    timer = Timer(lambda: now[0], lambda _: None, asleep)
    asyncio.run(app(paced, max_body=10, timer=timer, punctuality=mine)(scope, receive, send))
    found = told(mine)
    assert found["chunks"] == 4
    assert found["lateness_ms"]["p90"] == pytest.approx(5, rel=0.02)
