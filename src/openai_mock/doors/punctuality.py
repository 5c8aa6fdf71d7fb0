"""How punctual a server is: when each piece of a paced answer was due, and when it was handed to the socket.

Theory. Nothing is measured before `begin`; until then an answer costs one look at `measuring`. Afterwards a
measurement is one `append`, and twenty times a second a probe sorts what came together into buckets of less than one
percent's width: the upper half of a 32-bit float. So memory is bounded however long a test runs, and two servers add
up. A probe looks at a part of the answers only, so as not to hold up what it measures; it is itself a timer, and how
late it runs is the lag of its event loop. What a client held up by not reading is counted apart, because no faster
server would have written it earlier.
"""

from __future__ import annotations

import sys
import time
from array import array
from collections import Counter
from itertools import islice
from operator import sub
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

EVERY = 0.05
"""Seconds between two probes."""
_ANSWERS, _PARTS = 10, 16
"""A probe looks at so many answers, and this part of all."""
_UPPER = 1 if sys.byteorder == "little" else 0
_CLOCKS_AGREE = 0.05
"""Seconds by which the clock of an event loop, read once a turn, may lie behind ours and still be the same."""


class Histogram:
    """Durations in seconds, by bucket; a bucket is the upper half of a 32-bit float. Signs are kept in the buckets."""

    __slots__ = ("_fresh", "add", "counts", "extend", "most")

    def __init__(self) -> None:
        self._fresh: list[float] = []
        self.add = self._fresh.append
        """Note a value."""
        self.extend = self._fresh.extend
        """Note several."""
        self.counts: Counter[int] = Counter()
        self.most = 0.0
        """The longest, regardless of its sign."""

    def gather(self) -> None:
        """Sort what was noted into the buckets."""
        fresh = self._fresh
        if fresh:
            longest = max(fresh)
            self.most = max(self.most, longest, -min(fresh))
            self.counts.update(memoryview(array("f", fresh)).cast("B").cast("H")[_UPPER::2])
            fresh.clear()

    def raw(self) -> dict[str, Any]:
        """As JSON has it."""
        self.gather()
        return {"most": self.most, "counts": {str(bucket): times for bucket, times in sorted(self.counts.items())}}


class Track:
    """One answer that does not end at once. `began` is when it did, on the clock of its event loop.

    A piece of a paced answer is noted by `add(now() - due)`, where `due` is on that clock; `wrote` is for others.
    """

    __slots__ = ("_began", "_gaps", "_last", "_noted", "_of", "_pieces", "add", "now")

    def __init__(self, of: Punctuality, began: float) -> None:
        self._of, self._began, self.now = of, began, of.clock
        self._noted: list[float] = []
        self.add: Callable[[float], None] = self._noted.append
        self._last: float | None = None
        self._gaps = True
        self._pieces = 0

    def wrote(self, due: float) -> None:
        """A piece was handed to the socket, that was due at this time of the event loop's clock."""
        late = self.now() - due
        self._pieces += 1
        if self._pieces == 1:
            self._of.first.add(late)
        elif self._pieces == 2:
            self._of.streams += 1
        if due > self._began:
            self.add(late)

    def excuse(self) -> None:
        """The client has read at last: the next piece waited for it."""
        self.gather()
        self._last = None
        self.add = self._skip

    def _skip(self, _late: float) -> None:
        self._of.held += 1
        self.add = self._noted.append

    def gather(self) -> None:
        """Hand on what was noted. How much a gap differs is how much more one piece was late than the one before; of
        long answers every other look is enough to know.
        """
        noted, last = self._noted, self._last
        if noted:
            self._of.lateness.extend(noted)
            if self._gaps:
                before = noted if last is None else [last, *noted]
                self._of.gaps.extend(map(sub, before[1:], before))
            self._gaps, self._last = not self._gaps, noted[-1]
            noted.clear()

    def end(self) -> None:
        """The answer is over."""
        self.gather()
        self._of.under_way.pop(self, None)


