"""The audit log: what was done to the organization, newest first, by time, project, type, actor and resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.admin.founding import PROJECTS
from openai_mock.resources.admin.oversight import log

audit_logs = Resource("audit_log", keeps=PROJECTS)
_TENANT = ("tenant.", "role.bound_to_resource", "role.unbound_from_resource")


@audit_logs.on("admin.organization.audit_logs.list")
def list_logs(call: Call) -> Answer:
    """The entries that fit every filter; those of a tenant, which nothing here writes, only on request."""
    query = call.query
    wanted = query.get("event_types") or ()
    if query.get("tenant_only") and any(not kind.startswith(_TENANT) for kind in wanted):
        words = "When 'tenant_only' is true, all 'event_types' must be tenant-scoped."
        raise ApiError(400, words, param="event_types", code="invalid_value")
    return stored_page(call, log(call), where=lambda entry: _fits(entry, query))


def _fits(entry: Object, query: Mapping[str, Any]) -> bool:
    kind, key = entry["type"], entry["actor"]["api_key"]
    owner = key.get("user") or key.get("service_account") or {}
    return (
        (not query.get("tenant_only") or kind.startswith(_TENANT))
        and _within(entry["effective_at"], query.get("effective_at") or {})
        and _among(query.get("event_types"), (kind,))
        and _among(query.get("project_ids"), (entry["project"]["id"],))
        and _among(query.get("actor_ids"), (key["id"], owner.get("id")))
        and _among(query.get("actor_emails"), (owner.get("email"),))
        and _among(query.get("resource_ids"), _resources(entry[kind]))
    )


def _among(wanted: Iterable[str] | None, held: Iterable[str | None]) -> bool:
    return not wanted or not set(wanted).isdisjoint(held)


def _within(at: int, bounds: Mapping[str, int]) -> bool:
    return (
        at > bounds.get("gt", at - 1)
        and at >= bounds.get("gte", at)
        and at < bounds.get("lt", at + 1)
        and at <= bounds.get("lte", at)
    )


def _resources(told: Mapping[str, Any]) -> Iterable[str | None]:
    return (told.get("id"), *(each["id"] for each in told.get("certificates") or ()))
