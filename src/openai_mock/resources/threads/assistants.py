"""Assistants: a model with instructions and tools, which runs refer to."""

from __future__ import annotations

from collections.abc import Iterator

from openai_mock.engine.answers import Answer
from openai_mock.engine.meaning import unknown_references
from openai_mock.engine.resource import Call, Resource
from openai_mock.resources.threads.objects import ASSISTANTS, assistant, changed_assistant
from openai_mock.resources.threads.vector_stores import with_stores
from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.checks.requests import in_run

assistants = Resource("assistant", keeps=ASSISTANTS)


@assistants.checks("beta.assistants.create", "beta.assistants.update")
def misuse(call: Call) -> Iterator[Misuse]:
    """What the model does not do, and resources that do not exist."""
    yield from in_run(call.body)
    yield from unknown_references(call)


@assistants.on("beta.assistants.create")
def create(call: Call) -> Answer:
    """Keep an assistant."""
    return call.create(assistant(with_stores(call, call.body, lasting=True), call.world.ids, call.now))


@assistants.on("beta.assistants.update")
def update(call: Call) -> Answer:
    """Change what the request names; lists are replaced whole."""
    known = call.item
    body = {key: value for key, value in call.body.items() if key != "model" or value is not None}
    return call.collection().save(changed_assistant(known, with_stores(call, body, lasting=True)), call.id)
