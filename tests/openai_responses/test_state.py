"""The state as objects of the SDK: what a test puts there the API knows, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types import FileObject, Model
from openai.types.beta import Assistant, Thread
from openai.types.beta.threads import Message, Run

import openai_responses
from openai_responses import OpenAIMock
from openai_responses.stores import StateStore


def file(id_: str = "file-1", purpose: Any = "assistants") -> FileObject:
    return FileObject(
        id=id_, bytes=2, created_at=1, filename="a.txt", object="file", purpose=purpose, status="processed"
    )


def assistant(id_: str = "asst_1") -> Assistant:
    return Assistant(id=id_, created_at=1, model="gpt-4o", object="assistant", tools=[])


def thread(id_: str = "thread_1") -> Thread:
    return Thread(id=id_, created_at=1, object="thread")


def message(id_: str = "msg_1", thread_id: str = "thread_1") -> Message:
    return Message(
        id=id_, thread_id=thread_id, created_at=1, object="thread.message", role="user", content=[], status="completed"
    )


def run(id_: str = "run_1", thread_id: str = "thread_1") -> Run:
    return Run.construct(
        id=id_, thread_id=thread_id, created_at=1, object="thread.run", status="queued", assistant_id="asst_1"
    )


@pytest.fixture
def client() -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="sk-mock-session", max_retries=0) as client:
        yield client


def test_put_get_delete_list() -> None:
    state = StateStore()
    state.files.put(file())
    state.files.put(file("file-2", "batch"))
    assert state.files.get("file-1") == file()
    assert [each.id for each in state.files.list()] == ["file-1", "file-2"]
    assert [each.id for each in state.files.list("batch")] == ["file-2"]
    assert state.files.delete("file-1")
    assert not state.files.delete("file-1")
    assert state.files.get("file-1") is None


def test_lists_are_whole_and_newest_first() -> None:
    state = StateStore()
    for number in range(30):
        state.beta.assistants.put(assistant(f"asst_{number}"))
    listed = [each.id for each in state.beta.assistants.list()]
    assert (len(listed), listed[0]) == (30, "asst_29")
    assert [each.id for each in state.beta.assistants.list(limit="2", order="asc", after="asst_3")] == [
        "asst_4",
        "asst_5",
    ]
    assert [each.id for each in state.beta.assistants.list(before="asst_28")] == ["asst_29"]


def test_objects_of_owners() -> None:
    state = StateStore()
    state.beta.threads.put(thread())
    state.beta.threads.messages.put(message())
    state.beta.threads.messages.put(message("msg_2", "thread_2"))
    state.beta.threads.runs.put(run())
    assert [each.id for each in state.beta.threads.messages.list("thread_1")] == ["msg_1"]
    assert len(state.beta.threads.messages.list()) == 2
    assert state.beta.threads.messages.get("msg_2").thread_id == "thread_2"
    assert state.beta.threads.runs.get("run_1").status == "queued"
    assert state.beta.threads.delete("thread_1")
    assert state.beta.threads.messages.get("msg_1") is None
    with pytest.raises(ValueError, match="'thread_id'"):
        state.beta.threads.messages.put({"id": "msg_3"})


def test_every_other_resource_has_a_shelf() -> None:
    state = StateStore()
    state.batches.put({"id": "batch_1", "object": "batch"})
    state.fine_tuning.jobs.put({"id": "ftjob-1", "object": "fine_tuning.job"})
    assert type(state.batches.get("batch_1")).__name__ == "Batch"
    assert type(state.fine_tuning.jobs.list()[0]).__name__ == "FineTuningJob"
    with pytest.raises(AttributeError, match=r"'beta\.threadz'"):
        _ = state.beta.threadz
    with pytest.raises(TypeError, match="not 7"):
        state.files.put(7)


def test_the_api_sees_what_a_test_put(client: openai.OpenAI) -> None:
    state = StateStore()
    state.files.put(file())
    state.files.content.put("file-1", b"{}")
    state.vector_stores.put({"id": "vs_1", "object": "vector_store", "name": "Mine"})
    state.vector_stores.files.put({"id": "file-1", "vector_store_id": "vs_1", "object": "vector_store.file"})
    state.vector_stores.file_batches.put(
        {"id": "vsfb_1", "vector_store_id": "vs_1", "object": "vector_store.files_batch"}
    )
    with OpenAIMock(state=state).router:
        assert client.files.retrieve("file-1").filename == "a.txt"
        assert client.files.content("file-1").read() == b"{}"
        assert client.vector_stores.retrieve("vs_1").name == "Mine"
        assert [each.id for each in client.vector_stores.files.list("vs_1")] == ["file-1"]
        assert client.vector_stores.file_batches.retrieve("vsfb_1", vector_store_id="vs_1").id == "vsfb_1"
        client.files.delete("file-1")
    assert state.files.get("file-1") is None
    assert state.files.content.get("file-1") is None


def test_a_test_sees_what_the_api_made(client: openai.OpenAI) -> None:
    openai_mock = OpenAIMock()
    with openai_mock.router:
        made = client.beta.assistants.create(model="gpt-4o", name="Mine")
        uploaded = client.files.create(file=("a.txt", b"hello"), purpose="assistants")
    assert openai_mock.state.beta.assistants.get(made.id).name == "Mine"
    assert openai_mock.state.files.content.get(uploaded.id) == b"hello"


def test_models(client: openai.OpenAI) -> None:
    openai_mock = OpenAIMock()
    state = openai_mock.state
    state.models.put(Model(id="ft:mine", created=1, object="model", owned_by="me"))
    with openai_mock.router:
        assert client.models.retrieve("ft:mine").owned_by == "me"
        assert {"ft:mine", "gpt-4o"} <= {each.id for each in client.models.list()}
        assert client.models.delete("ft:mine").deleted
        for method in (client.models.retrieve, client.models.delete):
            with pytest.raises(openai.NotFoundError):
                method("ft:mine")


def test_steps_of_runs(client: openai.OpenAI) -> None:
    openai_mock = OpenAIMock()
    state = openai_mock.state
    state.beta.threads.put(thread())
    state.beta.threads.runs.put(run())
    for number in range(3):
        state.beta.threads.runs.steps.put(
            {"id": f"step_{number}", "thread_id": "thread_1", "run_id": "run_1", "object": "thread.run.step"}
        )
    with openai_mock.router:
        steps = client.beta.threads.runs.steps
        page = steps.list("run_1", thread_id="thread_1", limit=2)
        assert [each.id for each in page.data] == ["step_2", "step_1"]
        assert [each.id for each in page] == ["step_2", "step_1", "step_0"]
        assert steps.retrieve("step_1", thread_id="thread_1", run_id="run_1").id == "step_1"
        with pytest.raises(openai.BadRequestError, match="after"):
            steps.list("run_1", thread_id="thread_1", after="step_9")
    assert [each.id for each in state.beta.threads.runs.steps.list("thread_1", "run_1", limit=1)] == ["step_2"]


def test_the_state_can_be_replaced(client: openai.OpenAI) -> None:
    openai_mock, other = OpenAIMock(), StateStore()
    other.beta.assistants.put(assistant())
    with openai_mock.router:
        with pytest.raises(openai.NotFoundError):
            client.beta.assistants.retrieve("asst_1")
        openai_mock.state = other
        assert client.beta.assistants.retrieve("asst_1").id == "asst_1"
    assert openai_mock.state is other
    with pytest.raises(TypeError, match="StateStore"):
        openai_mock.state = {}  # type: ignore[assignment]


_SHARED = StateStore()
_SHARED.beta.assistants.put(assistant())


@pytest.mark.parametrize("word", ["one", "two"])
@openai_responses.mock(state=_SHARED)
def test_a_shared_state_is_found_as_it_was(word: str, openai_mock: OpenAIMock, client: openai.OpenAI) -> None:
    assert openai_mock.state is _SHARED
    assert [each.id for each in client.beta.assistants.list()] == ["asst_1"]
    client.beta.assistants.create(model="gpt-4o", name=word)
    assert len(_SHARED.beta.assistants.list()) == 2
