"""Code in responses: the container that a request names, or gets, for what its model runs.

Theory. A request names a container or leaves the choice to the API. One that is named must exist and is used by that.
Otherwise the model takes the container in which it last ran code in the same conversation, while that is running, or a
new one; and only once it runs something.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from msgspec.structs import replace

from openai_mock.engine.container_object import is_running, keep_container, require, use
from openai_mock.engine.resource import Call
from openai_mock.resources.responses.context import Context
from openai_mock.turns.turn import Reply

_INTERPRETER, _SHELL = "code_interpreter", "shell"
_NAME = "auto"
"""The name of a container that nobody asked for."""
Asked: TypeAlias = str | Mapping[str, Any]
"""The id of a container, or what a new one is to have."""


def enter(call: Call) -> None:
    """Note the containers that a request names as used. Raises OpenAI's 404 for one that is unknown and for unknown
    files, and a 400 for one that has expired.
    """
    for asked in _asked(call.body["tools"]).values():
        if isinstance(asked, str):
            if not call.world.forgiving or is_running(call, asked):
                use(call, asked)
        elif not call.world.forgiving:
            require(call, asked)


def running(call: Call, context: Context, reply: Reply) -> Reply:
    """What is said, with the container in which code was run."""
    if not reply.turns or not any(_kind(item) for item in reply.turns[0].items):
        return reply
    asked = _asked(call.body["tools"])
    rooms: dict[str, str] = {}
    items: list[Mapping[str, Any]] = []
    for item in reply.turns[0].items:
        kind = _kind(item)
        if kind in asked:
            rooms[kind] = rooms.get(kind) or _room(call, context, asked[kind])
            items.append({**item, **_where(kind, rooms[kind])})
        else:
            items.append(item)
    return replace(reply, turns=(replace(reply.turns[0], items=tuple(items)), *reply.turns[1:]))


def _asked(tools: Iterable[Mapping[str, Any]]) -> dict[str, Asked]:
    """What the tools of a request say of containers, by tool."""
    return dict(_wishes(tools))


def _wishes(tools: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Asked]]:
    for tool in tools:
        if tool.get("type") == _INTERPRETER:
            yield _INTERPRETER, tool.get("container") or {}
        elif tool.get("type") == _SHELL:
            where = tool.get("environment") or {}
            if where.get("type") == "container_reference":
                yield _SHELL, where["container_id"]
            elif where.get("type") == "container_auto":
                yield _SHELL, where


def _kind(item: Mapping[str, Any]) -> str:
    """The tool of an item that runs code and does not say where; empty for any other."""
    match item.get("type"):
        case "code_interpreter_call" if not item.get("container_id"):
            return _INTERPRETER
        case "shell_call" if not item.get("environment"):
            return _SHELL
        case _:
            return ""


def _where(kind: str, container: str) -> Mapping[str, Any]:
    if kind == _INTERPRETER:
        return {"container_id": container}
    return {"environment": {"type": "container_reference", "container_id": container}}


def _room(call: Call, context: Context, asked: Asked) -> str:
    if isinstance(asked, str):
        return asked
    said = [*context.before, *context.given]
    earlier = [item["container_id"] for item in reversed(said) if item.get("type") == "code_interpreter_call"]
    known = next((id_ for id_ in earlier if isinstance(id_, str) and is_running(call, id_)), None)
    if known is not None:
        return str(use(call, known)["id"])
    if call.world.forgiving:
        files = call.collection("files.retrieve")
        known_files = [id_ for id_ in asked.get("file_ids") or () if files.find(id_) is not None]
        asked = {**asked, "file_ids": known_files, "skills": ()}
    return str(keep_container(call, asked, name=_NAME)["id"])
