"""The stored chat completion: what is kept of one beside the answer that the client gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openai_mock.engine.store import Object
from openai_mock.turns.conversation import text_of

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call

CHATS = "chat.completions.retrieve"
MESSAGES = "messages"
_USUAL: Mapping[str, Any] = {
    "temperature": 1.0,
    "top_p": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "seed": None,
    "tools": None,
    "tool_choice": None,
    "response_format": None,
}
"""The parameters of a request that its stored completion shows, with what they are where it leaves them out."""


def keep_chat(call: Call, whole: Object) -> None:
    """Keep a completion in the call's session, with the messages that it answers below it.

    One whose id is known already, as a rule may give it, replaces the earlier one.
    """
    body, chats, id_ = call.body, call.collection(CHATS), whole["id"]
    chats.delete(id_)
    asked = {name: body.get(name, usual) for name, usual in _USUAL.items()}
    chats.create({**whole, **asked, "input_user": body.get("user"), "metadata": body.get("metadata") or {}})
    messages = chats.below(id_, MESSAGES)
    for index, message in enumerate(body["messages"]):
        messages.create(_message(message, f"{id_}-{index}"))


def _message(message: Mapping[str, Any], id_: str) -> Object:
    content = message.get("content")
    return {
        "id": id_,
        "name": None,
        **message,
        "content": content if content is None else text_of(content),
        "content_parts": content if isinstance(content, list) else None,
    }
