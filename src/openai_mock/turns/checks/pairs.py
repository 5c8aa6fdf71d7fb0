"""Calls of tools and their outputs: each call is answered, and each answer was asked for.

Theory. Chat pairs by place: the messages of tools stand right behind the assistant's message that calls them. Responses
pairs by identifier, anywhere in the input and the history before it; a compaction stands for all that came before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from openai_mock.turns.checks.misuse import Misuse

_AWAITED = ("function_call", "custom_tool_call", "computer_call", "local_shell_call", "apply_patch_call")
"""Calls that the client must answer; a shell may run on either side."""


def in_messages(messages: Sequence[Mapping[str, Any]]) -> Iterator[Misuse]:
    """What is wrong with the tool messages of a chat."""
    asked: list[str] | None = None
    open_: list[str] = []
    for at, message in enumerate(messages):
        role = message.get("role")
        if role == "tool":
            id_ = message.get("tool_call_id")
            if asked is None:
                yield Misuse(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                    "'tool_calls'.",
                    f"messages.[{at}].role",
                )
            elif id_ not in asked:
                words = f"Invalid parameter: 'tool_call_id' of '{id_}' not found in 'tool_calls' of previous message."
                yield Misuse(words, f"messages.[{at}].tool_call_id")
            elif id_ in open_:
                open_.remove(id_)
            continue
        if open_:
            yield _unanswered(open_)
        calls = message.get("tool_calls") if role == "assistant" else None
        asked = [str(call.get("id")) for call in calls] if calls else None
        open_ = list(asked or ())
    if open_:
        yield _unanswered(open_)


def _unanswered(ids: Iterable[str]) -> Misuse:
    words = (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(ids)}"
    )
    return Misuse(words, "messages")


def in_items(items: Sequence[Mapping[str, Any]]) -> Iterator[Misuse]:
    """What is wrong with the calls and outputs among items of Responses, the history included."""
    since = 1 + max((at for at, item in enumerate(items) if item.get("type") == "compaction"), default=-1)
    calls = [item for item in items[since:] if str(item.get("type")).endswith("_call") and item.get("call_id")]
    outputs = [item for item in items[since:] if str(item.get("type")).endswith("_call_output")]
    asked = {str(call[key]) for call in calls for key in ("call_id", "id") if call.get(key)}
    answered = {_id(output) for output in outputs}
    for output in outputs:
        if _id(output) not in asked and not since:
            noun = output["type"].removesuffix("_output").replace("_", " ")
            yield Misuse(f"No tool call found for {noun} output with call_id {_id(output)}.", "input")
    for call in calls:
        if call["type"] in _AWAITED and answered.isdisjoint((call["call_id"], call.get("id"))):
            words = f"No tool output found for {call['type'].replace('_', ' ')} {call['call_id']}."
            yield Misuse(words, "input")


def _id(item: Mapping[str, Any]) -> str:
    return str(item.get("call_id") or item.get("id") or "")
