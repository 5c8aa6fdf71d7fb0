"""Fine-tuning jobs: a file is judged, a model seems to learn from it, and then exists.

Theory. What a request says is judged when the job is created, what a file says while it is `validating_files`, so a
wrong file fails the job, not the call. Nothing is trained: figures follow from the job's seed (`turns/learning.py`),
tokens are counted in the real file. What the file told (`Work`) waits beside the job until it ends. A job that is
resumed queues again, and its file is not judged twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError, UnknownIdError
from openai_mock.engine.graders import check_grader
from openai_mock.engine.headers import ORGANIZATION
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.model_object import TUNED, is_gone, kept_model
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.fine_tuning.outcome import (
    CHECKPOINTS,
    EVENTS,
    JOBS,
    hyperparameters_of,
    judged,
    learned,
    note,
    started,
    with_hyperparameters,
)
from openai_mock.turns.learning import asked_for

jobs = Resource(
    "fine_tuning.job",
    keeps=JOBS,
    lifecycle=Lifecycle(
        "validating_files -> queued -> running -> succeeded",
        moves=(
            "validating_files | queued | running | paused -> cancelled",
            "validating_files | queued | running -> paused",
            "paused -> queued",
        ),
        refusal="Fine-tuning job {id} has status '{status}' and cannot be {to}.",
    ),
)
_FILE_PURPOSE = "fine-tune"
_DATED: Mapping[str, str] = {
    "gpt-3.5-turbo": "gpt-3.5-turbo-0125",
    "gpt-4": "gpt-4-0613",
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
    "o4-mini": "o4-mini-2025-04-16",
}
"""The snapshots that are trained where a job names no snapshot."""
_UNTEACHABLE = (
    "text-embedding",
    "whisper",
    "tts-",
    "dall-e",
    "gpt-image",
    "sora",
    "omni-moderation",
    "text-moderation",
)
_LARGEST_SEED = 2**31 - 1


@jobs.on("fine_tuning.jobs.create")
def create(call: Call) -> Answer:
    """Take a job on."""
    body = call.body
    method = _method(body)
    model = _base(call)
    for name in ("training_file", "validation_file"):
        if body.get(name) is not None:
            _check_file(call, name)
    if body.get("validation_file") == body["training_file"]:
        words = "The training file and the validation file must not be the same."
        raise ApiError(400, words, param="validation_file", code="invalid_value")
    made = _job(call, model, method)
    files = f"training file: {made['training_file']}"
    if made["validation_file"]:
        files += f" and validation file: {made['validation_file']}"
    note(call, made["id"], f"Created fine-tuning job: {made['id']}", call.now)
    note(call, made["id"], f"Validating {files}", call.now)
    return call.create(made)


@jobs.on("fine_tuning.jobs.cancel")
def cancel(call: Call) -> Answer:
    """Stop a job; what it would have learned is lost."""
    return call.move(call.item, "cancelled")


@jobs.on("fine_tuning.jobs.pause")
def pause(call: Call) -> Answer:
    """Let a job stand still until it is resumed."""
    return call.move(call.item, "paused")


@jobs.on("fine_tuning.jobs.resume")
def resume(call: Call) -> Answer:
    """Queue a paused job again."""
    item = call.item
    if item["status"] != "paused":
        raise ApiError(400, f"Fine-tuning job {call.id} has status '{item['status']}' and cannot be resumed.")
    return call.move(item, "queued")


@jobs.on("fine_tuning.jobs.list_events")
def list_events(call: Call) -> Answer:
    """What happened to a job so far, newest first."""
    return stored_page(call, call.collection().below(call.item["id"], EVENTS))


@jobs.on("fine_tuning.jobs.checkpoints.list")
def list_checkpoints(call: Call) -> Answer:
    """The models that the last epochs of a job left, newest first."""
    return stored_page(call, call.collection().below(call.item["id"], CHECKPOINTS), limit=10)


@jobs.entering("queued")
def queue(call: Call, item: Object, at: int) -> Object:
    """The files are judged; what is wrong with them fails the job."""
    return judged(call, item, at)


@jobs.entering("running")
def run(call: Call, item: Object, at: int) -> Object:
    """What was left to be chosen is chosen now."""
    return started(call, item, at)


@jobs.entering("succeeded")
def succeed(call: Call, item: Object, at: int) -> Object:
    """The model exists, with its checkpoints and the file of its figures."""
    return learned(call, item, at)


@jobs.entering("paused")
def hold(call: Call, item: Object, at: int) -> Object:
    """Nothing is estimated any more."""
    note(call, item["id"], "Fine-tuning job paused", at)
    return {**item, "estimated_finish": None}


@jobs.entering("cancelled")
def stop(call: Call, item: Object, at: int) -> Object:
    """Nothing came of it."""
    note(call, item["id"], "Fine-tuning job cancelled", at)
    return {**item, "finished_at": at, "estimated_finish": None}


def _job(call: Call, model: str, method: Mapping[str, Any]) -> Object:
    """A job before anything was looked at."""
    body, seed = call.body, call.body.get("seed")
    return {
        "object": "fine_tuning.job",
        "id": call.world.ids.letters("ftjob-"),
        "model": model,
        "created_at": call.now,
        "finished_at": None,
        "fine_tuned_model": None,
        "organization_id": call.request.headers.get("openai-organization") or ORGANIZATION,
        "result_files": [],
        "status": "validating_files",
        "validation_file": body.get("validation_file"),
        "training_file": body["training_file"],
        "hyperparameters": hyperparameters_of(method) if method["type"] == "supervised" else {},
        "trained_tokens": None,
        "error": None,
        "user_provided_suffix": body.get("suffix"),
        "seed": _seed(call) if seed is None else seed,
        "estimated_finish": None,
        "integrations": [_integration(each) for each in body.get("integrations") or ()],
        "metadata": body.get("metadata"),
        "method": method,
    }


def _method(body: Mapping[str, Any]) -> dict[str, Any]:
    """The method with all its hyperparameters. Raises a 400 for a grader that is missing or makes no sense."""
    given = body.get("method") or {"type": "supervised"}
    kind = given["type"]
    settings = given.get(kind) or {}
    older = body.get("hyperparameters") if kind == "supervised" else None
    if kind == "reinforcement":
        if settings.get("grader") is None:
            at = "method.reinforcement.grader"
            words = f"Missing required parameter: '{at}'."
            raise ApiError(400, words, param=at, code="missing_required_parameter")
        check_grader(settings["grader"], "method.reinforcement.grader")
    asked = asked_for(kind, {**(older or {}), **(settings.get("hyperparameters") or {})})
    return with_hyperparameters({"type": kind, kind: settings}, asked)


def _base(call: Call) -> str:
    """The model that is trained. Raises the 400 for one that cannot be."""
    world, model = call.world, call.model
    known = model in world.models or kept_model(call.store, model) is not None
    if (
        model.startswith(_UNTEACHABLE)
        or (world.strict_models and not known)
        or (model.startswith(TUNED) and is_gone(call.store, model))
    ):
        words = f"Model {model} is not available for fine-tuning or does not exist."
        raise ApiError(400, words, code="model_not_available")
    return _DATED.get(model, model)


def _check_file(call: Call, name: str) -> None:
    """Raise a 400 for a file that does not exist or has another purpose."""
    id_ = call.body[name]
    file = call.collection("files.retrieve").find(id_)
    if file is None:
        raise UnknownIdError(400, f"invalid {name}: {id_}", param=name)
    if file["purpose"] != _FILE_PURPOSE:
        words = (
            f"Invalid '{name}': expected a file with purpose '{_FILE_PURPOSE}', but got '{file['purpose']}' instead."
        )
        raise ApiError(400, words, param=name, code="invalid_value")


def _seed(call: Call) -> int:
    return int(call.world.ids.hexadecimal("", 8), 16) & _LARGEST_SEED


def _integration(given: Mapping[str, Any]) -> Object:
    wandb = {"entity": None, "name": None, "tags": None, **given["wandb"]}
    return {"type": given["type"], "wandb": wandb}
