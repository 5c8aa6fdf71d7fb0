"""Which operation is which event of the audit log, and what the event tells: one table.

Theory. A row is the operation's name, the type of the event, and a function from the call, its answer and what the item
was before to the event's own fields. Whatever an operation has done, the stage around all of them (`oversight`) writes
the log; no handler knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from openai_mock.engine.headers import ORGANIZATION
from openai_mock.engine.resource import Call
from openai_mock.engine.store import Object

Tell: TypeAlias = Callable[[Call, Mapping[str, Any], Object], Object]
"""The fields of an event, given the call, its answer and the item before."""
_ADMIN = "admin.organization."


def _body(call: Call) -> Mapping[str, Any]:
    return call.body if isinstance(call.body, Mapping) else {}


def _only(call: Call, answer: Mapping[str, Any], _: Object) -> Object:
    return {"id": answer.get("id") or _item(call)}


def _item(call: Call) -> str:
    """The id of what the operation is about, as the path names it last."""
    return list(call.params.values())[-1] if call.params else ORGANIZATION


def _with(key: str, **names: str) -> Tell:
    """The id and, under `key`, fields of the request: `name_in_event="name_in_request"`."""

    def tell(call: Call, answer: Mapping[str, Any], _: Object) -> Object:
        sent = _body(call)
        return {
            "id": answer.get("id") or _item(call),
            key: {ours: sent[theirs] for ours, theirs in names.items() if theirs in sent},
        }

    return tell


def _data(**names: str) -> Tell:
    return _with("data", **names)


def _changes(**names: str) -> Tell:
    return _with("changes_requested", **names)


def _sent(key: str) -> Tell:
    """The id and, under `key`, the whole request."""
    return lambda call, answer, _: {"id": answer.get("id") or _item(call), key: dict(_body(call))}


def _setting(call: Call, _: Mapping[str, Any], __: Object) -> Object:
    """A setting of the organization or of a project, which has no id of its own."""
    return {"id": call.params.get("project_id", ORGANIZATION), "changes_requested": dict(_body(call))}


def _named(call: Call, answer: Mapping[str, Any], before: Object) -> Object:
    return {"id": answer.get("id") or _item(call), "name": answer.get("name", before.get("name"))}


def _certificate_gone(call: Call, _: Mapping[str, Any], before: Object) -> Object:
    return {"id": _item(call), "name": before.get("name"), "certificate": before.get("content")}


def _certificates(_: Call, answer: Mapping[str, Any], __: Object) -> Object:
    return {"certificates": [{"id": each["id"], "name": each.get("name")} for each in answer.get("data") or ()]}


def _service_account(_: Call, answer: Mapping[str, Any], __: Object) -> Object:
    return {"id": answer.get("id"), "data": {"role": answer.get("role")}}


def _role(call: Call, answer: Mapping[str, Any], _: Object) -> Object:
    return {
        "id": answer.get("id"),
        "role_name": answer.get("name"),
        "permissions": answer.get("permissions"),
        "resource_type": answer.get("resource_type"),
        "resource_id": call.params.get("project_id", ORGANIZATION),
    }


def _role_changed(call: Call, answer: Mapping[str, Any], before: Object) -> Object:
    now, was = answer.get("permissions") or [], before.get("permissions") or []
    changes = {key: value for key, value in _body(call).items() if key in {"role_name", "description"}}
    return {
        "id": answer.get("id"),
        "changes_requested": {
            **changes,
            "permissions_added": [each for each in now if each not in was],
            "permissions_removed": [each for each in was if each not in now],
        },
    }


def _assignment(call: Call, _: Mapping[str, Any], before: Object) -> Object:
    """A role of a group or a user, in the organization or in a project."""
    sent, project = _body(call), call.params.get("project_id")
    principal = call.params.get("group_id") or call.params.get("user_id") or sent.get("group_id")
    of_group = "group_id" in call.params or "group_id" in sent
    return {
        "id": sent.get("role_id") or call.params.get("role_id") or sent.get("role") or before.get("role"),
        "principal_id": principal,
        "principal_type": "group" if of_group else "user",
        "resource_id": project or ORGANIZATION,
        "resource_type": "api.project" if project else "api.organization",
    }


def _storage(_: Call, answer: Mapping[str, Any], __: Object) -> Object:
    """What was registered, with what the organization adds to the provider that the request names."""
    return {"id": answer.get("id"), "data": {key: answer.get(key) for key in ("geography", "provider")}}


def _checkpoint(_: Call, answer: Mapping[str, Any], __: Object) -> Object:
    first: Mapping[str, Any] = next(iter(answer.get("data") or ()), {})
    return {"id": first.get("id"), "data": {"project_id": first.get("project_id")}}


_KEY = {"scopes": "scopes", "expires_in_seconds": "expires_in_seconds"}
_RATES = (
    "batch_1_day_max_input_tokens", "max_audio_megabytes_per_1_minute", "max_images_per_1_minute",
    "max_requests_per_1_day", "max_requests_per_1_minute", "max_tokens_per_1_minute",
)  # fmt: skip
_ROWS: Mapping[str, tuple[str, Tell]] = {
    "projects.create": ("project.created", _data(name="name", title="name")),
    "projects.update": ("project.updated", _changes(title="name")),
    "projects.archive": ("project.archived", _only),
    "projects.service_accounts.create": ("service_account.created", _service_account),
    "projects.service_accounts.update": ("service_account.updated", _changes(role="role")),
    "projects.service_accounts.delete": ("service_account.deleted", _only),
    "projects.service_accounts.api_keys.create": ("api_key.created", _data(scopes="scopes")),
    "projects.api_keys.update": ("api_key.updated", _changes(**_KEY)),
    "projects.api_keys.delete": ("api_key.deleted", _only),
    "projects.users.create": ("user.added", _data(role="role")),
    "projects.users.update": ("user.updated", _changes(role="role")),
    "projects.users.delete": ("user.deleted", _only),
    "projects.groups.create": ("role.assignment.created", _assignment),
    "projects.groups.delete": ("role.assignment.deleted", _assignment),
    "projects.rate_limits.update_rate_limit": (
        "rate_limit.updated",
        _changes(**dict(zip(_RATES, _RATES, strict=True))),
    ),
    "admin_api_keys.create": ("api_key.created", _data(scopes="scopes")),
    "admin_api_keys.delete": ("api_key.deleted", _only),
    "users.update": ("user.updated", _changes(role="role")),
    "users.delete": ("user.deleted", _only),
    "invites.create": ("invite.sent", _data(email="email", role="role")),
    "invites.delete": ("invite.deleted", _only),
    "groups.create": ("group.created", _data(group_name="name")),
    "groups.update": ("group.updated", _changes(group_name="name")),
    "groups.delete": ("group.deleted", _only),
    "certificates.create": ("certificate.created", _named),
    "certificates.update": ("certificate.updated", _named),
    "certificates.delete": ("certificate.deleted", _certificate_gone),
    "external_keys.create": ("external_key.registered", _sent("data")),
    "external_keys.delete": ("external_key.removed", _only),
    "external_storage.create": ("external_storage.registered", _storage),
    "external_storage.delete": ("external_storage.removed", _only),
    "workload_identity_providers.create": ("workload_identity_provider.created", _sent("data")),
    "workload_identity_providers.update": ("workload_identity_provider.updated", _sent("changes_requested")),
    "workload_identity_providers.delete": ("workload_identity_provider.deleted", _named),
}
_SETTINGS = (
    "data_retention.update", "spend_limit.update", "spend_limit.delete", "spend_alerts.create", "spend_alerts.update",
    "spend_alerts.delete",
)  # fmt: skip
_PROJECT_SETTINGS = (
    "hosted_tool_permissions.update", "model_permissions.update", "model_permissions.delete",
    "service_tier_settings.update",
)  # fmt: skip


def _federation(tell: Tell) -> Tell:
    return lambda call, answer, before: {
        **tell(call, answer, before),
        "identity_provider_id": call.params.get("workload_identity_provider_id"),
    }


def _rows() -> Iterator[tuple[str, tuple[str, Tell]]]:
    yield from ((f"{_ADMIN}{name}", row) for name, row in _ROWS.items())
    for scope in ("", "projects."):
        yield f"{_ADMIN}{scope}roles.create", ("role.created", _role)
        yield f"{_ADMIN}{scope}roles.update", ("role.updated", _role_changed)
        yield f"{_ADMIN}{scope}roles.delete", ("role.deleted", _only)
        for principal in ("users", "groups"):
            yield f"{_ADMIN}{scope}{principal}.roles.create", ("role.assignment.created", _assignment)
            yield f"{_ADMIN}{scope}{principal}.roles.delete", ("role.assignment.deleted", _assignment)
        for verb in ("activate", "deactivate"):
            yield f"{_ADMIN}{scope}certificates.{verb}", (f"certificates.{verb}d", _certificates)
        kind = "project.updated" if scope else "organization.updated"
        for setting in (*_SETTINGS, *(_PROJECT_SETTINGS if scope else ())):
            yield f"{_ADMIN}{scope}{setting}", (kind, _setting)
    rules = f"{_ADMIN}workload_identity_providers.federation_rules"
    for verb, tell in (("create", _sent("data")), ("update", _sent("changes_requested")), ("delete", _only)):
        yield f"{rules}.{verb}", (f"workload_identity_provider_mapping.{verb}d", _federation(tell))
    permissions = "fine_tuning.checkpoints.permissions"
    yield f"{permissions}.create", ("checkpoint.permission.created", _checkpoint)
    yield f"{permissions}.delete", ("checkpoint.permission.deleted", _only)


EVENTS: Mapping[str, tuple[str, Tell]] = dict(_rows())
"""The type of the event that an operation is, and what it tells, by the operation's name."""
