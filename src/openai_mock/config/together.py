"""Two plans as one, for a mock that loads a file after another."""

from __future__ import annotations

import msgspec

from openai_mock.config.plan import Plan


def together(plan: Plan, more: Plan) -> Plan:
    """Both plans: rules, faults, webhooks and named models add up, else the later one counts if it says something."""
    usual = Plan()
    said = {name: value for name in Plan.__struct_fields__ if (value := getattr(more, name)) != getattr(usual, name)}
    added = {
        "scripts": (*plan.scripts, *more.scripts),
        "faults": (*plan.faults, *more.faults),
        "webhooks": (*plan.webhooks, *more.webhooks),
        "paces": msgspec.structs.replace(said.get("paces", plan.paces), rules={**plan.paces.rules, **more.paces.rules}),
        "named_models": tuple(dict.fromkeys((*plan.named_models, *more.named_models))),
    }
    return msgspec.structs.replace(plan, **{**said, **added})
