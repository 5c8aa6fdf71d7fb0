"""Limits: how many requests and tokens a caller may use, counted as OpenAI counts, announced on every answer.

Theory. Each limit is a bucket that holds what it allows in its window, a minute or a day, and refills continuously: of
60 requests a minute one comes back every second. A request takes its share of all its buckets or, where one holds too
little, of none. Tokens are taken before the answer is known: the larger of what the request may be answered with at
most and a quarter of the characters it says. Callers are told apart by session, and by what `per` names.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from fnmatch import fnmatchcase
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct

from openai_mock.engine.access import presented
from openai_mock.engine.failures import VISIT, LimitError, failure, spelled
from openai_mock.engine.headers import ORGANIZATION, PROJECT
from openai_mock.engine.journal import Admission
from openai_mock.engine.sessions import session_of
from openai_mock.wire import Headers, Request

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call

Per: TypeAlias = Literal["model", "key", "organization", "project"]
Unit: TypeAlias = Literal["requests", "tokens"]
PER: tuple[Per, ...] = ("model", "key", "organization", "project")
_MOST_CALLERS = 10_000
"""Callers whose buckets are kept; of the one that called least recently they are full again."""
_SLACK = 1e-8
"""The share of a limit by which the arithmetic of times may be wrong."""
_WINDOWS: Mapping[str, tuple[Unit, float, str]] = {
    "requests_per_minute": ("requests", 60.0, "requests per min (RPM)"),
    "tokens_per_minute": ("tokens", 60.0, "tokens per min (TPM)"),
    "requests_per_day": ("requests", 86_400.0, "requests per day (RPD)"),
    "tokens_per_day": ("tokens", 86_400.0, "tokens per day (TPD)"),
}
_QUOTA = "quota:"
"""What stands in place of a glob where a quota is counted; no model has this name."""
_NO_RETRY = (b"x-should-retry", b"false")
_MOST_SAID = ("max_completion_tokens", "max_output_tokens", "max_tokens")
_SAYING = ("messages", "input", "instructions", "prompt")
_NOT_SAID = frozenset({"data", "file_data", "image_url", "type", "role", "id", "url"})


class Rates(Struct, frozen=True):
    """What may be used in a minute and in a day; None is without limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    requests_per_day: int | None = None
    tokens_per_day: int | None = None

    def over(self, other: Rates) -> Rates:
        """These rates, and those of another where these say nothing."""
        both = ((getattr(self, name), getattr(other, name)) for name in self.__struct_fields__)
        return Rates(*(other if own is None else own for own, other in both))


class Quota(Struct, frozen=True):
    """What may be used at all; None is without limit."""

    requests: int | None = None
    tokens: int | None = None


class Limits(Struct, frozen=True):
    """All limits of one mock. `models` are rates by glob, of which the first that fits says more than `rates`.

    `per` tells callers apart: by model, key, organization or project, each as the request names it. `concurrency` is
    how many answers of one caller may be under way.
    """

    rates: Rates = Rates()
    models: Sequence[tuple[str, Rates]] = ()
    per: tuple[Per, ...] = ("model", "organization")
    quota: Quota = Quota()
    concurrency: int | None = None

    def of(self, model: str) -> tuple[str, Rates]:
        """The rates of a model, and the glob they stand under; an empty one for those of all."""
        for glob, rates in self.models:
            if fnmatchcase(model, glob):
                return glob, rates.over(self.rates)
        return "", self.rates


