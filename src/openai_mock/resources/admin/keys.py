"""Service accounts and keys: a key's value is shown once, when it is made, and afterwards only redacted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError
from openai_mock.engine.issued_keys import Bearer, change, drawn, issue, redacted
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.admin.buckets import last_used
from openai_mock.resources.admin.founding import OWNER, USERS
from openai_mock.resources.admin.wording import missing

_KEYS = "admin.organization.projects.api_keys.list"
_ACCOUNTS = "admin.organization.projects.service_accounts.list"
_NAME = "Secret Key"
keys = Resource("api_key", keeps=_KEYS)


@keys.on("admin.organization.projects.service_accounts.create")
def create_account(call: Call) -> Answer:
    """A service account with a key, unless it is asked for alone."""
    body = call.body
    alone = bool(body.get("create_service_account_only"))
    if alone and body.get("expires_in_seconds") is not None:
        words = "'expires_in_seconds' cannot be used when 'create_service_account_only' is true."
        raise ApiError(400, words, param="expires_in_seconds", code="invalid_value")
    made = call.create(
        {
            "object": "organization.project.service_account",
            "id": call.world.ids.letters("svc_acct_"),
            "name": body["name"],
            "role": "none" if alone else "member",
            "created_at": call.now,
        }
    )
    return {**made, "api_key": None if alone else _key_of(call, made, _NAME, body.get("expires_in_seconds"))}


@keys.on("admin.organization.projects.service_accounts.update")
def update_account(call: Call) -> Answer:
    """Another name or role."""
    changes = {key: call.body[key] for key in ("name", "role") if call.body.get(key) is not None}
    return call.collection().save({**call.item, **changes})


@keys.on("admin.organization.projects.service_accounts.delete")
def delete_account(call: Call) -> Answer:
    """The account is gone, and with it its keys."""
    known, of_project = call.item, call.collection(_KEYS)
    for id_, key in call.store.list(of_project.path):
        if (key["owner"].get("service_account") or {}).get("id") == known["id"]:
            _revoke(call, id_)
    call.collection().delete(known["id"])
    return {"object": "organization.project.service_account.deleted", "id": known["id"], "deleted": True}


@keys.on("admin.organization.projects.service_accounts.api_keys.create")
def create_key(call: Call) -> Answer:
    """One more key of a service account."""
    account = call.collection(_ACCOUNTS).get(call.params["service_account_id"])
    return _key_of(call, account, call.body.get("name") or _NAME, call.body.get("expires_in_seconds"))


def _key_of(call: Call, account: Object, name: str, lasting: int | None) -> Object:
    """Issue a key to a service account; with its value, as the client sees it once."""
    value, project = drawn(call.world.ids, "project"), call.params["project_id"]
    expires_at = None if lasting is None else call.now + lasting
    owner = {key: account[key] for key in ("id", "name", "created_at", "role")}
    key: Object = {
        "object": "organization.project.api_key",
        "id": call.world.ids.letters("key_"),
        "name": name,
        "redacted_value": redacted(value),
        "created_at": call.now,
        "last_used_at": None,
        "expires_at": expires_at,
        "owner": {"type": "service_account", "service_account": owner},
        "owner_project_access": "active",
    }
    call.collection(_KEYS).save(key)
    issue(call.store, value, Bearer(key["id"], "project", project, account["id"], "service_account"), expires_at)
    shown = {field: key[field] for field in ("id", "name", "created_at", "expires_at")}
    return {"object": "organization.project.service_account.api_key", "value": value, **shown}


@keys.on("admin.organization.projects.api_keys.list")
def list_keys(call: Call) -> Answer:
    """The keys, or those whose owner has, or has not, access to the project."""
    wanted, seen = call.query.get("owner_project_access"), last_used(call)
    every = wanted in {None, "any"}
    page = stored_page(call, where=lambda key: every or key["owner_project_access"] == wanted)
    page["data"] = [_with_use(key, seen) for key in page["data"]]
    return page


@keys.on("admin.organization.projects.api_keys.retrieve")
def retrieve_key(call: Call) -> Answer:
    """One key, and when a model was last asked with it."""
    return _with_use(call.item, last_used(call))


def _with_use(key: Object, seen: Mapping[str, int]) -> Object:
    return {**key, "last_used_at": seen.get(key["id"], key.get("last_used_at"))}


@keys.on("admin.organization.projects.api_keys.update")
def update_key(call: Call) -> Answer:
    """Other scopes, or another time to expire; a key that has expired changes no more."""
    body, known = call.body, call.item
    if "scopes" not in body and "expires_in_seconds" not in body:
        raise missing("scopes")
    if known.get("expires_at") is not None and known["expires_at"] <= call.now:
        raise ApiError(400, "Expired API keys cannot be updated.", code="api_key_expired")
    changes: dict[str, Any] = {"scopes": body["scopes"]} if "scopes" in body else {}
    if body.get("expires_in_seconds") is not None:
        changes["expires_at"] = call.now + body["expires_in_seconds"]
        change(call.store, known["id"], expires_at=changes["expires_at"])
    return call.collection().save({**known, **changes})


@keys.on("admin.organization.projects.api_keys.delete")
def delete_key(call: Call) -> Answer:
    """The key opens nothing any more; its owner stays."""
    known = call.item
    _revoke(call, known["id"])
    return {"object": "organization.project.api_key.deleted", "id": known["id"], "deleted": True}


def _revoke(call: Call, id_: str) -> None:
    change(call.store, id_, revoked=True)
    call.collection(_KEYS).delete(id_)


@keys.on("admin.organization.admin_api_keys.create")
def create_admin_key(call: Call) -> Answer:
    """A key of the organization's owner that administrates."""
    value, lasting = drawn(call.world.ids, "admin"), call.body.get("expires_in_seconds")
    owner = call.collection(USERS).find(OWNER) or {}
    made = call.create(
        {
            "object": "organization.admin_api_key",
            "id": call.world.ids.letters("key_"),
            "name": call.body["name"],
            "redacted_value": redacted(value),
            "created_at": call.now,
            "last_used_at": None,
            "expires_at": None if lasting is None else call.now + lasting,
            "owner": {
                "type": "user",
                "object": "organization.user",
                "id": OWNER,
                "name": owner.get("name"),
                "created_at": owner.get("added_at"),
                "role": "owner",
            },
        }
    )
    issue(call.store, value, Bearer(made["id"], "admin", owner=OWNER), made["expires_at"])
    return {**made, "value": value}


@keys.on("admin.organization.admin_api_keys.delete")
def delete_admin_key(call: Call) -> Answer:
    """The key opens nothing any more."""
    known = call.item
    change(call.store, known["id"], revoked=True)
    call.collection().delete(known["id"])
    return {"object": "organization.admin_api_key.deleted", "id": known["id"], "deleted": True}
