"""What an organization has from the start: a default project, an owner and the predefined roles.

Theory. It comes into being when a session's first operation on the organization looks, so that mocks which never ask
for it hold nothing. What `state` of a configuration put there before stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openai_mock.engine.headers import PROJECT
from openai_mock.engine.resource import Call
from openai_mock.engine.store import Object

OWNER = "user-mock"
OWNER_EMAIL = "owner@example.com"
PROJECTS = "admin.organization.projects.list"
USERS = "admin.organization.users.list"
PROJECT_USERS = "admin.organization.projects.users.list"
ROLES = "admin.organization.roles.list"
PROJECT_ROLES = "admin.organization.projects.roles.list"
_MARK, _ID = "/_mock/organization", "founded"
_ORGANIZATION_ROLES: Sequence[tuple[str, str, Sequence[str]]] = (
    ("owner", "Manages the organization, its projects and its members.", ("api.organization.write", "api.all.write")),
    ("reader", "Uses the projects it is a member of.", ("api.organization.read",)),
)
_PROJECT_ROLES: Sequence[tuple[str, str, Sequence[str]]] = (
    ("owner", "Manages the project, its members and its keys.", ("api.project.write", "api.all.write")),
    ("member", "Uses the project.", ("api.project.read", "api.all.write")),
)


def found(call: Call) -> None:
    """Found the organization of the call's session, unless it has been."""
    store = call.store
    if store.get(_MARK, _ID) is not None:
        return
    with store.atomically():
        if store.get(_MARK, _ID) is not None:
            return
        store.put(_MARK, _ID, {"at": call.now})
        users, projects, roles = call.collection(USERS), call.collection(PROJECTS), call.collection(ROLES)
        if users.find(OWNER) is None:
            users.save(user(call, OWNER, OWNER_EMAIL, "Owner", "owner", default=True))
        if projects.find(PROJECT) is None:
            projects.save(project(call, PROJECT, "Default project"))
        for role in _predefined(_ORGANIZATION_ROLES, "api.organization", "role-organization"):
            roles.save(role)
        for id_, _ in store.list(projects.path):
            furnish(call, id_)
        members = call.collection(PROJECT_USERS, project_id=PROJECT)
        if members.find(OWNER) is None:
            members.save(member(call, users.get(OWNER), "owner"))


def furnish(call: Call, project_id: str) -> None:
    """Give a new project its predefined roles."""
    roles = call.collection(PROJECT_ROLES, project_id=project_id)
    for role in _predefined(_PROJECT_ROLES, "api.project", "role-project"):
        roles.save(role)


def project(call: Call, id_: str, name: str) -> Object:
    """A new project."""
    return {
        "object": "organization.project",
        "id": id_,
        "name": name,
        "created_at": call.now,
        "archived_at": None,
        "status": "active",
    }


def user(call: Call, id_: str, email: str, name: str, role: str, *, default: bool = False) -> Object:
    """A new user of the organization."""
    return {
        "object": "organization.user",
        "id": id_,
        "name": name,
        "email": email,
        "role": role,
        "added_at": call.now,
        "created": call.now,
        "is_default": default,
        "is_service_account": False,
        "is_scim_managed": False,
        "api_key_last_used_at": None,
    }


def member(call: Call, who: Object, role: str) -> Object:
    """A user of the organization as a member of a project."""
    return {
        "object": "organization.project.user",
        "id": who["id"],
        "name": who.get("name"),
        "email": who.get("email"),
        "role": role,
        "added_at": call.now,
    }


def _predefined(roles: Sequence[tuple[str, str, Sequence[str]]], resource: str, prefix: str) -> Iterator[Object]:
    for name, about, permissions in roles:
        yield {
            "object": "role",
            "id": f"{prefix}-{name}",
            "name": name,
            "description": about,
            "permissions": list(permissions),
            "resource_type": resource,
            "predefined_role": True,
        }
