"""Users of the organization and of its projects: found by email, given roles, removed everywhere at once."""

from __future__ import annotations

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError, unknown_id
from openai_mock.engine.issued_keys import change
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.admin.founding import PROJECT_USERS, PROJECTS, USERS, member
from openai_mock.resources.admin.wording import missing, one_of

users = Resource("user", keeps=USERS)
_GROUPS = "admin.organization.groups.list"
_GROUP_USERS = "admin.organization.groups.users.list"
_KEYS = "admin.organization.projects.api_keys.list"
ORGANIZATION_ROLES = ("owner", "reader")
PROJECT_ROLES = ("owner", "member")


@users.on("admin.organization.users.list")
def list_users(call: Call) -> Answer:
    """The users, or those with one of the `emails`."""
    wanted = {email.lower() for email in call.query.get("emails") or ()}
    return stored_page(call, where=(lambda each: str(each.get("email")).lower() in wanted) if wanted else None)


@users.on("admin.organization.users.update")
def update(call: Call) -> Answer:
    """Another role in the organization; somebody must stay its owner."""
    body, known = call.body, call.item
    changes = {key: body[key] for key in ("developer_persona", "technical_level") if key in body}
    if body.get("role") is not None:
        changes["role"] = one_of("role", body["role"], ORGANIZATION_ROLES)
        if changes["role"] != "owner":
            _keep_an_owner(call, known)
    if body.get("role_id") is not None:
        role = call.collection("admin.organization.roles.list").get(body["role_id"])
        assigned = call.collection("admin.organization.users.roles.list")
        assigned.save({"id": role["id"]})
    return call.collection().save({**known, **changes})


@users.on("admin.organization.users.delete")
def delete(call: Call) -> Answer:
    """The user is gone: from the organization, its projects and its groups, and with them their keys."""
    known = call.item
    _keep_an_owner(call, known)
    for id_, _ in call.store.list(call.collection(PROJECTS).path):
        remove_from_project(call, id_, known["id"])
    for id_, _ in call.store.list(call.collection(_GROUPS).path):
        call.collection(_GROUP_USERS, group_id=id_).delete(known["id"])
    call.collection().delete(known["id"])
    return {"object": "organization.user.deleted", "id": known["id"], "deleted": True}


def _keep_an_owner(call: Call, known: Object) -> None:
    everyone = call.store.list(call.collection(USERS).path)
    if known.get("role") == "owner" and not any(
        id_ != known["id"] and each.get("role") == "owner" for id_, each in everyone
    ):
        raise ApiError(400, "The organization must keep at least one owner.", code="invalid_value")


@users.on("admin.organization.projects.users.create")
def add(call: Call) -> Answer:
    """A user of the organization, named by id or email, becomes a member of the project."""
    body = call.body
    role = one_of("role", body.get("role"), PROJECT_ROLES)
    who = _meant(call)
    members = call.collection()
    if members.find(who["id"]) is not None:
        raise ApiError(400, f"User {who['id']} is already a member of this project.", code="already_exists")
    made = members.save(member(call, who, role))
    access(call, call.params["project_id"], who["id"], active=True)
    return made


def _meant(call: Call) -> Object:
    """The user that a request names. Users must belong to the organization first."""
    id_, email = call.body.get("user_id"), call.body.get("email")
    known = call.collection(USERS)
    if id_ is not None:
        return known.get(id_)
    if email is None:
        raise missing("user_id")
    for _, each in call.store.list(known.path):
        if str(each.get("email")).lower() == email.lower():
            return each
    raise unknown_id(known.template, email)


@users.on("admin.organization.projects.users.update")
def change_role(call: Call) -> Answer:
    """Another role in the project."""
    known = call.item
    if call.body.get("role") is None:
        raise missing("role")
    return call.collection().save({**known, "role": one_of("role", call.body["role"], PROJECT_ROLES)})


@users.on("admin.organization.projects.users.delete")
def remove(call: Call) -> Answer:
    """The user stays in the organization, but not in the project."""
    known = call.item
    remove_from_project(call, call.params["project_id"], known["id"])
    return {"object": "organization.project.user.deleted", "id": known["id"], "deleted": True}


def remove_from_project(call: Call, project_id: str, user_id: str) -> None:
    """Take a user out of a project; their keys in it count no more."""
    if call.collection(PROJECT_USERS, project_id=project_id).delete(user_id):
        access(call, project_id, user_id, active=False)


def access(call: Call, project_id: str, owner: str, *, active: bool) -> None:
    """Note on the keys of an owner whether they have access to the project."""
    keys = call.collection(_KEYS, project_id=project_id)
    for _, key in call.store.list(keys.path):
        whose = key["owner"].get(key["owner"].get("type") or "user") or {}
        if whose.get("id") == owner:
            keys.save({**key, "owner_project_access": "active" if active else "inactive"})
            change(call.store, key["id"], revoked=not active)
