"""Judging models that refuse, fail or break the connection, and what a grade tells of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from openai_mock.mock import OpenAIMock

JUDGE = {
    "type": "score_model",
    "name": "judge",
    "model": "gpt-4.1",
    "input": [{"role": "user", "content": "Grade {{sample.output_text}}"}],
}


def graded(mock: OpenAIMock, grader: dict[str, Any] = JUDGE) -> dict[str, Any]:
    with httpx.Client(transport=mock.transport(httpx), base_url="https://api.openai.com/v1") as http:
        answer = http.post(
            "/fine_tuning/alpha/graders/run",
            json={"grader": grader, "model_sample": "x"},
            headers={"authorization": "Bearer sk-test"},
        )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def raised(found: dict[str, Any]) -> set[str]:
    return {name for name, flag in found["metadata"]["errors"].items() if flag is True}


def test_a_refusal_is_no_grade_but_costs_tokens() -> None:
    mock = OpenAIMock()
    refusal = {"message": {"role": "assistant", "content": None, "refusal": "I will not."}}
    mock.chat.completions.create.response = {"choices": [{"index": 0, "finish_reason": "stop", **refusal}]}
    found = graded(mock)
    assert raised(found) == {"model_grader_refusal_error"}
    assert (found["reward"], [*found["model_grader_token_usage_per_model"]]) == (0, ["gpt-4.1"])


@pytest.mark.parametrize(
    ("kind", "words"),
    [("reset", "The connection broke."), ("truncate", "The model's answer could not be read.")],
)
def test_a_broken_answer_is_the_models(kind: str, words: str) -> None:
    mock = OpenAIMock(faults=[{"kind": kind, "operation": "chat.completions.create"}])
    found = graded(mock)
    assert raised(found) == {"model_grader_server_error"}
    assert found["metadata"]["errors"]["model_grader_server_error_details"] == words


def test_an_answer_that_is_no_completion_is_the_models() -> None:
    mock = OpenAIMock()
    mock.chat.completions.create.response = httpx.Response(200, json={"choices": []})
    assert raised(graded(mock)) == {"model_grader_server_error"}


def test_one_failing_part_fails_the_whole() -> None:
    mock = OpenAIMock()
    mock.chat.completions.create.fail(429)
    same = {"type": "string_check", "name": "same", "input": "a", "operation": "eq", "reference": "a"}
    both = {"type": "multi", "name": "both", "graders": {"a": JUDGE, "b": same}, "calculate_output": "a + b"}
    found = graded(mock, both)
    assert (found["reward"], found["sub_rewards"]) == (0, {"a": 0.0, "b": 1.0})
    assert raised(found) == {"model_grader_server_error"}


def test_sampling_parameters_and_the_form_of_the_verdict_reach_the_judge() -> None:
    mock = OpenAIMock(seed=1)
    given = {"max_completions_tokens": 50, "seed": 3, "temperature": 0.1, "top_p": 0.5}
    found = graded(mock, {**JUDGE, "range": [1, 5], "sampling_params": given})
    assert 1 <= found["reward"] <= 5
    mock.chat.completions.create.calls.assert_called_once_with(
        model="gpt-4.1",
        max_completion_tokens=50,
        seed=3,
        temperature=0.1,
        top_p=0.5,
        response_format__type="json_schema",
    )
