"""Projects: created, renamed and archived, never deleted; archived ones are listed only where asked for."""

from __future__ import annotations

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError
from openai_mock.engine.headers import PROJECT
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.resources.admin.founding import OWNER, PROJECT_USERS, PROJECTS, USERS, furnish, member, project
from openai_mock.resources.admin.wording import refused

projects = Resource("project", keeps=PROJECTS)
_OPTIONAL = ("external_key_id", "residency", "geography")


@projects.on("admin.organization.projects.create")
def create(call: Call) -> Answer:
    """A new project, whose first member is the organization's owner."""
    body = call.body
    if body.get("geography") and body.get("residency"):
        raise ApiError(400, "Do not provide both 'geography' and 'residency'.", param="geography", code="invalid_value")
    made = project(call, call.world.ids.letters("proj_"), body["name"])
    made |= {key: body[key] for key in _OPTIONAL if body.get(key) is not None}
    call.create(made)
    furnish(call, made["id"])
    owner = call.collection(USERS).find(OWNER)
    if owner is not None:
        call.collection(PROJECT_USERS, project_id=made["id"]).save(member(call, owner, "owner"))
    return made


@projects.on("admin.organization.projects.list")
def list_projects(call: Call) -> Answer:
    """The active projects, with `include_archived` all of them."""
    if call.query.get("include_archived"):
        return stored_page(call)
    return stored_page(call, where=lambda each: each.get("status") != "archived")


@projects.on("admin.organization.projects.update")
def update(call: Call) -> Answer:
    """Another name, or another external key."""
    body = call.body
    changes = {key: body[key] for key in ("name", "external_key_id", "geography") if key in body}
    if changes.get("name", "") is None:
        raise refused("name", None, "a string")
    return call.collection().save({**call.item, **changes})


@projects.on("admin.organization.projects.archive")
def archive(call: Call) -> Answer:
    """The project, archived for good, without its members; its keys open nothing more. The default one stays."""
    known = call.item
    if known["id"] == PROJECT:
        raise ApiError(400, "The default project cannot be archived.", code="invalid_value")
    if known.get("status") == "archived":
        return known
    for collection in (PROJECT_USERS, "admin.organization.projects.service_accounts.list"):
        members = call.collection(collection)
        for id_, _ in call.store.list(members.path):
            members.delete(id_)
    keys = call.collection("admin.organization.projects.api_keys.list")
    for _, key in call.store.list(keys.path):
        keys.save({**key, "owner_project_access": "inactive"})
    return call.collection().save({**known, "status": "archived", "archived_at": call.now})
