"""Partial answers of the operations in which a model speaks, read as what the model says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from openai_mock.turns.conversation import from_chat
from openai_mock.turns.items import as_messages, sent
from openai_mock.turns.turn import Message, Turn
from openai_mock.turns.written import turn_of_choice, turns_of_output


def _of_chat(fields: Mapping[str, Any]) -> tuple[Turn, ...]:
    return tuple(turn_of_choice(choice) for choice in fields.get("choices") or ())


def _of_completion(fields: Mapping[str, Any]) -> tuple[Turn, ...]:
    choices = fields.get("choices") or ()
    return tuple(Turn(choice.get("text"), finish=choice.get("finish_reason")) for choice in choices)


TURNS: Mapping[str, Callable[[Mapping[str, Any]], tuple[Turn, ...]]] = MappingProxyType(
    {
        "chat.completions.create": _of_chat,
        "completions.create": _of_completion,
        "responses.create": turns_of_output,
        "beta.responses.create": turns_of_output,
    }
)
"""How a partial answer of an operation says its turns; none where it leaves them to the mock."""


def _heard_in_input(body: Mapping[str, Any]) -> list[Message]:
    lead = [Message("developer", body["instructions"])] if isinstance(body.get("instructions"), str) else []
    return lead + from_chat(as_messages(sent(body.get("input"))))


def _heard_in_prompt(body: Mapping[str, Any]) -> list[Message]:
    prompt = body.get("prompt")
    texts = [prompt] if isinstance(prompt, str) else [one for one in prompt or () if isinstance(one, str)]
    return [Message("user", text) for text in texts]


HEARD: Mapping[str, Callable[[Mapping[str, Any]], list[Message]]] = MappingProxyType(
    {
        "chat.completions.create": lambda body: from_chat(body["messages"]),
        "completions.create": _heard_in_prompt,
        "responses.create": _heard_in_input,
        "beta.responses.create": _heard_in_input,
    }
)
"""The messages that a request of an operation carries: the operations that rules speak for by default."""
