"""One row of a run: the model is asked about it where the run samples, and what was said is graded and written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from openai_mock.engine.asking import CHAT, RESPONSES, Asked, asked, usage_of
from openai_mock.engine.graders import Grade, grade, namespaces
from openai_mock.engine.resource import Call
from openai_mock.engine.store import Object
from openai_mock.resources.evals.rows import Row
from openai_mock.turns.templates import TemplateError, UnknownVariableError, filled_within, for_chat, looked_up

_SHOWN: Mapping[str, Any] = {"temperature": 1.0, "max_completion_tokens": 2048, "top_p": 1.0, "seed": 42}
"""The sampling parameters that an output item shows, with what they are where a run leaves them out."""


class Outcome(Struct, frozen=True):
    """An output item without its ids, and every use of a model on the way: its name and its counts."""

    item: Object
    models: Sequence[tuple[str, Mapping[str, int]]]


def outcome_of(call: Call, row: Row, source: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]]) -> Outcome:
    """Sample and grade one row. Nothing that goes wrong is raised: it makes the item an `error`."""
    models: list[tuple[str, Mapping[str, int]]] = []
    messages: list[dict[str, Any]] = _said_before(row.item)
    sample, said = dict(row.sample or {}), _before(row.sample or {})
    if source.get("input_messages") is not None:
        try:
            messages = _messages(source["input_messages"], row)
            said = _sampled(call, source, messages)
        except TemplateError as error:
            said = Asked(error=("invalid_variable", str(error)))
        if said.error is None:
            models.append((said.model or source["model"], said.usage))
            sample = _sample(said)
    grades: list[tuple[Mapping[str, Any], Grade]] = []
    if said.error is None:
        variables = namespaces(row.item, sample)
        grades = [(criterion, grade(call, criterion, variables)) for criterion in criteria]
    models += [used for _, each in grades for used in each.models]
    errored = said.error is not None or any(each.error for _, each in grades)
    passed = all(each.passed for _, each in grades)
    item: Object = {
        "status": "error" if errored else "pass" if passed else "fail",
        "datasource_item": dict(row.item),
        "results": [_result(criterion, each) for criterion, each in grades],
        "sample": _shown(source, messages, said),
    }
    return Outcome(item, models)


def name_of(criterion: Mapping[str, Any]) -> str:
    """The name by which results tell of a criterion: its id, which an eval that was put there may leave out."""
    return str(criterion.get("id") or criterion["name"])


def _messages(given: Mapping[str, Any], row: Row) -> list[dict[str, Any]]:
    """What the model is asked: a filled template, or what the item refers to. Raises TemplateError."""
    variables = {"item": row.item, "sample": row.sample or {}}
    if given["type"] == "template":
        made: list[dict[str, Any]] = filled_within(given["template"], variables)
        return made
    path = given["item_reference"].strip().removeprefix("{{").removesuffix("}}").strip()
    found = looked_up(path, variables if path.partition(".")[0] == "item" else row.item)
    if isinstance(found, str):
        return [{"role": "user", "content": found}]
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UnknownVariableError(path)
    return found


def _sampled(call: Call, source: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> Asked:
    """The model's answer, in chat or by the Responses API as the source says."""
    given = {key: value for key, value in (source.get("sampling_params") or {}).items() if value is not None}
    if source["type"] == "completions":
        return asked(call, CHAT, {"model": source["model"], "messages": for_chat(messages), **given})
    given.pop("seed", None)  # Responses have none
    if (most := given.pop("max_completion_tokens", None)) is not None:
        given["max_output_tokens"] = most
    if (effort := given.pop("reasoning_effort", None)) is not None:
        given["reasoning"] = {"effort": effort}
    return asked(call, RESPONSES, {"model": source["model"], "input": list(messages), "store": False, **given})


def _sample(said: Asked) -> dict[str, Any]:
    """What was said as the `sample` namespace."""
    message: dict[str, Any] = {"role": "assistant", "content": said.text, "refusal": said.refusal}
    if said.tool_calls:
        message["tool_calls"] = list(said.tool_calls)
    return {
        "model": said.model,
        "output_text": said.text,
        "output_tools": list(said.tool_calls),
        "choices": [{"index": 0, "message": message, "finish_reason": said.finish}],
        "usage": dict(said.usage),
    }


def _before(sample: Mapping[str, Any]) -> Asked:
    """What was said before the run."""
    text = sample.get("output_text")
    usage = sample.get("usage")
    return Asked(
        text=text if isinstance(text, str) else "",
        model=str(sample.get("model") or ""),
        usage=usage_of(usage if isinstance(usage, dict) else None),
    )


def _said_before(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The conversation in an item that was answered before."""
    given = item.get("input")
    return [each for each in given if isinstance(each, dict) and "role" in each] if isinstance(given, list) else []


def _result(criterion: Mapping[str, Any], found: Grade) -> Object:
    sample = found.sample
    if found.error is not None:
        sample = {**(sample or {}), "error": {"code": found.error[0], "message": found.error[1]}}
    return {
        "name": name_of(criterion),
        "type": criterion["type"],
        "score": found.score,
        "passed": found.passed,
        "sample": sample,
    }


def _shown(source: Mapping[str, Any], messages: Sequence[Mapping[str, Any]], said: Asked) -> Object:
    given = source.get("sampling_params") or {}
    error = None if said.error is None else {"code": said.error[0], "message": said.error[1]}
    text = said.refusal or said.text
    return {
        "input": [{"role": each.get("role", "user"), "content": _text(each.get("content"))} for each in messages],
        "output": [] if error else [{"role": "assistant", "content": text}],
        "finish_reason": "" if error else said.finish,
        "model": said.model or source.get("model") or "",
        "usage": {**usage_of(None), **said.usage},
        "error": error,
        **{key: usual if given.get(key) is None else given[key] for key, usual in _SHOWN.items()},
    }


def _text(content: Any) -> str:
    return "".join(_texts(content))


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        yield str(content.get("text") or "")
    elif isinstance(content, list):
        for part in content:
            yield from _texts(part)
