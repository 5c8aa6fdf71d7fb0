"""Who acts: the key of a request as the audit log and the usage name it."""

from __future__ import annotations

from openai_mock.engine.access import presented
from openai_mock.engine.headers import PROJECT
from openai_mock.engine.issued_keys import Bearer, bearer_of, digest
from openai_mock.engine.resource import Call
from openai_mock.engine.store import Object, Store
from openai_mock.resources.admin.founding import OWNER, USERS

_SHOWN = 16


def bearer(store: Store, key: str) -> Bearer:
    """Whom a key belongs to. One that was not issued here is the owner's, in the default project, and its id follows
    from the key.
    """
    return bearer_of(store, key) or Bearer(f"key_{digest(key)[:_SHOWN]}", "project", PROJECT, OWNER)


def actor(call: Call) -> Object:
    """The actor of a call, in the form of the audit log."""
    who = bearer(call.store, presented(call.request.headers))
    if who.owner_type == "service_account":
        owner: Object = {"type": "service_account", "service_account": {"id": who.owner}}
    else:
        known = call.collection(USERS).find(who.owner) or {}
        owner = {"type": "user", "user": {"id": who.owner, "email": known.get("email")}}
    return {"type": "api_key", "api_key": {"id": who.id, **owner}}
