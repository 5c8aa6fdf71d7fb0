"""What every session of a mock starts with."""

from __future__ import annotations

from openai_mock.config.errors import ConfigErrors, Problem
from openai_mock.config.node import spelled
from openai_mock.config.plan import Plan
from openai_mock.engine.lifecycle import Policies
from openai_mock.engine.resource import changing_by_themselves
from openai_mock.engine.seeding import SeedError, Seeds
from openai_mock.engine.sessions import Sessions
from openai_mock.resources import every


def begin(sessions: Sessions, seeds: Seeds, plan: Plan, policies: Policies, *, now: int) -> None:
    """Let every session start with the plan's objects. Raises ConfigErrors for what the API does not have."""
    changing = changing_by_themselves(every()) if policies.named else []
    if unknown := policies.unknown(changing):
        sentence = f"nothing of this name changes by itself; there are {', '.join(changing)}"
        raise ConfigErrors([Problem(plan.source, 0, 0, f"lifecycle.{name}", sentence) for name in unknown])
    try:
        sessions.begin(lambda store: seeds.begin(store, plan.state, now=now))
    except SeedError as error:
        line, column = plan.state_places.get(error.at, (0, 0))
        raise ConfigErrors(
            [Problem(plan.source, line, column, spelled(("state", *error.at)), error.sentence)]
        ) from None
