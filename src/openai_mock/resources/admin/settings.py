"""Settings of the organization and of each project: one object at one address, with defaults until it is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.collection import Collection
from openai_mock.engine.errors import ApiError
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.admin.costs import spent_this_month
from openai_mock.resources.admin.founding import PROJECTS
from openai_mock.resources.admin.wording import missing

_ADMIN, _PROJECT = "admin.organization.", "admin.organization.projects."
_TOOLS = ("code_interpreter", "file_search", "image_generation", "mcp", "web_search")
_RULES = f"{_ADMIN}workload_identity_providers.federation_rules.list"
_CENT = 100
settings = Resource("setting", keeps=PROJECTS)


def _kept(call: Call) -> Collection:
    """Where the settings of the call's project, or of the organization, are kept."""
    id_ = call.params.get("project_id")
    path = "/organization/settings" if id_ is None else f"/organization/projects/{id_}/settings"
    return Collection(call, path, path, None)


def _scope(call: Call) -> str:
    return "project" if "project_id" in call.params else "organization"


@settings.on(f"{_ADMIN}data_retention.retrieve")
@settings.on(f"{_PROJECT}data_retention.retrieve")
def retention(call: Call) -> Answer:
    """How data is retained; a project does as the organization does."""
    default = "organization_default" if _scope(call) == "project" else "modified_abuse_monitoring"
    known = _kept(call).find("data_retention") or {"type": default}
    return {"object": f"{_scope(call)}.data_retention", **known}


@settings.on(f"{_ADMIN}data_retention.update")
@settings.on(f"{_PROJECT}data_retention.update")
def retain(call: Call) -> Answer:
    """Retain data otherwise."""
    _kept(call).save({"type": call.body["retention_type"]}, "data_retention")
    return retention(call)


@settings.on(f"{_PROJECT}hosted_tool_permissions.retrieve")
def tools(call: Call) -> Answer:
    """Which hosted tools the project may use: all of them, unless some are switched off."""
    return {tool: {"enabled": True} for tool in _TOOLS} | (_kept(call).find("tools") or {})


@settings.on(f"{_PROJECT}hosted_tool_permissions.update")
def permit_tools(call: Call) -> Answer:
    """Switch some of the tools on or off; the others stay."""
    changes = {tool: call.body[tool] for tool in _TOOLS if call.body.get(tool) is not None}
    _kept(call).save((_kept(call).find("tools") or {}) | changes, "tools")
    return tools(call)


@settings.on(f"{_PROJECT}model_permissions.retrieve")
def models(call: Call) -> Answer:
    """Which models the project may use: without a policy, none is denied."""
    known = _kept(call).find("models") or {"mode": "deny_list", "model_ids": []}
    return {"object": "project.model_permissions", **known}


@settings.on(f"{_PROJECT}model_permissions.update")
def permit_models(call: Call) -> Answer:
    """Replace the policy."""
    _kept(call).save({"mode": call.body["mode"], "model_ids": call.body["model_ids"]}, "models")
    return models(call)


@settings.on(f"{_PROJECT}model_permissions.delete")
def forget_models(call: Call) -> Answer:
    """Be without a policy again."""
    return {"object": "project.model_permissions.deleted", "deleted": _kept(call).delete("models")}


@settings.on(f"{_PROJECT}service_tier_settings.retrieve")
def tiers(call: Call) -> Answer:
    """The tier of requests that name none, and the tiers beyond the standard one."""
    known = _kept(call).find("tiers") or {}
    return {"object": "project.service_tier_settings", "default": "standard", "enabled_tiers": "all", **known}


@settings.on(f"{_PROJECT}service_tier_settings.update")
def set_tiers(call: Call) -> Answer:
    """Change at least one of the two."""
    changes = {key: call.body[key] for key in ("default", "enabled_tiers") if call.body.get(key) is not None}
    if not changes:
        raise missing("default")
    _kept(call).save({**(_kept(call).find("tiers") or {}), **changes}, "tiers")
    return tiers(call)


@settings.on(f"{_ADMIN}spend_limit.retrieve")
@settings.on(f"{_PROJECT}spend_limit.retrieve")
def spend_limit(call: Call) -> Answer:
    """The hard limit, and whether this month's costs have come to it; 404 where there is none."""
    return _limit(call, _known_limit(call))


def _known_limit(call: Call) -> Object:
    known = _kept(call).find("spend_limit")
    if known is None:
        raise ApiError(404, f"No spend limit is set for this {_scope(call)}.", code="not_found")
    return known


def _limit(call: Call, known: Mapping[str, Any]) -> Object:
    spent = spent_this_month(call, call.params.get("project_id"))
    reached = spent * _CENT >= known["threshold_amount"]
    return {
        "object": f"{_scope(call)}.spend_limit",
        **known,
        "enforcement": {"status": "enforcing" if reached else "inactive"},
    }


@settings.on(f"{_ADMIN}spend_limit.update")
@settings.on(f"{_PROJECT}spend_limit.update")
def set_spend_limit(call: Call) -> Answer:
    """Set or replace the hard limit."""
    known = {key: call.body[key] for key in ("currency", "interval", "threshold_amount")}
    return _limit(call, _kept(call).save(known, "spend_limit"))


@settings.on(f"{_ADMIN}spend_limit.delete")
@settings.on(f"{_PROJECT}spend_limit.delete")
def forget_spend_limit(call: Call) -> Answer:
    """Be without a hard limit again."""
    _known_limit(call)
    return {"object": f"{_scope(call)}.spend_limit.deleted", "deleted": _kept(call).delete("spend_limit")}


@settings.on(f"{_ADMIN}workload_identity_providers.delete")
def delete_provider(call: Call) -> Answer:
    """Forget an identity provider, once its federation rules are gone."""
    known = call.item
    rules = call.collection(_RULES)
    if call.store.count(rules.path):
        words = "Delete the federation rules of the provider first."
        raise ApiError(400, words, code="provider_in_use")
    call.collection().delete(known["id"])
    return {"object": "organization.workload_identity_provider.deleted", "id": known["id"], "deleted": True}
