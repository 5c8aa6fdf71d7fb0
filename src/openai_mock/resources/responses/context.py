"""What a request of the Responses API refers to: its own input, and the history before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from openai_mock.engine import response_object
from openai_mock.engine.errors import ApiError, UnknownIdError
from openai_mock.engine.resource import Call
from openai_mock.turns.checks.room import fitted, overflows
from openai_mock.turns.facts import facts
from openai_mock.turns.items import as_messages, kept, new_id, sent

RESPONSES, INPUT = response_object.RESPONSES, response_object.INPUT
CONVERSATIONS, ITEMS = "conversations.retrieve", "conversations.items.list"
"""Operations that name the collections."""
_RUN = 16
"""Objects that are read at a time."""
TRIGGER = "compaction_trigger"
"""The input item that asks for a compaction; it is not kept."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


class Context(Struct, frozen=True):
    """`before` are the items of the history, `given` those of the request as sent; `messages` are all of them in the
    words of chat.

    `conversation` is the id of the conversation that the answer joins. `compact` is whether the input asks for a
    compaction.
    """

    before: list[dict[str, Any]]
    given: list[Mapping[str, Any]]
    messages: list[dict[str, Any]]
    conversation: str | None = None
    compact: bool = False


def remembers(call: Call) -> bool:
    """Whether the mock keeps responses at all."""
    return RESPONSES in call.world.shapes


def context_of(call: Call) -> Context:
    """Read a request. Raises OpenAI's errors for a previous response or a conversation that does not exist."""
    body: Mapping[str, Any] = call.body
    previous, conversation = body.get("previous_response_id"), _id(body.get("conversation"))
    if previous and conversation and not call.world.lenient_ids:
        message = "Mutually exclusive parameters: send either 'previous_response_id' or 'conversation', not both."
        raise ApiError(400, message, param="conversation", code="mutually_exclusive_parameters")
    before: list[dict[str, Any]] = []
    if previous:
        before = history(call, previous)
    elif conversation:
        before, conversation = _said_in(call, conversation)
    items = sent(body.get("input")) or _of_prompt(body.get("prompt"))
    given = [_resolved(call, item) for item in items if item.get("type") != TRIGGER]
    messages = as_messages([*before, *given])
    if instructions := body.get("instructions"):
        messages.insert(0, {"role": "system", "content": instructions})
    if body.get("truncation") == "auto":
        messages = _truncated(call, messages)
    return Context(before, given, messages, conversation, compact=len(given) < len(items))


def _truncated(call: Call, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the oldest messages, where all of them are more than the model reads."""
    model, tools = call.model, call.body.get("tools") or ()
    most = facts(model).room
    return fitted(messages, model, tools, most) if overflows(messages, model, tools, most) else messages


def history(call: Call, id_: str) -> list[dict[str, Any]]:
    """All that was said up to and with a response. Raises the 400 for one that is not known."""
    known = call.collection(RESPONSES).find(id_) if remembers(call) else None
    if known is None:
        if call.world.lenient_ids:
            return []
        message = f"Previous response with id '{id_}' not found."
        raise ApiError(400, message, param="previous_response_id", code="previous_response_not_found")
    return [*input_of(call, id_), *known["output"]]


def input_of(call: Call, id_: str) -> list[dict[str, Any]]:
    """The input items of a stored response, the history before them included."""
    held = call.collection(RESPONSES).content(id_, INPUT)
    return numbered(_decode(held), id_) if held else []


def numbered(items: Iterable[Mapping[str, Any]], response: str, start: int = 0) -> list[dict[str, Any]]:
    """Input items of a response as the API keeps them; one without an id gets the id of its place, from `start` on.

    So the many inputs that nobody looks at again are kept just as they came. An id that a rule wrote into several
    answers is that of the first of them: whoever pages goes by ids.
    """
    made: dict[str, dict[str, Any]] = {}
    for at, item in enumerate(items, start):
        fresh = {**item, "id": None} if item.get("id") in made else item
        as_kept = kept(fresh, partial(_of_place, f"{response} {at}"))
        made[as_kept["id"]] = as_kept
    return list(made.values())


def _of_place(place: str, prefix: str, length: int) -> str:
    return prefix + blake2b(place.encode(), digest_size=length // 2).hexdigest()


def as_input(context: Context) -> bytes:
    """The input of a response as it is kept beside it."""
    return _encode([*context.before, *context.given])


def join(call: Call, conversation: str, given: Iterable[dict[str, Any]], said: Iterable[dict[str, Any]] = ()) -> None:
    """Add items to the end of a conversation: those that were given, and those that were said.

    What was said is new, also where a rule wrote the id of an earlier item: that one stays what it is.
    """
    collection = call.collection(ITEMS, conversation_id=conversation)
    for item in given:
        collection.create(item)
    for item in said:
        taken = collection.find(item["id"]) is not None
        collection.create({**item, "id": new_id(item["type"], call.world.ids.hexadecimal)} if taken else item)


def _id(named: Any) -> str | None:
    return named.get("id") if isinstance(named, Mapping) else named


def _said_in(call: Call, id_: str) -> tuple[list[dict[str, Any]], str | None]:
    """The items of a conversation and its id; nothing for one that is not known where ids are lenient."""
    try:
        if remembers(call):
            call.collection(CONVERSATIONS).get(id_)
    except UnknownIdError:
        if call.world.lenient_ids:
            return [], None
        raise
    if not remembers(call):
        return [], None
    return [item for _, item in call.store.list(f"/conversations/{id_}/items")], id_


def _of_prompt(prompt: Any) -> list[dict[str, Any]]:
    """A reusable prompt is not known here; the texts it is filled with are what the user says."""
    variables = (prompt or {}).get("variables") or {}
    texts = [value if isinstance(value, str) else value.get("text", "") for value in variables.values()]
    said = " ".join(text for text in texts if text)
    return [{"role": "user", "content": said}] if said else []


def is_reference(item: Mapping[str, Any]) -> bool:
    """Whether an input item is nothing but the id of another one."""
    kind = item.get("type")
    return kind == "item_reference" or (not kind and item.keys() - {"type"} == {"id"})


def _resolved(call: Call, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The item that a reference names. Raises the 404 for one that is not known."""
    if not is_reference(item):
        return item
    found = _known_item(call, item["id"])
    if found is not None:
        return found
    if call.world.lenient_ids:
        return {"type": "message", "role": "user", "content": "", "id": item["id"]}
    raise ApiError(404, f"Item with id '{item['id']}' not found.", param="input")


def _known_item(call: Call, id_: str) -> dict[str, Any] | None:
    """The item of that id: in the conversation of the request, else in the newest response or conversation with it."""
    if not remembers(call):
        return None
    named = _id(call.body.get("conversation"))
    found = call.store.get(f"/conversations/{named}/items", id_) if named else None
    if found is not None:
        return found
    for response, kept_response in _newest_first(call, "/responses"):
        items: list[dict[str, Any]] = [*(kept_response.get("output") or ()), *input_of(call, response)]
        found = next((item for item in items if item.get("id") == id_), None)
        if found is not None:
            return found
    for conversation, _ in _newest_first(call, "/conversations"):
        found = call.store.get(f"/conversations/{conversation}/items", id_)
        if found is not None:
            return found
    return None


def _newest_first(call: Call, collection: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a collection, read some at a time: what is referred to is hardly ever old."""
    after, more = None, True
    while more:
        page = call.store.page(collection, limit=_RUN, after=after)
        yield from page.items
        after, more = (page.items[-1][0] if page.items else None), page.has_more
