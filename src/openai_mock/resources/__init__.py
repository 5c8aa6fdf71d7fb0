"""One module per OpenAI resource; none imports another, and each loads when a call of its family first needs it.

Theory. The first word of an operation's SDK name, without `beta.`, is its family. A resource answers operations of one
family only, so a family's modules are all that has to be loaded for a call of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from openai_mock.engine.resource import Resource

FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "admin": ("admin:ADMIN",),
        "assistants": ("threads.assistants:assistants",),
        "audio": ("audio:audio", "transcripts:transcripts", "voices:consents", "voices:voices"),
        "batches": ("batches:batches",),
        "chat": ("chat:chat", "stored_chat:stored_chat"),
        "chatkit": ("chatkit:sessions",),
        "completions": ("completions:completions",),
        "containers": ("containers:container_files", "containers:containers"),
        "conversations": ("conversations:conversation_items", "conversations:conversations"),
        "embeddings": ("embeddings:embeddings",),
        "evals": ("evals.evals:evals", "evals.runs:eval_runs"),
        "files": ("files:files",),
        "fine_tuning": ("fine_tuning.graders:graders", "fine_tuning.jobs:jobs", "fine_tuning.permissions:permissions"),
        "images": ("images:images",),
        "live": ("realtime:realtime",),
        "models": ("models:models",),
        "moderations": ("moderations:moderations",),
        "realtime": ("realtime:realtime",),
        "responses": ("responses.create:responses", "responses.stored:stored"),
        "skills": ("skills:skills", "skills:versions"),
        "threads": ("threads.runs:runs", "threads.steps:steps", "threads.threads:messages", "threads.threads:threads"),
        "uploads": ("uploads:uploads",),
        "vector_stores": (
            "vector_stores:file_batches",
            "vector_stores:store_files",
            "vector_stores:vector_stores",
        ),
        "videos": ("videos:video_content", "videos:videos"),
        "webhooks": ("webhooks:webhooks",),
    }
)
"""The resources of each family, as module and name. Adding a resource means a module and its name here."""
OVERSEEN = frozenset({"admin", "fine_tuning"})
"""Families with operations that the organization oversees; see `admin.oversight`."""


def family_of(operation: str) -> str:
    """The family of an operation, also where no resource answers it."""
    return operation.removeprefix("beta.").partition(".")[0]


@cache
def loaded(family: str) -> tuple[Resource, ...]:
    """The resources of a family; none for a family without any."""
    found: list[Resource] = []
    for place in FAMILIES.get(family, ()):
        module, _, name = place.partition(":")
        named = getattr(import_module(f"{__name__}.{module}"), name)
        found += (named,) if isinstance(named, Resource) else named
    return tuple(found)


def every() -> tuple[Resource, ...]:
    """Every resource, all loaded."""
    return tuple({id(each): each for family in FAMILIES for each in loaded(family)}.values())
