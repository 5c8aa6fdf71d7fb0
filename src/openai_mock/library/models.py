"""Which models a mock lists."""

from __future__ import annotations

from openai_mock.config.plan import Plan
from openai_mock.resources.models import BUILT_IN, WITH_FLOWS


def models_of(plan: Plan) -> tuple[str, ...]:
    """The models that a plan lists or the built-in ones, and those that its answers name."""
    listed = plan.models or (WITH_FLOWS if plan.scripts else BUILT_IN)
    return tuple(dict.fromkeys((*listed, *plan.named_models)))
