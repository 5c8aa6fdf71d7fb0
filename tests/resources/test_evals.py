"""Evals at size, in sessions, with rules of Python, and where ids are lenient or nothing is remembered."""

from __future__ import annotations

import json
from time import perf_counter

import httpx

from openai_mock.mock import OpenAIMock

SAME = {
    "type": "string_check",
    "name": "same",
    "input": "{{sample.output_text}}",
    "operation": "eq",
    "reference": "{{item.answer}}",
}
EVAL = {
    "data_source_config": {"type": "custom", "item_schema": {"type": "object"}, "include_sample_schema": True},
    "testing_criteria": [SAME],
}
TEMPLATE = {"type": "template", "template": [{"role": "user", "content": "{{item.question}}"}]}


def client(mock: OpenAIMock, **headers: str) -> httpx.Client:
    return httpx.Client(
        transport=mock.transport(httpx),
        base_url="https://api.openai.com/v1",
        headers={"authorization": "Bearer sk-test", **headers},
    )


def run_of(http: httpx.Client, items: list[dict[str, object]], criteria: object = None, **source: object) -> dict:
    made = http.post("/evals", json={**EVAL, **({"testing_criteria": criteria} if criteria else {})}).json()
    content = [{"item": each} for each in items]
    data = {
        "type": "completions",
        "model": "gpt-4o",
        "source": {"type": "file_content", "content": content},
        "input_messages": TEMPLATE,
        **source,
    }
    run = http.post(f"/evals/{made['id']}/runs", json={"data_source": data})
    assert run.status_code == 201, run.text
    return run.json()


def items_of(http: httpx.Client, run: dict) -> list[dict]:
    return http.get(f"/evals/{run['eval_id']}/runs/{run['id']}/output_items?limit=100").json()["data"]


def test_a_thousand_rows_are_asked_and_graded_in_seconds() -> None:
    mock = OpenAIMock(seed=1, lifecycle="instant")
    mock.when(contains="Why").reply("Because")
    with client(mock) as http:
        started = perf_counter()
        run = run_of(http, [{"question": f"Why {n}?", "answer": "Because"} for n in range(1000)])
        assert perf_counter() - started < 15
    assert run["result_counts"] == {"total": 1000, "errored": 0, "failed": 0, "passed": 1000}
    assert run["per_model_usage"][0]["invocation_count"] == 1000
    assert mock.chat.completions.create.call_count == 1000


def test_sampling_parameters_reach_the_model() -> None:
    mock = OpenAIMock(seed=1, lifecycle="instant")
    given = {"temperature": 0.5, "max_completion_tokens": 5, "seed": 7, "top_p": 0.9, "reasoning_effort": "low"}
    with client(mock) as http:
        chat = run_of(http, [{"question": "x", "answer": "y"}], sampling_params=given)
        responses = run_of(http, [{"question": "x", "answer": "y"}], sampling_params=given, type="responses")
        (item,) = items_of(http, chat)
    mock.chat.completions.create.calls.assert_called_with(**given, messages__last__content="x")
    mock.responses.create.calls.assert_called_with(
        store=False, temperature=0.5, top_p=0.9, max_output_tokens=5, reasoning={"effort": "low"}
    )
    assert "seed" not in json.loads(mock.responses.create.calls.last.request.content)
    assert {key: item["sample"][key] for key in ("seed", "max_completion_tokens")} == {
        "seed": 7,
        "max_completion_tokens": 5,
    }
    assert responses["result_counts"]["total"] == 1


def test_tool_calls_and_json_are_seen_by_graders() -> None:
    mock = OpenAIMock(seed=1, lifecycle="instant")
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
    called = {**SAME, "input": "{{sample.output_tools[0].function.name}}", "reference": "weather"}
    with client(mock) as http:
        run = run_of(http, [{"question": "weather"}], [called], sampling_params={"tools": [tool]})
        assert run["result_counts"]["passed"] == 1, str(items_of(http, run))
        mock.when(contains="JSON").reply('{"city": "Paris"}')
        run = run_of(
            http, [{"question": "JSON", "answer": "Paris"}], [{**SAME, "input": "{{sample.output_json.city}}"}]
        )
        assert run["result_counts"]["passed"] == 1, str(items_of(http, run))


