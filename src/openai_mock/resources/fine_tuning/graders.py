"""Graders by themselves: whether one makes sense, and what it says about a sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from openai_mock.engine.answers import Answer
from openai_mock.engine.graders import check_grader, grade, namespaces
from openai_mock.engine.resource import Call, Resource

graders = Resource("grader")
_FLAGS = (
    "formula_parse_error", "invalid_variable_error", "model_grader_parse_error", "model_grader_refusal_error",
    "model_grader_server_error", "other_error", "python_grader_runtime_error", "python_grader_server_error",
    "sample_parse_error", "truncated_observation_error", "unresponsive_reward_error",
)  # fmt: skip
_DETAILS = {
    "model_grader_server_error_details": "model_grader_server_error",
    "python_grader_runtime_error_details": "python_grader_runtime_error",
    "python_grader_server_error_type": "python_grader_server_error",
}
"""The flags whose sentence is told."""


@graders.on("fine_tuning.alpha.graders.validate")
def validate(call: Call) -> Answer:
    """The grader, where it could grade, else the 400 that says why not."""
    check_grader(call.body["grader"], "grader")
    return {"grader": call.body["grader"]}


@graders.on("fine_tuning.alpha.graders.run")
def run(call: Call) -> Answer:
    """The reward of a sample. What goes wrong while it is graded is told in flags."""
    grader = call.body["grader"]
    check_grader(grader, "grader")
    began = call.world.clock.elapsed()
    found = grade(call, grader, namespaces(call.body.get("item"), {"output_text": call.body["model_sample"]}))
    kind, words = found.error or ("", None)
    errors: dict[str, bool | str | None] = {flag: flag == kind for flag in _FLAGS}
    errors |= {name: words if flag == kind else None for name, flag in _DETAILS.items()}
    used = _used(found.models)
    return {
        "reward": found.score,
        "metadata": {
            "name": grader["name"],
            "type": grader["type"],
            "errors": errors,
            "execution_time": call.world.clock.elapsed() - began,
            "scores": dict(found.parts),
            "token_usage": sum(used.values()) if used else None,
            "sampled_model_name": found.models[0][0] if found.models else None,
        },
        "sub_rewards": dict(found.parts),
        "model_grader_token_usage_per_model": used,
    }


def _used(models: Iterable[tuple[str, Mapping[str, int]]]) -> dict[str, int]:
    """The tokens that each judging model used."""
    used: dict[str, int] = {}
    for name, usage in models:
        used[name] = used.get(name, 0) + usage["total_tokens"]
    return used
