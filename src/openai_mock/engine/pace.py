"""How fast a model speaks: the time to its first token, the time between tokens, and how both scatter.

Theory. A pace gives each token a deadline, counted from the start of the exchange, and deadlines never decrease. A
stream waits for the deadline of each token; what frames it (the role, the finish reason, the end) goes with the token
beside it, so nothing is written that was not waited for. A whole answer is due when the last token of its stream would
be. Frames that are due together are one `Data`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from random import Random
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from openai_mock.engine.answers import JSON, Alike, Raw
from openai_mock.wire import Data, Exchange, Head, Wait

_Z90, _Z99 = 1.2815515655446004, 2.3263478740408408
"""Where the 90th and the 99th percentile of a standard normal distribution lie."""
_TOGETHER = 256
"""Frames that are held back at most before they are written, although all are due at once."""
_LONGEST = 1_000_000
"""Tokens of a whole answer that count at most: a user may write any number into `usage`."""
_TOKEN = re.compile(rb'\.delta"|"delta":\{(?!\}|"role")|"choices":\[\{(?:"index":\d+,)?"text":"(?!")')
"""What marks a frame that carries a piece of text, as opposed to one that frames it."""


class Spread(Struct, frozen=True):
    """A duration that varies: the name of one of `DISTRIBUTIONS`, and its parameters, the first of them in seconds."""

    distribution: str
    values: tuple[float, ...]


class Pace(Struct, frozen=True):
    """How fast answers come.

    `delay` (seconds) passes before every answer. `first_token` and `between_tokens` apply where a model answers, and
    each other answer that is under way makes both longer by the share `load`.
    """

    first_token: Spread = Spread("fixed", (0.0,))
    between_tokens: Spread = Spread("fixed", (0.0,))
    delay: float = 0.0
    load: float = 0.0


AT_ONCE = Pace()


class OfRule(Struct, frozen=True):
    """What one rule says: a pace of its own, a delay (seconds) of its own, or both."""

    pace: Pace | None = None
    delay: float | None = None


class Paces(Struct, frozen=True):
    """Who is how fast: a rule by its id, else a model by the first glob that fits it, else `usual`."""

    usual: Pace = AT_ONCE
    models: tuple[tuple[str, Pace], ...] = ()
    rules: Mapping[str, OfRule] = {}

    @property
    def idle(self) -> bool:
        """Whether every answer comes at once."""
        return self.usual == AT_ONCE and not self.models and not self.rules

    def of(self, model: str, rule: str | None) -> Pace:
        """The pace of an answer."""
        own = self.rules.get(rule) if rule is not None else None
        pace = own.pace if own else None
        if pace is None:
            pace = next((pace for glob, pace in self.models if fnmatchcase(model, glob)), self.usual)
        return pace if own is None or own.delay is None else replace(pace, delay=own.delay)


def _fixed(values: Sequence[float], _chance: Random) -> Callable[[], float]:
    value = values[0]
    return lambda: value


def _uniform(values: Sequence[float], chance: Random) -> Callable[[], float]:
    middle, share = values
    return lambda: middle * (1 + share * (2 * chance.random() - 1))


def _normal(values: Sequence[float], chance: Random) -> Callable[[], float]:
    mean, share = values
    gauss = chance.gauss
    return lambda: max(0.0, mean * (1 + share * gauss(0.0, 1.0)))


def _lognormal(values: Sequence[float], chance: Random) -> Callable[[], float]:
    median, sigma = values
    gauss, exp = chance.gauss, math.exp
    return lambda: median * exp(sigma * gauss(0.0, 1.0))


def _percentiles(values: Sequence[float], chance: Random) -> Callable[[], float]:
    """Through three percentiles runs a line in the logarithm of the value, over a normal distribution; what lies below
    the median mirrors what lies above it.
    """
    low, high, top = map(math.log, values)
    near, far = (high - low) / _Z90, (top - high) / (_Z99 - _Z90)
    gauss, exp = chance.gauss, math.exp

    def draw() -> float:
        z = gauss(0.0, 1.0)
        return exp(low + near * z) if z < _Z90 else exp(high + far * (z - _Z90))

    return draw


DISTRIBUTIONS: Mapping[str, Callable[[Sequence[float], Random], Callable[[], float]]] = {
    "fixed": _fixed,
    "uniform": _uniform,
    "normal": _normal,
    "lognormal": _lognormal,
    "percentiles": _percentiles,
}
"""How a duration scatters, by name: `uniform` by a share around its middle, `normal` by a share of its mean and never
below 0, `lognormal` by sigma around its median, `percentiles` through the 50th, the 90th and the 99th.
"""


def sampler(spread: Spread, chance: Random) -> Callable[[], float]:
    """Draws durations, in seconds and at least 0."""
    return DISTRIBUTIONS[spread.distribution](spread.values, chance)


def beats(pace: Pace, chance: Random, others: Callable[[], int]) -> Iterator[float]:
    """The deadline of each token, in seconds from the start of the exchange; they never decrease and never end.

    `others` counts the answers that are under way besides this one.
    """
    first, between, load = sampler(pace.first_token, chance), sampler(pace.between_tokens, chance), pace.load
    at = pace.delay + first() * (1 + load * others())
    yield at
    while True:
        at += between() * (1 + load * others() if load else 1)
        yield at


def nth(deadlines: Iterator[float], tokens: int) -> float:
    """When the last of so many tokens is due; of none, when the first would be."""
    at = next(deadlines)
    for _ in range(min(tokens, _LONGEST) - 1):
        at = next(deadlines)
    return at


def tokens_said(answer: Any) -> int:
    """The tokens that an answer says it took to write; 0 where it says nothing of it."""
    if isinstance(answer, Raw) and answer.content_type == JSON:
        answer = msgspec.json.decode(answer.body)
    usage = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(usage, dict):
        return 0
    said = usage.get("completion_tokens") or usage.get("output_tokens")
    return said if isinstance(said, int) else 0


def whole(head: Head, chunks: Iterable[bytes], at: float) -> Exchange:
    """An answer in one piece, due at a deadline."""
    if at > 0:
        yield Wait(at)
    yield head
    for chunk in chunks:
        yield Data(chunk)


def streamed(head: Head, frames: Iterable[bytes | Alike], deadlines: Iterator[float], *, joined: bool) -> Exchange:
    """A stream whose tokens keep their deadlines. `joined` writes frames that are due together as one."""
    at = next(deadlines)
    if at > 0:
        yield Wait(at)
    yield head
    held: list[bytes] = []
    started = False
    for frame, token in _marked(frames):
        if token and started and (due := next(deadlines)) > at:
            if held:
                yield Data(b"".join(held))
                held.clear()
            yield Wait(due)
            at = due
        started = started or token
        held.append(frame)
        if not joined or len(held) >= _TOGETHER:
            yield Data(b"".join(held))
            held.clear()
    if held:
        yield Data(b"".join(held))


def _marked(frames: Iterable[bytes | Alike]) -> Iterator[tuple[bytes, bool]]:
    """Single frames, and whether each is a token."""
    for part in frames:
        if isinstance(part, Alike):
            for frame in part:
                yield frame, True
        else:
            yield part, _TOKEN.search(part) is not None
