"""The stage around every operation on the organization: it founds what is there from the start, protects archived
projects, and writes the audit log of what succeeded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.collection import Collection
from openai_mock.engine.errors import ApiError
from openai_mock.engine.headers import PROJECT
from openai_mock.engine.resource import Call, Handler
from openai_mock.engine.store import Object
from openai_mock.resources.admin.actors import actor
from openai_mock.resources.admin.events import EVENTS
from openai_mock.resources.admin.founding import PROJECTS, found

LOG = "/organization/audit_logs"
_ADMIN = "admin."


def overseen(handler: Handler) -> Handler:
    """The handler of any operation, overseen where the operation is the organization's."""

    def answer(call: Call) -> Answer:
        name = call.operation.name
        if not is_overseen(name):
            return handler(call)
        found(call)
        _protect(call)
        event = EVENTS.get(name)
        if event is None:
            return handler(call)
        before = _before(call)
        answer = handler(call)
        if isinstance(answer, dict):
            kind, tell = event
            note(call, kind, tell(call, answer, before))
            if isinstance(answer.get("api_key"), dict):
                note(call, "api_key.created", {"id": answer["api_key"]["id"], "data": {"scopes": []}})
        return answer

    return answer


def is_overseen(operation: str) -> bool:
    """Whether an operation is one on the organization, or an event of its log."""
    return operation.startswith(_ADMIN) or operation in EVENTS


def note(call: Call, kind: str, told: Mapping[str, Any], *, at: int | None = None) -> None:
    """Write an entry of the audit log."""
    project = call.collection(PROJECTS).find(call.params.get("project_id", PROJECT)) or {}
    entry: Object = {
        "object": "organization.audit_log",
        "id": call.world.ids.letters("audit_log-"),
        "type": kind,
        "effective_at": call.now if at is None else at,
        "actor": actor(call),
        "project": {"id": project.get("id"), "name": project.get("name")},
        kind: {key: value for key, value in told.items() if value is not None},
    }
    log(call).save(entry)


def log(call: Call) -> Collection:
    """The audit log of the call's session."""
    return Collection(call, LOG, LOG, None)


def _protect(call: Call) -> None:
    """Raise the 404 of an unknown project, and the 400 of a change to an archived one."""
    id_ = call.params.get("project_id")
    if id_ is None or (call.world.lenient_ids and call.collection(PROJECTS).find(id_) is None):
        return
    known = call.collection(PROJECTS).get(id_)
    again = call.operation.name.endswith("projects.archive")
    if known.get("status") == "archived" and call.operation.method != "GET" and not again:
        raise ApiError(400, f"Project {known.get('name')} is archived", code="project_archived")


def _before(call: Call) -> Object:
    """What an item was before it is changed or deleted; empty where the operation is about no single item."""
    shape = call.world.shapes.get(call.operation.name)
    if shape is None or shape.role not in {"update", "delete"}:
        return {}
    collection = call.collection()
    known = collection.find(call.id) or {}
    content = collection.content(call.id) if known else None
    return {**known, "content": content.decode()} if content else known
