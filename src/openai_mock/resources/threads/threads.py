"""Threads and the messages on them. What is only found, listed, changed or deleted is left to the generic memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError
from openai_mock.engine.meaning import unknown_references
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.threads.objects import MESSAGES, RUNS, THREADS, message, thread
from openai_mock.resources.threads.vector_stores import with_attachments, with_stores

ENDED = frozenset({"completed", "incomplete", "failed", "cancelled", "expired"})
"""The states in which a run lets its thread go."""

threads = Resource("thread", keeps=THREADS)
messages = Resource("message", keeps=MESSAGES)
threads.checks("beta.threads.create", "beta.threads.update")(unknown_references)
messages.checks("beta.threads.messages.create")(unknown_references)


@threads.on("beta.threads.create")
def create(call: Call) -> Answer:
    """Keep a thread and the messages it begins with."""
    made, said = begun(call, with_stores(call, call.body))
    made["tool_resources"] = with_attachments(call, made["tool_resources"], said)
    keep(call, made, said)
    return made


@threads.on("beta.threads.update")
def update(call: Call) -> Answer:
    """Change the metadata or the resources of a thread."""
    item = call.item
    given = with_stores(call, call.body)
    named = {key: given[key] or {} for key in ("metadata", "tool_resources") if key in given}
    return call.collection().save({**item, **named}, call.id)


@messages.on("beta.threads.messages.create")
def add(call: Call) -> Answer:
    """Add a message, which a thread takes while nobody answers on it."""
    thread_id = call.params["thread_id"]
    with call.store.atomically():
        thread_ = call.collection(THREADS).get(thread_id)
        if run_id := active_run(call, thread_id):
            raise ApiError(400, f"Can't add messages to {thread_id} while a run {run_id} is active.")
        made = message(call.body, thread_id, call.world.ids, call.now)
        if made["attachments"]:
            equip(call, thread_, with_attachments(call, thread_.get("tool_resources"), [made]))
        return call.create(made)


def begun(call: Call, body: Mapping[str, Any]) -> tuple[Object, list[Object]]:
    """A new thread and its first messages, not kept yet; its vector stores are the caller's to make."""
    ids, now = call.world.ids, call.now
    made = thread(body, ids, now)
    return made, [message(given, made["id"], ids, now) for given in body.get("messages") or ()]


def keep(call: Call, made: Object, said: Iterable[Object]) -> None:
    """Keep a thread and its messages."""
    call.collection(THREADS).create(made)
    keep_messages(call, made["id"], said)


def keep_messages(call: Call, thread_id: str, said: Iterable[Object]) -> None:
    """Add messages to the end of a thread."""
    collection = call.collection(MESSAGES, thread_id=thread_id)
    for each in said:
        collection.create(each)


def equip(call: Call, thread_: Object, resources: Object) -> None:
    """Give a thread other `tool_resources`."""
    call.collection(THREADS).save({**thread_, "tool_resources": resources})


def messages_of(call: Call, thread_id: str) -> list[Object]:
    """What was said on a thread, oldest first."""
    return [each for _, each in call.store.list(call.collection(MESSAGES, thread_id=thread_id).path)]


def active_run(call: Call, thread_id: str) -> str | None:
    """The id of the run that a thread is busy with; it can only be the latest."""
    latest = call.collection(RUNS, thread_id=thread_id).page(limit=1).items
    return next((id_ for id_, run in latest if run.get("status") not in ENDED), None)
