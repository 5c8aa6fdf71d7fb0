"""The drivers keep deadlines, ask questions and close what is abandoned."""

import math
import sys
from types import SimpleNamespace

import pytest

from openai_mock.doors.drive import Timer, aframes, asleep, burst, frames, opening
from openai_mock.wire import Ask, Cut, Data, Head, Wait

HEAD = Head(200, ())


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.time = 100.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds

    async def asleep(self, seconds):
        self.sleep(seconds)

    @property
    def timer(self):
        return Timer(lambda: self.time, self.sleep, self.asleep)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["sync", "async"])
def drive(request, clock):
    """Both drivers as one function that collects (time, frame)."""

    async def collect(steps, **options):
        seen = []
        if request.param == "sync":
            seen.extend((clock.time - 100, frame) for frame in frames(steps, clock.timer, **options))
        else:
            seen += [(clock.time - 100, frame) async for frame in aframes(steps, clock.timer, **options)]
        return seen

    return collect


async def test_waits_are_deadlines_from_the_start(drive, clock):
    def exchange():
        yield HEAD
        yield Wait(1.0)
        clock.time += 0.7  # the core is slow here
        yield Data(b"a")
        yield Wait(2.0)
        yield Data(b"b")

    seen = await drive(exchange())
    assert [round(at, 6) for at, _ in seen] == [0, 1.7, 2.0]
    assert clock.slept == pytest.approx([1.0, 0.3])


async def test_an_overdue_wait_does_not_sleep(drive, clock):
    def exchange():
        yield HEAD
        clock.time += 5
        yield Wait(1.0)
        yield Data(b"a")

    await drive(exchange())
    assert clock.slept == []


async def test_an_exchange_that_began_earlier_counts_from_then(drive, clock):
    def exchange():
        yield Wait(3.0)
        yield HEAD

    await drive(exchange(), began=98.0)
    assert clock.slept == [1.0]


async def test_ask_sends_the_answer_back(drive):
    def exchange():
        answer = yield Ask(lambda: b"yes")
        yield HEAD
        yield Data(answer)

    assert [frame for _, frame in await drive(exchange())] == [HEAD, Data(b"yes")]


async def test_ask_raises_the_error_inside(drive):
    def exchange():
        try:
            yield Ask(lambda: 1 // 0)
        except ZeroDivisionError:
            yield Head(500, ())

    assert [frame for _, frame in await drive(exchange())] == [Head(500, ())]


async def test_an_error_the_exchange_does_not_catch_comes_out(drive):
    def exchange():
        yield Ask(lambda: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        await drive(exchange())


async def test_many_questions_in_a_row(drive):
    def exchange():
        for _ in range(5000):
            yield Ask(int)
        yield HEAD

    assert len(await drive(exchange())) == 1


async def answer_later():
    return b"later"


async def fail_later():
    raise KeyError("later")


def asking(call):
    answer = yield Ask(call)
    yield HEAD
    yield Data(answer)


async def test_async_driver_awaits():
    assert [frame async for frame in aframes(asking(answer_later))] == [HEAD, Data(b"later")]
    with pytest.raises(KeyError):
        [frame async for frame in aframes(asking(fail_later))]


def test_sync_driver_refuses_an_awaitable():
    with pytest.raises(TypeError, match="An async responder needs an async client"):
        list(frames(asking(answer_later)))


async def test_closing_early_closes_the_exchange():
    closed = []

    def exchange():
        try:
            yield HEAD
            yield Data(b"a")
        finally:
            closed.append(True)

    some = frames(exchange())
    next(some)
    some.close()
    others = aframes(exchange())
    await anext(others)
    await others.aclose()
    assert closed == [True, True]


async def test_patience_ends_before_the_wait(drive, clock):
    def exchange():
        yield HEAD
        yield Wait(1.0)
        yield Data(b"a")
        yield Wait(9.0)
        yield Data(b"b")

    seen = await drive(exchange(), patience=2.0)
    assert seen == [(0, HEAD), (1.0, Data(b"a")), (3.0, Cut("timeout"))]


async def test_patience_counts_across_waits(drive, clock):
    def exchange():
        yield Wait(1.5)
        yield Wait(3.0)
        yield HEAD

    assert await drive(exchange(), patience=2.0) == [(2.0, Cut("timeout"))]


@pytest.mark.parametrize(("patience", "at"), [(7.0, 7.0), (None, 0.0), (math.inf, math.inf)])
async def test_a_silent_cut_lasts_as_long_as_the_patience(drive, patience, at):
    assert await drive(iter_exchange(Cut("timeout")), patience=patience) == [(at, Cut("timeout"))]


async def test_a_reset_comes_at_once_and_is_the_last(drive):
    seen = await drive(iter_exchange(HEAD, Data(b"a"), Cut("reset"), Data(b"never")), patience=3.0)
    assert seen == [(0, HEAD), (0, Data(b"a")), (0, Cut("reset"))]


@pytest.mark.parametrize("step", [Cut("reset"), Cut("timeout"), Wait(5.0)])
async def test_a_break_has_ended_the_exchange_before_the_client_hears_of_it(clock, step):
    for driver in (frames, aframes):
        steps = iter_exchange(step, HEAD)
        driven = driver(steps, clock.timer, patience=1.0)
        first = next(driven) if driver is frames else await anext(driven)
        assert isinstance(first, Cut)
        assert steps.gi_frame is None, "an exception that is kept would keep the exchange open"


def iter_exchange(*steps):
    yield from steps


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((HEAD,), (HEAD, None)),
        ((HEAD, Data(b"a")), (HEAD, Data(b"a"), None)),
        ((HEAD, Wait(1)), (HEAD, Wait(1))),
        ((HEAD, Data(b"a"), Wait(1), Data(b"b")), (HEAD, Data(b"a"), Wait(1))),
        ((Cut(),), (Cut(),)),
        ((), (None,)),
    ],
)
async def test_opening_can_be_continued(drive, steps, expected):
    exchange = iter_exchange(*steps)
    opened = opening(exchange)
    assert opened == expected
    seen = await drive(exchange, opened=opened)
    assert [frame for _, frame in seen] == [step for step in steps if not isinstance(step, Wait)]


def test_burst_stops_at_enough_and_loses_nothing():
    exchange = iter_exchange(*[Data(b"x" * 40_000)] * 4)
    step, writes = next(exchange), []
    while step is not None:
        chunks = []
        step = burst(exchange, step, chunks)
        writes.append(len(b"".join(chunks)))
    assert writes == [80_000, 80_000]


def test_asleep_uses_trio_where_no_asyncio_runs(monkeypatch):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setitem(sys.modules, "trio", SimpleNamespace(sleep=sleep))
    with pytest.raises(StopIteration):
        asleep(0.5).send(None)
    assert slept == [0.5]
