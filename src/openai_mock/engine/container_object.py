"""The container, which two resources make: one that a client asks for, and one for a model that wants to run code.

Theory. A container lives for some minutes after its last use, and any use begins them anew. Once they are over it shows
itself as expired and can neither be used nor woken; its files are gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openai_mock.engine.errors import ApiError
from openai_mock.engine.file_object import file_content
from openai_mock.engine.store import CONTENT, Object

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call

CONTAINERS, FILES = "containers.retrieve", "containers.files.list"
"""Operations that name the collections."""
_MINUTES = 20
_LIMIT = "1g"
_LATEST = ("latest", "default")


def keep_container(call: Call, asked: Mapping[str, Any], *, name: str) -> Object:
    """Keep a container with the files and settings that a request asks for, and return it.

    `asked` has the keys of POST /containers. Raises OpenAI's 404 for a file or a skill that is not known.
    """
    require(call, asked)
    now = call.now
    made: Object = {
        "id": call.world.ids.hexadecimal("cntr_", 48),
        "object": "container",
        "created_at": now,
        "status": "running",
        "expires_after": asked.get("expires_after") or {"anchor": "last_active_at", "minutes": _MINUTES},
        "last_active_at": now,
        "memory_limit": asked.get("memory_limit") or _LIMIT,
        "name": name,
        "network_policy": _shown(asked.get("network_policy") or {"type": "disabled"}),
    }
    call.collection(CONTAINERS).create(made)
    for id_ in dict.fromkeys(asked.get("file_ids") or ()):
        copy_file(call, made["id"], id_)
    return made


def require(call: Call, asked: Mapping[str, Any]) -> None:
    """Raise OpenAI's 404 unless there are all files and skills that a request refers to."""
    files = call.collection("files.retrieve")
    for id_ in asked.get("file_ids") or ():
        files.get(id_)
    for skill in asked.get("skills") or ():
        if skill.get("type") != "skill_reference":
            continue
        known = call.collection("skills.retrieve").get(skill["skill_id"])
        version = skill.get("version")
        if version is not None and version not in _LATEST:
            call.collection("skills.versions.retrieve", skill_id=known["id"]).get(str(version))


def use(call: Call, id_: str) -> Object:
    """The container of that id, noted as used now. Raises OpenAI's 404, or a 400 for one that has expired."""
    containers = call.collection(CONTAINERS)
    item = containers.get(id_)
    if item["status"] == "expired":
        raise ApiError(400, "Container is expired.")
    return containers.save({**item, "last_active_at": call.now})


def is_running(call: Call, id_: str) -> bool:
    """Whether there is a container of that id that can be used."""
    item = call.collection(CONTAINERS).find(id_)
    return item is not None and item["status"] != "expired"


def expires_at(item: Object) -> float | None:
    """The Unix second at which a container expires; None for one that never does, or has already."""
    minutes, since = (item.get("expires_after") or {}).get("minutes"), item.get("last_active_at")
    return None if item["status"] == "expired" or minutes is None or since is None else since + 60 * minutes


def copy_file(call: Call, container: str, file_id: str) -> Object:
    """Copy an uploaded file into a container. Raises OpenAI's 404 for one that is not known."""
    known = call.collection("files.retrieve").get(file_id)
    return keep_container_file(call, container, file_content(call, file_id) or b"", filename=known["filename"])


def keep_container_file(call: Call, container: str, content: bytes, *, filename: str, source: str = "user") -> Object:
    """Keep a file in a container, with its bytes."""
    hexadecimal = call.world.ids.hexadecimal
    made: Object = {
        "id": hexadecimal("cfile_", 32),
        "object": "container.file",
        "created_at": call.now,
        "bytes": len(content),
        "container_id": container,
        "path": f"/mnt/data/{hexadecimal('', 32)}-{filename}",
        "source": source,
    }
    return call.collection(FILES, container_id=container).create(made, beside={CONTENT: content})


def _shown(policy: Mapping[str, Any]) -> Object:
    """A network policy without its secrets."""
    return {key: value for key, value in policy.items() if key in {"type", "allowed_domains"}}
