"""Failures on request say true numbers."""

from __future__ import annotations

import re
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock import OpenAIMock
from openai_mock.engine.failures import LimitError, failure, spelled
from openai_mock.engine.limits import Limiter, Limits, Rates
from openai_mock.wire import Request

WORDS = re.compile(
    r"Rate limit reached for gpt-4o in organization org-mock on requests per (?:min \(RPM\)|day \(RPD\)): "
    r"Limit (\d+), Used \1, Requested 1\. Please try again in ([\dhms.]+)\. "
    r"Visit https://platform\.openai\.com/account/rate-limits to learn more\."
)
HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


def asked() -> Any:
    return SimpleNamespace(model="gpt-4o", body={}, request=Request("POST", "/", "", {}, b""))


@given(st.integers(1, 86_400_000))
def test_the_words_the_headers_and_a_real_limit_agree(milliseconds: int) -> None:
    error = failure(429, model="gpt-4o", retry_after=milliseconds / 1000)
    assert isinstance(error, LimitError)
    found = WORDS.fullmatch(error.message)
    assert found
    limit, headers = int(found[1]), dict([*error.headers, *error.rates])
    told = int(headers[b"retry-after-ms"])
    assert milliseconds <= told <= milliseconds + 1
    assert found[2] == spelled(told)
    assert headers[b"x-ratelimit-limit-requests"] == found[1].encode()
    assert headers[b"x-ratelimit-remaining-requests"] == b"0"
    window = 60 if "RPM" in error.message else 86_400
    assert limit >= 1
    assert window / limit >= told / 1000 - 0.001, "a caller never waits longer for one request than one takes to return"


@pytest.mark.parametrize("seconds", [60, 20, 12, 1, 0.5])
def test_a_limiter_of_that_limit_says_the_same(seconds: float) -> None:
    limit = round(60 / seconds)
    counted = Limiter(Limits(Rates(requests_per_minute=limit)), lambda: 0.0, nullcontext())
    for _ in range(limit):
        counted.admit(asked())
    with pytest.raises(LimitError) as refused:
        counted.admit(asked())
    assert refused.value.message == failure(429, model="gpt-4o", retry_after=seconds).message


def test_a_fault_announces_what_it_says_and_only_where_a_model_answers() -> None:
    mock = OpenAIMock(faults=["rate_limit,retry_after=20s"])
    headers = {"authorization": "Bearer x"}
    with httpx.Client(transport=mock.transport(httpx), base_url="http://x/v1", headers=headers) as client:
        refused = client.post("/chat/completions", json=HELLO)
        listed = client.get("/files")
    assert "Limit 3, Used 3, Requested 1. Please try again in 20s." in refused.json()["error"]["message"]
    names = ("retry-after", "retry-after-ms", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests")
    assert [refused.headers[name] for name in names] == ["20", "20000", "3", "0"]
    assert len(refused.headers.get_list("x-ratelimit-limit-requests")) == 1
    assert int(refused.headers["x-ratelimit-remaining-tokens"]) > 0
    assert listed.status_code == 429
    assert "x-ratelimit-limit-requests" not in listed.headers


def test_a_quota_is_no_rate() -> None:
    error = failure(429, code="insufficient_quota")
    assert (error.type, error.code, getattr(error, "rates", ())) == ("insufficient_quota", "insufficient_quota", ())
