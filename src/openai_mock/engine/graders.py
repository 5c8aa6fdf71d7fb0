"""Grades what a model said: compares texts, or asks a judging model through the whole mock, and combines scores.

Theory. A grade is a function of the grader and of two namespaces: `item`, what was asked about, and `sample`, what was
said. `string_check` and `text_similarity` compare; `score_model` and `label_model` ask a model, so rules answer them as
they answer any request, and without rules the author gives a verdict of the right form, the same for the same text;
`multi` grades with each of its graders and calculates. Code of a user is never run: a `python` grader has no grade but
an error that says so. Whatever goes wrong is noted in the grade, with 0 for a score, and raises nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from openai_mock.engine.asking import CHAT, Asked, asked
from openai_mock.engine.errors import ApiError
from openai_mock.engine.resource import Call
from openai_mock.turns.formula import FormulaError, evaluated
from openai_mock.turns.grading import CHECKS, flaws, format_of, parts_of, said_label, said_score, span
from openai_mock.turns.similarity import similarity
from openai_mock.turns.templates import TemplateError, filled, filled_within, for_chat

NO_SANDBOX = "Python graders are not run here: nothing executes code that a request brings."
_SAMPLING: Mapping[str, str] = {
    "max_completions_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_completion_tokens",
    "reasoning_effort": "reasoning_effort",
    "seed": "seed",
    "temperature": "temperature",
    "top_p": "top_p",
}
"""The sampling parameters of a judging model, and what chat calls them."""


class Grade(Struct, frozen=True, kw_only=True):
    """A verdict. `error` is (kind, sentence) where there is none, `sample` what a judging model was asked and said.

    Kinds are the names of the flags in the answer of `fine_tuning.alpha.graders.run`. `parts` are the scores of the
    graders within, `models` what each judging model used.
    """

    score: float = 0.0
    passed: bool = False
    error: tuple[str, str] | None = None
    sample: Mapping[str, Any] | None = None
    parts: Mapping[str, float] = {}
    models: Sequence[tuple[str, Mapping[str, int]]] = ()


def check_grader(grader: Mapping[str, Any], at: str) -> None:
    """Raise a 400 for a grader that could never grade; `at` is its parameter."""
    flaw = next(flaws(grader, at), None)
    if flaw is not None:
        raise ApiError(400, flaw[0], param=flaw[1], code="invalid_value")


def namespaces(item: Any, sample: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of templates: `item` as it is, and `sample` with `output_json` where its text is JSON."""
    made = dict(sample)
    if isinstance(text := made.get("output_text"), str) and "output_json" not in made:
        with suppress(ValueError, RecursionError):
            made["output_json"] = msgspec.json.decode(text)
    return {"item": item, "sample": made}


def grade(call: Call, grader: Mapping[str, Any], variables: Mapping[str, Any]) -> Grade:
    """The grade of one sample; see `namespaces`."""
    try:
        match grader["type"]:
            case "string_check":
                text, reference = filled(grader["input"], variables), filled(grader["reference"], variables)
                return _scored(grader, float(CHECKS[grader["operation"]](text, reference)))
            case "text_similarity":
                text, reference = filled(grader["input"], variables), filled(grader["reference"], variables)
                return _scored(grader, similarity(grader["evaluation_metric"], text, reference))
            case "score_model" | "label_model":
                return _judged(call, grader, variables)
            case "multi":
                return _together(call, grader, variables)
            case _:
                return Grade(error=("python_grader_server_error", NO_SANDBOX))
    except TemplateError as error:
        return Grade(error=("invalid_variable_error", str(error)))


def _scored(grader: Mapping[str, Any], score: float, **rest: Any) -> Grade:
    """A score passes where it reaches the grader's threshold: full marks, or the middle of the range of a model."""
    threshold = grader.get("pass_threshold")
    if not isinstance(threshold, int | float):  # of a kind that has none, leniency lets pass anything
        threshold = sum(span(grader)) / 2 if grader["type"] == "score_model" else 1.0
    return Grade(score=score, passed=score >= threshold, **rest)


def _judged(call: Call, grader: Mapping[str, Any], variables: Mapping[str, Any]) -> Grade:
    messages = for_chat(filled_within(grader["input"], variables))
    given = grader.get("sampling_params") or {}
    sampling = {_SAMPLING[key]: value for key, value in given.items() if key in _SAMPLING and value is not None}
    body = {"model": grader["model"], "messages": messages, **sampling, "response_format": format_of(grader)}
    said = asked(call, CHAT, body)
    if said.error:
        return Grade(error=("model_grader_server_error", said.error[1]))
    used = ((said.model or str(grader["model"]), said.usage),)
    sample = _shown(messages, said)
    if said.refusal:
        return Grade(error=("model_grader_refusal_error", said.refusal), sample=sample, models=used)
    if grader["type"] == "label_model":
        label = said_label(said.text, grader["labels"])
        if label is not None:
            good = label in grader["passing_labels"]
            return Grade(score=float(good), passed=good, sample={**sample, "label": label}, models=used)
    else:
        score = said_score(said.text, *span(grader))
        if score is not None:
            return _scored(grader, score, sample=sample, models=used)
    words = f"The model's answer has no verdict: {said.text[:200]}"
    return Grade(error=("model_grader_parse_error", words), sample=sample, models=used)


def _shown(messages: Sequence[Mapping[str, Any]], said: Asked) -> dict[str, Any]:
    return {
        "model": said.model,
        "input": list(messages),
        "output": [{"role": "assistant", "content": said.refusal or said.text}],
        "finish_reason": said.finish,
        "usage": dict(said.usage),
    }


def _together(call: Call, grader: Mapping[str, Any], variables: Mapping[str, Any]) -> Grade:
    grades = {name: grade(call, part, variables) for name, part in parts_of(grader).items()}
    scores = {name: each.score for name, each in grades.items()}
    models = [used for each in grades.values() for used in each.models]
    error = next((each.error for each in grades.values() if each.error), None)
    if error is not None:
        return Grade(error=error, parts=scores, models=models)
    try:
        score = evaluated(grader["calculate_output"], scores)
    except FormulaError as wrong:
        return Grade(error=("formula_parse_error", str(wrong)), parts=scores, models=models)
    return _scored(grader, score, parts=scores, models=models)