class Punctuality:
    """What is measured of the servers of one mock."""

    def __init__(self, now: Callable[[], float] = time.monotonic, cpu: Callable[[], float] = time.process_time) -> None:
        """`now` must be the clock of the event loops, `cpu` is the processor time of this process, both in seconds."""
        self.now, self._cpu = now, cpu
        self.measuring = False
        self.clock = now
        """The clock of the event loops."""
        self._loops: list[asyncio.AbstractEventLoop] = []
        self._turn = 0
        self.under_way: dict[Track, None] = {}
        self._round: Iterator[Track] = iter(())
        self._clear()

    def _clear(self) -> None:
        self.lateness, self.gaps, self.first, self.lag = (Histogram() for _ in range(4))
        """Of pieces behind their deadlines; of gaps against what they were to be; of first bytes; of the event loop."""
        self.answers = self.streams = self.peak = self.waited = self.held = 0
        self.busy = self.cpu = 0.0
        self._seen = 0
        self._looked = self.since = self.now()
        self._spent = self._cpu()

    def begin(self) -> None:
        """Measure from now on, and forget what was measured before."""
        self._clear()
        self.peak = len(self.under_way)
        self.measuring = True
        self._turn += 1
        for loop in self._loops:
            loop.call_soon_threadsafe(self._probing, loop, self._turn)

    def end(self) -> None:
        """Measure no more, and forget."""
        self.measuring = False
        self._turn += 1
        self._clear()

    def attend(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        """A server runs on this event loop until what is returned is called."""
        self._loops.append(loop)
        if self.measuring:
            self._probing(loop, self._turn)
        return lambda: self._loops.remove(loop)

    def track(self, began: float) -> Track:
        """Follow an answer that began at this time of its event loop's clock."""
        track = Track(self, began)
        self.answers += 1
        self.under_way[track] = None
        self.peak = max(self.peak, len(self.under_way))
        return track

    def at_once(self, began: float) -> None:
        """An answer was written whole; its request was read at this time of the event loop's clock."""
        self.answers += 1
        self.first.add(self.clock() - began)

    def raw(self) -> dict[str, Any]:
        """Everything, as JSON has it; `library.punctuality.added` adds up several."""
        self._look(len(self.under_way))
        return {
            "measuring": self.measuring,
            "seconds": self.now() - self.since,
            **{name: getattr(self, name) for name in ("answers", "streams", "peak", "waited", "held", "busy", "cpu")},
            **{name: getattr(self, name).raw() for name in ("lateness", "gaps", "first", "lag")},
        }

    def _probing(self, loop: asyncio.AbstractEventLoop, turn: int) -> None:
        """Begin to probe a loop."""
        offset = self.now() - loop.time()
        agree = 0 <= offset < _CLOCKS_AGREE
        self.clock = self.now if agree else lambda: self.now() - offset
        self._probe(loop, turn, None)

    def _probe(self, loop: asyncio.AbstractEventLoop, turn: int, due: float | None) -> None:
        if turn != self._turn or loop not in self._loops:
            return
        if due is not None:
            self.lag.add(self.clock() - due)
            self._look(_ANSWERS + len(self.under_way) // _PARTS)
        due = loop.time() + EVERY
        loop.call_at(due, self._probe, loop, turn, due)

    def _look(self, answers: int) -> None:
        """Gather what was noted of some answers, and the processor time of a while with something to do."""
        looked = list(islice(self._round, answers))
        for track in looked:
            track.gather()
        if len(looked) < answers:
            self._round = iter(list(self.under_way))
        now, spent = self.now(), self._cpu()
        if self.under_way or self.answers != self._seen:
            self.busy += now - self._looked
            self.cpu += spent - self._spent
        self._looked, self._spent, self._seen = now, spent, self.answers
        for histogram in (self.lateness, self.gaps, self.first, self.lag):
            histogram.gather()
