"""Stored chat completions: the messages of one that was asked to be kept. The generic memory does the rest."""

from __future__ import annotations

from openai_mock.engine.answers import Answer
from openai_mock.engine.chat_object import CHATS, MESSAGES
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource

stored_chat = Resource("chat.completion", keeps=CHATS)


@stored_chat.on("chat.completions.messages.list")
def list_messages(call: Call) -> Answer:
    """The messages that the completion answers, oldest first."""
    completions = call.collection(CHATS)
    completions.get(call.params["completion_id"])
    return stored_page(call, completions.below(call.params["completion_id"], MESSAGES), order="asc")
