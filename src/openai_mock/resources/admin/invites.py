"""Invites: pending until somebody accepts them or seven days have gone by.

Theory. Nobody reads the mail of a test, so an invite waits until it expires, unless `lifecycle` says how fast invites
are accepted (`lifecycle: {admin.organization.invites: polls=1}`). Then the user joins the organization and the projects
that the invite names, as the audit log tells.
"""

from __future__ import annotations

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError
from openai_mock.engine.headers import PROJECT
from openai_mock.engine.lifecycle import Lifecycle, Policy
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.admin.founding import PROJECT_USERS, PROJECTS, USERS, member, user
from openai_mock.resources.admin.oversight import note

_INVITES = "admin.organization.invites.list"
_WEEK = 7 * 86_400
_NEVER = 1e12
"""Seconds beyond the end of any clock."""
invites = Resource(
    "invite",
    keeps=_INVITES,
    lifecycle=Lifecycle("pending -> accepted", expiry="pending -> expired"),
    policy=Policy("seconds", _NEVER),
)


@invites.on("admin.organization.invites.create")
def create(call: Call) -> Answer:
    """Invite somebody who is not a user yet, to the projects named, by default to the default one."""
    body = call.body
    email = body["email"].lower()
    if any(str(each.get("email")).lower() == email for _, each in call.store.list(call.collection(USERS).path)):
        words = f"The user {body['email']} is already a member of this organization."
        raise ApiError(400, words, param="email", code="user_already_exists")
    asked = [{"id": PROJECT, "role": "member"}] if body.get("projects") is None else body["projects"]
    for each in asked:
        call.collection(PROJECTS).get(each["id"])
    return call.create(
        {
            "object": "organization.invite",
            "id": call.world.ids.letters("invite-"),
            "email": body["email"],
            "role": body["role"],
            "status": "pending",
            "created_at": call.now,
            "expires_at": call.now + _WEEK,
            "accepted_at": None,
            "projects": [{"id": each["id"], "role": each["role"]} for each in asked],
        }
    )


@invites.on("admin.organization.invites.delete")
def delete(call: Call) -> Answer:
    """Take an invite back, unless it has been accepted."""
    known = call.item
    if known["status"] == "accepted":
        raise ApiError(400, "The invite has already been accepted and cannot be deleted.", code="invite_accepted")
    call.collection().delete(known["id"])
    return {"object": "organization.invite.deleted", "id": known["id"], "deleted": True}


@invites.entering("accepted")
def accept(call: Call, item: Object, at: int) -> Object:
    """The invited user joins."""
    id_ = call.world.ids.letters("user-")
    name = item["email"].partition("@")[0]
    joined = {**user(call, id_, item["email"], name, item["role"]), "added_at": at, "created": at}
    call.collection(USERS).save(joined)
    for each in item["projects"]:
        if (call.collection(PROJECTS).find(each["id"]) or {}).get("status") == "active":
            members = call.collection(PROJECT_USERS, project_id=each["id"])
            members.save({**member(call, joined, each["role"]), "added_at": at})
    note(call, "invite.accepted", {"id": item["id"]}, at=at)
    note(call, "user.added", {"id": id_, "data": {"role": item["role"]}}, at=at)
    return {**item, "accepted_at": at}
