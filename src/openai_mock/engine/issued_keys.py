"""Keys that the organization's own operations issued: whom each belongs to, found by its digest.

Theory. A key is shown once, when it is made; what is kept of it is a SHA-256 digest, which names its record in the
session. A record outlives its key, because what was used with the key is still accounted to it. A key opens nothing any
more once it is revoked or has expired, nor while its project is archived.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Literal

from msgspec import Struct

from openai_mock.engine.access import Issued
from openai_mock.engine.ids import Ids
from openai_mock.engine.sessions import Sessions, session_of
from openai_mock.engine.store import Object, Store

_COLLECTION = "/_mock/issued_keys"
_PROJECTS = "/organization/projects"
_SHOWN = 4
_LETTERS = 48
_PREFIXES = {"project": "sk-svcacct-", "admin": "sk-admin-"}


class Bearer(Struct, frozen=True):
    """Whom a key belongs to. `owner` is a user's or a service account's id; `project` is empty for an admin key."""

    id: str
    kind: Literal["project", "admin"]
    project: str = ""
    owner: str = ""
    owner_type: Literal["user", "service_account"] = "user"


def drawn(ids: Ids, kind: Literal["project", "admin"]) -> str:
    """A new key."""
    return ids.letters(_PREFIXES[kind], _LETTERS)


def redacted(value: str) -> str:
    """`sk-admin...wxyz`: a key as lists show it."""
    return f"{value[: value.rfind('-')]}...{value[-_SHOWN:]}"


def digest(value: str) -> str:
    """What names the record of a key."""
    return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def issue(store: Store, value: str, bearer: Bearer, expires_at: int | None) -> None:
    """Let a key count from now on, until it expires (in Unix seconds)."""
    fields = {name: getattr(bearer, name) for name in bearer.__struct_fields__}
    store.put(_COLLECTION, digest(value), {**fields, "expires_at": expires_at, "revoked": False})


def change(store: Store, id_: str, **fields: Any) -> None:
    """Change the record of a key, given by its id: `revoked=True`, or another `expires_at`."""
    for name, record in store.list(_COLLECTION):
        if record["id"] == id_:
            store.put(_COLLECTION, name, {**record, **fields})


def bearer_of(store: Store, value: str) -> Bearer | None:
    """Whom a key belongs to, or belonged; None where it was not issued here."""
    record = store.get(_COLLECTION, digest(value))
    return None if record is None else Bearer(**{name: record[name] for name in Bearer.__struct_fields__})


def issued_by(sessions: Sessions, now: Callable[[], float]) -> Issued:
    """What tells the keys that count, each in the session of the request."""

    def kind(headers: Mapping[str, str], value: str) -> Literal["project", "admin", ""]:
        store = sessions.store(session_of(headers))
        record = store.get(_COLLECTION, digest(value))
        if record is None or record["revoked"] or (record["expires_at"] is not None and record["expires_at"] <= now()):
            return ""
        if record["kind"] == "admin":
            return "admin"
        project: Object = store.get(_PROJECTS, record["project"]) or {}
        return "" if project.get("status") == "archived" else "project"

    return kind
