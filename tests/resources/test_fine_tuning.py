"""Fine-tuning at size, in sessions, with a seed, and where ids are lenient or nothing is remembered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from time import perf_counter

import httpx
import pytest

from openai_mock.mock import OpenAIMock
from openai_mock.turns.tokens import prompt_tokens

ROW = {"messages": [{"role": "user", "content": "Hi there"}, {"role": "assistant", "content": "Hello"}]}
ORDER = {"model": "gpt-4o-mini", "training_file": "file-train", "seed": 3}


def rows(count: int = 10) -> str:
    return "\n".join([json.dumps(ROW)] * count)


def client(mock: OpenAIMock, **headers: str) -> httpx.Client:
    return httpx.Client(
        transport=mock.transport(httpx),
        base_url="https://api.openai.com/v1",
        headers={"authorization": "Bearer sk-test", **headers},
    )


@pytest.fixture
def mock() -> OpenAIMock:
    made = OpenAIMock(seed=1, lifecycle="instant")
    made.put("files", {"id": "file-train", "purpose": "fine-tune", "content": rows()})
    return made


@pytest.fixture
def http(mock: OpenAIMock) -> Iterator[httpx.Client]:
    with client(mock) as made:
        yield made


def test_trained_tokens_are_those_of_the_file_for_each_epoch(http: httpx.Client) -> None:
    job = http.post("/fine_tuning/jobs", json=ORDER).json()
    epochs = job["hyperparameters"]["n_epochs"]
    assert job["trained_tokens"] == epochs * 10 * prompt_tokens(ROW["messages"], "gpt-4o-mini-2024-07-18")


def test_the_result_file_is_the_curve_of_the_seed(http: httpx.Client) -> None:
    def table(seed: int) -> list[list[str]]:
        job = http.post("/fine_tuning/jobs", json={**ORDER, "seed": seed}).json()
        text = http.get(f"/files/{job['result_files'][0]}/content").text
        return [line.split(",") for line in text.splitlines()]

    header, *lines = table(3)
    assert header == ["step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy"]
    assert [line[0] for line in lines] == [str(step) for step in range(1, 101)]
    assert float(lines[-1][1]) < float(lines[0][1]) / 2
    assert all(line[3:] == ["", ""] for line in lines)
    assert table(3)[1:] == lines != table(4)[1:]


def test_events_of_many_steps_are_a_hundred_and_the_last(http: httpx.Client) -> None:
    order = {**ORDER, "hyperparameters": {"n_epochs": 50, "batch_size": 1}}
    job = http.post("/fine_tuning/jobs", json=order).json()
    events = http.get(f"/fine_tuning/jobs/{job['id']}/events?limit=100").json()["data"]
    steps = [event["data"]["step"] for event in events if event["type"] == "metrics"]
    assert steps[0] == 500
    assert steps == sorted(steps, reverse=True)
    assert len(steps) <= 100


def test_epochs_that_end_with_the_same_step_leave_one_checkpoint(http: httpx.Client) -> None:
    order = {**ORDER, "hyperparameters": {"n_epochs": 3, "batch_size": 256}}
    job = http.post("/fine_tuning/jobs", json=order).json()
    (only,) = http.get(f"/fine_tuning/jobs/{job['id']}/checkpoints").json()["data"]
    assert (only["step_number"], only["fine_tuned_model_checkpoint"]) == (1, job["fine_tuned_model"])


def test_fifty_thousand_examples_are_read_in_seconds(mock: OpenAIMock, http: httpx.Client) -> None:
    mock.put("files", {"id": "file-train", "purpose": "fine-tune", "content": rows(50_000)})
    started = perf_counter()
    job = http.post("/fine_tuning/jobs", json=ORDER).json()
    assert perf_counter() - started < 15
    assert (job["status"], job["hyperparameters"]["n_epochs"]) == ("succeeded", 1)


def test_a_model_belongs_to_its_session_and_organization(mock: OpenAIMock) -> None:
    mock.put("files", {"id": "file-train", "purpose": "fine-tune", "content": rows()}, session="one")
    own = {"x-mock-session": "one", "openai-organization": "org-acme"}
    with client(mock, **own) as one, client(mock, **{"x-mock-session": "two"}) as two:
        name = one.post("/fine_tuning/jobs", json=ORDER).json()["fine_tuned_model"]
        assert name.startswith("ft:gpt-4o-mini-2024-07-18:acme::")
        assert one.get(f"/models/{name}").json()["owned_by"] == "org-acme"
        assert two.get(f"/models/{name}").status_code == 404
        one.delete(f"/models/{name}")
        body = {"model": name, "messages": [{"role": "user", "content": "Hi"}]}
        assert one.post("/chat/completions", json=body).status_code == 404
        assert two.post("/chat/completions", json=body).status_code == 200
        assert one.post("/fine_tuning/jobs", json={**ORDER, "model": name}).status_code == 400


def test_a_job_is_learned_once_whoever_looks_first(mock: OpenAIMock) -> None:
    slow = OpenAIMock(seed=1, lifecycle="seconds=30")
    slow.put("files", {"id": "file-train", "purpose": "fine-tune", "content": rows()})
    with client(slow) as http:
        job = http.post("/fine_tuning/jobs", json=ORDER).json()
        slow.clock.advance(60)
        (listed,) = http.get("/fine_tuning/jobs").json()["data"]
        assert listed == http.get(f"/fine_tuning/jobs/{job['id']}").json()
        assert len([each for each in http.get("/models").json()["data"] if each["id"].startswith("ft:")]) == 3


def test_what_is_paused_stands_still_on_the_clock(mock: OpenAIMock) -> None:
    slow = OpenAIMock(seed=1, lifecycle="seconds=30")
    slow.put("files", {"id": "file-train", "purpose": "fine-tune", "content": rows()})
    with client(slow) as http:
        path = f"/fine_tuning/jobs/{http.post('/fine_tuning/jobs', json=ORDER).json()['id']}"
        slow.clock.advance(25)
        assert http.get(path).json()["status"] == "running"
        assert http.post(f"{path}/pause").json()["estimated_finish"] is None
        slow.clock.advance(1000)
        assert http.get(path).json()["status"] == "paused"
        assert http.post(f"{path}/resume").json()["status"] == "queued"
        slow.clock.advance(15)
        running = http.get(path).json()
        assert (running["status"], running["estimated_finish"] - slow.clock.now()) == ("running", 15)
        slow.clock.advance(15)
        assert http.get(path).json()["status"] == "succeeded"


def test_a_job_that_was_put_there_in_part_goes_on(mock: OpenAIMock, http: httpx.Client) -> None:
    mock.put(
        "fine_tuning.jobs", {"id": "ftjob-1", "status": "running", "model": "gpt-4o", "training_file": "file-train"}
    )
    assert http.post("/fine_tuning/jobs/ftjob-1/pause").json()["status"] == "paused"
    done = http.post("/fine_tuning/jobs/ftjob-1/resume").json()
    assert (done["status"], done["error"]) == ("succeeded", None)
    assert done["method"]["supervised"]["hyperparameters"]["n_epochs"] >= 1


def test_lenient_ids_and_no_memory_give_examples() -> None:
    with client(OpenAIMock(ids="lenient")) as http:
        assert http.post("/fine_tuning/jobs", json=ORDER).json()["object"] == "fine_tuning.job"
        assert http.get("/fine_tuning/jobs/ftjob-x/events").json()["object"] == "list"
        granted = http.post("/fine_tuning/checkpoints/ft:x/permissions", json={"project_ids": ["p"]})
        assert granted.json()["data"][0]["object"] == "checkpoint.permission"
        assert http.delete("/models/ft:x").json()["deleted"] is True
    with client(OpenAIMock(stateless=True)) as http:
        assert http.post("/fine_tuning/jobs", json=ORDER).json()["object"] == "fine_tuning.job"
        check = {"type": "string_check", "name": "s", "input": "a", "operation": "eq", "reference": "a"}
        body = {"grader": check, "model_sample": "x"}
        assert http.post("/fine_tuning/alpha/graders/run", json=body).json()["reward"] == 1


def test_without_rules_a_judging_model_says_the_same_each_time() -> None:
    messages = [{"role": "user", "content": "Grade {{sample.output_text}}"}]
    grader = {"type": "score_model", "name": "j", "model": "gpt-4o", "range": [2, 3], "input": messages}
    rewards = set()
    for _ in range(2):
        with client(OpenAIMock(seed=1)) as http:
            body = {"grader": grader, "model_sample": "fine"}
            rewards |= {http.post("/fine_tuning/alpha/graders/run", json=body).json()["reward"] for _ in range(2)}
    (reward,) = rewards
    assert 2 <= reward <= 3
