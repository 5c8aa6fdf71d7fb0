"""Evals as the real SDK sees them: runs polled to their end, by both kinds of client. An SDK without them skips."""

from __future__ import annotations

import importlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest

from openai_mock.mock import OpenAIMock

if not hasattr(openai.OpenAI, "evals"):
    pytest.skip("This SDK has no evals.", allow_module_level=True)

CONFIG: Any = {"type": "custom", "item_schema": {"type": "object"}, "include_sample_schema": True}
CRITERIA: Any = [
    {
        "type": "string_check",
        "name": "same",
        "input": "{{sample.output_text}}",
        "operation": "eq",
        "reference": "{{item.city}}",
    }
]
ROWS = [{"item": {"land": "France", "city": "Paris"}}, {"item": {"land": "Peru", "city": "Lima"}}]
TEMPLATE: Any = {"type": "template", "template": [{"role": "user", "content": "Capital of {{item.land}}?"}]}


def library() -> Any:
    return importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")


@pytest.fixture
def mock() -> OpenAIMock:
    made = OpenAIMock(seed=1)
    made.when(contains="France").reply("Paris")
    made.when(contains="Peru").reply("Cusco")
    return made


@pytest.fixture
def sdk(mock: OpenAIMock) -> Iterator[openai.OpenAI]:
    with library().Client(transport=mock.transport(library())) as http:
        yield openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0)


@pytest.fixture
async def async_sdk(mock: OpenAIMock) -> AsyncIterator[openai.AsyncOpenAI]:
    async with library().AsyncClient(transport=mock.transport(library())) as http:
        yield openai.AsyncOpenAI(api_key="sk-test", http_client=http, max_retries=0)


def test_a_run_is_polled_to_its_end(sdk: openai.OpenAI) -> None:
    made = sdk.evals.create(name="Capitals", data_source_config=CONFIG, testing_criteria=CRITERIA)
    rows = "\n".join(map(json.dumps, ROWS)).encode()
    purpose: Any = "user_data"
    file = sdk.files.create(file=("rows.jsonl", rows), purpose=purpose)
    source: Any = {"type": "file_id", "id": file.id}
    data: Any = {"type": "completions", "model": "gpt-4o", "source": source, "input_messages": TEMPLATE}
    run: Any = sdk.evals.runs.create(made.id, name="first", data_source=data)
    while run.status in {"queued", "in_progress"}:
        run = sdk.evals.runs.retrieve(run.id, eval_id=made.id)
    counts = run.result_counts
    assert (run.status, counts.total, counts.passed, counts.failed, counts.errored) == ("completed", 2, 1, 1, 0)
    assert [(each.passed, each.failed) for each in run.per_testing_criteria_results] == [(1, 1)]
    assert run.per_model_usage[0].invocation_count == 2
    good, bad = sdk.evals.runs.output_items.list(run.id, eval_id=made.id)
    assert (good.status, good.sample.output[0].content) == ("pass", "Paris")
    assert (bad.status, bad.sample.output[0].content, bad.datasource_item["city"]) == ("fail", "Cusco", "Lima")
    (failed,) = sdk.evals.runs.output_items.list(run.id, eval_id=made.id, status="fail")
    found = sdk.evals.runs.output_items.retrieve(failed.id, eval_id=made.id, run_id=run.id)
    assert found.id == failed.id == bad.id
    assert sdk.evals.runs.delete(run.id, eval_id=made.id).run_id == run.id
    assert sdk.evals.delete(made.id).eval_id == made.id


async def test_an_asynchronous_client_does_the_same(async_sdk: openai.AsyncOpenAI) -> None:
    made = await async_sdk.evals.create(data_source_config=CONFIG, testing_criteria=CRITERIA)
    source: Any = {"type": "file_content", "content": ROWS}
    data: Any = {"type": "responses", "model": "gpt-4o", "source": source, "input_messages": TEMPLATE}
    run: Any = await async_sdk.evals.runs.create(made.id, data_source=data)
    while run.status in {"queued", "in_progress"}:
        run = await async_sdk.evals.runs.retrieve(run.id, eval_id=made.id)
    assert run.result_counts.passed == run.result_counts.failed == 1
    items = [item async for item in async_sdk.evals.runs.output_items.list(run.id, eval_id=made.id)]
    assert [item.status for item in items] == ["pass", "fail"]


def test_a_run_is_cancelled(sdk: openai.OpenAI) -> None:
    made = sdk.evals.create(data_source_config=CONFIG, testing_criteria=CRITERIA)
    data: Any = {"type": "jsonl", "source": {"type": "file_content", "content": ROWS}}
    run = sdk.evals.runs.create(made.id, data_source=data)
    assert sdk.evals.runs.cancel(run.id, eval_id=made.id).status == "canceled"
    with pytest.raises(openai.BadRequestError, match="Cannot cancel an eval run with status 'canceled'"):
        sdk.evals.runs.cancel(run.id, eval_id=made.id)
    assert [each.id for each in sdk.evals.runs.list(made.id, status="canceled")] == [run.id]
