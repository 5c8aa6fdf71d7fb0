"""Rate limits of a project: one for each model, with defaults until it is updated; an update is kept to from then on.

Theory. Defaults are announced and limit nobody, as everywhere in the mock. What an update says counts: the request that
exceeds it gets OpenAI's 429.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.collection import Collection
from openai_mock.engine.errors import ApiError, unknown_id
from openai_mock.engine.limits import Rates
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.admin.founding import PROJECTS

rate_limits = Resource("rate_limit", keeps=PROJECTS)
_PATH = "/organization/projects/{project_id}/rate_limits"
_PREFIX = "rl-"
_LIMIT = 100
_DEFAULTS: Mapping[str, tuple[int, int, Mapping[str, int]]] = {
    "*audio*": (3_000, 250_000, {"max_audio_megabytes_per_1_minute": 100}),
    "tts*": (500, 1_000_000, {"max_audio_megabytes_per_1_minute": 100}),
    "whisper*": (500, 1_000_000, {"max_audio_megabytes_per_1_minute": 100}),
    "*transcribe*": (3_000, 1_000_000, {"max_audio_megabytes_per_1_minute": 100}),
    "dall-e*": (500, 1_000_000, {"max_images_per_1_minute": 500}),
    "*image*": (500, 1_000_000, {"max_images_per_1_minute": 250}),
    "*moderation*": (1_000, 150_000, {"max_requests_per_1_day": 10_000}),
    "text-embedding*": (10_000, 10_000_000, {"batch_1_day_max_input_tokens": 500_000_000}),
    "gpt-3.5*": (10_000, 50_000_000, {"batch_1_day_max_input_tokens": 10_000_000_000}),
    "*": (10_000, 30_000_000, {"batch_1_day_max_input_tokens": 5_000_000_000}),
}
"""Requests and tokens per minute, and what only some models have, by a pattern of the model."""
_OPTIONAL = (
    "max_images_per_1_minute", "max_audio_megabytes_per_1_minute", "max_requests_per_1_day",
    "batch_1_day_max_input_tokens",
)  # fmt: skip


@rate_limits.on("admin.organization.projects.rate_limits.list_rate_limits")
def list_limits(call: Call) -> Answer:
    """The limits of every model the mock lists, and of those that were updated beside them."""
    updated = (id_.removeprefix(_PREFIX) for id_, _ in call.store.list(_updates(call).path))
    models = dict.fromkeys((*call.world.models, *updated))
    query, every = call.query, [_limit(call, model) for model in models]
    ids = [each["id"] for each in every]
    first, last = 0, len(every)
    if query.get("after"):
        first = _place(ids, "after", query["after"]) + 1
    if query.get("before"):
        last = _place(ids, "before", query["before"])
    limit = _LIMIT if query.get("limit") is None else query["limit"]
    if query.get("before"):
        first = max(first, last - limit)
    shown = every[first:last][:limit]
    more = first > 0 if query.get("before") else last - first > limit
    ends = {"first_id": shown[0]["id"] if shown else None, "last_id": shown[-1]["id"] if shown else None}
    return {"object": "list", "data": shown, **ends, "has_more": more}


def _place(ids: list[str], name: str, cursor: str) -> int:
    if cursor in ids:
        return ids.index(cursor)
    message = f"Invalid '{name}': no object with the id '{cursor}' is in this list."
    raise ApiError(400, message, param=name, code="invalid_value")


def _limit(call: Call, model: str) -> Object:
    """The limit of a model in the project of the call."""
    requests, tokens, more = next(made for pattern, made in _DEFAULTS.items() if fnmatchcase(model, pattern))
    return {
        "object": "project.rate_limit",
        "id": f"{_PREFIX}{model}",
        "model": model,
        "max_requests_per_1_minute": requests,
        "max_tokens_per_1_minute": tokens,
        **more,
        **(_updates(call).find(f"{_PREFIX}{model}") or {}),
    }


def _updates(call: Call) -> Collection:
    return Collection(call, _PATH, _PATH.format(project_id=call.params["project_id"]), None)


@rate_limits.on("admin.organization.projects.rate_limits.update_rate_limit")
def update(call: Call) -> Answer:
    """Limit a model in the project otherwise, from the next request on: any model that answers."""
    id_ = call.params["rate_limit_id"]
    model = id_.removeprefix(_PREFIX)
    if model == id_ or (call.world.strict_models and model not in call.world.models):
        raise unknown_id(_PATH, id_, dict(call.params))
    known = _limit(call, model)
    sent = {key: value for key, value in call.body.items() if value is not None}
    _check(sent, known)
    updates = _updates(call)
    told = updates.save({**(updates.find(id_) or {}), **sent}, id_)
    if call.world.project_rates is not None:
        rates = Rates(
            requests_per_minute=told.get("max_requests_per_1_minute"),
            tokens_per_minute=told.get("max_tokens_per_1_minute"),
            requests_per_day=told.get("max_requests_per_1_day"),
        )
        call.world.project_rates.tell(call.session, call.params["project_id"], model, rates)
    return {**known, **sent}


def _check(sent: Mapping[str, Any], known: Object) -> None:
    """Refuse a limit that the model has not, and one below nothing."""
    for name, value in sent.items():
        if name in _OPTIONAL and name not in known:
            words = f"The model '{known['model']}' has no limit '{name}'."
            raise ApiError(400, words, param=name, code="invalid_value")
        if value < 0:
            words = f"Invalid '{name}': integer below minimum value. Expected a value >= 0, but got {value} instead."
            raise ApiError(400, words, param=name, code="integer_below_min_value")
