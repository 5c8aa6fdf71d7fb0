"""Assistants, threads and runs as the real SDK sees them. An SDK without them skips."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from jsonschema_rs import Draft202012Validator

from openai_mock.config.load import load as read_config
from openai_mock.mock import OpenAIMock
from openai_mock.spec.operations import load

if not hasattr(getattr(openai.OpenAI(api_key="sk-test").beta, "threads", None), "runs"):
    pytest.skip("This SDK has no threads.", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

CATALOGUE = load()
EVENT = Draft202012Validator(CATALOGUE.bundle(CATALOGUE.operations["beta.threads.create_and_run"].events))
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
FLOWS = """
responses:
  - id: hello
    messages: [{role: user, content: Hello}, {role: assistant, content: "naïve 😀👩‍👩‍👧 日本語"}]
  - id: refused
    messages: [{role: user, content: refuse}, {role: assistant, refusal: I cannot.}]
  - id: both
    reply: next
    messages:
      - {role: user, content: weather, matcher: contains}
      - role: assistant
        content: Let me look.
        tool_calls:
          - {id: call_1, type: function, function: {name: get_weather, arguments: '{"city": "Paris"}'}}
          - {id: call_2, type: function, function: {name: get_weather, arguments: '{"city": "Rome"}'}}
      - {role: tool, tool_call_id: call_1}
      - {role: tool, tool_call_id: call_2}
      - {role: assistant, content: Paris is mild and Rome is warm.}
