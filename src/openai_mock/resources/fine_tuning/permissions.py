"""Permissions of checkpoints: the projects that may use a tuned model of the organization."""

from __future__ import annotations

from openai_mock.engine.answers import Answer
from openai_mock.engine.collection import Collection, collection_of
from openai_mock.engine.errors import UnknownIdError, no_such_model
from openai_mock.engine.model_object import kept_model
from openai_mock.engine.pages import filters, stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object

permissions = Resource("checkpoint.permission", keeps="fine_tuning.checkpoints.permissions.list")
_KIND = "checkpoint.permission"


@permissions.on("fine_tuning.checkpoints.permissions.create")
def create(call: Call) -> Answer:
    """Let projects use a checkpoint; one that may already keeps the permission it has."""
    kept = _of_checkpoint(call, call.operation.path)
    known = {item["project_id"]: item for _, item in call.store.list(kept.path)}
    made = [known.get(project) or kept.create(_permission(call, project)) for project in call.body["project_ids"]]
    first, last = made[0]["id"], made[-1]["id"]
    return {"object": "list", "data": made, "first_id": first, "last_id": last, "has_more": False}


@permissions.on("fine_tuning.checkpoints.permissions.list")
def list_permissions(call: Call) -> Answer:
    """The permissions of a checkpoint, newest first."""
    return stored_page(call, _of_checkpoint(call, call.operation.path), limit=10, where=filters(call.query))


@permissions.on("fine_tuning.checkpoints.permissions.delete")
def delete(call: Call) -> Answer:
    """Take a permission back."""
    id_ = call.params["permission_id"]
    kept = _of_checkpoint(call, call.operation.path.rpartition("/")[0])
    kept.get(id_)
    kept.delete(id_)
    return {"id": id_, "object": _KIND, "deleted": True}


def _of_checkpoint(call: Call, template: str) -> Collection:
    """The permissions of the checkpoint of the path. Raises the 404 for one that does not exist."""
    name = call.params["fine_tuned_model_checkpoint"]
    if kept_model(call.store, name) is None:
        missing = no_such_model(name)
        raise UnknownIdError(missing.status, missing.message, param=missing.param, code=missing.code)
    return collection_of(call, template, call.params)


def _permission(call: Call, project: str) -> Object:
    return {
        "object": _KIND,
        "id": call.world.ids.letters("cp_"),
        "created_at": call.now,
        "project_id": project,
    }
