"""Rules made in a test: which calls they fit, which of several answers, and what a miss says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from openai_mock import OpenAIMock
from openai_mock.config.errors import ConfigErrors

Ask = Callable[..., Any]
FLOW = """
apiKey: sk-test
responses:
  - id: greeting
    messages: [{role: user, content: Hello}, {role: assistant, content: from the file}]
"""


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    path = tmp_path / "flows.yaml"
    path.write_text(FLOW, "utf-8")
    return path


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({}, True),
        ({"contains": "WEATHER"}, True),
        ({"contains": "whether"}, False),
        ({"exact": "The weather in Paris?"}, True),
        ({"exact": "the weather in paris?"}, False),
        ({"regex": r"paris\?$"}, True),
        ({"regex": "^paris"}, False),
        ({"fuzzy": "the weather in Pariss?"}, True),
        ({"fuzzy": "the weather in Pariss?", "threshold": 1.0}, False),
        ({"contains": "weather", "regex": "London"}, False),
        ({"model": "gpt-4*"}, True),
        ({"model": "gpt-5*"}, False),
        ({"operation": "chat.*"}, True),
        ({"operation": "responses.create"}, False),
        ({"temperature": 0.5}, True),
        ({"temperature": lambda value: value > 1}, False),
        ({"seed": 1}, False),
        ({"messages__last__content": re.compile("Paris")}, True),
        ({"messages": ["The weather in Paris?"]}, True),
        ({"messages": [{"role": "user", "content": "weather", "matcher": "contains"}]}, True),
        ({"messages": [{"role": "system"}, {"role": "user"}]}, True),
        ({"messages": [{"role": "developer"}, {"role": "user"}]}, False),
        ({"messages": ["The weather in Paris?", {"role": "assistant"}]}, False),
    ],
)
def test_conditions(mock: OpenAIMock, ask: Ask, conditions: dict[str, Any], fits: bool) -> None:
    rule = mock.when(**conditions).reply("rule")
    mock.chat.completions.create.reply("route")
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "The weather in Paris?"}]
    assert ask(messages=messages, temperature=0.5).choices[0].message.content == ("rule" if fits else "route")
    assert rule.call_count == (1 if fits else 0)


def test_the_latest_message_counts(mock: OpenAIMock, ask: Ask) -> None:
    mock.when(contains="weather").reply(tool_calls=["get_weather"])
    mock.when(contains="sunny").reply("Take a hat.")
    first = ask("The weather?").choices[0].message
    result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "sunny"}
    messages = [{"role": "user", "content": "The weather?"}, first.model_dump(exclude_none=True), result]
    assert ask(messages=messages).choices[0].message.content == "Take a hat."


def test_the_best_match_answers_not_the_first(mock: OpenAIMock, said: Ask) -> None:
    mock.when().reply("any")
    mock.when(contains="weather").reply("contains")
    mock.when(contains="weather", model="gpt-4o").reply("contains and model")
    mock.when(contains="weather", model="gpt-4*").reply("the same, later")
    mock.when(exact="weather").reply("exact")
    assert said("weather") == "exact"
    assert said("the weather") == "contains and model"
    assert said("the weather", model="gpt-5") == "contains"
    assert said("else") == "any"


def test_a_rule_answers_in_every_form(mock: OpenAIMock, ask: Ask, said: Ask) -> None:
    mock.when(contains="fail").fail(429, times=1).reply("then")
    mock.when(contains="stream").stream(["a", "b"])
    mock.when(contains="call").response = lambda request, route: f"{route.call_count}"
    assert said("fail") == "then"
    assert [chunk.choices[0].delta.content for chunk in ask("stream", stream=True)] == ["", "a", "b", None]
    assert said("call") == "1"


def test_rules_speak_for_every_api_with_words(mock: OpenAIMock, client: openai.OpenAI) -> None:
    rule = mock.when(contains="weather").reply("Sunny")
    assert client.responses.create(model="m", input="The weather?").output_text == "Sunny"
    parts = [{"role": "user", "content": [{"type": "input_text", "text": "weather"}]}]
    assert client.responses.create(model="m", input=parts).output_text == "Sunny"
    assert [call.operation for call in rule.calls] == ["responses.create"] * 2


def test_a_rule_for_any_operation(mock: OpenAIMock, client: openai.OpenAI) -> None:
    mock.when(operation="files.create", purpose="assistants").fail(400, message="Not these.")
    client.files.create(file=b"x", purpose="batch")
    with pytest.raises(openai.BadRequestError, match="Not these"):
        client.files.create(file=b"x", purpose="assistants")


def test_a_used_up_rule_gives_way(mock: OpenAIMock, said: Ask) -> None:
    mock.when(contains="hello").reply("once", times=1)
    mock.when().reply("always")
    assert [said(), said()] == ["once", "always"]


def test_calls_of_a_rule(mock: OpenAIMock, said: Ask) -> None:
    rule = mock.when(contains="weather").reply("Sunny")
    twin = mock.when(contains="rain", model="gpt-4o").reply("Wet")
    said("weather")
    said("the weather")
    rule.assert_called(times=2)
    rule.assert_called_with(messages__last__content="weather")
    assert rule.calls.last.rule == "when(contains='weather')"
    with pytest.raises(AssertionError, match=r"when\(contains='rain', model='gpt-4o'\) was not called"):
        twin.assert_called()


def test_no_rule_fits(mock: OpenAIMock, ask: Ask) -> None:
    mock.when(contains="weather").reply("Sunny")
    mock.when(model="gpt-5").reply("Five")
    with pytest.raises(openai.BadRequestError) as caught:
        ask("Hello")
    assert caught.value.code == "no_match"
    nearest = {miss["id"]: miss["reason"] for miss in caught.value.body["nearest"]}
    assert nearest["when(model='gpt-5')"] == "model: 'gpt-4o' is not 'gpt-5'"
    assert nearest["when(contains='weather')"] == "messages[0].content: 'Hello' does not contain 'weather'"
    assert [call.error for call in mock.unmatched] == ["No matching response found for the given conversation"]


def test_rules_come_before_those_of_a_file(mock: OpenAIMock, said: Ask, flows: Path) -> None:
    assert mock.load(flows) is mock
    assert said("Hello") == "from the file"
    mock.when(contains="hello", model="gpt-5").reply("rule")
    assert said("Hello", model="gpt-5") == "rule"
    assert said("Hello") == "from the file"


def test_files_add_up(mock: OpenAIMock, said: Ask, flows: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.yaml"
    more.write_text(FLOW.replace("apiKey: sk-test", "").replace("greeting", "bye").replace("Hello", "Bye"), "utf-8")
    mock.load(flows).load(more)
    assert said("Bye") == said("Hello") == "from the file"
    assert mock.plan.api_keys == ("sk-test",)


def test_a_wrong_file_changes_nothing(mock: OpenAIMock, tmp_path: Path) -> None:
    before = mock.plan
    with pytest.raises(ConfigErrors):
        mock.load(tmp_path / "missing.yaml")
    assert mock.plan is before


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "chat.completion.create"},
        {"messages": []},
        {"messages": [{"content": "x"}]},
        {"messages": [{"role": "user", "text": "x"}]},
        {"messages": [{"role": "user", "content": "x", "matcher": "like"}]},
        {"regex": "("},
        {"fuzzy": "x", "threshold": 2},
        {"contains": 7},
    ],
)
def test_conditions_that_cannot_hold_are_told_at_once(mock: OpenAIMock, wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError), match=r"\w+ .*"):
        mock.when(**wrong)


def test_the_report_tells_calls_rules_and_misses(mock: OpenAIMock, client: openai.OpenAI, said: Ask) -> None:
    mock.when(contains="weather").reply("Sunny")
    mock.when(contains="rain").reply("Wet")
    said("weather")
    client.models.list()
    with pytest.raises(openai.NotFoundError):
        client.get("/nothing", cast_to=object)
    with pytest.raises(openai.BadRequestError):
        said("Hello")
    assert mock.report().splitlines() == [
        "3 calls of 2 operations, 2 unmatched requests",
        "  chat.completions.create  2  (200: 1, 400: 1)",
        "  models.list              1  (200: 1)",
        "rules:",
        "  when(contains='weather'): once",
        "  when(contains='rain'): never",
        "unmatched:",
        "  GET /v1/nothing: 404 Invalid URL (GET /v1/nothing)",
        "  POST /v1/chat/completions: 400 No matching response found for the given conversation",
        "    when(contains='weather'): messages[0].content: 'Hello' does not contain 'weather'",
        "    when(contains='rain'): messages[0].content: 'Hello' does not contain 'rain'",
    ]
