"""Time as the machine sees it: given from outside, and moved by whoever tests what time does.

Theory. `now` is the wall clock plus what it was advanced by, or an instant that was frozen. `elapsed` measures how long
things take and is never moved: pacing and the journal go by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

SEEDED_TIME = 1_767_225_600.0
"""2026-01-01T00:00:00Z, the instant at which a seeded mock stands still."""
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_LAST = 253_402_300_799.0
"""The end of the year 9999, beyond which no instant can be written."""


class Clock:
    """`now()` is the time in Unix seconds; `elapsed()` only ever grows and measures durations in seconds.

    `on_move` is called after somebody moved the clock.
    """

    __slots__ = ("_held", "_now", "_offset", "_running", "elapsed", "on_move")

    def __init__(self, now: Callable[[], float], elapsed: Callable[[], float], *, running: bool = True) -> None:
        """`running` is whether `now` goes on by itself."""
        self._now, self.elapsed, self._running = now, elapsed, running
        self._offset = 0.0
        self._held: float | None = None
        self.on_move: Callable[[], None] | None = None

    def now(self) -> float:
        """Unix seconds."""
        return self._now() + self._offset if self._held is None else self._held

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still until it is moved."""
        return self._held is not None

    @property
    def runs(self) -> bool:
        """Whether time passes by itself."""
        return self._running and self._held is None

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0) -> float:
        """Move on, and return the new time. Raises ValueError for a way back: `travel` goes there."""
        for by in (seconds, minutes, hours, days):
            if not isinstance(by, int | float):
                raise TypeError(f"A clock advances by numbers: advance(90), advance(hours=1). {by!r} is none.")
        by = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
        if by < 0:
            raise ValueError(f"A clock cannot advance by {by:g} seconds. Use travel(to) to go back.")
        return self.travel(self.now() + by)

    def travel(self, to: float | datetime) -> float:
        """Go to an instant, in Unix seconds or as a datetime with a time zone, and return it; time runs on from there.

        Raises ValueError where there is no such instant.
        """
        if isinstance(to, datetime) and to.tzinfo is None:
            raise ValueError("A datetime needs a time zone here: datetime(..., tzinfo=UTC).")
        at = to.timestamp() if isinstance(to, datetime) else float(to)
        if not 0 <= at <= _LAST:
            raise ValueError(f"{at:g} is no time between 1970 and 9999, in Unix seconds.")
        if self._held is not None:
            self._held = at
        else:
            self._offset = at - self._now()
        if self.on_move is not None:
            self.on_move()
        return at

    def freeze(self, at: float | datetime | None = None) -> float:
        """Stand still, now or at an instant, and return it."""
        if at is not None:
            self.travel(at)
        self._held = self.now()
        return self._held

    def resume(self) -> float:
        """Run on from the present instant, and return it."""
        at = self.now()
        self._held = None
        self._offset = at - self._now()
        if self.on_move is not None:
            self.on_move()
        return at

    def reset(self) -> float:
        """Back to the clock as it was given, running."""
        self._held, self._offset = None, 0.0
        if self.on_move is not None:
            self.on_move()
        return self.now()


def standing_still(at: float = SEEDED_TIME) -> Clock:
    """A clock that moves only when it is told to: the same requests get the same bytes."""
    return Clock(now=lambda: at, elapsed=lambda: 0.0, running=False)


def duration(text: str | float) -> float:
    """Seconds from `90`, `24h`, `1h30m`, `500ms` or `7d`. Raises ValueError with a sentence."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    plain = str(text).strip().lower()
    parts = _DURATION.findall(plain)
    if not plain or "".join(number + unit for number, unit in parts) != plain:
        try:
            return float(plain)
        except ValueError:
            raise ValueError(f"'{text}' is no duration. Write seconds, or one such as 24h, 1h30m or 500ms.") from None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def instant(value: Any) -> float:
    """Unix seconds from a number or an ISO 8601 text; without a zone it is UTC. Raises ValueError with a sentence."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"'{value}' is no instant. Write Unix seconds or one such as 2026-01-31T12:00:00Z.") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def in_words(clock: Clock) -> dict[str, Any]:
    """What GET /_mock/clock answers."""
    now = clock.now()
    written = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"object": "clock", "now": now, "time": written, "frozen": clock.frozen}


def moved(clock: Clock, order: Any) -> dict[str, Any]:
    """Obey `{"advance": "24h"}`, `{"travel": instant}`, `{"freeze": true or instant}`, `{"resume": true}` or
    `{"reset": true}`. Raises ValueError with a sentence for anything else.
    """
    match order:
        case {"advance": by, **rest} if not rest:
            clock.advance(duration(by))
        case {"travel": to, **rest} if not rest:
            clock.travel(instant(to))
        case {"freeze": True, **rest} if not rest:
            clock.freeze()
        case {"freeze": at, **rest} if not rest and at is not False:
            clock.freeze(instant(at))
        case {"resume": True, **rest} if not rest:
            clock.resume()
        case {"reset": True, **rest} if not rest:
            clock.reset()
        case _:
            raise ValueError(
                'Write one of {"advance": "24h"}, {"travel": "2026-01-31T12:00:00Z"}, {"freeze": true}, '
                '{"resume": true} and {"reset": true}.'
            )
    return in_words(clock)
