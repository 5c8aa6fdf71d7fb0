"""Accounting is exact whatever the journal keeps, forgets or has not finished yet."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from openai_mock.engine import accounting
from openai_mock.mock import OpenAIMock
from openai_mock.wire import Data, Request

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


def ask(mock: OpenAIMock, body: dict[str, Any], path: str = "/v1/chat/completions", **headers: str) -> dict[str, Any]:
    request = Request("POST", path, headers={"authorization": "Bearer sk-a", **headers}, body=json.dumps(body).encode())
    answer = b"".join(step.chunk for step in mock.handle(request) if isinstance(step, Data))
    return {} if body.get("stream") else json.loads(answer)


def used(mock: OpenAIMock, name: str, session: str = "") -> int:
    return sum(amounts[name] for _, amounts in mock._account.totals(session))


def test_what_the_journal_lets_go_of_is_counted_exactly():
    mock = OpenAIMock(seed=1, history=10)
    answers = [ask(mock, {**CHAT, "messages": [{"role": "user", "content": "Hi " * n}]}) for n in range(1, 100)]
    assert len(mock.journal.entries) == 10
    assert used(mock, "num_model_requests") == 99
    assert used(mock, "input_tokens") == sum(each["usage"]["prompt_tokens"] for each in answers)
    assert used(mock, "output_tokens") == sum(each["usage"]["completion_tokens"] for each in answers)
    assert used(mock, "num_model_requests") == 99, "reading counts nothing twice"


def test_notes_of_different_answers_are_read_together(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(accounting, "_NOTED", 3)
    mock = OpenAIMock(seed=1, history=1)
    answers = [ask(mock, {**CHAT, "messages": [{"role": "user", "content": "Hi " * n}]}) for n in range(1, 20)]
    assert used(mock, "input_tokens") == sum(each["usage"]["prompt_tokens"] for each in answers)


def test_a_stream_without_its_usage_counts_as_the_same_answer_whole():
    whole, stream = OpenAIMock(seed=1), OpenAIMock(seed=1)
    ask(whole, CHAT)
    ask(stream, {**CHAT, "stream": True})
    for name in ("num_model_requests", "input_tokens", "output_tokens"):
        assert used(stream, name) == used(whole, name) > 0


def test_a_stream_that_outlives_the_ring_counts_when_it_ends():
    mock = OpenAIMock(seed=1, history=2)
    request = Request("POST", "/v1/chat/completions", headers={"authorization": "Bearer sk-a"},
                      body=json.dumps({**CHAT, "stream": True}).encode())  # fmt: skip
    steps = mock.handle(request)
    next(steps)
    for _ in range(4):
        ask(mock, CHAT)
    assert used(mock, "num_model_requests") == 4
    for _ in steps:
        pass
    assert used(mock, "num_model_requests") == 5


def test_sessions_see_their_own_and_a_reset_forgets():
    mock = OpenAIMock(seed=1)
    ask(mock, CHAT)
    ask(mock, CHAT, **{"x-mock-session": "one"})
    ask(mock, CHAT, authorization="Bearer sk-mock-one")
    assert used(mock, "num_model_requests") == 1
    assert used(mock, "num_model_requests", "one") == 2
    mock.chat.completions.create.reset()
    assert used(mock, "num_model_requests") == 1
    mock.reset()
    assert used(mock, "num_model_requests") == used(mock, "num_model_requests", "one") == 0


def test_threads_count_everything_once():
    mock = OpenAIMock(history=5)
    threads = [threading.Thread(target=lambda: [ask(mock, CHAT) for _ in range(100)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert used(mock, "num_model_requests") == 400


def test_the_oldest_totals_make_way(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(accounting, "MOST", 50)
    mock = OpenAIMock(seed=1)
    for number in range(80):
        ask(mock, CHAT, authorization=f"Bearer sk-{number}")
    keys = [facts.key for facts, _ in mock._account.totals("")]
    assert len(keys) <= 50
    assert keys[-1] == "sk-79"
    assert "sk-0" not in keys


def test_an_answer_of_the_user_counts_as_it_says():
    mock = OpenAIMock(seed=1)
    mock.chat.completions.create.response = {"usage": {"prompt_tokens": 7, "completion_tokens": 5}}
    mock.embeddings.create.response = {"usage": "much"}
    assert ask(mock, CHAT)["usage"]["total_tokens"] == 12
    ask(mock, {"model": "text-embedding-3-small", "input": "x"}, "/v1/embeddings")
    assert (used(mock, "input_tokens"), used(mock, "output_tokens")) == (7, 5)
    assert used(mock, "num_model_requests") == 2


def test_the_lines_of_a_batch_are_usage_but_no_calls():
    mock = OpenAIMock(seed=1, lifecycle="instant")
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": CHAT}
    mock.put("files", {"id": "file-in", "purpose": "batch", "content": json.dumps(line)})
    order = {"input_file_id": "file-in", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    batch = ask(mock, order, "/v1/batches")
    assert batch["request_counts"]["completed"] == 1
    assert [entry.operation for entry in mock.journal.entries] == ["batches.create"]
    ((facts, amounts),) = mock._account.totals("")
    assert facts.batch
    mock.chat.completions.create.assert_not_called()
    assert amounts["input_tokens"] == batch["usage"]["input_tokens"]
    assert mock.journal._held == sum(entry.weight for entry in mock.journal.entries)


def test_a_stream_that_a_rule_answers_counts_its_words():
    whole, stream = OpenAIMock(seed=1), OpenAIMock(seed=1)
    for mock in (whole, stream):
        mock.when(contains="Hello").reply("Hi there, harbour")
    ask(whole, CHAT)
    ask(stream, {**CHAT, "stream": True})
    assert used(stream, "output_tokens") == used(whole, "output_tokens") > 0
    assert used(stream, "input_tokens") == used(whole, "input_tokens") > 0
