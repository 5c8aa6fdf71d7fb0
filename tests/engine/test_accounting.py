"""Accounting is exact whatever the journal keeps, forgets or has not finished yet."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from openai_mock.engine import accounting
from openai_mock.engine.recorded import recorded
from openai_mock.mock import OpenAIMock
from openai_mock.wire import Data, Head, Request

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


def ask(mock: OpenAIMock, body: dict[str, Any], path: str = "/v1/chat/completions", **headers: str) -> dict[str, Any]:
    request = Request("POST", path, headers={"authorization": "Bearer sk-a", **headers}, body=json.dumps(body).encode())
    answer = b"".join(step.chunk for step in mock.handle(request) if isinstance(step, Data))
    return {} if body.get("stream") else json.loads(answer)


def used(mock: OpenAIMock, name: str, session: str = "") -> int:
    return sum(amounts[name] for _, amounts in mock._worlds.account.totals(session))


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
    monkeypatch.setattr(accounting, "_TOGETHER", 4)
    mock = OpenAIMock(seed=1, history=1)
    answers = [ask(mock, {**CHAT, "messages": [{"role": "user", "content": "Hi " * n}]}) for n in range(1, 20)]
    assert used(mock, "input_tokens") == sum(each["usage"]["prompt_tokens"] for each in answers)


def test_a_tool_with_a_parameter_named_usage_changes_no_count():
    schema = {"type": "object", "properties": {"usage": {"type": "string"}, "service_tier": {"type": "string"}}}
    tools = [{"type": "function", "name": "report", "strict": False, "parameters": schema}]
    mock = OpenAIMock(seed=1, history=1)
    body = {"model": "gpt-4o", "input": "Hi", "tools": tools, "tool_choice": "none"}
    answers = [ask(mock, body, "/v1/responses") for _ in range(5)]
    assert used(mock, "input_tokens") == sum(each["usage"]["input_tokens"] for each in answers)


@pytest.mark.parametrize("more", [{"extra": {"usage": {"prompt_tokens": 7}}}, {"response": "a text"}])
@pytest.mark.parametrize("stream", [False, True])
def test_fields_of_the_user_change_no_count(stream: bool, more: dict[str, Any]):
    plain, mock = OpenAIMock(seed=1), OpenAIMock(seed=1)
    mock.chat.completions.create.response = more
    mock.embeddings.create.response = more
    bodies = {"chat/completions": {**CHAT, "stream": stream}, "embeddings": {"model": "e", "input": "Hello"}}
    for path, body in bodies.items():
        ask(plain, body, f"/v1/{path}")
        ask(mock, body, f"/v1/{path}")
    for name in ("num_model_requests", "input_tokens", "output_tokens"):
        assert used(mock, name) == used(plain, name) > 0
    told = [recorded(entry)["tokens"] for entry in mock.journal.entries]
    assert told == [recorded(entry)["tokens"] for entry in plain.journal.entries]


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": "many", "input_tokens": "many"}])
@pytest.mark.parametrize("more", [{}, {"stream": True}, {"background": True}])
def test_a_usage_of_the_user_that_counts_nothing_breaks_nothing(usage: Any, more: dict[str, Any]):
    mock = OpenAIMock(seed=1)
    mock.chat.completions.create.response = mock.responses.create.response = {"usage": usage}
    if "background" not in more:
        ask(mock, {**CHAT, **more})
        assert (used(mock, "num_model_requests"), used(mock, "input_tokens")) == (1, 0)
    made = ask(mock, {"model": "gpt-4o", "input": "Hi", **more}, "/v1/responses")
    if "background" in more:
        statuses = [seen(mock, f"/v1/responses/{made['id']}")["status"] for _ in range(2)]
        assert statuses == ["in_progress", "completed"]


SEARCH = {"model": "gpt-4o", "input": "Cats", "tools": [{"type": "web_search"}], "tool_choice": "required"}


@pytest.mark.parametrize("fault", ["split", "rechunk"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_in_pieces_counts_as_in_one(stream: bool, fault: str):
    whole, mock = OpenAIMock(seed=1), OpenAIMock(seed=1, faults=[fault])
    more = {"stream": True} if stream else {}
    options = {"stream_options": {"include_usage": True}} if stream else {}
    bodies = {"chat/completions": {**CHAT, **more, **options}, "responses": {**SEARCH, **more}}
    for path, body in bodies.items():
        for each in (whole, mock):
            ask(each, {**body, "stream": stream}, f"/v1/{path}")
    for name in ("num_model_requests", "input_tokens", "output_tokens", "num_requests"):
        assert used(mock, name) == used(whole, name) > 0
    told = [recorded(entry)["tokens"] for entry in mock.journal.entries]
    assert None not in told
    assert told == [recorded(entry)["tokens"] for entry in whole.journal.entries]


@pytest.mark.parametrize("fault", ["truncate", "empty", "reset", "invalid_utf8"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_never_arrives_counts_as_made(stream: bool, fault: str):
    whole, mock = OpenAIMock(seed=1), OpenAIMock(seed=1, faults=[fault])
    bodies = {
        "chat/completions": {**CHAT, "stream": stream},
        "responses": {**SEARCH, "stream": stream},
        "embeddings": {"model": "e", "input": "Hello"},
    }
    for path, body in bodies.items():
        ask(whole, body, f"/v1/{path}")
        sent = {"authorization": "Bearer sk-a"}
        for _ in mock.handle(Request("POST", f"/v1/{path}", headers=sent, body=json.dumps(body).encode())):
            pass
    for name in ("num_model_requests", "input_tokens", "output_tokens", "num_requests"):
        assert used(mock, name) == used(whole, name) > 0


def test_a_stream_with_tools_that_its_client_leaves_counts_as_read():
    mock, left = OpenAIMock(seed=1), OpenAIMock(seed=1)
    ask(mock, {**SEARCH, "stream": True}, "/v1/responses")
    body = json.dumps({**SEARCH, "stream": True}).encode()
    steps = left.handle(Request("POST", "/v1/responses", headers={"authorization": "Bearer sk-a"}, body=body))
    next(steps)
    steps.close()
    for name in ("num_model_requests", "input_tokens", "output_tokens", "num_requests"):
        assert used(left, name) == used(mock, name) > 0


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
    keys = [facts.key for facts, _ in mock._worlds.account.totals("")]
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
    ((facts, amounts),) = mock._worlds.account.totals("")
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


ASSISTANT = {"object": "assistant", "id": "asst_1", "model": "gpt-4o"}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
RUN = {"assistant_id": "asst_1", "thread": {"messages": [{"role": "user", "content": "Hello"}]}}


def assisted(**options: Any) -> OpenAIMock:
    mock = OpenAIMock(seed=1, **options)
    mock.put("beta.assistants", ASSISTANT)
    return mock


def beta(mock: OpenAIMock, body: dict[str, Any], path: str) -> dict[str, Any]:
    return ask(mock, body, path, **{"openai-beta": "assistants=v2"})


def seen(mock: OpenAIMock, path: str) -> dict[str, Any]:
    request = Request("GET", path, headers={"authorization": "Bearer sk-a", "openai-beta": "assistants=v2"})
    return json.loads(b"".join(step.chunk for step in mock.handle(request) if isinstance(step, Data)))


def tokens(mock: OpenAIMock) -> tuple[int, int, int]:
    return used(mock, "num_model_requests"), used(mock, "input_tokens"), used(mock, "output_tokens")


def test_a_run_counts_once_when_it_has_ended():
    mock = assisted(lifecycle="polls=2")
    run = beta(mock, RUN, "/v1/threads/runs")
    assert tokens(mock) == (0, 0, 0)
    path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}"
    ended = [seen(mock, path) for _ in range(4)][-1]
    assert ended["status"] == "completed"
    assert tokens(mock) == (1, ended["usage"]["prompt_tokens"], ended["usage"]["completion_tokens"])
    ((facts, _),) = mock._worlds.account.totals("")
    assert (facts.kind, facts.model, facts.key) == ("completions", "gpt-4o", "sk-a")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("history", [0, 100])
def test_each_round_of_a_run_counts_once(stream: bool, history: int):
    mock = assisted(lifecycle="instant", history=history)
    run = beta(mock, {**RUN, "tools": [TOOL], "tool_choice": "required"}, "/v1/threads/runs")
    assert run["status"] == "requires_action"
    assert tokens(mock)[0] == 1
    path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}"
    called = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": each["id"], "output": "7"} for each in called]
    beta(mock, {"tool_outputs": outputs, "stream": stream}, f"{path}/submit_tool_outputs")
    ended = seen(mock, path)
    assert ended["status"] == "completed"
    assert tokens(mock) == (2, ended["usage"]["prompt_tokens"], ended["usage"]["completion_tokens"])


def test_a_streamed_run_counts_once():
    mock = assisted()
    beta(mock, {**RUN, "stream": True}, "/v1/threads/runs")
    ((run,),) = [mock.objects("beta.threads.runs", thread_id=each["id"]) for each in mock.objects("beta.threads")]
    assert tokens(mock) == (1, run["usage"]["prompt_tokens"], run["usage"]["completion_tokens"])


def test_a_run_that_is_cancelled_before_its_end_used_nothing():
    mock = assisted(lifecycle="seconds=60")
    run = beta(mock, RUN, "/v1/threads/runs")
    beta(mock, {}, f"/v1/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    mock.clock.advance(120)
    assert seen(mock, f"/v1/threads/{run['thread_id']}/runs/{run['id']}")["status"] == "cancelled"
    assert tokens(mock) == (0, 0, 0)


@pytest.mark.parametrize("history", [0, 100])
def test_a_response_in_the_background_counts_at_its_end(history: int):
    mock = OpenAIMock(seed=1, lifecycle="seconds=60", history=history)
    made = ask(mock, {"model": "gpt-4o", "input": "Hello", "background": True}, "/v1/responses")
    assert (made["status"], tokens(mock)) == ("queued", (0, 0, 0))
    mock.clock.advance(61)
    for _ in range(2):
        ended = seen(mock, f"/v1/responses/{made['id']}")
    assert tokens(mock) == (1, ended["usage"]["input_tokens"], ended["usage"]["output_tokens"])
    ((facts, _),) = mock._worlds.account.totals("")
    assert facts.minute == ended["completed_at"] // 60


def test_a_response_in_the_background_counts_its_tools():
    whole, later = OpenAIMock(seed=1), OpenAIMock(seed=1, lifecycle="instant")
    body = {"model": "gpt-4o", "input": "Search", "tools": [{"type": "web_search", "search_context_size": "low"}],
            "tool_choice": "required"}  # fmt: skip
    ask(whole, body, "/v1/responses")
    ask(later, {**body, "background": True}, "/v1/responses")
    totals = [mock._worlds.account.totals("") for mock in (whole, later)]
    kinds = [sorted((facts.kind, facts.detail, *sorted(used.items())) for facts, used in each) for each in totals]
    assert kinds[0] == kinds[1]
    assert [kind for kind, *_ in kinds[0]] == ["completions", "web_search_calls"]


@pytest.mark.parametrize("history", [0, 1, 100])
def test_usage_is_the_same_whatever_the_journal_keeps(history: int):
    mock, whole = OpenAIMock(seed=1, history=history), OpenAIMock(seed=1, history=10_000)
    bodies: list[tuple[dict[str, Any], str]] = [
        (CHAT, "/v1/chat/completions"),
        ({**CHAT, "stream": True}, "/v1/chat/completions"),
        ({**CHAT, "stream": True, "stream_options": {"include_usage": True}}, "/v1/chat/completions"),
        ({"model": "gpt-4o", "input": "Hello"}, "/v1/responses"),
        ({"model": "gpt-4o", "input": "Hello", "stream": True}, "/v1/responses"),
        ({"model": "gpt-3.5-turbo-instruct", "prompt": "Hello", "stream": True}, "/v1/completions"),
        ({"model": "text-embedding-3-small", "input": "Hello"}, "/v1/embeddings"),
        ({"model": "omni-moderation-latest", "input": "Hello"}, "/v1/moderations"),
        ({"model": "gpt-4o", "input": "Hello"}, "/v1/responses/compact"),
        ({"model": "tts-1", "voice": "alloy", "input": "Hello"}, "/v1/audio/speech"),
    ]
    for each in (mock, whole):
        for body, path in bodies:
            request = Request("POST", path, headers={"authorization": "Bearer sk-a"}, body=json.dumps(body).encode())
            head, *_ = each.handle(request)
            assert isinstance(head, Head)
            assert head.status == 200
    assert sorted(mock._worlds.account.totals("")) == sorted(whole._worlds.account.totals(""))
    assert used(mock, "num_model_requests") == len(bodies)
    assert all(entry.chunks == () for entry in mock.journal.entries if not history)


def test_what_has_a_pace_counts_without_a_history():
    mock = OpenAIMock(seed=1, history=0, pace="gpt-4o", virtual_time=True)
    ask(mock, {"model": "gpt-4o", "input": "Hello", "stream": True}, "/v1/responses")
    assert used(mock, "output_tokens") > 0


@pytest.mark.parametrize("history", [0, 100])
def test_the_samples_of_an_eval_count_once(history: int):
    mock = OpenAIMock(seed=1, lifecycle="instant", history=history)
    criterion = {"type": "string_check", "name": "s", "input": "{{sample.output_text}}", "operation": "ne",
                 "reference": "x"}  # fmt: skip
    config = {"type": "custom", "item_schema": {"type": "object", "properties": {}}, "include_sample_schema": True}
    made = ask(mock, {"data_source_config": config, "testing_criteria": [criterion]}, "/v1/evals")
    rows = {"type": "file_content", "content": [{"item": {"q": "a"}}, {"item": {"q": "b"}}]}
    said = {"type": "template", "template": [{"role": "user", "content": "{{item.q}}"}]}
    source = {"type": "completions", "model": "gpt-4o", "source": rows, "input_messages": said}
    run = ask(mock, {"data_source": source}, f"/v1/evals/{made['id']}/runs")
    (per,) = run["per_model_usage"]
    assert tokens(mock) == (per["invocation_count"], per["prompt_tokens"], per["completion_tokens"])
    assert per["invocation_count"] == 2


def test_the_lines_of_a_batch_count_without_a_history():
    mock = OpenAIMock(seed=1, lifecycle="instant", history=0)
    line = {"method": "POST", "url": "/v1/responses", "body": {"model": "gpt-4o", "input": "Hello"}}
    content = "\n".join(json.dumps({"custom_id": str(number), **line}) for number in range(3))
    mock.put("files", {"id": "file-in", "purpose": "batch", "content": content})
    order = {"input_file_id": "file-in", "endpoint": "/v1/responses", "completion_window": "24h"}
    batch = ask(mock, order, "/v1/batches")
    assert tokens(mock) == (3, batch["usage"]["input_tokens"], batch["usage"]["output_tokens"])


def test_what_is_under_way_at_a_reset_does_not_count():
    mock = OpenAIMock(seed=1)
    request = Request("POST", "/v1/chat/completions", headers={"authorization": "Bearer sk-a"},
                      body=json.dumps({**CHAT, "stream": True}).encode())  # fmt: skip
    steps = mock.handle(request)
    next(steps)
    mock.reset()
    assert [*steps]
    assert used(mock, "num_model_requests") == 0
