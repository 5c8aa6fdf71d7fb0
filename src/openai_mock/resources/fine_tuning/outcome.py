"""What becomes of a fine-tuning job: its files judged, its figures, checkpoints, result file and model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any

import msgspec
from msgspec import Struct

from openai_mock.engine.file_object import file_content, keep_file
from openai_mock.engine.model_object import TUNED, keep_model
from openai_mock.engine.resource import Call
from openai_mock.engine.store import Object
from openai_mock.turns.learning import Point, asked_for, chosen, curve, steps_of
from openai_mock.turns.training import Dataset, DatasetError, dataset

JOBS = "fine_tuning.jobs.retrieve"
"""The operation that names the collection."""
EVENTS, CHECKPOINTS = "events", "checkpoints"
"""What lies below a job."""
_WORK = "work"
"""The name of the bytes beside a job that hold its `Work`."""
_NOTED, _EPOCHS_KEPT = 100, 3
"""The most steps that have an event, and the epochs whose checkpoints are kept."""
_ODD = re.compile(r"[^A-Za-z0-9_-]+")
_encode = msgspec.json.Encoder().encode


class Work(Struct, frozen=True):
    """What a job knows from its files, and when it was queued and began to run."""

    tokens: int
    examples: int
    queued_at: int
    started_at: int = 0


_decode = msgspec.json.Decoder(Work).decode


def note(
    call: Call, id_: str, message: str, at: int, *, level: str = "info", data: Mapping[str, Any] | None = None
) -> None:
    """Add an event to a job; with `data` it is one of its metrics."""
    event: Object = {
        "object": "fine_tuning.job.event",
        "id": call.world.ids.letters("ftevent-"),
        "created_at": at,
        "level": level,
        "message": message,
        "data": {} if data is None else data,
        "type": "message" if data is None else "metrics",
    }
    call.collection(JOBS).below(id_, EVENTS).create(event)


def hyperparameters_of(method: Mapping[str, Any]) -> Mapping[str, Any]:
    """The hyperparameters of a job's method."""
    found: Mapping[str, Any] = method[method["type"]]["hyperparameters"]
    return found


