"""Evals: the form of the data and the graders that all runs of one share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from openai_mock.engine.answers import Answer
from openai_mock.engine.collection import Collection
from openai_mock.engine.errors import ApiError
from openai_mock.engine.graders import check_grader
from openai_mock.engine.pages import listed_page, stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.resources.evals.rows import judge_of

evals = Resource("eval", keeps="evals.retrieve")
_UPDATED = "updated_at"
"""The name of the bytes beside an eval that hold when it was changed, and the number of that change."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[int, int]).decode
_TEXT: Mapping[str, Any] = {"type": "string"}
_SAMPLE: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "model": _TEXT,
        "output_text": _TEXT,
        "output_json": {"type": ["object", "array", "string", "number", "boolean", "null"]},
        "output_tools": {"type": "array", "items": {"type": "object"}},
        "choices": {"type": "array", "items": {"type": "object"}},
        "usage": {"type": "object"},
    },
    "required": ["model", "output_text", "choices"],
}
"""The form of the `sample` namespace."""
_LOGGED: Mapping[str, Any] = {
    "type": "object",
    "properties": {"input": {"type": "array"}, "metadata": {"type": "object"}, "model": _TEXT, "instructions": _TEXT},
    "required": ["input"],
}
"""The form of the `item` namespace where items are what was answered before."""


@evals.on("evals.create")
def create(call: Call) -> Answer:
    """Keep an eval. A grader that could never grade, or a schema that is none, is a 400."""
    body = call.body
    for index, grader in enumerate(body["testing_criteria"]):
        check_grader(grader, f"testing_criteria[{index}]")
    id_ = call.world.ids.hexadecimal("eval_")
    made: Object = {
        "object": "eval",
        "id": id_,
        "created_at": call.now,
        "name": body.get("name") or id_,
        "data_source_config": _config(body["data_source_config"]),
        "testing_criteria": [_criterion(call, each) for each in body["testing_criteria"]],
        "metadata": body.get("metadata") or {},
    }
    return call.create(made)


@evals.on("evals.update")
def update(call: Call) -> Answer:
    """Rename an eval or change its metadata."""
    body, known, kept = call.body, call.item, call.collection()
    metadata = body["metadata"] or {} if "metadata" in body else known["metadata"]
    changed = {**known, "name": body.get("name") or known["name"], "metadata": metadata}
    last = max(_changed(kept, item)[1] for _, item in call.store.list(kept.path))
    kept.put_content(call.id, _encode((call.now, last + 1)), _UPDATED)
    return kept.save(changed)


@evals.on("evals.list")
def list_evals(call: Call) -> Answer:
    """The evals by their creation, or by their last change, oldest first unless asked otherwise."""
    if call.query.get("order_by") != "updated_at":
        return stored_page(call, order="asc")
    kept = call.collection()
    found = call.store.list(kept.path)
    found.sort(key=lambda pair: _changed(kept, pair[1]))
    return listed_page(call, found, order="asc")


@evals.on("evals.delete")
def delete(call: Call) -> Answer:
    """Forget an eval with all its runs."""
    id_ = call.item["id"]
    call.collection().delete(id_)
    return {"object": "eval.deleted", "deleted": True, "eval_id": id_}


def _changed(kept: Collection, item: Object) -> tuple[int, int]:
    """When an eval was changed, and the number of that change among all; 0 for one that is as it was created."""
    held = kept.content(item["id"], _UPDATED)
    return (item["created_at"], 0) if held is None else _decode(held)


def _config(given: Mapping[str, Any]) -> Object:
    """The data source as an eval shows it: with the schema of an item and of what is said to it."""
    if given["type"] != "custom":
        return {
            "type": given["type"],
            "metadata": given.get("metadata") or {},
            "schema": _schema(_LOGGED, with_sample=True),
        }
    if judge_of(given["item_schema"]) is None:
        at = "data_source_config.item_schema"
        raise ApiError(400, f"Invalid '{at}': it is no valid JSON schema.", param=at, code="invalid_value")
    with_sample = bool(given.get("include_sample_schema"))
    return {"type": "custom", "schema": _schema(given["item_schema"], with_sample=with_sample)}


def _schema(item: Mapping[str, Any], *, with_sample: bool) -> Object:
    parts = {"item": dict(item), **({"sample": dict(_SAMPLE)} if with_sample else {})}
    return {"type": "object", "properties": parts, "required": [*parts]}


def _criterion(call: Call, grader: Mapping[str, Any]) -> Object:
    """A grader with the id under which runs report it."""
    drawn = call.world.ids.hexadecimal("")
    parts = (drawn[:8], drawn[8:12], drawn[12:16], drawn[16:20], drawn[20:])
    return {"id": f"{grader['name']}-{'-'.join(parts)}", **grader}