"""
OUTPUTS: Any = [{"tool_call_id": "call_1", "output": "18"}, {"tool_call_id": "call_2", "output": "25"}]
FAST: dict[str, Any] = {"poll_interval_ms": 1}


def library() -> Any:
    return importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")


def mock_of(flows: str = "", **more: Any) -> OpenAIMock:
    plan = (read_config(flows, name="flows.yaml", env={}),) if flows else ()
    return OpenAIMock(*plan, seed=1, **more)


def client_of(mock: OpenAIMock) -> openai.OpenAI:
    return openai.OpenAI(
        api_key="sk-test", http_client=library().Client(transport=mock.transport(library())), max_retries=0
    )


def async_client_of(mock: OpenAIMock) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        api_key="sk-test", http_client=library().AsyncClient(transport=mock.transport(library())), max_retries=0
    )


@pytest.fixture
def client() -> Iterator[openai.OpenAI]:
    with client_of(mock_of(FLOWS)) as client:
        yield client


@pytest.fixture
def plain() -> Iterator[openai.OpenAI]:
    """A client of a mock without configuration."""
    with client_of(mock_of()) as client:
        yield client


def valid(operation: str, given: Any) -> Any:
    """The object, which must be one that the catalogue describes."""
    Draft202012Validator(CATALOGUE.bundle(CATALOGUE.operations[operation].response)).validate(given.to_dict())
    return given


def texts(client: openai.OpenAI, thread_id: str, **where: Any) -> list[str]:
    """What was said on a thread, oldest first."""
    found = list(client.beta.threads.messages.list(thread_id, order="asc", **where))
    for each in found:
        valid("beta.threads.messages.retrieve", each)
    return [part.text.value for each in found for part in each.content if part.type == "text"]


def asked(client: openai.OpenAI, text: str, **assistant: Any) -> tuple[str, str]:
    """The ids of a thread on which a text was said, and of an assistant."""
    made = valid("beta.assistants.create", client.beta.assistants.create(model="gpt-4o", **assistant))
    thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
    return valid("beta.threads.create", thread).id, made.id


def test_create_and_poll_ends_with_a_message(client):
    thread, assistant = asked(client, "Hello", instructions="Be kind.")
    run = client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant, **FAST)
    assert (valid("beta.threads.runs.create", run).status, run.instructions) == ("completed", "Be kind.")
    assert texts(client, thread, run_id=run.id) == ["naïve 😀👩‍👩‍👧 日本語"]
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=thread).data
    assert [valid("beta.threads.runs.steps.retrieve", step).type for step in steps] == ["message_creation"]
    assert steps[0].usage.total_tokens == run.usage.total_tokens


def test_create_and_run_poll(client):
    _, assistant = asked(client, "Hello")
    thread: Any = {"messages": [{"role": "user", "content": "Hello"}]}
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant, thread=thread, **FAST)
    assert valid("beta.threads.create_and_run", run).status == "completed"
    assert len(texts(client, run.thread_id)) == 2


def test_submit_tool_outputs_and_poll(client):
    thread, assistant = asked(client, "The weather?", tools=[WEATHER])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant, **FAST)
    assert valid("beta.threads.runs.create", run).status == "requires_action"
    calls = run.required_action.submit_tool_outputs.tool_calls
    assert [(call.id, json.loads(call.function.arguments)["city"]) for call in calls] == [
        ("call_1", "Paris"),
        ("call_2", "Rome"),
    ]
    assert texts(client, thread)[-1] == "Let me look."
    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread, tool_outputs=OUTPUTS, **FAST
    )
    assert valid("beta.threads.runs.create", run).status == "completed"
    assert texts(client, thread, run_id=run.id) == ["Let me look.", "Paris is mild and Rome is warm."]
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=thread, order="asc").data
    assert [step.type for step in steps] == ["message_creation", "tool_calls", "message_creation"]
    assert [call.function.output for call in steps[1].step_details.tool_calls] == ["18", "25"]
    assert sum(valid("beta.threads.runs.steps.retrieve", step).usage.total_tokens for step in steps) == (
        run.usage.total_tokens
    )


class Watcher(openai.AssistantEventHandler):
    """Notes what the SDK makes of a stream."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []
        self.text = ""
        self.noted: list[str] = []

    def on_event(self, event: Any) -> None:
        self.events.append(event)
        EVENT.validate(event.to_dict())

    def on_text_created(self, text: Any) -> None:
        self.noted.append("text created")

    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.text += delta.value or ""
        assert snapshot.value == self.text

    def on_text_done(self, text: Any) -> None:
        self.noted.append(f"text {text.value}")

    def on_message_done(self, message: Any) -> None:
        self.noted.append(f"message {message.status}")

    def on_tool_call_created(self, tool_call: Any) -> None:
        self.noted.append(f"call {tool_call.function.name}")

    def on_tool_call_done(self, tool_call: Any) -> None:
        self.noted.append(f"called {tool_call.id} {tool_call.function.arguments}")

    def on_end(self) -> None:
        self.noted.append("end")


def test_a_stream_tells_what_is_then_remembered(client):
    thread, assistant = asked(client, "Hello")
    watcher = Watcher()
    with client.beta.threads.runs.stream(thread_id=thread, assistant_id=assistant, event_handler=watcher) as stream:
        stream.until_done()
    said = "naïve 😀👩‍👩‍👧 日本語"
    assert watcher.noted == ["text created", f"text {said}", "message completed", "end"]
    run = stream.get_final_run()
    assert client.beta.threads.runs.retrieve(run.id, thread_id=thread).to_dict() == run.to_dict()
    final = {message.id: message.to_dict() for message in stream.get_final_messages()}
    assert final == {
        each.id: each.to_dict() for each in client.beta.threads.messages.list(thread, run_id=run.id, order="asc")
    }
    kinds = [event.event for event in watcher.events if event.event != "thread.message.delta"]
    assert kinds == [
        "thread.run.created", "thread.run.queued", "thread.run.in_progress", "thread.run.step.created",
        "thread.run.step.in_progress", "thread.message.created", "thread.message.in_progress",
        "thread.message.completed", "thread.run.step.completed", "thread.run.completed",
    ]  # fmt: skip


