"""Decorators of single resources: failures, latency, sequences, validation, shared state, fixtures."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import openai
import pytest

import openai_responses
from openai_responses import (
    AssistantsMock,
    ChatCompletionMock,
    EmbeddingsMock,
    FilesMock,
    MessagesMock,
    RunsMock,
    RunStepsMock,
    ThreadsMock,
    facade,
    mockers,
)
from openai_responses.state import StateStore

HELLO = [{"role": "user", "content": "Hello"}]


def sdk(**options: Any) -> openai.OpenAI:
    return openai.OpenAI(**{"api_key": "fakeKey", "max_retries": 0, **options})


@openai_responses.mock.chat.completions(choices=[{"message": {"content": "a"}}, {"message": {"content": "b"}}])
def test_as_many_choices_as_are_asked_for(chat_completion_mock: ChatCompletionMock) -> None:
    for wanted, told in (({"n": 1}, "a"), ({"n": 3}, "aba"), ({}, "ab")):
        made = sdk().chat.completions.create(model="gpt-4o", messages=HELLO, **wanted)
        assert "".join(choice.message.content for choice in made.choices) == told
        assert [choice.index for choice in made.choices] == list(range(len(told)))
        assert {choice.finish_reason for choice in made.choices} == {"stop"}
    assert chat_completion_mock.create.route.call_count == 3


@openai_responses.mock.chat.completions(choices=[{"message": {"content": "Hello there"}}])
def test_choices_can_be_streamed() -> None:
    stream = sdk().chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Hello there"


@openai_responses.mock.embeddings(embedding=[0.1, 0.2])
def test_an_embedding_for_each_input(embeddings_mock: EmbeddingsMock) -> None:
    made = sdk().embeddings.create(model="text-embedding-3-small", input=["one", "two"])
    assert [each.embedding for each in made.data] == [[0.1, 0.2]] * 2
    assert [each.index for each in made.data] == [0, 1]
    assert len(sdk().embeddings.create(model="text-embedding-3-small", input=[1, 2, 3]).data) == 1
    assert embeddings_mock.create.call_count == 2


@openai_responses.mock.files(failures=2)
def test_the_first_calls_of_each_route_fail(files_mock: FilesMock) -> None:
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            sdk().files.list()
    assert sdk().files.list().data == []
    assert files_mock.list.route.calls.call_count == 3
    with pytest.raises(openai.InternalServerError):
        sdk().files.retrieve("file-1")
    assert files_mock.retrieve.route.calls[0].response.status_code == 500


@pytest.fixture
def _virtual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mockers, "OpenAIMock", partial(facade.OpenAIMock, virtual_time=True))


@pytest.mark.usefixtures("_virtual")
@openai_responses.mock.files(latency=5)
def test_latency(files_mock: FilesMock) -> None:
    clock = files_mock.mock.native.clock
    before = clock.now()
    sdk().files.list()
    assert 5 <= clock.now() - before < 6


@openai_responses.mock.files(latency=0.05)
async def test_async_clients_await_it() -> None:
    began = time.monotonic()
    async with openai.AsyncOpenAI(api_key="fakeKey") as client:
        await client.files.list()
    assert time.monotonic() - began >= 0.05


@pytest.mark.usefixtures("_virtual")
@openai_responses.mock.files(latency=5)
def test_a_client_that_is_less_patient_times_out() -> None:
    with pytest.raises(openai.APITimeoutError):
        sdk(timeout=1).files.list()


@openai_responses.mock.beta.threads.runs(sequence=[{"status": "queued"}, {"status": "completed"}])
def test_a_list_is_for_retrieve_and_its_last_one_stays(runs_mock: RunsMock) -> None:
    runs = sdk().beta.threads.runs
    run = runs.create(thread_id="thread_1", assistant_id="asst_1")
    seen = [runs.retrieve(run.id, thread_id="thread_1") for _ in range(3)]
    assert [each.status for each in seen] == ["queued", "completed", "completed"]
    assert {(each.thread_id, each.assistant_id) for each in seen} == {("thread_1", "asst_1")}
    assert runs_mock.retrieve.route.calls.call_count == 3


def test_a_sequence_names_methods() -> None:
    @openai_responses.mock.beta.threads.runs(sequence={"creat": []})
    def test() -> None:
        """Never runs."""

    with pytest.raises(ValueError, match="'creat'"):
        test()
    with pytest.raises(ValueError, match="below 0"):
        openai_responses.mock.files(failures=-1)


@openai_responses.mock.beta.threads.messages(validate_thread_exists=True)
@openai_responses.mock.beta.threads()
def test_threads_can_be_validated(messages_mock: MessagesMock, threads_mock: ThreadsMock) -> None:
    beta = sdk().beta
    with pytest.raises(openai.NotFoundError, match="thread_1"):
        beta.threads.messages.create("thread_1", role="user", content="Hi")
    thread = beta.threads.create()
    made = beta.threads.messages.create(thread.id, role="user", content="Hi")
    assert [each.id for each in beta.threads.messages.list(thread.id)] == [made.id]
    assert messages_mock.create.route.call_count == 2
    assert threads_mock.create.route.called


@openai_responses.mock.beta.threads.runs(validate_assistant_exists=True)
@openai_responses.mock.beta.assistants()
def test_assistants_can_be_validated(assistants_mock: AssistantsMock) -> None:
    beta = sdk().beta
    with pytest.raises(openai.NotFoundError, match="asst_1"):
        beta.threads.runs.create(thread_id="thread_1", assistant_id="asst_1")
    made = beta.assistants.create(model="gpt-4o")
    assert beta.threads.runs.create(thread_id="thread_1", assistant_id=made.id).assistant_id == made.id
    assert assistants_mock.state.beta.assistants.get(made.id).model == "gpt-4o"


@openai_responses.mock.beta.threads.runs.steps(steps=[{"status": "in_progress"}, {"id": "step_2"}])
def test_steps(run_steps_mock: RunStepsMock) -> None:
    steps = sdk().beta.threads.runs.steps
    listed = steps.list("run_1", thread_id="thread_1", order="asc").data
    assert [(each.status, each.run_id) for each in listed] == [("in_progress", "run_1"), ("completed", "run_1")]
    assert steps.retrieve("step_2", run_id="run_1", thread_id="thread_1").type == "message_creation"
    with pytest.raises(openai.NotFoundError):
        steps.retrieve("step_9", run_id="run_1", thread_id="thread_1")
    assert steps.retrieve("step_2", run_id="run_2", thread_id="thread_2").run_id == "run_2"
    assert run_steps_mock.list.route.calls.call_count == 1


@openai_responses.mock.beta.threads.runs.steps(validate_run_exists=True)
def test_runs_can_be_validated() -> None:
    with pytest.raises(openai.NotFoundError, match="run_1"):
        sdk().beta.threads.runs.steps.list("run_1", thread_id="thread_1")


@openai_responses.mock.files()
@openai_responses.mock.beta.assistants()
@openai_responses.mock.beta.threads.messages()
def test_a_chain_has_one_state(
    messages_mock: MessagesMock, files_mock: FilesMock, assistants_mock: AssistantsMock
) -> None:
    assert messages_mock.mock is files_mock.mock is assistants_mock.mock


@pytest.fixture
def state_store() -> StateStore:
    state = StateStore()
    state.beta.assistants.put({"id": "asst_mine", "model": "gpt-4o", "name": "Mine"})
    return state


@openai_responses.mock.beta.assistants()
@openai_responses.mock.files()
def test_a_fixture_called_state_store_wins(state_store: StateStore, files_mock: FilesMock) -> None:
    assert files_mock.state is state_store
    assert sdk().beta.assistants.retrieve("asst_mine").name == "Mine"


def test_fixtures_work_by_themselves(files_mock: FilesMock, threads_mock: ThreadsMock) -> None:
    sdk().files.create(file=("a.txt", b"a"), purpose="assistants")
    assert files_mock.create.route.calls.call_count == 1
    assert not threads_mock.create.called


@pytest.fixture
def prepared(files_mock: FilesMock) -> FilesMock:
    files_mock.list.response = {"data": [{"id": "file-mine"}]}
    return files_mock


@openai_responses.mock.files(failures=1)
def test_fixtures_and_decorators_share(prepared: FilesMock, files_mock: FilesMock) -> None:
    assert prepared.mock is files_mock.mock
    with pytest.raises(openai.InternalServerError):
        sdk().files.list()
    assert sdk().files.list().data[0].id == "file-mine"


@pytest.mark.parametrize("run", [1, 2])
@openai_responses.mock.files(failures=1)
def test_every_run_begins_anew(run: int, files_mock: FilesMock) -> None:
    assert sdk(max_retries=1).files.list().data == []
    assert files_mock.list.call_count == 2


class TestMethods:
    @openai_responses.mock.files()
    def test_method(self, files_mock: FilesMock) -> None:
        assert isinstance(files_mock, FilesMock)
        with pytest.raises(AttributeError, match=r"'files\.creat'"):
            _ = files_mock.creat


def test_an_answer_is_set_on_an_operation_and_nowhere_else() -> None:
    @openai_responses.mock()
    def run(openai_mock: Any) -> None:
        with pytest.raises(AttributeError, match=r"chat\.completions\.create\.response = \.\.\."):
            openai_mock.chat.completions.response = {}

    run()
