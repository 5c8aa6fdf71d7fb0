"""The timetable makes every call once, in order, never early, and with one timer."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from tests.doors.conftest import Timers

from openai_mock.doors.timetable import MOST, Timetable


def test_calls_are_made_in_order_and_never_early() -> None:
    timers, made = Timers(), list[tuple[float, float]]()
    table, draw = Timetable(timers), Random(1)
    due = [50 + draw.random() for _ in range(500)]
    for when in due:
        table.call_at(when, lambda when=when: made.append((timers.now, when)))
    assert len(timers.waiting()) == 1
    timers.advance(2)
    assert sorted(when for _, when in made) == sorted(due)
    assert [now for now, _ in made] == sorted(now for now, _ in made)
    assert all(0 <= now - when < 0.0011 for now, when in made)
    assert timers.waiting() == []


def test_what_is_cancelled_is_not_called() -> None:
    timers, made = Timers(), list[str]()
    table = Timetable(timers)
    table.call_at(51, lambda: made.append("kept"))
    table.call_at(51, lambda: made.append("cancelled")).cancel()
    timers.advance(2)
    assert made == ["kept"]


def test_an_earlier_deadline_moves_the_timer() -> None:
    timers, made = Timers(), list[str]()
    table = Timetable(timers)
    table.call_at(60, lambda: made.append("late"))
    table.call_at(51, lambda: made.append("early"))
    assert [timer.when for timer in timers.waiting()] == [51]
    timers.advance(2)
    assert made == ["early"]
    assert [timer.when for timer in timers.waiting()] == [60]


def test_many_at_once_leave_the_loop_room() -> None:
    timers, made = Timers(), list[int]()
    table = Timetable(timers)
    for number in range(3 * MOST):
        table.call_at(51, lambda number=number: made.append(number))
    timers.now = 52
    (timer,) = timers.waiting()
    timers.due.remove(timer)
    timer.call()
    assert len(made) == MOST
    timers.advance(0)
    assert made == list(range(3 * MOST))


def test_calls_may_set_deadlines_also_in_the_past() -> None:
    timers, made = Timers(), list[float]()
    table = Timetable(timers)

    def again(left: int, when: float) -> None:
        made.append(when)
        if left:
            then = when - 3 if left % 2 else when + 0.5
            table.call_at(then, lambda: again(left - 1, then))

    table.call_at(51, lambda: again(8, 51))
    table.call_at(51, lambda: made.append(51))
    timers.advance(10)
    assert len(made) == 10
    assert timers.waiting() == []


def test_a_call_that_raises_holds_up_no_other() -> None:
    timers, made = Timers(), list[int]()
    table = Timetable(timers)
    table.call_at(51, lambda: 1 // 0)
    table.call_at(51, lambda: made.append(1))
    with pytest.raises(ZeroDivisionError):
        timers.advance(1)
    timers.advance(1)
    assert made == [1]


def test_what_is_cancelled_does_not_pile_up() -> None:
    timers, made = Timers(), list[int]()
    table = Timetable(timers)
    table.call_at(4000, lambda: made.append(2))
    for number in range(5000):
        table.call_at(3600 + number / 100, lambda: made.append(1)).cancel()
    assert len(table._times) == len(table._queues) < 1100
    table.call_at(3599, lambda: made.append(0))
    timers.advance(4000)
    assert (made, timers.waiting()) == ([0, 2], [])


def test_calls_that_set_many_deadlines_lose_none() -> None:
    timers, made = Timers(), list[int]()
    table = Timetable(timers)

    def many() -> None:
        for number in range(3000):
            table.call_at(52 + number / 100, lambda number=number: made.append(number))

    table.call_at(51, many)
    timers.advance(2)
    table.call_at(53, lambda: None)
    timers.advance(100)
    assert made == list(range(3000))


async def test_on_a_real_loop() -> None:
    loop = asyncio.get_running_loop()
    table, done, made = Timetable(loop), asyncio.Event(), list[float]()
    began = loop.time()
    for step in range(20):
        table.call_at(began + step * 0.0005, lambda: made.append(loop.time()))
    table.call_at(began + 0.011, done.set)
    await asyncio.wait_for(done.wait(), 5)
    assert len(made) == 20
