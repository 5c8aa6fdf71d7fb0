"""Roles: predefined and custom ones, of the organization and of each project, and who has them.

Theory. A role belongs to the organization or to one project. It is assigned to a user or a group, in four collections
that work alike; what is kept there is the role's id, so an assignment always shows the role as it is now.
"""

from __future__ import annotations

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.admin.founding import OWNER, PROJECT_ROLES, ROLES, USERS
from openai_mock.resources.admin.wording import refused

_ADMIN = "admin.organization."
_GROUPS = f"{_ADMIN}groups.list"
roles = Resource("role", keeps=ROLES)


def _of_roles(scope: str) -> None:
    """Answer the operations on the roles of a scope."""
    resource = "api.project" if scope else "api.organization"

    @roles.on(f"{_ADMIN}{scope}roles.create")
    def create(call: Call) -> Answer:
        body = call.body
        _be_unique(call, body["role_name"])
        return call.create(
            {
                "object": "role",
                "id": call.world.ids.letters("role_"),
                "name": body["role_name"],
                "description": body.get("description"),
                "permissions": body["permissions"],
                "resource_type": resource,
                "predefined_role": False,
            }
        )

    @roles.on(f"{_ADMIN}{scope}roles.update")
    def update(call: Call) -> Answer:
        body, known = call.body, _custom(call)
        changes = {key: body[key] for key in ("permissions", "description") if body.get(key) is not None}
        if body.get("role_name") is not None and body["role_name"] != known["name"]:
            _be_unique(call, body["role_name"])
            changes["name"] = body["role_name"]
        return call.collection().save({**known, **changes})

    @roles.on(f"{_ADMIN}{scope}roles.delete")
    def delete(call: Call) -> Answer:
        known = _custom(call)
        call.collection().delete(known["id"])
        return {"object": "role.deleted", "id": known["id"], "deleted": True}


def _be_unique(call: Call, name: str) -> None:
    if not name.strip():
        raise refused("role_name", name, "a name")
    if any(each["name"] == name for _, each in call.store.list(call.collection().path)):
        raise ApiError(400, f"A role named '{name}' already exists.", param="role_name", code="already_exists")


def _custom(call: Call) -> Object:
    """The role of the call, which must not be one of OpenAI's."""
    known = call.item
    if known["predefined_role"]:
        raise ApiError(
            400, f"The predefined role '{known['name']}' cannot be changed or deleted.", code="invalid_value"
        )
    return known


def _of_assignments(scope: str, principal: str) -> None:
    """Answer the operations on the roles of a kind of principal, `users` or `groups`, in a scope."""
    one = principal.removesuffix("s")

    @roles.on(f"{_ADMIN}{scope}{principal}.roles.create")
    def assign(call: Call) -> Answer:
        who, role = _principal(call, one), _role(call, scope, call.body["role_id"])
        call.collection().save({"id": role["id"]})
        return {"object": f"{one}.role", one: who, "role": role}

    @roles.on(f"{_ADMIN}{scope}{principal}.roles.list")
    def list_roles(call: Call) -> Answer:
        _principal(call, one)
        known = call.collection(PROJECT_ROLES if scope else ROLES)
        page = stored_page(call, limit=1_000, where=lambda each: known.find(each.get("id", "")) is not None)
        page["data"] = [_detailed(call, one, known.get(each["id"])) for each in page["data"]]
        return page

    @roles.on(f"{_ADMIN}{scope}{principal}.roles.retrieve")
    def retrieve(call: Call) -> Answer:
        _principal(call, one)
        return _detailed(call, one, _role(call, scope, call.item.get("id", call.id)))

    @roles.on(f"{_ADMIN}{scope}{principal}.roles.delete")
    def unassign(call: Call) -> Answer:
        _principal(call, one)
        call.collection().delete(call.item.get("id", call.id))
        return {"object": f"{one}.role.deleted", "deleted": True}


def _role(call: Call, scope: str, id_: str) -> Object:
    return call.collection(PROJECT_ROLES if scope else ROLES).get(id_)


def _principal(call: Call, one: str) -> Object:
    """The user or the group that the path names."""
    if one == "user":
        return call.collection(USERS).get(call.params["user_id"])
    group = call.collection(_GROUPS).get(call.params["group_id"])
    shown = {key: group[key] for key in ("id", "name", "created_at")}
    return {"object": "group", **shown, "scim_managed": group["is_scim_managed"]}


def _detailed(call: Call, one: str, role: Object) -> Object:
    """A role as lists of assignments show it."""
    fields = ("id", "name", "permissions", "resource_type", "predefined_role", "description")
    source = {"principal_type": one, "principal_id": call.params[f"{one}_id"]}
    made_by = None if role["predefined_role"] else OWNER
    unset: Object = {"created_at": None, "updated_at": None, "created_by_user_obj": None, "metadata": {}}
    return {**{key: role.get(key) for key in fields}, **unset, "created_by": made_by, "assignment_sources": [source]}


for _scope in ("", "projects."):
    _of_roles(_scope)
    for _kind in ("users", "groups"):
        _of_assignments(_scope, _kind)
