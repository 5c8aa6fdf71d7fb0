"""Objects made from requests, and merged with parts."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai.types.beta import Assistant, Thread

import openai_responses
from openai_responses import OpenAIMock, helpers
from openai_responses.ext import httpx, respx
from openai_responses.ext.httpx import Request, Response
from openai_responses.helpers.builders.assistants import assistant_from_create_request
from openai_responses.helpers.builders.chat import chat_completion_from_create_request
from openai_responses.helpers.builders.messages import build_message, message_from_create_request
from openai_responses.helpers.builders.run_steps import build_run_step
from openai_responses.helpers.builders.runs import run_from_create_request
from openai_responses.helpers.mergers.assistants import merge_assistant_with_partial
from openai_responses.helpers.mergers.threads import merge_thread_with_partial
from openai_responses.sdk import client_library


def asked(path: str, **body: Any) -> Any:
    return Request("POST", f"https://api.openai.com/v1{path}", json=body)


def test_assistant() -> None:
    made = assistant_from_create_request(asked("/assistants", model="gpt-4o", name="Theirs"), extra={"name": "Mine"})
    assert isinstance(made, Assistant)
    assert (made.name, made.model) == ("Mine", "gpt-4o")


@openai_responses.mock()
def test_chat_in_a_function(openai_mock: OpenAIMock) -> None:
    def answer(request: Any) -> Any:
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}
        made = chat_completion_from_create_request(request, extra={"choices": [choice]})
        return Response(200, json=made.to_dict())

    openai_mock.chat.completions.create.response = answer
    with openai.OpenAI(api_key="sk-x") as client:
        made = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hello"}])
    assert (made.choices[0].message.content, made.model) == ("Hi", "gpt-4o")


def test_messages_runs_and_steps() -> None:
    message = message_from_create_request("thread_1", asked("/threads/thread_1/messages", role="user", content="Hi"))
    assert (message.thread_id, message.role, message.content[0].text.value) == ("thread_1", "user", "Hi")
    assert build_message({"thread_id": "thread_2", "role": "user"}).thread_id == "thread_2"
    assert build_run_step({"status": "failed"}).status == "failed"
    run = run_from_create_request("thread_1", asked("/threads/thread_1/runs", assistant_id="asst_1"))
    assert (run.thread_id, run.assistant_id) == ("thread_1", "asst_1")


def test_every_other_builder() -> None:
    b = helpers.builders
    assert b.threads.thread_from_create_request(asked("/threads", metadata={"a": "b"})).metadata == {"a": "b"}
    assert b.vector_stores.vector_store_from_create_request(asked("/vector_stores", name="Mine")).name == "Mine"
    request = asked("/vector_stores/vs_1/files", file_id="file-1")
    assert b.vector_store_files.vector_store_file_from_create_request(request).vector_store_id == "vs_1"
    request = asked("/embeddings", model="text-embedding-3-small", input="one")
    assert b.embeddings.embedding_create_response_from_create_request(request).model == "text-embedding-3-small"
    assert b.moderations.moderation_create_response_from_create_request(asked("/moderations", input="one")).results


def test_a_request_that_the_mock_refuses() -> None:
    with pytest.raises(ValueError, match="'model'"):
        assistant_from_create_request(asked("/assistants", name="Mine"))


def test_mergers() -> None:
    assistant = Assistant(id="asst_1", created_at=1, model="gpt-4o", object="assistant", tools=[])
    assert merge_assistant_with_partial(assistant, {"name": "Mine"}).name == "Mine"
    assert assistant.name is None
    thread = merge_thread_with_partial(Thread(id="thread_1", created_at=1, object="thread"), {"metadata": {"a": "b"}})
    assert (thread.id, thread.metadata) == ("thread_1", {"a": "b"})


def test_ext_is_the_library_of_the_sdk() -> None:
    assert httpx.Client is client_library().Client
    assert "MockTransport" in httpx.__all__
    assert isinstance(OpenAIMock().files.create.route, respx.Route)
