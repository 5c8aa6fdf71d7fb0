"""A step of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_responses.stores import StateStore

__all__ = ["build_run_step"]


def build_run_step(partial: Mapping[str, Any]) -> Any:
    """A step, completed where `partial` says nothing."""
    state = StateStore()
    given = {"id": "step_example", "thread_id": "thread_example", "run_id": "run_example", **partial}
    state.beta.threads.runs.steps.put(given)
    return state.beta.threads.runs.steps.get(given["id"])
