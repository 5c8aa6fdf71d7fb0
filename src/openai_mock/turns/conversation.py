"""The messages of a chat request, reduced to what rules compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openai_mock.turns.turn import Message, ToolCall


def from_chat(messages: Sequence[Mapping[str, Any]], aloud: list[Mapping[str, Any]] | None = None) -> list[Message]:
    """One `Message` for each chat message: its role, the joined text of its parts, and its tool identifiers.

    Messages that hold a recording or refer to a voice join `aloud`.
    """
    return [
        Message(message["role"], message["content"])
        if len(message) == 2 and type(message.get("content")) is str  # nearly every message
        else _message(message, aloud)
        for message in messages
    ]


def _message(message: Mapping[str, Any], aloud: list[Mapping[str, Any]] | None) -> Message:
    content = message.get("content")
    text = text_of(content)
    if aloud is not None and (message.get("audio") or (content and any("input_audio" in part for part in content))):
        aloud.append(message)
    calls = [*(message.get("tool_calls") or ())]
    if older := message.get("function_call"):
        calls.append({"function": older})  # the older form, which knows no ids
    return Message(message["role"], text, message.get("tool_call_id"), _tool_calls(calls))


def text_of(content: Any) -> str:
    """The text parts of a content, joined; a part without text (an image, a file) adds nothing."""
    if content is None or type(content) is str:
        return content or ""
    return "".join(part.get("text") or part.get("refusal") or "" for part in content)


def _tool_calls(calls: Sequence[Mapping[str, Any]]) -> tuple[ToolCall, ...]:
    return tuple(_tool_call(call) for call in calls)


def _tool_call(call: Mapping[str, Any]) -> ToolCall:
    kind = call.get("type", "function")
    inner = call.get(kind) or {}
    return ToolCall(call.get("id", ""), inner.get("name", ""), inner.get("arguments", inner.get("input", "")), kind)