def with_hyperparameters(method: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A method with these hyperparameters."""
    kind = method["type"]
    return {**method, kind: {**method[kind], "hyperparameters": dict(given)}}


def _method(item: Object) -> dict[str, Any]:
    """The method of a job, with hyperparameters also where an object that was put there leaves them out."""
    given = item.get("method") or {"type": "supervised"}
    kind = given["type"]
    settings = given.get(kind) or {}
    known = settings.get("hyperparameters") or item.get("hyperparameters") or {}
    return with_hyperparameters({"type": kind, kind: settings}, asked_for(kind, known))


def judged(call: Call, item: Object, at: int) -> Object:
    """The job in the queue, or failed by one of its files."""
    work = _work(call, item)
    if work is not None:
        note(call, item["id"], "Fine-tuning job resumed", at)
        _keep(call, item, msgspec.structs.replace(work, queued_at=at))
        return item
    try:
        training = _dataset(call, item, "training")
        held = _dataset(call, item, "validation") if item.get("validation_file") else None
    except _FailedError as failed:
        note(call, item["id"], failed.error["message"], at, level="error")
        return {**item, "status": "failed", "finished_at": at, "error": failed.error}
    shared = len(training.marks & held.marks) if held else 0
    if shared:
        words = f"{shared} example(s) of the validation file are in the training file too"
        note(call, item["id"], words, at, level="warn")
    note(call, item["id"], "Files validated, moving job to queued state", at)
    _keep(call, item, Work(sum(training.tokens), len(training.tokens), at))
    return item


def started(call: Call, item: Object, at: int) -> Object:
    """The job with every hyperparameter chosen and an estimate of its end."""
    work = _work(call, item) or Work(0, 1, at)
    method = _method(item)
    method = with_hyperparameters(
        method, chosen(hyperparameters_of(method), examples=work.examples, model=item["model"])
    )
    _keep(call, item, msgspec.structs.replace(work, started_at=at))
    note(call, item["id"], "Fine-tuning job started", at)
    shown = hyperparameters_of(method) if method["type"] == "supervised" else {}
    return {**item, "method": method, "hyperparameters": shown, "estimated_finish": _estimate(call, work, method, at)}


def learned(call: Call, item: Object, at: int) -> Object:
    """The job at its end."""
    work = _work(call, item) or Work(0, 1, at, at)
    method = _method(item)
    known, rewards = hyperparameters_of(method), method["type"] == "reinforcement"
    steps = steps_of(work.examples, known)
    points = curve(item.get("seed") or 0, steps, validated=bool(item.get("validation_file")), rewards=rewards)
    model = _name(call, item)
    _note_points(call, item, points, steps, work.started_at, at, rewards=rewards)
    _keep_checkpoints(call, item, points, model, at, epochs=int(known["n_epochs"]), rewards=rewards)
    keep_model(call.store, model, created=at, owner=item["organization_id"])
    note(call, item["id"], f"New fine-tuned model created: {model}", at)
    table = "".join(_table(points, rewards=rewards)).encode()
    file = keep_file(call, table, filename="step_metrics.csv", purpose="fine-tune-results", now=at)
    note(call, item["id"], "The job has successfully completed", at)
    call.collection(JOBS).put_content(item["id"], None, _WORK)
    return {
        **item,
        "fine_tuned_model": model,
        "finished_at": at,
        "estimated_finish": None,
        "trained_tokens": work.tokens * int(known["n_epochs"]),
        "result_files": [file["id"]],
    }


class _FailedError(Exception):
    """A file fails the job; `error` is what the job shows."""

    def __init__(self, code: str, message: str, param: str) -> None:
        super().__init__(message)
        self.error: Object = {"code": code, "message": message, "param": param}


def _dataset(call: Call, item: Object, kind: str) -> Dataset:
    param = f"{kind}_file"
    content = file_content(call, item[param])
    if content is None:
        raise _FailedError(f"invalid_{param}", f"invalid {param}: {item[param]}", param)
    try:
        return dataset(content, file_id=item[param], method=_method(item)["type"], model=item["model"], kind=kind)
    except DatasetError as error:
        raise _FailedError(error.code, error.message, param) from None


def _estimate(call: Call, work: Work, method: Mapping[str, Any], at: int) -> int:
    """When the job ends: by the clock after as long again as it was queued, else a second after each step."""
    jobs = call.collection(JOBS)
    kept = call.world.kept.get(jobs.template)
    if kept is not None and kept.policy.kind == "seconds":
        return at + (at - work.queued_at)
    return at + steps_of(work.examples, hyperparameters_of(method))


def _name(call: Call, item: Object) -> str:
    """The name of the new model. One that was made of a tuned model is named after the base of both."""
    base = item["model"].split(":")[1] if item["model"].startswith(TUNED) and ":" in item["model"] else item["model"]
    owner = _ODD.sub("-", item["organization_id"].removeprefix("org-"))
    suffix = _ODD.sub("-", item.get("user_provided_suffix") or "")
    return f"{TUNED}{base}:{owner}:{suffix}:{call.world.ids.letters('', 8)}"


def _note_points(
    call: Call, item: Object, points: Sequence[Point], steps: int, since: int, at: int, *, rewards: bool
) -> None:
    """An event for each of at most a hundred points, at times that are spread over the run."""
    stride = max(1, ceil(len(points) / _NOTED))
    for point in reversed(points[::-1][::stride]):
        valid = "" if point.valid_loss is None else f", validation loss={point.valid_loss:.2f}"
        words = f"Step {point.step}/{steps}: training loss={point.loss:.2f}{valid}"
        if rewards:
            words = f"Step {point.step}/{steps}: train mean reward={point.loss:.2f}"
        figures = {**_figures(point, rewards=rewards), "total_steps": steps}
        note(call, item["id"], words, since + (at - since) * point.step // steps, data=figures)


def _figures(point: Point, *, rewards: bool) -> dict[str, float]:
    found: dict[str, float | None] = {
        "step": point.step,
        "train_loss": point.loss,
        "train_mean_token_accuracy": point.accuracy,
        "valid_loss": point.valid_loss,
        "valid_mean_token_accuracy": point.valid_accuracy,
    }
    if rewards:
        found = {"step": point.step, "train_mean_reward": point.loss, "valid_mean_reward": point.valid_loss}
    return {name: value for name, value in found.items() if value is not None}


def _keep_checkpoints(
    call: Call, item: Object, points: Sequence[Point], model: str, at: int, *, epochs: int, rewards: bool
) -> None:
    """A checkpoint for each of the last epochs; the last one is the model itself."""
    steps = points[-1].step
    kept = call.collection(JOBS).below(item["id"], CHECKPOINTS)
    ends = {ceil(steps * epoch / epochs) for epoch in range(max(1, epochs - _EPOCHS_KEPT + 1), epochs + 1)}
    for step in sorted(ends):
        point = next(each for each in points if each.step >= step)
        name = model if step == steps else f"{model}:ckpt-step-{step}"
        metrics = _figures(point, rewards=rewards)
        if point.valid_loss is not None and not rewards:
            full = {"full_valid_loss": point.valid_loss, "full_valid_mean_token_accuracy": point.valid_accuracy}
            metrics = {**metrics, **{key: value for key, value in full.items() if value is not None}}
        made: Object = {
            "object": "fine_tuning.job.checkpoint",
            "id": call.world.ids.letters("ftckpt_"),
            "created_at": at,
            "fine_tuned_model_checkpoint": name,
            "fine_tuning_job_id": item["id"],
            "metrics": {**metrics, "step": step},
            "step_number": step,
        }
        kept.create(made)
        if step < steps:
            keep_model(call.store, name, created=at, owner=item["organization_id"])
            note(call, item["id"], f"Checkpoint created at step {step} with Snapshot ID: {name}", at)


def _table(points: Sequence[Point], *, rewards: bool) -> Iterator[str]:
    """The result file: a line for each point."""
    if rewards:
        yield "step,train_mean_reward,valid_mean_reward\n"
        yield from (f"{each.step},{each.loss},{_cell(each.valid_loss)}\n" for each in points)
        return
    yield "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n"
    for each in points:
        yield f"{each.step},{each.loss},{each.accuracy},{_cell(each.valid_loss)},{_cell(each.valid_accuracy)}\n"


def _cell(value: float | None) -> str:
    return "" if value is None else str(value)


def _work(call: Call, item: Object) -> Work | None:
    held = call.collection(JOBS).content(item["id"], _WORK)
    return None if held is None else _decode(held)


def _keep(call: Call, item: Object, work: Work) -> None:
    call.collection(JOBS).put_content(item["id"], _encode(work), _WORK)
