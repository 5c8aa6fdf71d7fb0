"""The clock: real until it is moved, and what it understands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from openai_mock.engine.clock import Clock, duration, in_words, instant, moved, standing_still


class Ticking:
    def __init__(self) -> None:
        self.at = 1_000_000.0
        self.clock = Clock(lambda: self.at, lambda: 0.0)


def test_it_runs_moves_stands_and_runs_again() -> None:
    ticking = Ticking()
    clock = ticking.clock
    assert clock.now() == 1_000_000
    assert clock.advance(1, minutes=1, hours=1, days=1) == 1_000_000 + 90_061
    ticking.at += 5
    assert clock.now() == 1_000_000 + 90_066
    assert clock.travel(datetime(2026, 1, 1, tzinfo=UTC)) == 1_767_225_600
    ticking.at += 5
    assert clock.freeze() == 1_767_225_605
    ticking.at += 5
    assert (clock.now(), clock.frozen) == (1_767_225_605, True)
    assert clock.advance(10) == clock.now() == 1_767_225_615
    assert clock.resume() == 1_767_225_615
    ticking.at += 5
    assert clock.now() == 1_767_225_620
    assert clock.freeze(50.0) == clock.now() == 50
    assert clock.reset() == ticking.at
    assert not clock.frozen


def test_a_seeded_clock_stands_still_until_it_is_moved() -> None:
    clock = standing_still()
    assert clock.now() == clock.now() == 1_767_225_600
    assert clock.advance(hours=1) == clock.now() == 1_767_229_200


def test_what_it_cannot_do() -> None:
    clock = Ticking().clock
    with pytest.raises(ValueError, match=r"cannot advance by -1 seconds\. Use travel"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="no time between 1970 and 9999"):
        clock.travel(float("nan"))
    with pytest.raises(ValueError, match="no time between 1970 and 9999"):
        clock.advance(days=10_000_000)
    with pytest.raises(ValueError, match="needs a time zone"):
        clock.travel(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the mistake


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(90, 90), ("90", 90), ("24h", 86400), ("1h30m", 5400), ("500ms", 0.5), ("1.5d", 129_600), ("2w", 1_209_600)],
)
def test_durations(text: str | float, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1 hour", "h", True])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no duration\. Write seconds, or one such as 24h"):
        duration(text)


def test_instants() -> None:
    assert instant("2026-01-01T00:00:00Z") == instant("2026-01-01") == instant(1_767_225_600) == 1_767_225_600
    assert instant("2026-01-01T01:00:00+01:00") == 1_767_225_600
    with pytest.raises(ValueError, match="'soon' is no instant"):
        instant("soon")


def test_orders() -> None:
    clock = standing_still()
    assert moved(clock, {"advance": "1h"})["time"] == "2026-01-01T01:00:00.000Z"
    assert moved(clock, {"travel": 0})["now"] == 0
    assert moved(clock, {"freeze": "2026-02-01"})["frozen"]
    assert moved(clock, {"freeze": True})["time"] == "2026-02-01T00:00:00.000Z"
    assert not moved(clock, {"resume": True})["frozen"]
    assert moved(clock, {"reset": True}) == in_words(clock)
    for wrong in ({}, {"advance": "1h", "freeze": True}, [], "x", {"freeze": False}):
        with pytest.raises(ValueError, match=r'Write one of \{"advance"'):
            moved(clock, wrong)
