"""The courier: its threads come and go with the work."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref

import pytest

from openai_mock.doors.courier import Asked, Courier, called


class Work:
    """Somebody with something to do."""

    def __init__(self, *pauses):
        self.pauses, self.runs = [*pauses], 0
        self.courier = Courier(self.run)
        self.done = threading.Event()

    def run(self):
        self.runs += 1
        if self.pauses:
            return self.pauses.pop(0)
        self.done.set()
        return None


@pytest.fixture
def threads():
    """What lists the threads that a test began."""
    before = set(threading.enumerate())
    return lambda: [each for each in set(threading.enumerate()) - before if each.name.startswith("openai-mock webhook")]


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_the_waiter_comes_back_when_something_is_due_and_ends_when_nothing_is(threads):
    work = Work(0.01, 0.0, 0.01)
    work.courier.wake()
    assert work.done.wait(10)
    assert work.runs == 4
    until(lambda: not threads())
    work.done.clear()
    work.courier.wake()
    assert work.done.wait(10)
    until(lambda: not threads())


def test_news_end_a_long_wait():
    work = Work(1_000.0)
    work.courier.wake()
    until(lambda: work.runs == 1)
    work.courier.wake()
    assert work.done.wait(5)


def test_nobody_is_kept_alive_by_a_waiter(threads):
    def begun():
        work = Work(1_000.0)
        work.courier.wake()
        until(lambda: work.runs == 1)
        return weakref.ref(work)

    forgotten = begun()
    gc.collect()
    assert forgotten() is None
    until(lambda: not threads())


def test_errands_of_a_lane_come_in_order_and_those_of_others_are_not_held_up(threads):
    courier, order, held = Work().courier, [], threading.Event()
    courier.queue("a", held.wait)
    for number in range(5):
        courier.queue("a", lambda number=number: order.append(number))
    courier.queue("b", lambda: order.append("b"))
    until(lambda: order == ["b"])
    assert not courier.idle(time.monotonic() + 0.01)
    held.set()
    assert courier.idle(time.monotonic() + 10)
    assert order == ["b", 0, 1, 2, 3, 4]
    until(lambda: not threads())


def test_an_errand_that_fails_is_logged_and_holds_up_nothing(caplog):
    courier, done = Work().courier, threading.Event()
    courier.queue("a", lambda: 1 / 0)
    courier.queue("a", done.set)
    assert done.wait(10)
    assert courier.idle(time.monotonic() + 10)
    assert "ZeroDivisionError" in caplog.text


async def _async(message):
    await asyncio.sleep(0)
    return 202 if message else None


@pytest.mark.parametrize(
    ("function", "outcome"),
    [
        (lambda _: None, (200, "")),
        (lambda _: 500, (500, "")),
        (lambda _: "text", (200, "")),
        (lambda _: 1 / 0, (None, "ZeroDivisionError: division by zero")),
        (_async, (202, "")),
    ],
)
def test_what_a_function_answers(function, outcome):
    assert called(function, "message") == outcome


def test_what_takes_its_time_is_done_once():
    calls = []
    asked = Asked(lambda: calls.append(1) or "done")
    assert asked.ask() == "done"

    async def on_a_loop():
        first = Asked(lambda: calls.append(2) or "later")
        awaited = await first.ask()
        second = Asked(lambda: calls.append(3) or "waited")
        future = second.ask()
        return awaited, second.wait(), await future

    assert asyncio.run(on_a_loop()) == ("later", "waited", "waited")
    assert calls == [1, 2, 3]
