"""Runs of an eval: every row asked and graded for real, through the whole mock.

Theory. The data is judged when the run comes to be `in_progress`: what is wrong with it fails the run before anything
was asked. The rows are asked and graded, all at once, when the run is `completed`, with the credentials and the session
of whoever looks at it then; a run that is cancelled before has asked nothing. Output items lie below the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from openai_mock.engine.answers import Answer
from openai_mock.engine.collection import Collection
from openai_mock.engine.errors import ApiError
from openai_mock.engine.headers import PROJECT
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.pages import filters, stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.evals.grading import Outcome, name_of, outcome_of
from openai_mock.resources.evals.rows import RowError, rows_of

_RUNS, _EVALS = "evals.runs.retrieve", "evals.retrieve"
"""Operations that name the collections."""
_ITEMS = "output_items"
_STATUSES: Mapping[str, str] = {"errored": "error", "failed": "fail", "passed": "pass"}
"""The statuses of output items, by what a run counts them as."""
eval_runs = Resource(
    "eval.run",
    keeps=_RUNS,
    lifecycle=Lifecycle(
        "queued -> in_progress -> completed",
        moves=("queued | in_progress -> canceled",),
        refusal="Cannot cancel an eval run with status '{status}'.",
    ),
)


@eval_runs.on("evals.runs.create")
def create(call: Call) -> Answer:
    """Queue a run."""
    evaluated = call.collection(_EVALS).get(call.params["eval_id"])
    source, id_ = call.body["data_source"], call.world.ids.hexadecimal("evalrun_")
    _check(call, source)
    made: Object = {
        "object": "eval.run",
        "id": id_,
        "eval_id": evaluated["id"],
        "report_url": _report(evaluated["id"], id_),
        "status": "queued",
        "model": source.get("model") or "",
        "name": call.body.get("name") or id_,
        "created_at": call.now,
        "result_counts": {"total": 0, "errored": 0, "failed": 0, "passed": 0},
        "per_model_usage": [],
        "per_testing_criteria_results": [],
        "data_source": source,
        "error": None,
        "metadata": call.body.get("metadata") or {},
    }
    return call.create(made)


@eval_runs.on("evals.runs.cancel")
def cancel(call: Call) -> Answer:
    """Stop a run; nothing more is asked."""
    return call.move(call.item, "canceled")


@eval_runs.on("evals.runs.delete")
def delete(call: Call) -> Answer:
    """Forget a run with its output items."""
    id_ = call.item["id"]
    call.collection().delete(id_)
    return {"object": "eval.run.deleted", "deleted": True, "run_id": id_}


@eval_runs.on("evals.runs.output_items.list")
def list_output_items(call: Call) -> Answer:
    """What a run found, row by row."""
    kept = _items(call, call.item)
    return stored_page(call, kept, order="asc", where=filters(call.query))


@eval_runs.on("evals.runs.output_items.retrieve")
def retrieve_output_item(call: Call) -> Answer:
    """What a run found about one row."""
    return _items(call, call.item).get(call.params["output_item_id"])


@eval_runs.entering("in_progress")
def begin(call: Call, item: Object, at: int) -> Object:  # noqa: ARG001 - a hook is told when
    """The data is read; what is wrong with it fails the run."""
    try:
        total = len(rows_of(call, item["data_source"]["source"], _eval(call, item)["data_source_config"]))
    except RowError as error:
        return {**item, "status": "failed", "error": {"code": error.code, "message": error.message}}
    return {**item, "result_counts": {**item["result_counts"], "total": total}}


@eval_runs.entering("completed")
def finish(call: Call, item: Object, at: int) -> Object:
    """Every row is asked and graded."""
    evaluated, source = _eval(call, item), item["data_source"]
    criteria = evaluated["testing_criteria"]
    try:
        rows = rows_of(call, source["source"], evaluated["data_source_config"])
    except RowError as error:
        return {**item, "status": "failed", "error": {"code": error.code, "message": error.message}}
    kept = _items(call, item)
    outcomes: list[Outcome] = []
    for number, row in enumerate(rows):
        found = outcome_of(call, row, source, criteria)
        ids = {
            "object": "eval.run.output_item",
            "id": call.world.ids.hexadecimal("outputitem_"),
            "created_at": at,
            "run_id": item["id"],
            "eval_id": item["eval_id"],
            "datasource_item_id": number,
        }
        kept.create({**ids, **found.item})
        outcomes.append(found)
    return {
        **item,
        "result_counts": _counts([each.item for each in outcomes]),
        "per_model_usage": _usage(used for each in outcomes for used in each.models),
        "per_testing_criteria_results": _per_criterion([name_of(each) for each in criteria], outcomes),
    }


def _check(call: Call, source: Mapping[str, Any]) -> None:
    """Raise OpenAI's errors for a source that names no file, or samples without a model or without messages."""
    if source["source"]["type"] == "file_id":
        call.collection("files.retrieve").get(source["source"]["id"])
    if source["type"] == "jsonl":
        return
    asks = source.get("input_messages") is not None
    logged = source["source"]["type"] in {"stored_completions", "responses"}
    missing = "model" if asks and not source.get("model") else ""
    if source.get("model") and not asks and not logged:
        missing = "input_messages"
    if missing:
        at = f"data_source.{missing}"
        words = f"Missing required parameter: '{at}'."
        raise ApiError(400, words, param=at, code="missing_required_parameter")


def _eval(call: Call, item: Object) -> Object:
    return call.collection(_EVALS).get(item["eval_id"])


def _items(call: Call, item: Object) -> Collection:
    return call.collection(_RUNS, eval_id=item["eval_id"]).below(item["id"], _ITEMS)


def _report(eval_id: str, run_id: str) -> str:
    query = urlencode({"project_id": PROJECT, "run_id": run_id})
    return f"https://platform.openai.com/evaluations/{eval_id}?{query}"


def _counts(items: Iterable[Object]) -> dict[str, int]:
    found = [item["status"] for item in items]
    counts = {name: found.count(status) for name, status in _STATUSES.items()}
    return {"total": len(found), **counts}


def _per_criterion(names: Iterable[str], outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """How many rows passed each criterion; one that could not grade a row counts it as neither."""
    found = Counter(
        (result["name"], result["passed"])
        for each in outcomes
        for result in each.item["results"]
        if "error" not in (result["sample"] or {})
    )
    return [{"testing_criteria": name, "passed": found[name, True], "failed": found[name, False]} for name in names]


def _usage(models: Iterable[tuple[str, Mapping[str, int]]]) -> list[dict[str, Any]]:
    """What each model used, in the order of its first use."""
    found: dict[str, dict[str, Any]] = {}
    for name, usage in models:
        total = found.setdefault(name, {"model_name": name, "invocation_count": 0, **dict.fromkeys(usage, 0)})
        total["invocation_count"] += 1
        for key, value in usage.items():
            total[key] += value
    return [*found.values()]
