"""Partial answers of the operations in which a model speaks, read as what the model says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from openai_mock.turns.conversation import from_chat, text_of
from openai_mock.turns.turn import Message, ToolCall, Turn


def tool_calls(calls: Sequence[Any]) -> tuple[ToolCall, ...]:
    """Tool calls as a user writes them: OpenAI's object, `{"name", "arguments"}`, or a name. Raises TypeError.

    Arguments may be a mapping; an id that is left out follows from name, arguments and position.
    """
    return tuple(_tool_call(call, index) for index, call in enumerate(calls))


def _tool_call(call: Any, index: int) -> ToolCall:
    if isinstance(call, str):
        call = {"name": call}
    kind = call.get("type", "function")
    inner = call.get(kind, call) if kind in ("function", "custom") else call
    if not isinstance(inner, Mapping) or not isinstance(inner.get("name"), str):
        raise TypeError(f'A tool call needs a name, as in {{"name": "get_weather", "arguments": {{}}}}; got {call!r}.')
    said = inner.get("arguments", inner.get("input", "{}"))
    arguments = said if isinstance(said, str) else msgspec.json.encode(said).decode()
    known = call.get("call_id") or call.get("id")
    drawn = hashlib.sha256(f"{index} {inner['name']} {arguments}".encode()).hexdigest()[:24]
    return ToolCall(known or f"call_{drawn}", inner["name"], arguments, kind if kind == "custom" else "function")


def _of_chat(fields: Mapping[str, Any]) -> tuple[Turn, ...]:
    return tuple(_of_choice(choice) for choice in fields.get("choices") or ())


def _of_choice(choice: Mapping[str, Any]) -> Turn:
    message = choice.get("message") or {}
    content = message.get("content")
    text = None if content is None else text_of(content)
    return Turn(text, tool_calls(message.get("tool_calls") or ()), message.get("refusal"), choice.get("finish_reason"))


def _of_completion(fields: Mapping[str, Any]) -> tuple[Turn, ...]:
    choices = fields.get("choices") or ()
    return tuple(Turn(choice.get("text"), finish=choice.get("finish_reason")) for choice in choices)


def _of_output(fields: Mapping[str, Any]) -> tuple[Turn, ...]:
    output = fields.get("output") or ()
    parts = [part for item in output if item.get("type", "message") == "message" for part in item.get("content") or ()]
    texts = [part["text"] for part in parts if "text" in part]
    refusals = [part["refusal"] for part in parts if "refusal" in part]
    calls = tool_calls([item for item in output if item.get("type") in ("function_call", "custom_tool_call")])
    if not output:
        return ()
    return (Turn("".join(texts) if texts else None, calls, "".join(refusals) if refusals else None),)


TURNS: Mapping[str, Callable[[Mapping[str, Any]], tuple[Turn, ...]]] = MappingProxyType(
    {
        "chat.completions.create": _of_chat,
        "completions.create": _of_completion,
        "responses.create": _of_output,
    }
)
"""How a partial answer of an operation says its turns; none where it leaves them to the mock."""


def _heard_in_input(body: Mapping[str, Any]) -> list[Message]:
    said = body.get("input") or ()
    items = [{"role": "user", "content": said}] if isinstance(said, str) else said
    lead = [Message("developer", body["instructions"])] if isinstance(body.get("instructions"), str) else []
    return lead + [_input_message(item) for item in items if "role" in item or "output" in item]


def _input_message(item: Mapping[str, Any]) -> Message:
    if "role" in item:
        return Message(item["role"], text_of(item.get("content")))
    output = item["output"]
    return Message("tool", output if isinstance(output, str) else text_of(output), item.get("call_id"))


def _heard_in_prompt(body: Mapping[str, Any]) -> list[Message]:
    prompt = body.get("prompt")
    texts = [prompt] if isinstance(prompt, str) else [one for one in prompt or () if isinstance(one, str)]
    return [Message("user", text) for text in texts]


HEARD: Mapping[str, Callable[[Mapping[str, Any]], list[Message]]] = MappingProxyType(
    {
        "chat.completions.create": lambda body: from_chat(body["messages"]),
        "completions.create": _heard_in_prompt,
        "responses.create": _heard_in_input,
    }
)
"""The messages that a request of an operation carries: the operations that rules speak for by default."""