def test_a_stream_waits_for_tools_and_goes_on(client):
    thread, assistant = asked(client, "The weather?", tools=[WEATHER])
    watcher, second = Watcher(), Watcher()
    with client.beta.threads.runs.stream(thread_id=thread, assistant_id=assistant, event_handler=watcher) as stream:
        stream.until_done()
    assert watcher.events[-1].event == "thread.run.requires_action"
    assert watcher.noted[3:] == [
        "call get_weather",
        'called call_1 {"city": "Paris"}',
        "call get_weather",
        'called call_2 {"city": "Rome"}',
        "end",
    ]
    run = stream.current_run
    with client.beta.threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=thread, tool_outputs=OUTPUTS, event_handler=second
    ) as stream:
        stream.until_done()
    assert [event.event for event in second.events[:3]] == [
        "thread.run.step.completed", "thread.run.queued", "thread.run.in_progress",
    ]  # fmt: skip
    assert second.text == "Paris is mild and Rome is warm."
    assert second.events[-1].event == "thread.run.completed"
    assert client.beta.threads.runs.retrieve(run.id, thread_id=thread).status == "completed"


def test_every_other_stream_is_valid(client, plain):
    _, assistant = asked(client, "refuse")
    thread: Any = {"messages": [{"role": "user", "content": "refuse"}]}
    watcher = Watcher()
    with client.beta.threads.create_and_run_stream(
        assistant_id=assistant, thread=thread, event_handler=watcher
    ) as stream:
        stream.until_done()
    assert watcher.events[0].event == "thread.created"
    message = stream.get_final_messages()[0]
    assert message.content[0].refusal == "I cannot."
    for said in ("Search my files", "Calculate the sum"):
        tools: Any = [{"type": "file_search"}, {"type": "code_interpreter"}]
        thread_id, assistant = asked(plain, said, tools=tools)
        events = list(plain.beta.threads.runs.create(thread_id, assistant_id=assistant, stream=True))
        for event in events:
            EVENT.validate(event.to_dict())
        assert events[-1].event == "thread.run.completed"
        for step in plain.beta.threads.runs.steps.list(events[-1].data.id, thread_id=thread_id):
            valid("beta.threads.runs.steps.retrieve", step)


def test_a_run_cites_what_a_message_attached(plain):
    file = plain.files.create(file=("zoo.txt", b"Zebras live in the zoo."), purpose="assistants")
    attached: Any = [{"file_id": file.id, "tools": [{"type": "file_search"}]}]
    assistant = plain.beta.assistants.create(model="gpt-4o", tools=[{"type": "file_search"}])
    message: Any = {"role": "user", "content": "Where do zebras live?", "attachments": attached}
    run = plain.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread={"messages": [message]}, **FAST)
    (answer,) = plain.beta.threads.messages.list(run.thread_id, run_id=run.id)
    text = valid("beta.threads.messages.retrieve", answer).content[0].text
    (cited,) = text.annotations
    assert (text.value[cited.start_index : cited.end_index], cited.file_citation.file_id) == (cited.text, file.id)
    content: Any = ["step_details.tool_calls[*].file_search.results[*].content"]
    steps = plain.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc", include=content)
    found = valid("beta.threads.runs.steps.retrieve", steps.data[0]).step_details.tool_calls[0].file_search.results
    assert [(each.file_name, each.content[0].text) for each in found] == [("zoo.txt", "Zebras live in the zoo.")]
    thread = valid("beta.threads.retrieve", plain.beta.threads.retrieve(run.thread_id))
    (store,) = thread.tool_resources.file_search.vector_store_ids
    assert plain.vector_stores.retrieve(store).expires_after.days == 7


def test_an_agent_without_configuration_comes_to_an_end(plain):
    thread, assistant = asked(plain, "What is the weather in Oslo?", tools=[WEATHER])
    run = plain.beta.threads.runs.create_and_poll(
        thread_id=thread, assistant_id=assistant, tool_choice="required", **FAST
    )
    calls = run.required_action.submit_tool_outputs.tool_calls
    run = plain.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread, tool_outputs=[{"tool_call_id": call.id, "output": "mild"} for call in calls],
        **FAST,
    )  # fmt: skip
    assert run.status == "completed"
    assert "mild" in texts(plain, thread)[-1]


