"""Structured outputs and tool arguments through the whole machine: what a schema asks for is what comes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from jsonschema_rs import Draft202012Validator
from schemas import STRICT

from openai_mock.mock import OpenAIMock
from openai_mock.wire import Data, Head, Request

HEADERS = {"authorization": "Bearer sk-test", "content-type": "application/json"}
HELLO = [{"role": "user", "content": "Hello"}]


def ask(path: str, body: dict[str, Any]) -> Any:
    request = Request("POST", f"/v1/{path}", "", HEADERS, json.dumps({"model": "gpt-4o", **body}).encode())
    steps = list(OpenAIMock(seed=1).handle(request))
    text = b"".join(step.chunk for step in steps if isinstance(step, Data))
    assert isinstance(steps[0], Head)
    assert steps[0].status == 200, text
    return json.loads(text)


@settings(max_examples=200, deadline=None)
@given(STRICT)
def test_random_strict_schemas(schema: dict[str, Any]) -> None:
    judge = Draft202012Validator(schema, validate_formats=True)
    strict = "allOf" not in json.dumps(schema)
    named = {"name": "x", "schema": schema, "strict": strict}
    chat = ask(
        "chat/completions", {"messages": HELLO, "response_format": {"type": "json_schema", "json_schema": named}}
    )
    judge.validate(json.loads(chat["choices"][0]["message"]["content"]))
    response = ask("responses", {"input": "Hello", "text": {"format": {"type": "json_schema", **named}}})
    judge.validate(json.loads(response["output"][0]["content"][0]["text"]))
    function = {"name": "x", "parameters": schema, "strict": strict}
    tools = [{"type": "function", "function": function}]
    called = ask("chat/completions", {"messages": HELLO, "tools": tools, "tool_choice": "required"})
    judge.validate(json.loads(called["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]))
    flat = [{"type": "function", **function}]
    called = ask("responses", {"input": "Hello", "tools": flat, "tool_choice": {"type": "function", "name": "x"}})
    judge.validate(json.loads(called["output"][0]["arguments"]))
