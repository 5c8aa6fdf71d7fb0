"""Calls of tools as people write them: OpenAI's object, a name with arguments, or a name alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from openai_mock.turns.turn import ToolCall


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