def test_a_run_expires_with_the_steps_that_wait():
    mock = mock_of(FLOWS)
    with client_of(mock) as client:
        thread, assistant = asked(client, "The weather?")
        run = client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant, **FAST)
        mock.clock.advance(minutes=10)
        run = client.beta.threads.runs.retrieve(run.id, thread_id=thread)
        assert valid("beta.threads.runs.create", run).status == "expired"
        assert run.usage.completion_tokens > 0
        step = client.beta.threads.runs.steps.list(run.id, thread_id=thread).data[0]
        assert (step.status, step.expired_at) == ("expired", run.created_at + 600)
        client.beta.threads.messages.create(thread, role="user", content="Still there?")


def test_seconds_on_the_clock_and_lists_that_see_it():
    mock = mock_of(FLOWS, lifecycle={"threads.runs": "seconds=10"})
    with client_of(mock) as client:
        thread, assistant = asked(client, "Hello")
        run = client.beta.threads.runs.create(thread, assistant_id=assistant)
        with pytest.raises(openai.BadRequestError, match=f"while a run {run.id} is active"):
            client.beta.threads.messages.create(thread, role="user", content="More")
        mock.clock.advance(seconds=10)
        client.beta.threads.messages.create(thread, role="user", content="More")
        run = client.beta.threads.runs.list(thread).data[0]
        assert (run.status, run.started_at, run.completed_at) == ("completed", run.created_at + 5, run.created_at + 10)
        assert texts(client, thread) == ["Hello", "naïve 😀👩‍👩‍👧 日本語", "More"]


def test_a_run_that_waits_for_tools_is_cancelled_with_its_step(client):
    thread, assistant = asked(client, "The weather?")
    run = client.beta.threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant, **FAST)
    client.beta.threads.runs.cancel(run.id, thread_id=thread)
    run = client.beta.threads.runs.poll(run.id, thread_id=thread, **FAST)
    assert run.status == "cancelled"
    assert run.usage.completion_tokens > 0
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=thread, order="asc").data
    assert [step.status for step in steps] == ["completed", "cancelled"]
    assert texts(client, thread) == ["The weather?", "Let me look."]


def test_lenient_ids_assume_an_assistant():
    with client_of(mock_of(FLOWS, ids="lenient", lifecycle="instant")) as client:
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
        run = client.beta.threads.runs.create(thread.id, assistant_id="asst_any")
        assert (run.assistant_id, run.status) == ("asst_any", "completed")
        valid("beta.threads.runs.create", client.beta.threads.runs.create("thread_any", assistant_id="asst_any"))


async def test_the_asynchronous_client_polls_and_streams():
    async with async_client_of(mock_of(FLOWS)) as client:
        made = await client.beta.assistants.create(model="gpt-4o", tools=[WEATHER])
        thread = await client.beta.threads.create(messages=[{"role": "user", "content": "The weather?"}])
        runs = client.beta.threads.runs
        run = await runs.create_and_poll(thread_id=thread.id, assistant_id=made.id, **FAST)
        assert run.status == "requires_action"
        kinds = []
        async with runs.submit_tool_outputs_stream(run_id=run.id, thread_id=thread.id, tool_outputs=OUTPUTS) as stream:
            async for event in stream:
                EVENT.validate(event.to_dict())
                kinds.append(event.event)
        assert (kinds[0], kinds[-1]) == ("thread.run.step.completed", "thread.run.completed")
        other = await client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
        handler = openai.AsyncAssistantEventHandler()
        async with runs.stream(thread_id=other.id, assistant_id=made.id, event_handler=handler) as stream:
            await stream.until_done()
        assert (await stream.get_final_run()).status == "completed"
        await client.beta.threads.delete(thread.id)
        with pytest.raises(openai.NotFoundError, match="No thread found with id"):
            await client.beta.threads.messages.list(thread.id)
