"""Fine-tuning as the real SDK sees it: polled to its end, synchronous and asynchronous, its model asked and deleted."""

from __future__ import annotations

import importlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest

from openai_mock.mock import OpenAIMock

if not hasattr(openai.OpenAI(api_key="sk-test").fine_tuning.jobs, "checkpoints"):
    pytest.skip("This SDK has no checkpoints.", allow_module_level=True)

ROWS = b"\n".join(
    json.dumps(
        {"messages": [{"role": "user", "content": f"Hi {n}"}, {"role": "assistant", "content": "Hello"}]}
    ).encode()
    for n in range(10)
)
FILE: Any = ("train.jsonl", ROWS)
HI: Any = [{"role": "user", "content": "Hi"}]


def library() -> Any:
    return importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")


@pytest.fixture
def sdk() -> Iterator[openai.OpenAI]:
    with library().Client(transport=OpenAIMock(seed=1).transport(library())) as http:
        yield openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0)


@pytest.fixture
async def async_sdk() -> AsyncIterator[openai.AsyncOpenAI]:
    async with library().AsyncClient(transport=OpenAIMock(seed=1).transport(library())) as http:
        yield openai.AsyncOpenAI(api_key="sk-test", http_client=http, max_retries=0)


def test_a_job_is_polled_to_its_end(sdk: openai.OpenAI) -> None:
    file = sdk.files.create(file=FILE, purpose="fine-tune")
    job = sdk.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file.id, suffix="mine")
    while job.status in {"validating_files", "queued", "running"}:
        job = sdk.fine_tuning.jobs.retrieve(job.id)
    assert (job.status, job.error) == ("succeeded", None)
    assert job.fine_tuned_model is not None
    assert job.trained_tokens
    events = [event.message for event in sdk.fine_tuning.jobs.list_events(job.id, limit=50)]
    assert events[0] == "The job has successfully completed"
    assert events[-1] == f"Created fine-tuning job: {job.id}"
    checkpoints = sdk.fine_tuning.jobs.checkpoints.list(job.id).data
    assert [each.step_number for each in checkpoints] == [100, 90, 80]
    assert checkpoints[0].fine_tuned_model_checkpoint == job.fine_tuned_model
    assert sdk.files.content(job.result_files[0]).text.startswith("step,train_loss,train_accuracy,")
    assert sdk.chat.completions.create(model=job.fine_tuned_model, messages=HI).model == job.fine_tuned_model
    assert job.fine_tuned_model in {model.id for model in sdk.models.list()}
    assert sdk.models.delete(job.fine_tuned_model).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.models.retrieve(job.fine_tuned_model)


async def test_an_asynchronous_client_does_the_same(async_sdk: openai.AsyncOpenAI) -> None:
    file = await async_sdk.files.create(file=FILE, purpose="fine-tune")
    job = await async_sdk.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file.id)
    while job.status in {"validating_files", "queued", "running"}:
        job = await async_sdk.fine_tuning.jobs.retrieve(job.id)
    assert job.status == "succeeded"
    assert [event.message async for event in async_sdk.fine_tuning.jobs.list_events(job.id)]


def test_mistakes_are_the_errors_of_the_sdk(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="invalid training_file: file-none"):
        sdk.fine_tuning.jobs.create(model="gpt-4o-mini", training_file="file-none")
    file = sdk.files.create(file=("few.jsonl", ROWS.split(b"\n")[0]), purpose="fine-tune")
    job = sdk.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file.id)
    job = sdk.fine_tuning.jobs.retrieve(job.id)
    assert job.error is not None
    assert (job.status, job.error.code, job.error.param) == ("failed", "invalid_n_examples", "training_file")
    with pytest.raises(openai.BadRequestError, match="cannot be cancelled"):
        sdk.fine_tuning.jobs.cancel(job.id)


def test_graders_and_permissions(sdk: openai.OpenAI) -> None:
    if not hasattr(sdk.fine_tuning, "alpha"):
        pytest.skip("This SDK has no graders.")
    grader: Any = {
        "type": "string_check",
        "name": "s",
        "input": "{{sample.output_text}}",
        "operation": "eq",
        "reference": "x",
    }
    found = sdk.fine_tuning.alpha.graders.run(grader=grader, model_sample="x")
    assert (found.reward, found.metadata.errors.other_error) == (1.0, False)
    assert sdk.fine_tuning.alpha.graders.validate(grader=grader).grader is not None
    file = sdk.files.create(file=FILE, purpose="fine-tune")
    job = sdk.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file.id)
    for _ in range(2):
        job = sdk.fine_tuning.jobs.retrieve(job.id)
    assert job.fine_tuned_model is not None
    (made,) = sdk.fine_tuning.checkpoints.permissions.create(job.fine_tuned_model, project_ids=["proj_a"])
    assert made.project_id == "proj_a"
