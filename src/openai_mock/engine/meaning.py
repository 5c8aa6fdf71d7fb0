"""What is done about requests that are valid and mean nothing: refused in OpenAI's words, or noted where lenient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from openai_mock.engine.errors import ApiError, unknown_id
from openai_mock.turns.checks.misuse import Misuse

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call

_FILES, _STORES, _CONTAINERS = "files.retrieve", "vector_stores.retrieve", "containers.retrieve"
_MESSAGE = ("attachments[].file_id", "content[].image_file.file_id")
_RESOURCES: Mapping[str, str] = MappingProxyType(
    {
        "tool_resources.code_interpreter.file_ids[]": _FILES,
        "tool_resources.file_search.vector_store_ids[]": _STORES,
    }
)
"""What the tools of assistants and threads work on."""
_RESPONSE: Mapping[str, str] = MappingProxyType(
    {
        "input[].content[].file_id": _FILES,
        "input[].output[].file_id": _FILES,
        "tools[].vector_store_ids[]": _STORES,
        "tools[].container": _CONTAINERS,
        "tools[].container.file_ids[]": _FILES,
        "tools[].environment.container_id": _CONTAINERS,
        "tools[].environment.file_ids[]": _FILES,
    }
)


def _messages(before: str) -> dict[str, str]:
    return {before + path: _FILES for path in _MESSAGE}


REFERENCES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "chat.completions.create": {"messages[].content[].file.file_id": _FILES},
        "responses.create": _RESPONSE,
        "beta.responses.create": _RESPONSE,
        "batches.create": {"input_file_id": _FILES},
        "beta.assistants.create": _RESOURCES,
        "beta.assistants.update": _RESOURCES,
        "beta.threads.create": {**_messages("messages[]."), **_RESOURCES},
        "beta.threads.update": _RESOURCES,
        "beta.threads.messages.create": _messages(""),
        "beta.threads.runs.create": _messages("additional_messages[]."),
        "beta.threads.create_and_run": {
            **_messages("thread.messages[]."),
            **{f"thread.{path}": kind for path, kind in _RESOURCES.items()},
            **_RESOURCES,
        },
    }
)
"""Where the body of an operation names objects: paths, and an operation on the collection of what they name."""


def weighed(found: Iterable[Misuse], *, lenient: bool) -> tuple[str, ...]:
    """Raise the first mistake as the error that the client gets, or answer with the words of all, as notes."""
    notes: list[str] = []
    for each in found:
        if not lenient:
            raise ApiError(each.status, each.message, type=each.type, param=each.param, code=each.code)
        notes.append(each.message)
    return tuple(notes)


def unknown_references(call: Call) -> Iterator[Misuse]:
    """Identifiers in the body that name nothing; where ids are lenient, anything is named."""
    if call.world.lenient_ids:
        return
    for path, operation in REFERENCES[call.operation.name].items():
        for place, id_ in _found(call.body, path.split("."), ""):
            collection = call.collection(operation)
            if collection.find(id_) is None:
                error = unknown_id(call.world.shapes[operation].collection, id_)
                yield Misuse(error.message, place, error.code, error.status)


def _found(value: Any, path: list[str], place: str) -> Iterator[tuple[str, str]]:
    """Each text at a path, and where exactly it stands; a value of another form has none."""
    if not path:
        if isinstance(value, str) and value:
            yield place, value
        return
    name = path[0].removesuffix("[]")
    if not isinstance(value, Mapping) or value.get(name) is None:
        return
    inner, place = value[name], f"{place}.{name}" if place else name
    if name == path[0]:
        yield from _found(inner, path[1:], place)
    elif isinstance(inner, list):
        for at, each in enumerate(inner):
            yield from _found(each, path[1:], f"{place}[{at}]")
