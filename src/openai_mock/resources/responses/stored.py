"""Stored responses: found again, replayed, cancelled, forgotten; and those that run in the background."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec

from openai_mock.engine.accounting import COUNTED
from openai_mock.engine.answers import Answer, Events
from openai_mock.engine.errors import ApiError
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.uses import of_answer
from openai_mock.resources.responses.context import (
    CONVERSATIONS,
    INPUT,
    RESPONSES,
    Context,
    as_input,
    input_of,
    join,
    numbered,
)
from openai_mock.resources.responses.grounding import with_results
from openai_mock.resources.responses.output import included
from openai_mock.resources.responses.stream import frames
from openai_mock.resources.responses.whole import unfinished
from openai_mock.turns.tokens import encoding_for

stored = Resource(
    "response",
    keeps=RESPONSES,
    lifecycle=Lifecycle(
        "queued -> in_progress -> completed",
        moves=("queued | in_progress -> cancelled",),
        refusal="Cannot cancel a response with status '{status}'.",
        lasting=30 * 86_400,
    ),
)
FINAL = "final"
"""The name of the bytes beside a response that hold what it will be at its end."""
_LIMIT = 20
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def keep(call: Call, context: Context, whole: dict[str, Any], text: bytes, *, later: bool) -> dict[str, Any]:
    """Keep a response, `text` as JSON, and its input; one that comes later begins in the queue.

    Returns the response as it is by now.
    """
    collection, id_ = call.collection(RESPONSES), whole["id"]
    if context.conversation:
        given = numbered(context.given, id_, len(context.before))
        join(call, context.conversation, given, () if later else whole["output"])
    read = {INPUT: as_input(context)}
    if not later:
        return collection.create(whole, beside=read, text=text)
    call.used = COUNTED  # its end is
    return collection.create(unfinished(whole, "queued"), beside={**read, FINAL: text})


@stored.entering("completed")
def completed(call: Call, item: dict[str, Any], at: int) -> dict[str, Any]:
    """The end of a response in the background, whichever it is."""
    held = call.collection(RESPONSES).content(item["id"], FINAL)
    if held is None:
        return item
    whole = _decode(held)
    call.collection(RESPONSES).put_content(item["id"], None, FINAL)
    conversation = (whole.get("conversation") or {}).get("id")
    if conversation and call.collection(CONVERSATIONS).find(conversation) is not None:
        join(call, conversation, (), whole["output"])
    call.world.account.told(call.request.headers, whole["model"], at, of_answer(whole))
    return {**whole, "completed_at": at if whole["status"] == "completed" else None}


@stored.on("beta.responses.retrieve")
@stored.on("responses.retrieve")
def retrieve(call: Call) -> Answer:
    """A stored response, or its events from `starting_after` on."""
    item, query = call.item, call.query
    if query.get("stream") and item["status"] in {"queued", "in_progress"}:
        held = call.collection().content(item["id"], FINAL)
        item = _decode(held) if held else item
    encoding = encoding_for(item["model"])
    if include := query.get("include"):
        output = with_results(call, item["output"], item.get("tools"), include)
        top, greedy = item.get("top_logprobs") or 0, item.get("temperature") == 0
        output = included(output, include, top=top, encoding=encoding, greedy=greedy)
        item = {**item, "output": output}
    if not query.get("stream"):
        return item
    obfuscate = query.get("include_obfuscation") is not False
    replayed = Events(frames(item, _encode(item), item["output"], encoding=encoding, obfuscate=obfuscate)).singly()
    after = query.get("starting_after")
    return Events(replayed if after is None else islice(replayed, after + 1, None))


@stored.on("beta.responses.cancel")
@stored.on("responses.cancel")
def cancel(call: Call) -> Answer:
    """Stop a response in the background; one that has ended stays as it is."""
    item = call.item
    if not item.get("background"):
        raise ApiError(400, "Cannot cancel a synchronous response.", param="response_id")
    if item["status"] not in {"queued", "in_progress"}:
        return item
    return call.move(item, "cancelled")


@stored.on("beta.responses.delete")
@stored.on("responses.delete")
def delete(call: Call) -> Answer:
    """Forget a response. The API confirms it with a body, though the SDK does not read it."""
    id_ = call.item["id"]
    call.collection().delete(call.id)
    return {"id": id_, "object": "response", "deleted": True}


@stored.on("beta.responses.input_items.list")
@stored.on("responses.input_items.list")
def list_input_items(call: Call) -> Answer:
    """The input of a response with the history before it, newest first."""
    id_ = call.params["response_id"]
    call.collection(RESPONSES).get(id_)
    items, query = input_of(call, id_), call.query
    if query.get("order") != "asc":
        items.reverse()
    ids = [item["id"] for item in items]
    after = query.get("after")
    if after and after not in ids:
        message = f"Invalid 'after': no object with the id '{after}' is in this list."
        raise ApiError(400, message, param="after", code="invalid_value")
    start = ids.index(after) + 1 if after else 0
    limit = int(query.get("limit") or _LIMIT)
    shown = items[start : start + limit]
    ends = {"first_id": shown[0]["id"] if shown else None, "last_id": shown[-1]["id"] if shown else None}
    return {"object": "list", "data": shown, **ends, "has_more": start + limit < len(items)}
