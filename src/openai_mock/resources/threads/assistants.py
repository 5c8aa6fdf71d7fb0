"""Assistants: a model with instructions and tools, which runs refer to."""

from __future__ import annotations

from openai_mock.engine.answers import Answer
from openai_mock.engine.resource import Call, Resource
from openai_mock.resources.threads.objects import ASSISTANTS, assistant, changed_assistant
from openai_mock.resources.threads.vector_stores import with_stores

assistants = Resource("assistant", keeps=ASSISTANTS)


@assistants.on("beta.assistants.create")
def create(call: Call) -> Answer:
    """Keep an assistant."""
    return call.create(assistant(with_stores(call, call.body), call.world.ids, call.now))


@assistants.on("beta.assistants.update")
def update(call: Call) -> Answer:
    """Change what the request names; lists are replaced whole."""
    known = call.item
    return call.collection().save(changed_assistant(known, with_stores(call, call.body)), call.id)
