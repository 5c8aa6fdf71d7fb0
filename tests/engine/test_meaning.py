"""Misuse where the mock is lenient: each request that the gold cases see refused is answered, and its flaw is noted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gold import Exchange, cases

from openai_mock.config.load import load
from openai_mock.config.plan import Plan
from openai_mock.mock import OpenAIMock

GOLD = Path(__file__).parent.parent / "cases" / "meaning"


def refused() -> Iterator[Any]:
    for case in cases(GOLD):
        for number, exchange in enumerate(case.exchanges):
            if exchange.status >= 400 and "${" not in exchange.body and "resp_none" not in exchange.body:
                yield pytest.param(case.given, exchange, id=f"{case.file}-{case.title}-{number}")


def ask(mock: OpenAIMock, exchange: Exchange) -> httpx.Response:
    headers = {"authorization": "Bearer sk-test", "content-type": "application/json", **exchange.headers}
    with httpx.Client(transport=mock.transport(httpx), base_url="https://api.openai.com") as client:
        return client.request(exchange.method, exchange.path, headers=headers, content=exchange.body.encode())


@pytest.mark.parametrize("relaxed", [{"lenient": True}, {"ids": "lenient"}], ids=["lenient", "ids"])
@pytest.mark.parametrize(("given", "exchange"), list(refused()))
def test_what_is_refused_is_noted_where_lenient(given: str, exchange: Exchange, relaxed: dict[str, Any]) -> None:
    plan = load(given, name="given.yaml", env={}) if given else Plan()
    mock = OpenAIMock(plan, seed=1, **relaxed)
    answer = ask(mock, exchange)
    assert answer.status_code == 200, answer.text
    message = json.loads(exchange.expected)["error"]["message"]
    if "lenient" in relaxed or exchange.status != 404:  # lenient ids name what they like
        assert message in mock.journal.entries[-1].ignored


def test_a_stream_that_is_too_long_is_answered_where_lenient() -> None:
    body = {"model": "gpt-4", "input": [{"role": "user", "content": " word" * 8_200}], "stream": True}
    exchange = Exchange("POST", "/v1/responses", body=json.dumps(body))
    mock = OpenAIMock(seed=1, lenient=True)
    assert "response.completed" in ask(mock, exchange).text
    assert "exceeds the context window" in mock.journal.entries[-1].ignored[0]


def test_raw_answers_of_a_route_are_checked_as_others_are() -> None:
    mock = OpenAIMock(seed=1)
    mock.chat.completions.create.reply("Hello")
    body = {"model": "o3", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5}
    answer = ask(mock, Exchange("POST", "/v1/chat/completions", body=json.dumps(body)))
    assert answer.json()["error"]["code"] == "unsupported_parameter"


def test_a_refused_request_leaves_nothing_behind() -> None:
    mock = OpenAIMock(seed=1)
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "store": True, "tool_choice": "auto"}
    assert ask(mock, Exchange("POST", "/v1/chat/completions", body=json.dumps(body))).status_code == 400
    assert mock.state().list("/chat/completions") == []
    assert mock.journal.entries[-1].error