class Bucket:
    """What one window allows: `used` of `limit` at the instant `at`, and less as time goes by."""

    __slots__ = ("at", "limit", "rate", "unit", "used", "words")

    def __init__(self, limit: int, unit: Unit, window: float, words: str) -> None:
        """`window` is in seconds; `words` name the limit in an error."""
        self.limit, self.unit, self.words = limit, unit, words
        self.rate = limit / window
        self.used, self.at = 0.0, 0.0

    def look(self, now: float) -> None:
        """Let what came back by `now` be there again."""
        self.used = max(0.0, self.used - max(0.0, now - self.at) * self.rate)
        self.at = now

    def lacks(self, cost: int) -> float:
        """How much too little there is."""
        lack = self.used + cost - self.limit
        return lack if lack > self.limit * _SLACK else 0.0

    @property
    def remaining(self) -> int:
        """What is left, in whole requests or tokens."""
        return max(0, floor(self.limit - self.used + self.limit * _SLACK))

    @property
    def reset(self) -> float:
        """Seconds until it is full again."""
        return self.used / self.rate


class Caller:
    """The buckets of one caller, what it used at all, and how many of its answers are under way."""

    __slots__ = ("buckets", "under_way", "used")

    def __init__(self, rates: Rates) -> None:
        limits = ((getattr(rates, name), window) for name, window in _WINDOWS.items())
        self.buckets = [Bucket(limit, *window) for limit, window in limits if limit is not None]
        self.used: dict[Unit, int] = {"requests": 0, "tokens": 0}
        self.under_way = 0


class Limiter:
    """Counts the requests of one mock. `now` is in Unix seconds; `lock` keeps threads apart."""

    def __init__(self, limits: Limits, now: Callable[[], float], lock: AbstractContextManager[Any]) -> None:
        self.limits = limits
        self._now, self._lock = now, lock
        self._callers: OrderedDict[tuple[str, ...], Caller] = OrderedDict()

    def admit(self, call: Call) -> Admission:
        """Count a request. Raises LimitError, OpenAI's 429, where it is one too many."""
        limits, model = self.limits, call.model
        names = _names(call.request, model)
        glob, rates = limits.of(model)
        cost: dict[Unit, int] = {"requests": 1, "tokens": tokens_asked(call.body)}
        session = session_of(call.request.headers)
        with self._lock:
            now = self._now()
            caller = self._caller((session, glob, *(names[per] for per in limits.per)), rates)
            for bucket in caller.buckets:
                bucket.look(now)
            account = self._account(session, names)
            try:
                self._refuse(caller, account, cost, names)
            except LimitError as error:
                error.rates = announced(caller.buckets)
                raise
            for bucket in caller.buckets:
                bucket.used += cost[bucket.unit]
            for unit in account.used:
                account.used[unit] += cost[unit]
            if limits.concurrency is None:
                return Admission(announced(caller.buckets))
            caller.under_way += 1
            return Admission(announced(caller.buckets), lambda: self._leave(caller))

    def forget(self) -> None:
        """Let everything be unused again."""
        with self._lock:
            self._callers.clear()

    def callers(self) -> Iterator[dict[str, Any]]:
        """What each caller has left, by the names that tell it apart."""
        with self._lock:
            now = self._now()
            for (session, _, *names), caller in self._callers.items():
                for bucket in caller.buckets:
                    bucket.look(now)
                if caller.buckets or caller.under_way:
                    yield {
                        "session": session,
                        **dict(zip(self.limits.per, names, strict=False)),
                        "under_way": caller.under_way,
                        "left": [
                            {"limit": each.limit, "of": each.words, "remaining": each.remaining, "reset": each.reset}
                            for each in caller.buckets
                        ],
                    }

    def _caller(self, key: tuple[str, ...], rates: Rates) -> Caller:
        found = self._callers.get(key)
        if found is None:
            found = self._callers[key] = Caller(rates)
            if len(self._callers) > _MOST_CALLERS:
                self._callers.popitem(last=False)
        self._callers.move_to_end(key)
        return found

    def _account(self, session: str, names: Mapping[Per, str]) -> Caller:
        """Whoever pays: a quota is not one of a model."""
        payers = [names[per] for per in self.limits.per if per != "model"]
        return self._caller((session, _QUOTA, *payers), Rates())

    def _leave(self, caller: Caller) -> None:
        with self._lock:
            caller.under_way -= 1

    def _refuse(self, caller: Caller, account: Caller, cost: Mapping[Unit, int], names: Mapping[Per, str]) -> None:
        quota, concurrency = self.limits.quota, self.limits.concurrency
        for unit in account.used:
            most = getattr(quota, unit)
            if most is not None and account.used[unit] + cost[unit] > most:
                spent = failure(429, code="insufficient_quota")
                raise LimitError(429, spent.message, type=spent.type, code=spent.code, headers=(_NO_RETRY,))
        whose = f"{names['model'] or 'the model'} in organization {names['organization']}"
        if concurrency is not None and caller.under_way >= concurrency:
            words = f"concurrent requests: Limit {concurrency}, Used {caller.under_way}, Requested 1."
            raise _reached("requests", f"{whose} on {words}", 0.001)
        lacking = [bucket for bucket in caller.buckets if bucket.lacks(cost[bucket.unit])]
        for bucket in lacking:
            if cost[bucket.unit] > bucket.limit:
                raise _too_large(bucket, whose, cost[bucket.unit])
        if lacking:
            bucket = max(lacking, key=lambda each: each.lacks(cost[each.unit]) / each.rate)
            asked, used = cost[bucket.unit], bucket.limit - bucket.remaining
            words = f"{bucket.words}: Limit {bucket.limit}, Used {used}, Requested {asked}."
            raise _reached(bucket.unit, f"{whose} on {words}", bucket.lacks(asked) / bucket.rate)


