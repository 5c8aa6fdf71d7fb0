"""Batches at size, in sessions, and where a line goes wrong inside."""

from __future__ import annotations

import json
from time import process_time

import httpx
import pytest

from openai_mock.mock import OpenAIMock
from openai_mock.stores.sqlite import SQLite

ORDER = {"input_file_id": "file-in", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
INSTANT = "instant"


def lines(count: int) -> str:
    return "\n".join(
        json.dumps(
            {
                "custom_id": f"r{number}",
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": {"model": "m", "messages": [{"role": "user", "content": f"Hi {number}"}]},
            }
        )
        for number in range(count)
    )


def client(mock: OpenAIMock, **headers: str) -> httpx.Client:
    return httpx.Client(
        transport=mock.transport(httpx),
        base_url="https://api.openai.com/v1",
        headers={"authorization": "Bearer sk-test", **headers},
    )


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_ten_thousand_lines_in_less_than_five_seconds(kind, tmp_path):
    store = SQLite(tmp_path / "x.db") if kind == "file" else None
    mock = OpenAIMock(seed=1, lifecycle=INSTANT, store=store)
    mock.put("files", {"id": "file-in", "purpose": "batch", "content": lines(10_000)})
    with client(mock) as http:
        started = process_time()
        batch = http.post("/batches", json=ORDER).json()
        assert process_time() - started < 5
        assert batch["request_counts"] == {"total": 10_000, "completed": 10_000, "failed": 0}
        written = http.get(f"/files/{batch['output_file_id']}/content").content.splitlines()
    entries = [json.loads(line) for line in written]
    assert [entry["custom_id"] for entry in entries] == [f"r{number}" for number in range(10_000)]
    assert len({entry["id"] for entry in entries}) == 10_000
    used = sum(entry["response"]["body"]["usage"]["completion_tokens"] for entry in entries)
    assert batch["usage"]["output_tokens"] == used
    if store:
        store.close()


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_thousand_open_batches_expire_in_less_than_a_second(kind, tmp_path):
    store = SQLite(tmp_path / "x.db") if kind == "file" else None
    mock = OpenAIMock(seed=1, lifecycle="seconds=7d", store=store)
    mock.put("files", {"id": "file-in", "purpose": "batch", "content": lines(1)})
    with client(mock) as http:
        made = [http.post("/batches", json=ORDER).json()["id"] for _ in range(1000)]
        started = process_time()
        mock.clock.advance(hours=24)
        pages = [http.get("/batches", params={"limit": 100}).json()]
        while pages[-1]["has_more"]:
            pages.append(http.get("/batches", params={"limit": 100, "after": pages[-1]["last_id"]}).json())
        assert process_time() - started < 1
    seen = [batch for page in pages for batch in page["data"]]
    assert [batch["id"] for batch in seen] == made[::-1]
    assert {batch["status"] for batch in seen} == {"expired"}
    if store:
        store.close()


def test_a_line_asks_in_the_session_and_with_the_key_of_whoever_looks():
    mock = OpenAIMock(lifecycle=INSTANT)
    line = {"custom_id": "a", "method": "POST", "url": "/v1/responses", "body": {"model": "m", "input": "x"}}
    for session in ("one", "two"):
        mock.put("files", {"id": "file-in", "purpose": "batch", "content": json.dumps(line)}, session=session)
    order = {**ORDER, "endpoint": "/v1/responses"}
    with client(mock, **{"x-mock-session": "one"}) as http:
        batch = http.post("/batches", json=order).json()
        assert batch["request_counts"]["completed"] == 1
    assert len(mock.objects("responses", session="one")) == 1
    assert mock.objects("responses", session="two") == mock.objects("responses") == []


def test_a_batch_is_run_once_whoever_looks_first():
    mock = OpenAIMock(lifecycle={"batches": "seconds=10"})
    mock.put("files", {"id": "file-in", "purpose": "batch", "content": lines(1)})
    with client(mock) as http:
        batch = http.post("/batches", json=ORDER).json()
        mock.clock.advance(10)
        (listed,) = http.get("/batches").json()["data"]
        assert listed == http.get(f"/batches/{batch['id']}").json()
        assert listed["status"] == "completed"
        assert len(http.get("/files").json()["data"]) == 2


def test_deleting_the_input_fails_the_batch():
    mock = OpenAIMock()
    mock.put("files", {"id": "file-in", "purpose": "batch", "content": lines(1)})
    with client(mock) as http:
        batch = http.post("/batches", json=ORDER).json()
        http.delete("/files/file-in")
        batch = http.get(f"/batches/{batch['id']}").json()
        assert (batch["status"], batch["errors"]["data"][0]["code"]) == ("failed", "invalid_file")


def test_lenient_ids_and_no_memory_give_examples():
    with client(OpenAIMock(ids="lenient")) as http:
        assert http.get("/batches/batch_x").json()["object"] == "batch"
        assert http.post("/batches/batch_x/cancel").json()["object"] == "batch"
        assert http.get("/files/file-x/content").status_code == 200
    with client(OpenAIMock(stateless=True)) as http:
        made = http.post("/batches", json=ORDER).json()
        assert http.get(f"/batches/{made['id']}").json()["id"] == made["id"]
        assert http.post("/uploads/upload_x/cancel").json()["object"] == "upload"
