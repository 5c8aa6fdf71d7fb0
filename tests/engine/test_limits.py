"""Limits count exactly, whoever calls from wherever at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from math import ceil
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock import OpenAIMock
from openai_mock.engine.limits import Limiter, LimitError, Limits, Quota, Rates, spelled, tokens_asked
from openai_mock.wire import Head, Request

HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


def asked(tokens: int = 0, model: str = "m", **headers: Any) -> Any:
    body = {"model": model, "max_tokens": tokens}
    return SimpleNamespace(model=model, body=body, request=Request("POST", "/", "", headers, b""))


def limiter(limits: Limits, now: list[float]) -> Limiter:
    return Limiter(limits, lambda: now[0], nullcontext())


@contextmanager
def client_of(mock: OpenAIMock) -> Iterator[httpx.Client]:
    headers = {"authorization": "Bearer sk-test"}
    with httpx.Client(transport=mock.transport(httpx), base_url="https://api.openai.com/v1", headers=headers) as client:
        yield client


class Model:
    """The same in exact arithmetic: what is used of one limit, and since when."""

    def __init__(self, limit: int) -> None:
        self.limit, self.used, self.at = limit, Fraction(0), 0

    def look(self, milliseconds: int) -> None:
        self.used = max(Fraction(0), self.used - Fraction(self.limit * (milliseconds - self.at), 60_000))
        self.at = milliseconds


@given(
    requests=st.integers(1, 8),
    tokens=st.integers(1, 50),
    calls=st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 60)), max_size=40),
)
def test_a_request_passes_exactly_when_every_limit_has_room_for_it(
    requests: int, tokens: int, calls: list[tuple[int, int]]
) -> None:
    now, at = [0.0], 0
    counted = limiter(Limits(Rates(requests_per_minute=requests, tokens_per_minute=tokens)), now)
    models = (Model(requests), Model(tokens))
    for pause, cost in calls:
        at += pause
        now[0] = at / 1000
        for model in models:
            model.look(at)
        fits = all(model.used + share <= model.limit for model, share in zip(models, (1, cost), strict=True))
        try:
            headers = dict(counted.admit(asked(cost)).headers)
            assert fits
            models[0].used += 1
            models[1].used += cost
        except LimitError as error:
            assert not fits
            headers = dict(error.rates)
        for name, model in zip((b"requests", b"tokens"), models, strict=True):
            assert int(headers[b"x-ratelimit-limit-" + name]) == model.limit
            assert int(headers[b"x-ratelimit-remaining-" + name]) == int(model.limit - model.used)
            due = ceil(model.used * 60_000 / model.limit)
            assert headers[b"x-ratelimit-reset-" + name].decode() in {spelled(due), spelled(due + 1)}


@given(limit=st.integers(1, 1000), spent=st.integers(0, 1000), cost=st.integers(1, 1000))
def test_who_waits_as_long_as_told_is_let_in(limit: int, spent: int, cost: int) -> None:
    now = [1_767_225_600.0]
    counted = limiter(Limits(Rates(tokens_per_minute=limit)), now)
    cost, spent = min(cost, limit), min(spent, limit)
    counted.admit(asked(spent))
    try:
        counted.admit(asked(cost))
    except LimitError as error:
        wait = int(dict(error.headers)[b"retry-after-ms"])
        now[0] += wait / 1000
        counted.admit(asked(cost))


def test_a_hundred_clients_at_once_never_get_more_than_there_is() -> None:
    mock = OpenAIMock(seed=1, limits={"requests_per_minute": 37})
    with client_of(mock) as client, ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: client.post("/chat/completions", json=HELLO), range(100)))
    passed = [answer for answer in answers if answer.status_code == 200]
    assert len(passed) == 37
    assert sorted(int(each.headers["x-ratelimit-remaining-requests"]) for each in passed) == list(range(37))
    assert {answer.status_code for answer in answers} == {200, 429}


def test_answers_under_way_are_limited_until_they_end_or_their_client_leaves() -> None:
    mock = OpenAIMock(seed=1, limits={"concurrency": 1})
    headers = {"authorization": "Bearer sk-test", "content-type": "application/json"}
    request = Request("POST", "/v1/chat/completions", "", headers, msgspec.json.encode({**HELLO, "stream": True}))

    def heads() -> Iterator[Head]:
        return (step for step in mock.handle(request) if isinstance(step, Head))

    first = mock.handle(request)
    next(first)
    assert [each.status for each in heads()] == [429]
    refused = mock.journal.entries[-1].error or ""
    assert "on concurrent requests: Limit 1, Used 1, Requested 1." in refused
    first.close()
    assert [each.status for each in (*heads(), *heads())] == [200, 200]


def test_callers_are_told_apart_as_asked() -> None:
    now = [0.0]
    counted = limiter(Limits(Rates(requests_per_minute=1), per=("key", "project")), now)
    counted.admit(asked(authorization="Bearer a"))
    counted.admit(asked(authorization="Bearer b"))
    counted.admit(asked(0, authorization="Bearer a", **{"openai-project": "other"}))
    counted.admit(asked(0, authorization="Bearer a", **{"x-mock-session": "parallel"}))
    with pytest.raises(LimitError, match="Rate limit reached for n in organization org-mock on requests per min"):
        counted.admit(asked(model="n", authorization="Bearer a"))


def test_a_day_is_longer_than_a_minute_and_the_tighter_window_is_announced() -> None:
    now = [0.0]
    counted = limiter(Limits(Rates(requests_per_minute=5, requests_per_day=6)), now)
    assert dict(counted.admit(asked()).headers)[b"x-ratelimit-limit-requests"] == b"5"
    for _ in range(4):
        counted.admit(asked())
    now[0] = 60.0
    assert dict(counted.admit(asked()).headers)[b"x-ratelimit-limit-requests"] == b"6"
    with pytest.raises(LimitError, match=r"on requests per day \(RPD\): Limit 6, Used 6, Requested 1\. "
                       r"Please try again in 3h59m0s\."):  # fmt: skip
        counted.admit(asked())


def test_a_quota_counts_what_all_models_used() -> None:
    counted = limiter(Limits(quota=Quota(tokens=100)), [0.0])
    counted.admit(asked(60, "a"))
    with pytest.raises(LimitError, match="exceeded your current quota"):
        counted.admit(asked(60, "b"))
    counted.admit(asked(40, "b"))


def test_limits_change_at_run_time_and_reset_forgets_what_was_used() -> None:
    mock = OpenAIMock(seed=1)
    with client_of(mock) as client:
        mock.limits(requests_per_minute=1)
        statuses = [client.post("/chat/completions", json=HELLO).status_code for _ in range(2)]
        mock.reset()
        statuses += [client.post("/chat/completions", json=HELLO).status_code for _ in range(2)]
        mock.limits()
        free = client.post("/chat/completions", json=HELLO)
    assert statuses == [200, 429, 200, 429]
    assert free.headers["x-ratelimit-limit-requests"] == "30000"


def test_a_wrong_limit_is_told_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="requests_per_minute"):
        OpenAIMock(limits={"request_per_minute": 3})
    with pytest.raises(ValueError, match="limits"):
        OpenAIMock().limits(per="planet")


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        (HELLO, 2),
        ({"input": ["abcd", "abcd"]}, 2),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "x" * 40}]}], "max_tokens": 7}, 10),
        ({"messages": [{"content": [{"type": "image_url", "image_url": {"url": "data:" + "x" * 9000}}]}]}, 0),
        ({"prompt": "abcd", "max_tokens": 16}, 16),
        (None, 0),
    ],
)
def test_tokens_are_the_larger_of_the_most_and_a_quarter_of_the_characters(body: Any, tokens: int) -> None:
    assert tokens_asked(body) == tokens


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0s"), (17, "17ms"), (1574, "1.574s"), (8640, "8.64s"), (60_000, "1m0s"), (86_391_360, "23h59m51.36s")],
)
def test_durations_are_spelled_as_openai_does(milliseconds: int, text: str) -> None:
    assert spelled(milliseconds) == text


def test_a_request_inside_another_takes_nothing() -> None:
    mock = OpenAIMock(seed=1, limits={"requests_per_minute": 1})
    headers = {"authorization": "Bearer sk-test", "content-type": "application/json"}
    request = Request("POST", "/v1/chat/completions", "", headers, msgspec.json.encode(HELLO))

    def head(*, limited: bool) -> Head:
        return next(step for step in mock._machine.handle(request, limited=limited) if isinstance(step, Head))

    inside = [head(limited=False) for _ in range(3)]
    assert [each.status for each in inside] == [200] * 3
    assert (b"x-ratelimit-limit-requests", b"30000") in inside[0].headers
    assert [head(limited=True).status for _ in range(2)] == [200, 429]