def _reached(unit: str, words: str, wait: float) -> LimitError:
    milliseconds = max(1, _milliseconds(wait))
    return LimitError(
        429,
        f"Rate limit reached for {words} Please try again in {spelled(milliseconds)}. {VISIT}",
        type=unit,
        code="rate_limit_exceeded",
        headers=(
            (b"retry-after", b"%d" % ceil(milliseconds / 1000)),
            (b"retry-after-ms", b"%d" % milliseconds),
        ),
    )


def _too_large(bucket: Bucket, whose: str, asked: int) -> LimitError:
    return LimitError(
        429,
        f"Request too large for {whose} on {bucket.words}: Limit {bucket.limit}, Requested {asked}. "
        f"The input or output tokens must be reduced in order to run successfully. {VISIT}",
        type=bucket.unit,
        code="rate_limit_exceeded",
        headers=(_NO_RETRY,),
    )


def announced(buckets: Sequence[Bucket]) -> Headers:
    """The headers that say what is left: of requests and of tokens that window of which least is left."""
    headers: list[tuple[bytes, bytes]] = []
    for unit in ("requests", "tokens"):
        of_unit = [bucket for bucket in buckets if bucket.unit == unit]
        if of_unit:
            least = min(of_unit, key=lambda bucket: bucket.remaining)
            name = unit.encode()
            headers += (
                (b"x-ratelimit-limit-" + name, b"%d" % least.limit),
                (b"x-ratelimit-remaining-" + name, b"%d" % least.remaining),
                (b"x-ratelimit-reset-" + name, spelled(_milliseconds(least.reset)).encode()),
            )
    return headers


def _milliseconds(seconds: float) -> int:
    """Whole milliseconds, at least as long, but for what arithmetic adds."""
    return ceil(round(seconds * 1000, 3))


def tokens_asked(body: Any) -> int:
    """What a request takes of the token limits: its most tokens, or a quarter of its characters where that is more."""
    if not isinstance(body, Mapping):
        return 0
    given = (body.get(name) for name in _MOST_SAID)
    most = max((number for number in given if isinstance(number, int)), default=0)
    return max(most, ceil(sum(_characters(body.get(name)) for name in _SAYING) / 4))


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_characters(each) for name, each in value.items() if name not in _NOT_SAID)
    return sum(map(_characters, value)) if isinstance(value, list) else 0


def _names(request: Request, model: str) -> dict[Per, str]:
    headers = request.headers
    return {
        "model": model,
        "key": presented(headers),
        "organization": headers.get("openai-organization", ORGANIZATION),
        "project": headers.get("openai-project", PROJECT),
    }
