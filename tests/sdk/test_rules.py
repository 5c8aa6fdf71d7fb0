"""Rules of a file as the real SDK sees their answers: whole and streamed, in chat, Responses and runs."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from openai_mock.config.load import load
from openai_mock.mock import OpenAIMock

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
TOOL: Any = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
}
RULES = """
responses:
  - id: call
    when: {tools: get_weather, has_tool_result: false, last_user: {regex: "weather in (?P<city>\\\\w+)"}}
    then: {tool_calls: [{name: get_weather, arguments: {city: "{{ match.city }}"}}]}
  - id: result
    when: {has_tool_result: get_weather}
    then: "{{ tool_result }} in {{ request.messages[0].content if request.messages is defined else 'the thread' }}"
  - id: flaky
    when: {last_user: flaky}
    then: [{error: {status: 500, retry_after: 1ms}}, {error: {status: 429, retry_after: 1ms}}, third time]
  - id: refusal
    when: {last_user: bomb}
    then: {refusal: I cannot help with that.}
"""


@pytest.fixture
def mock() -> OpenAIMock:
    return OpenAIMock(load(RULES, name="rules.yaml", env={}), seed=1)


def asked(text: str) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}


def test_a_tool_loop_in_chat(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(**asked("The weather in Paris?"), tools=[TOOL])
    (call,) = first.choices[0].message.tool_calls or ()
    assert call.function.arguments == '{"city":"Paris"}'  # type: ignore[union-attr]
    messages: Any = [
        *asked("The weather in Paris?")["messages"],
        first.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
    ]
    second = client.chat.completions.create(model="gpt-4o", messages=messages, tools=[TOOL])
    assert second.choices[0].message.content == "sunny in The weather in Paris?"


async def test_streams_bring_calls_and_words(async_client: openai.AsyncOpenAI) -> None:
    stream = await async_client.chat.completions.create(**asked("weather in Rome"), tools=[TOOL], stream=True)
    calls = [part async for chunk in stream for part in chunk.choices[0].delta.tool_calls or ()]
    assert "".join(part.function.arguments or "" for part in calls) == '{"city":"Rome"}'
    stream = await async_client.chat.completions.create(**asked("bomb"), stream=True)
    refused = [chunk.choices[0].delta.refusal async for chunk in stream]
    assert "".join(filter(None, refused)) == "I cannot help with that."


def test_a_client_that_retries_gets_there(client: openai.OpenAI) -> None:
    patient = client.with_options(max_retries=2)
    assert patient.chat.completions.create(**asked("flaky")).choices[0].message.content == "third time"


def test_responses(client: openai.OpenAI) -> None:
    if not hasattr(client, "responses"):
        pytest.skip("This SDK has no responses.")
    tool: Any = {"type": "function", "name": "get_weather", "parameters": {}, "strict": False}
    first = client.responses.create(model="gpt-4o", input="weather in Oslo", tools=[tool])
    (call,) = first.output
    assert (call.type, call.arguments) == ("function_call", '{"city":"Oslo"}')  # type: ignore[union-attr]
    output: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "snow"}]  # type: ignore[union-attr]
    second = client.responses.create(model="gpt-4o", input=output, previous_response_id=first.id, tools=[tool])
    assert second.output_text == "snow in the thread"
    with client.responses.create(model="gpt-4o", input="bomb", stream=True) as events:
        assert "response.refusal.done" in [event.type for event in events]


def test_runs(client: openai.OpenAI) -> None:
    threads: Any = getattr(client.beta, "threads", None)
    if not hasattr(threads, "runs"):
        pytest.skip("This SDK has no threads.")
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[TOOL])
    thread = threads.create(messages=[{"role": "user", "content": "The weather in Bern?"}])
    run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=1)
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert call.function.arguments == '{"city":"Bern"}'
    outputs = [{"tool_call_id": call.id, "output": "fog"}]
    with threads.runs.submit_tool_outputs_stream(thread_id=thread.id, run_id=run.id, tool_outputs=outputs) as stream:
        said = "".join(stream.text_deltas)
    assert said == "fog in the thread"
