"""Groups: users who are given access together, to the organization and to projects."""

from __future__ import annotations

from openai_mock.engine.answers import Answer
from openai_mock.engine.collection import Collection
from openai_mock.engine.errors import ApiError
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.admin.founding import PROJECT_ROLES, PROJECTS, USERS
from openai_mock.resources.admin.wording import missing

GROUPS = "admin.organization.groups.list"
_PROJECT_GROUPS = "admin.organization.projects.groups.list"
_PROJECT_GROUP_ROLES = "admin.organization.projects.groups.roles.list"
groups = Resource("group", keeps=GROUPS)


@groups.on("admin.organization.groups.create")
def create(call: Call) -> Answer:
    """A group without members."""
    return call.create(
        {
            "object": "group",
            "id": call.world.ids.letters("group_"),
            "name": _name(call),
            "created_at": call.now,
            "is_scim_managed": False,
            "group_type": "group",
        }
    )


@groups.on("admin.organization.groups.update")
def update(call: Call) -> Answer:
    """Another name, also where projects show it."""
    made = call.collection().save({**call.item, "name": _name(call)})
    for place in _grants(call, made["id"]):
        place.save({**place.get(made["id"]), "group_name": made["name"]}, made["id"])
    return made


@groups.on("admin.organization.groups.delete")
def delete(call: Call) -> Answer:
    """The group is gone, and with it what it was given."""
    known = call.item
    for place in _grants(call, known["id"]):
        place.delete(known["id"])
    call.collection().delete(known["id"])
    return {"object": "group.deleted", "id": known["id"], "deleted": True}


def _name(call: Call) -> str:
    name = str(call.body["name"]).strip()
    if not name:
        raise missing("name")
    return name


def _grants(call: Call, group_id: str) -> list[Collection]:
    """The groups of each project that has this one among them."""
    projects = call.store.list(call.collection(PROJECTS).path)
    every = [call.collection(_PROJECT_GROUPS, project_id=id_) for id_, _ in projects]
    return [each for each in every if each.find(group_id) is not None]


@groups.on("admin.organization.groups.users.create")
def add(call: Call) -> Answer:
    """A user of the organization joins the group."""
    group = call.collection(GROUPS).get(call.params["group_id"])
    who = call.collection(USERS).get(call.body["user_id"])
    call.collection().save({"id": who["id"]})
    return {"object": "group.user", "group_id": group["id"], "user_id": who["id"]}


@groups.on("admin.organization.groups.users.list")
def list_users(call: Call) -> Answer:
    """The members, as the organization knows them."""
    call.collection(GROUPS).get(call.params["group_id"])
    page = stored_page(call, limit=100, where=lambda each: "id" in each)
    known = call.collection(USERS)
    page["data"] = [_shown(known.find(each["id"]) or each) for each in page["data"]]
    return page


@groups.on("admin.organization.groups.users.retrieve")
def retrieve_user(call: Call) -> Answer:
    """One member."""
    call.collection(GROUPS).get(call.params["group_id"])
    who = call.collection(USERS).find(call.item.get("id", call.id)) or call.item
    return {**_shown(who), "picture": None, "is_service_account": False, "user_type": "user"}


def _shown(who: Object) -> Object:
    return {"id": who["id"], "name": who.get("name") or "", "email": who.get("email")}


@groups.on("admin.organization.groups.users.delete")
def remove(call: Call) -> Answer:
    """The user stays in the organization, but not in the group."""
    call.collection(GROUPS).get(call.params["group_id"])
    call.collection().delete(call.item.get("id", call.id))
    return {"object": "group.user.deleted", "deleted": True}


@groups.on("admin.organization.projects.groups.create")
def grant(call: Call) -> Answer:
    """Give a group access to a project, in one of the project's roles."""
    body = call.body
    group = call.collection(GROUPS).get(body["group_id"])
    role = call.collection(PROJECT_ROLES).get(body["role"])
    members = call.collection()
    if members.find(group["id"]) is not None:
        raise ApiError(400, f"Group {group['id']} already has access to this project.", code="already_exists")
    call.collection(_PROJECT_GROUP_ROLES, group_id=group["id"]).save({"id": role["id"]})
    made = {
        "object": "project.group",
        "project_id": call.params["project_id"],
        "group_id": group["id"],
        "group_name": group["name"],
        "group_type": group["group_type"],
        "created_at": call.now,
    }
    return members.save(made, group["id"])


@groups.on("admin.organization.projects.groups.delete")
def revoke(call: Call) -> Answer:
    """Take a group's access to a project away, with its roles there."""
    call.collection().get(call.id)
    roles = call.collection(_PROJECT_GROUP_ROLES)
    for id_, _ in call.store.list(roles.path):
        roles.delete(id_)
    call.collection().delete(call.id)
    return {"object": "project.group.deleted", "deleted": True}