def test_thresholds_decide_what_passes() -> None:
    mock = OpenAIMock(seed=1, lifecycle="instant")
    mock.when(exact="q").reply("the cat is on the mat")
    mock.when(contains="Grade").reply("6")
    near = {**SAME, "type": "text_similarity", "evaluation_metric": "rouge_l"}
    del near["operation"]
    judge = {
        "type": "score_model",
        "name": "judge",
        "model": "gpt-4.1",
        "range": [0, 10],
        "input": [{"role": "user", "content": "Grade {{sample.output_text}}"}],
    }
    criteria = [
        {**near, "pass_threshold": 0.8},
        {**near, "pass_threshold": 0.9},
        judge,
        {**judge, "pass_threshold": 6},
        {**judge, "pass_threshold": 7},
    ]
    with client(mock) as http:
        run = run_of(http, [{"question": "q", "answer": "the cat sat on the mat"}], criteria)
        (item,) = items_of(http, run)
    assert [each["passed"] for each in item["results"]] == [True, False, True, True, False]
    assert [each["score"] for each in item["results"]][2:] == [6, 6, 6]
    assert [each["invocation_count"] for each in run["per_model_usage"]] == [1, 3]


def test_python_graders_are_an_error_and_count_as_neither() -> None:
    code = {"type": "python", "name": "code", "source": "def grade(sample, item):\n    return 1"}
    with client(OpenAIMock(seed=1, lifecycle="instant")) as http:
        run = run_of(http, [{"question": "x"}], [code])
        (item,) = items_of(http, run)
    assert run["result_counts"]["errored"] == 1
    assert run["per_testing_criteria_results"] == [
        {"testing_criteria": run["per_testing_criteria_results"][0]["testing_criteria"], "passed": 0, "failed": 0}
    ]
    assert item["results"][0]["sample"]["error"]["code"] == "python_grader_server_error"


def test_a_run_asks_in_the_session_of_whoever_looks() -> None:
    mock = OpenAIMock(lifecycle="instant")
    with client(mock, **{"x-mock-session": "one"}) as http:
        run = run_of(http, [{"question": "x"}], type="responses")
        assert run["result_counts"]["total"] == 1
    assert mock.objects("evals", session="one")
    assert mock.objects("evals") == mock.objects("responses", session="one") == []


def test_an_item_may_bring_the_whole_conversation() -> None:
    mock = OpenAIMock(lifecycle="instant")
    mock.when(contains="third").reply("yes")
    talk = [{"role": "user", "content": "first"}, {"role": "assistant", "content": "second"}]
    reference = {"type": "item_reference", "item_reference": "item.talk"}
    with client(mock) as http:
        items = [{"talk": [*talk, {"role": "user", "content": "third"}], "answer": "yes"}, {"talk": 3, "answer": "x"}]
        run = run_of(http, items, input_messages=reference)
    assert run["result_counts"] == {"total": 2, "errored": 1, "failed": 0, "passed": 1}


def test_an_eval_that_was_put_there_in_part_runs() -> None:
    mock = OpenAIMock(lifecycle="instant")
    mock.when(contains="x").reply("yes")
    config = {"type": "custom", "schema": {"type": "object"}}
    mock.put("evals", {"id": "eval_1", "data_source_config": config, "testing_criteria": [SAME]})
    source = {"type": "file_content", "content": [{"item": {"question": "x", "answer": "yes"}}]}
    data = {"type": "completions", "model": "m", "source": source, "input_messages": TEMPLATE}
    with client(mock) as http:
        run = http.post("/evals/eval_1/runs", json={"data_source": data}).json()
    assert run["per_testing_criteria_results"] == [{"testing_criteria": "same", "passed": 1, "failed": 0}]


def test_a_schema_cannot_read_a_file(tmp_path) -> None:
    outside = tmp_path / "schema.json"
    outside.write_text('{"type": "object"}', "utf-8")
    config = {"type": "custom", "item_schema": {"$ref": outside.as_uri()}}
    with client(OpenAIMock()) as http:
        refused = http.post("/evals", json={**EVAL, "data_source_config": config})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "data_source_config.item_schema")


def test_lenient_ids_and_no_memory_give_examples() -> None:
    with client(OpenAIMock(ids="lenient")) as http:
        assert http.get("/evals/eval_x").json()["object"] == "eval"
        assert http.post("/evals/eval_x/runs/evalrun_x/cancel").json()["object"] == "eval.run"
        assert http.get("/evals/eval_x/runs/evalrun_x/output_items").json()["object"] == "list"
    with client(OpenAIMock(stateless=True)) as http:
        made = http.post("/evals", json=EVAL).json()
        assert http.get(f"/evals/{made['id']}").json()["id"] == made["id"]
