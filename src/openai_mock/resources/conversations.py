"""Conversations: items that responses read and add to."""

from __future__ import annotations

from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.resource import Call, Resource
from openai_mock.turns.items import kept

conversations = Resource("conversation", keeps="conversations.retrieve")
conversation_items = Resource("item", keeps="conversations.items.list")
_OWNER, _ITEMS = "conversations.retrieve", "conversations.items.list"


@conversations.on("conversations.create")
def create(call: Call) -> Answer:
    """A conversation, with the items it begins with."""
    body = call.body
    id_ = call.world.ids.hexadecimal("conv_", 48)
    made = {
        "id": id_,
        "object": "conversation",
        "created_at": call.now,
        "metadata": body.get("metadata") or {},
    }
    call.create(made)
    _add(call, id_, body.get("items") or ())
    return made


@conversations.on("conversations.update")
def update(call: Call) -> Answer:
    """Other metadata in place of what there was."""
    return call.collection().save({**call.item, "metadata": call.body.get("metadata") or {}})


@conversations.on("conversations.delete")
def delete(call: Call) -> Answer:
    """Forget a conversation and its items."""
    id_ = call.item["id"]
    call.collection().delete(id_)
    return {"id": id_, "object": "conversation.deleted", "deleted": True}


@conversation_items.on("conversations.items.create")
def create_items(call: Call) -> Answer:
    """Add items; the answer lists those that were added."""
    id_ = call.params["conversation_id"]
    call.collection(_OWNER).get(id_)
    made = _add(call, id_, call.body["items"])
    ends = {"first_id": made[0]["id"] if made else None, "last_id": made[-1]["id"] if made else None}
    return {"object": "list", "data": made, **ends, "has_more": False}


@conversation_items.on("conversations.items.delete")
def delete_item(call: Call) -> Answer:
    """Forget one item; the answer is the conversation it was in."""
    owner = call.collection(_OWNER).get(call.params["conversation_id"])
    items = call.collection(_ITEMS)
    items.get(call.params["item_id"])
    items.delete(call.params["item_id"])
    return owner


def _add(call: Call, conversation: str, given: Any) -> list[dict[str, Any]]:
    collection = call.collection(_ITEMS, conversation_id=conversation)
    return [collection.create(kept(item, call.world.ids.hexadecimal)) for item in given]
