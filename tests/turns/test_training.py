"""Training files: forms, tokens, flaws in the API's words, and any bytes at all."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.turns.tokens import prompt_tokens
from openai_mock.turns.training import DatasetError, dataset

CHAT = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def read(*rows: object, method: str = "supervised", kind: str = "training"):
    content = "\n".join(json.dumps(row) for row in rows).encode()
    return dataset(content, file_id="file-1", method=method, model="gpt-4o", kind=kind)


def wrong(*rows: object, method: str = "supervised") -> str:
    with pytest.raises(DatasetError) as caught:
        read(*rows, *[CHAT] * 10, method=method)
    assert caught.value.code == "invalid_training_file"
    return caught.value.message.removeprefix("The job failed due to an invalid training file. ")


def test_tokens_are_those_of_the_messages_and_tools() -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
    found = read(*[CHAT] * 9, {**CHAT, "tools": tools})
    assert found.form == "chat"
    assert found.tokens[0] == prompt_tokens(CHAT["messages"], "gpt-4o")
    assert found.tokens[-1] == prompt_tokens(CHAT["messages"], "gpt-4o", tools)
    assert len(found.marks) == 2


def test_a_validation_file_may_be_short_and_blank_lines_and_a_mark_do_not_count() -> None:
    assert len(read(CHAT, kind="validation").tokens) == 1
    content = b"\xef\xbb\xbf" + b"\n\n".join([json.dumps(CHAT).encode()] * 10)
    assert len(dataset(content, file_id="f", method="supervised", model="m").tokens) == 10


def test_calls_parts_and_weights_are_fine() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "developer", "content": [{"type": "text", "text": "Be kind"}]},
        {"role": "user", "content": "x", "name": "ada"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "y"},
        {"role": "assistant", "content": "z", "weight": 0},
    ]
    assert read(*[{"messages": messages}] * 10).tokens[0] > 20


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([{"content": "x"}], "Example 1, message 1 Discriminator 'role' is missing in value"),
        ([{"role": "bot", "content": "x"}], "Input tag 'bot' found using 'role'"),
        ([{"role": "user"}], "Field 'content' is missing"),
        ([{"role": "user", "content": 1}], "Field 'content' is neither"),
        (["x"], "message 1 is not a dictionary"),
        ([], 'Key "messages" is missing'),
        ([{"role": "assistant", "content": "x", "weight": 2}], "'weight' must be 0 or 1"),
        ([{"role": "assistant", "tool_calls": "x"}], "'tool_calls' is not a list"),
        ([{"role": "user", "content": "x"}], "Example 1 Last message is not from the assistant"),
    ],
)
def test_flaws_of_messages(messages: object, words: str) -> None:
    found = wrong({"messages": messages})
    assert found.startswith("Invalid file format. Example 1")
    assert words in found


def test_forms_and_methods() -> None:
    assert "expected either prompt/completion pairs" in wrong({"x": 1})
    assert "not using 'supervised'" in wrong(CHAT, method="dpo")
    assert "Last message is from the assistant" in wrong(CHAT, method="reinforcement")
    assert "Example 2" in wrong(CHAT, {"prompt": "x", "completion": "y"})
    assert 'Field "completion"' in wrong({"prompt": "x"})
    pair = {"input": {"messages": CHAT["messages"][:1]}, "preferred_output": CHAT["messages"][1:]}
    assert "non_preferred_output" in wrong(pair, method="dpo")
    odd = {**pair, "non_preferred_output": [{"role": "user", "content": "x"}]}
    assert "not from the assistant" in wrong(odd, method="dpo")
    assert read(*[{**pair, "non_preferred_output": CHAT["messages"][1:]}] * 10, method="dpo").form == "preference"


def test_too_few_examples() -> None:
    with pytest.raises(DatasetError, match=r"^Training file has 0 example\(s\), but must have at least 10 examples$"):
        read()


ROWS = st.lists(JSON | st.fixed_dictionaries({"messages": st.lists(JSON, max_size=3)}), max_size=4)


@given(ROWS, st.sampled_from(["supervised", "dpo", "reinforcement"]))
def test_any_rows_are_read_or_refused(rows: list[object], method: str) -> None:
    with suppress(DatasetError):
        assert len(read(*rows, method=method, kind="validation").tokens) == len(rows)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(DatasetError):
        dataset(content, file_id="f", method="supervised", model="m", kind="validation")


@pytest.mark.parametrize(
    "rest",
    [
        {"tools": [{"type": "function", "function": 1}]},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"properties": {"a": {"enum": 5}}}}}]},
        {"messages": [{"role": "user", "content": "a", "function_call": [1]}, CHAT["messages"][1]]},
        {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": "x"}]}, CHAT["messages"][1]]},
        {"messages": [CHAT["messages"][0], {"role": "assistant", "tool_calls": [{"function": "f"}]}]},
    ],
)
def test_tokens_of_odd_examples_are_counted(rest: dict[str, object]) -> None:
    assert read(*[{**CHAT, **rest}] * 10).tokens[0] > 5
