"""Responses that people write out, read by another API than the one they were written for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.turns.calls import tool_calls
from openai_mock.turns.conversation import text_of
from openai_mock.turns.turn import Turn

_ITS_OWN = frozenset({"output", "output_text", "status", "error", "incomplete_details"})
"""Fields that only an object of the Responses API has."""
_CALLS = {"function_call": "function", "custom_tool_call": "custom"}
_USAGE = (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens"), ("total_tokens", "total_tokens"))
_DETAILS = (("input_tokens_details", "prompt_tokens_details"), ("output_tokens_details", "completion_tokens_details"))


def is_response(fields: Mapping[str, Any]) -> bool:
    """Whether these are the fields of an object of the Responses API."""
    return "choices" not in fields and (fields.get("object") == "response" or not _ITS_OWN.isdisjoint(fields))


def turns_of_output(fields: Mapping[str, Any]) -> tuple[Turn, ...]:
    """What the output items of a response say: one turn, or none where there are no items."""
    output = [item for item in fields.get("output") or () if isinstance(item, Mapping)]
    if not output:
        text = fields.get("output_text")
        return (Turn(text),) if isinstance(text, str) else ()
    parts = [part for item in output if item.get("type", "message") == "message" for part in _content(item)]
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    refusals = [part["refusal"] for part in parts if isinstance(part.get("refusal"), str)]
    made = [{**item, "type": _CALLS[item["type"]]} for item in output if item.get("type") in _CALLS]
    calls = tool_calls([call for call in made if isinstance(call.get("name"), str)])
    return (Turn("".join(texts) if texts else None, calls, "".join(refusals) if refusals else None),)


def turns_of_choices(fields: Mapping[str, Any]) -> tuple[Turn, ...]:
    """What the choices of a chat completion say, one turn each; none where one of them is no choice of chat."""
    choices = fields.get("choices") or ()
    said = [each for each in choices if isinstance(each, Mapping) and isinstance(each.get("message"), Mapping)]
    return tuple(map(turn_of_choice, said)) if len(said) == len(choices) else ()


def turn_of_choice(choice: Mapping[str, Any]) -> Turn:
    """What one choice of a chat completion says."""
    message = choice.get("message") or {}
    text = None if message.get("content") is None else text_of(_content(message))
    return Turn(text, tool_calls(message.get("tool_calls") or ()), message.get("refusal"), choice.get("finish_reason"))


def _content(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = item.get("content") or []
    if isinstance(content, str):
        return [{"text": content}]
    return [part for part in content if isinstance(part, Mapping)]


def chat_fields(fields: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What fixed fields say of a chat completion: themselves, or what a response has that a completion has too."""
    if not fields:
        return {}
    if not is_response(fields):
        return fields
    fixed = {new: fields[old] for old, new in (("model", "model"), ("created_at", "created")) if old in fields}
    fixed |= {key: fields[key] for key in ("metadata", "service_tier") if key in fields}
    if isinstance(fields.get("usage"), Mapping):
        usage = fields["usage"]
        fixed["usage"] = {new: usage[old] for old, new in (*_USAGE, *_DETAILS) if old in usage}
    return fixed
