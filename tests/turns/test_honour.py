"""What a request asks of any answer: limits, stops, JSON and calls."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from openai_mock.turns.authors import echo, helpful
from openai_mock.turns.conversation import from_chat
from openai_mock.turns.honour import honouring, limited, within_limits
from openai_mock.turns.tokens import count, encode, spellings
from openai_mock.turns.turn import Prompt, Reply, ToolCall, Turn

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Weather.", "parameters": CITY}}
TIME = {"type": "function", "function": {"name": "getTime", "description": "Local time.", "parameters": CITY}}


def prompt(said: str, *after: dict[str, Any], model: str = "gpt-4o", **body: Any) -> Prompt:
    messages = [{"role": "user", "content": said}, *after]
    return Prompt(from_chat(messages), model, {"model": model, "messages": messages, **body})


def write(asked: Prompt, seed: int = 1) -> Turn:
    return honouring(helpful)(asked, seed)[0]


def tokens(turn: Turn) -> int:
    if turn.tokens is not None:
        return turn.tokens
    calls = sum(count(call.name, "o200k_base") + count(call.arguments, "o200k_base") for call in turn.tool_calls)
    return count(turn.text or "", "o200k_base") + calls


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=60),
    st.integers(1, 30),
    st.sampled_from(["max_tokens", "max_completion_tokens", "max_output_tokens"]),
)
def test_a_cut_turn_has_exactly_as_many_tokens(said: str, most: int, name: str) -> None:
    whole = honouring(echo)(prompt(said), 1)[0]
    cut = honouring(echo)(prompt(said, **{name: most}), 1)[0]
    if tokens(whole) > most:
        assert (cut.finish_reason, tokens(cut)) == ("length", most)
        kept = spellings(encode(whole.text or "", "o200k_base")[:most], "o200k_base")
        assert cut.text == b"".join(kept).decode("utf-8", "ignore")
    else:
        assert cut == whole


def test_calls_are_cut_too() -> None:
    turn = Turn("Let me see", (ToolCall("call_1", "look", '{"at":"the whole wide world"}'),))
    assert limited(turn, prompt("x", max_tokens=2)) == Turn("Let me", finish="length", tokens=2)
    cut = limited(turn, prompt("x", max_tokens=7))
    assert (cut.finish, cut.tokens, cut.text) == ("length", 7, "Let me see")
    assert cut.tool_calls[0].arguments == '{"at":"'
    assert limited(turn, prompt("x", max_tokens=70)).tool_calls == turn.tool_calls


def test_limits_go_for_rules_too_but_not_for_whole_responses() -> None:
    turn = Turn("one two three")
    asked = prompt("x", max_tokens=2, stop="three")
    assert within_limits(lambda _: Reply((turn,)))(asked).turns[0].text == "one two"
    assert within_limits(lambda _: Reply((turn,), fields={"choices": []}))(asked).turns == (turn,)
    assert within_limits(lambda _: Reply((turn,)))(prompt("x", stop=["thr", "two"])).turns[0].text == "one "


def test_thinking_takes_what_the_words_leave() -> None:
    assert write(prompt("Hi", model="o3", reasoning_effort="low")).reasoning_tokens == 64
    short = write(prompt("Hi", model="o3", reasoning_effort="high", max_completion_tokens=80))
    assert short.reasoning_tokens == 80 - tokens(short)
    assert write(prompt("Hi", model="o3")).reasoning_tokens == 0
    assert write(prompt("Hi", model="gpt-5", reasoning_effort="minimal")).reasoning_tokens == 0


def test_several_choices() -> None:
    assert len(honouring(helpful)(prompt("Hi", n=3), 1)) == 3
    assert len(honouring(helpful)(prompt("weather?", n=3, tools=[WEATHER]), 1)) == 3
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"enum": list(range(50))}}}
    assert len({turn.text for turn in honouring(helpful)(prompt("Hi", n=3, response_format=form), 1)}) >= 1


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("Hello", []),
        ("What is the weather in Rome?", ["get_weather"]),
        ("the time please", ["getTime"]),
        ("weather and time", ["get_weather", "getTime"]),
        ("weather and time in my local zone", ["get_weather", "getTime"]),
    ],
)
def test_tools_are_called_where_the_user_asks(said: str, names: list[str]) -> None:
    turn = write(prompt(said, tools=[WEATHER, TIME]))
    assert [call.name for call in turn.tool_calls] == names
    assert (turn.text is None) is bool(names)
    for call in turn.tool_calls:
        Draft202012Validator(CITY).validate(json.loads(call.arguments))
    assert len({call.id for call in turn.tool_calls}) == len(names)


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("none", []),
        ("required", ["get_weather"]),
        ({"type": "function", "function": {"name": "getTime"}}, ["getTime"]),
        ({"type": "function", "function": {"name": "nothing"}}, []),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "getTime"}}]},
            },
            ["getTime"],
        ),
    ],
)
def test_tool_choice(choice: Any, names: list[str]) -> None:
    turn = write(prompt("weather" if choice == "none" else "Hi", tools=[WEATHER, TIME], tool_choice=choice))
    assert [call.name for call in turn.tool_calls] == names


def test_older_functions_and_custom_tools() -> None:
    called = write(prompt("Hi", functions=[WEATHER["function"]], function_call={"name": "get_weather"}))
    assert [call.name for call in called.tool_calls] == ["get_weather"]
    grammar = {"type": "grammar", "grammar": {"syntax": "regex", "definition": "^[a-c]{5}$"}}
    custom = {"type": "custom", "custom": {"name": "spell", "format": grammar}}
    called = write(prompt("Hi", tools=[custom], tool_choice={"type": "custom", "custom": {"name": "spell"}}))
    assert set(called.tool_calls[0].arguments) <= set("abc")
    assert (len(called.tool_calls[0].arguments), called.tool_calls[0].type) == (5, "custom")


def test_one_call_at_a_time() -> None:
    turn = write(prompt("weather and time", tools=[WEATHER, TIME], parallel_tool_calls=False))
    assert len(turn.tool_calls) == 1


def test_the_answer_uses_what_tools_said() -> None:
    calls = [{"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}]
    after = ({"role": "assistant", "content": None, "tool_calls": calls},
             {"role": "tool", "tool_call_id": "call_1", "content": "18 degrees"})  # fmt: skip
    assert write(prompt("weather?", *after, tools=[WEATHER])).text == "Here is what I found. get_weather: 18 degrees"
    again = {"role": "user", "content": "weather again?"}
    assert write(prompt("weather?", *after, again, tools=[WEATHER])).tool_calls


def test_json() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": CITY, "strict": True}}
    assert json.loads(write(prompt("in Rome", response_format=form)).text or "") == {"city": "Rome"}
    flat = {"format": {"type": "json_schema", "name": "city", "schema": CITY}}
    assert json.loads(write(prompt("in Rome", text=flat)).text or "") == {"city": "Rome"}
    assert json.loads(write(prompt("Hi", response_format={"type": "json_object"})).text or "")["heard"] == "Hi"
    assert write(prompt("Hi", text={"verbosity": "medium"})) == write(prompt("Hi"))


def test_the_same_request_hears_the_same() -> None:
    asked = prompt("weather?", tools=[WEATHER, TIME])
    assert write(asked, 5) == write(asked, 5)
    assert write(asked, 5).tool_calls[0].id != write(asked, 6).tool_calls[0].id
