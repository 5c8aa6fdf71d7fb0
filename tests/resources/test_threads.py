"""What runs hear and say: conversations as chat has them, token limits, citations, several runs at once."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from openai_mock.config.load import load
from openai_mock.mock import OpenAIMock
from openai_mock.resources.threads.work import Ahead, Work
from openai_mock.stores.sqlite import SQLite

CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
HISTORY = """
lifecycle: instant
responses:
  - id: history
    reply: next
    messages:
      - {role: user, content: Weather?}
      - role: assistant
        tool_calls: [{id: call_1, type: function, function: {name: f, arguments: '{}'}}]
      - {role: tool, tool_call_id: call_1, content: mild}
      - {role: assistant, content: It is mild.}
      - {role: user, content: Thanks}
      - {role: assistant, content: You are welcome.}
state:
  assistants: [{id: asst_a, model: gpt-4o, tools: [], instructions: Be brief.}]
  threads: [{id: thread_a}]
"""


def client(mock: OpenAIMock) -> httpx.Client:
    return httpx.Client(
        transport=mock.transport(httpx),
        base_url="https://api.openai.com/v1",
        headers={"authorization": "Bearer sk-test", "openai-beta": "assistants=v2"},
    )


def started(http: httpx.Client, text: str, **more: Any) -> dict[str, Any]:
    body = {"assistant_id": "asst_a", "additional_messages": [{"role": "user", "content": text}], **more}
    return http.post("/threads/thread_a/runs", json=body).json()


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_run_and_a_chat_are_the_same_to_rules_and_in_usage(kind, tmp_path):
    store = SQLite(tmp_path / "x.db") if kind == "file" else None
    mock = OpenAIMock(load(HISTORY, name="flows.yaml", env={}), store=store)
    with client(mock) as http:
        run = started(http, "Weather?")
        http.post(
            f"/threads/thread_a/runs/{run['id']}/submit_tool_outputs",
            json={"tool_outputs": [{"tool_call_id": "call_1", "output": "mild"}]},
        )
        last = started(http, "Thanks")
        said = http.get("/threads/thread_a/messages", params={"order": "asc"}).json()["data"]
        chat = http.post(
            "/chat/completions",
            json={
                "model": "gpt-4o",
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "Weather?"},
                    {"role": "assistant", "content": None, "tool_calls": [CALL]},
                    {"role": "tool", "tool_call_id": "call_1", "content": "mild"},
                    {"role": "assistant", "content": "It is mild."},
                    {"role": "user", "content": "Thanks"},
                ],
            },
        ).json()
    assert said[-1]["content"][0]["text"]["value"] == chat["choices"][0]["message"]["content"] == "You are welcome."
    assert {key: chat["usage"][key] for key in last["usage"]} == last["usage"]
    if store:
        store.close()


def test_the_rule_that_spoke_is_noted():
    mock = OpenAIMock(load(HISTORY, name="flows.yaml", env={}))
    with client(mock) as http:
        started(http, "Weather?")
    assert [entry.rule for entry in mock.journal.entries] == ["history"]


def test_what_is_given_up_was_not_said():
    told = {"role": "assistant", "content": "Let me look.", "tool_calls": [CALL]}
    waits = Work([told], 20, 5, (20, 5))
    assert waits.given_up() == Work([{"role": "assistant", "content": "Let me look."}], 20, 5, (20, 5))
    assert Work([{**told, "content": None}], 20, 5, (20, 5)).given_up().said == []
    answered = [told, {"role": "tool", "tool_call_id": "call_1", "content": "x"}]
    unseen = Work([*answered, {"role": "assistant", "content": "Done."}], 50, 8, (30, 3), Ahead("completed"))
    assert (unseen.given_up().said, unseen.used()["total_tokens"]) == (answered, 25)


def test_of_many_at_once_one_run_is_active():
    mock = OpenAIMock(load(HISTORY.replace("instant", "polls=2"), name="flows.yaml", env={}))
    statuses: list[int] = []
    with client(mock) as http:
        body = {"assistant_id": "asst_a", "additional_messages": [{"role": "user", "content": "Weather?"}]}

        def start() -> None:
            statuses.append(http.post("/threads/thread_a/runs", json=body).status_code)

        workers = [threading.Thread(target=start) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sorted(statuses) == [200] + [400] * 7
        assert len(http.get("/threads/thread_a/messages").json()["data"]) == 1


def test_sessions_have_threads_of_their_own():
    mock = OpenAIMock(load(HISTORY, name="flows.yaml", env={}))
    with client(mock) as http:
        started(http, "Weather?")
        other = http.get("/threads/thread_a/runs", headers={"x-mock-session": "other"}).json()
    assert other["data"] == []


def test_a_run_that_was_put_there_takes_outputs_too():
    mock = OpenAIMock(lifecycle="instant", seed=1)
    mock.put("threads", {"id": "thread_a"})
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [CALL]}}
    given = {"id": "run_a", "thread_id": "thread_a", "status": "requires_action", "required_action": action}
    mock.put(
        "threads.runs",
        {**given, "truncation_strategy": None, "max_prompt_tokens": None, "tool_choice": None, "tools": []},
    )
    with client(mock) as http:
        outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "mild"}]}
        run = http.post("/threads/thread_a/runs/run_a/submit_tool_outputs", json=outputs).json()
        said = http.get("/threads/thread_a/messages").json()["data"]
    assert run["status"] == "completed"
    assert "f: mild" in said[0]["content"][0]["text"]["value"]


def test_only_the_latest_of_a_long_thread_fits():
    mock = OpenAIMock(load(HISTORY, name="flows.yaml", env={}))
    with client(mock) as http:
        for _ in range(3):
            body = {"role": "user", "content": "word " * 300}
            assert http.post("/threads/thread_a/messages", json=body).status_code == 200
        run = started(http, "Weather?", max_prompt_tokens=256)
    assert run["status"] == "requires_action"


def test_pictures_and_empty_threads_are_answered():
    mock = OpenAIMock(lifecycle="instant", seed=1)
    mock.put("assistants", {"id": "asst_a", "model": "gpt-4o", "tools": [], "instructions": ""})
    mock.put("files", {"id": "file-1"})
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "image_file", "image_file": {"file_id": "file-1"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
    ]
    with client(mock) as http:
        for messages in ([], [{"role": "user", "content": parts}]):
            body = {"assistant_id": "asst_a", "thread": {"messages": messages}}
            run = http.post("/threads/runs", json=body).json()
            assert run["status"] == "completed"
        assert run["usage"]["prompt_tokens"] == 3 + 1 + 1 + 765 + 85 + 3
