"""Rules made in a test, with the conditions and answers that rules of files have, in every API that speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest

from openai_mock import OpenAIMock
from openai_mock.config.load import load

Ask = Callable[..., Any]
TOOL: Any = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
}
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"last_user": "The weather?"}, True),
        ({"last_user": {"contains": "WEATHER"}}, True),
        ({"last_user": {"fuzzy": "The weathr?", "threshold": 0.9}}, True),
        ({"last_user": {"regex": "^weather"}}, False),
        ({"system": {"contains": "brief"}}, True),
        ({"system": {"contains": "pirate"}}, False),
        ({"headers": {"X-Tenant": "acme"}}, True),
        ({"headers": {"x-tenant": {"regex": "^b"}}}, False),
        ({"json": {"$.temperature": {"at_least": 0.5}}}, True),
        ({"json": {"temperature": {"one_of": [0, 1]}}}, False),
        ({"json": {"tools[*].function.name": "get_weather"}}, True),
        ({"json": {"seed": {"exists": True}}}, False),
        ({"tools": "get_weather"}, True),
        ({"tools": ["get_weather", "get_time"]}, False),
        ({"tools": [TOOL]}, True),
        ({"turn": 1}, True),
        ({"turn": 2}, False),
        ({"has_tool_result": False}, True),
        ({"has_tool_result": "get_weather"}, False),
        ({"has_image": False}, True),
        ({"session": "team-*"}, True),
        ({"session": ""}, None),
        ({"scenario": "s", "in_": "started"}, True),
        ({"scenario": "s", "in_": "done"}, False),
    ],
)
def test_conditions(mock: OpenAIMock, ask: Ask, conditions: dict[str, Any], fits: bool | None) -> None:
    if fits is None:
        with pytest.raises(ValueError, match="session: expected a text, but it is empty"):
            mock.when(**conditions)
        return
    rule = mock.when(**conditions).reply("rule")
    mock.chat.completions.create.reply("route")
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "The weather?"}]
    headers = {"x-tenant": "acme", "x-mock-session": "team-a"}
    answer = ask(messages=messages, temperature=0.5, tools=[TOOL], extra_headers=headers)
    assert answer.choices[0].message.content == ("rule" if fits else "route")
    assert rule.call_count == (1 if fits else 0)


@pytest.mark.parametrize(
    ("conditions", "sentence"),
    [
        ({"last_user": {"like": "x"}}, "when: last_user.like: unknown key 'like'; the keys here are"),
        ({"json": {"a b": 1}}, "when: json.a b: 'a b' is no path from ' b' on"),
        ({"json": {"seed": {"regex": "("}}}, r"is not a valid regular expression"),
        ({"turn": "one"}, "when: turn: expected an integer"),
        ({"scenario": "s"}, "The scenario is neither asked nor changed"),
        ({"in_": "s"}, "Add scenario="),
        ({"priority": "high"}, "A priority is a whole number"),
    ],
)
def test_mistakes_are_told_at_once(mock: OpenAIMock, conditions: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        mock.when(**conditions)


def test_a_priority_goes_before_a_better_match(mock: OpenAIMock, said: Ask) -> None:
    mock.when(exact="Hello").reply("exact")
    mock.when(priority=1).reply("first of all", times=1)
    mock.when(exact="Hello", priority=-1).reply("last")
    assert [said("Hello"), said("Hello")] == ["first of all", "exact"]


def test_a_scenario_goes_on_and_a_reset_begins_it_anew(mock: OpenAIMock, said: Ask) -> None:
    mock.when(contains="log in", scenario="login", in_="started", to="done").reply("Welcome.")
    mock.when(contains="log in", scenario="login", in_="done").reply("You are in.")
    assert [said("log in"), said("log in")] == ["Welcome.", "You are in."]
    mock.state().clear()
    assert said("log in") == "Welcome."


def test_the_label_names_the_conditions(mock: OpenAIMock, ask: Ask) -> None:
    rule = mock.when(last_user={"contains": "x"}, turn=1, scenario="s", in_="done")
    assert rule.name == "when(last_user={'contains': 'x'}, turn=1, scenario='s', in='done')"
    rule.reply("never")
    with pytest.raises(openai.BadRequestError) as caught:
        ask("x")
    (miss,) = caught.value.body["nearest"]  # type: ignore[index]
    assert miss["reason"] == "scenario: 's' is in 'started', where the rule wants 'done'"


def test_limits_and_stops_hold_for_a_reply(mock: OpenAIMock, client: openai.OpenAI, ask: Ask) -> None:
    mock.when(contains="count").reply("one two three STOP four")
    short = ask("count", max_tokens=2).choices[0]
    assert (short.message.content, short.finish_reason) == ("one two", "length")
    assert ask("count", stop=" STOP").choices[0].message.content == "one two three"
    response = client.responses.create(model="gpt-4o", input="count", max_output_tokens=16)
    assert (response.output_text, response.status) == ("one two three STOP four", "completed")
    mock.chat.completions.create.reply("five six seven")
    assert ask("other", max_completion_tokens=1).choices[0].finish_reason == "length"
    mock.when(contains="fixed").reply("eight nine", model="gpt-x")
    fixed = ask("fixed", max_tokens=1)
    assert (fixed.model, fixed.choices[0].message.content) == ("gpt-x", "eight")


def test_every_part_of_an_answer(mock: OpenAIMock, client: openai.OpenAI, ask: Ask) -> None:
    cited = {"type": "url_citation", "start_index": 0, "end_index": 3, "url": "https://example.com", "title": "x"}
    mock.when(contains="cite").reply("See it.", annotations=[cited], usage={"input_tokens": 3, "output_tokens": 4})
    chat = ask("cite")
    assert chat.choices[0].message.annotations[0].url_citation.url == "https://example.com"
    assert (chat.usage.prompt_tokens, chat.usage.completion_tokens, chat.usage.total_tokens) == (3, 4, 7)
    response = client.responses.create(model="gpt-4o", input="cite")
    assert response.output[0].content[0].annotations[0].title == "x"  # type: ignore[union-attr]
    assert response.usage is not None
    assert response.usage.total_tokens == 7
    mock.when(contains="think").reply("42", reasoning=["I add.", "I check."])
    thought = client.responses.create(model="gpt-5", input="think")
    assert [part.text for part in thought.output[0].summary] == ["I add.", "I check."]  # type: ignore[union-attr]
    likely = [{"token": "42", "logprob": -0.5, "bytes": None, "top_logprobs": []}]
    mock.when(contains="likely").reply("42", logprobs=likely)
    assert ask("likely", logprobs=True).choices[0].logprobs.content[0].logprob == -0.5
    mock.when(contains="aloud").reply("Hi", audio={"transcript": "Hello aloud", "id": "audio_1"})
    spoken = ask("aloud", modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"}, model="gpt-audio")
    assert (spoken.choices[0].message.audio.id, spoken.choices[0].message.audio.transcript) == (
        "audio_1",
        "Hello aloud",
    )


def test_templates(mock: OpenAIMock, said: Ask) -> None:
    rule = mock.when(regex=r"weather in (\w+)")
    rule.reply("{{ match[1] | upper }}, call {{ nth }}", template=True)
    assert [said("The weather in Paris"), said("weather in Rome")] == ["PARIS, call 1", "ROME, call 2"]
    mock.chat.completions.create.reply("{{ last_user }} {{ nth }}", template=True)
    assert said("anything") == "anything 3"
    mock.chat.completions.create.reply("{{ last_user }}")
    assert said("anything") == "{{ last_user }}"
    with pytest.raises(ValueError, match="content: there is nothing named 'lst_user'; did you mean 'last_user'"):
        rule.reply("{{ lst_user }}", template=True)
    with pytest.raises(ValueError, match="goes with a text"):
        rule.reply({"choices": []}, template=True)
    rule.reply("{{ request.seed }}", template=True)
    with pytest.raises(openai.InternalServerError, match="there is no 'seed' here"):
        said("weather in Oslo", extra_headers={"x-should-retry": "false"})


def test_a_function_answers_in_every_api(mock: OpenAIMock, client: openai.OpenAI, said: Ask) -> None:
    mock.when(last_user={"contains": "time"}).reply(lambda request: f"It is {len(request.fields)}.")
    assert said("the time") == "It is 2."
    assert client.responses.create(model="m", input="the time").output_text == "It is 2."


def test_rules_hear_threads_and_histories(mock: OpenAIMock, client: openai.OpenAI) -> None:
    beta: Any = getattr(client.beta, "threads", None)
    if not hasattr(beta, "runs"):
        pytest.skip("This SDK has no threads.")
    mock.when(last_user={"contains": "weather"}, has_tool_result=False).reply(tool_calls=["get_weather"])
    mock.when(has_tool_result="get_weather").reply("It is {{ tool_result }}.", template=True)
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[TOOL])
    thread = beta.create(messages=[{"role": "user", "content": "The weather?"}])
    run = beta.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=1)
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    outputs = [{"tool_call_id": call.id, "output": "sunny"}]
    done = beta.runs.submit_tool_outputs_and_poll(
        thread_id=thread.id, run_id=run.id, tool_outputs=outputs, poll_interval_ms=1
    )
    assert done.status == "completed"
    assert beta.messages.list(thread.id).data[0].content[0].text.value == "It is sunny."
    both: Any = {"messages": [{"role": "user", "content": "weather"}]}
    started = beta.create_and_run_poll(assistant_id=assistant.id, thread=both, poll_interval_ms=1)
    assert started.status == "requires_action"
    assert len(mock.objects("beta.threads")) == 2
    tool: Any = {
        "type": "function",
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {}},
        "strict": False,
    }
    asked: Any = {"role": "user", "content": "The weather?"}
    (called,) = client.responses.create(model="gpt-4o", input=[asked], tools=[tool]).output
    result = {"type": "function_call_output", "call_id": called.call_id, "output": "windy"}  # type: ignore[union-attr]
    answered: Any = [asked, called.model_dump(exclude_none=True), result]
    assert client.responses.create(model="gpt-4o", input=answered).output_text == "It is windy."
    mock.when(turn=2, messages=["first", {"role": "assistant"}, "second"]).reply("I heard both.")
    mock.when(exact="first").reply("One.")
    first = client.responses.create(model="gpt-4o", input="first")
    second = client.responses.create(model="gpt-4o", input="second", previous_response_id=first.id)
    assert second.output_text == "I heard both."


def test_a_rule_of_a_file_is_slow_and_named_in_the_journal() -> None:
    text = (
        "- {id: down, times: 1, delay: 5s, when: {last_user: x}, then: {error: 503}}\n- {id: up, delay: 2s, then: ok}"
    )
    mock = OpenAIMock(load(text, name="x", env={}), seed=1, virtual_time=True)
    with httpx2.Client(transport=mock.transport(httpx2)) as http:
        client = openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0)
        began = mock.clock.now()
        hello: Any = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]}
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(**hello)
        assert mock.clock.now() - began == 5
        assert client.chat.completions.create(**hello).choices[0].message.content == "ok"
        assert mock.clock.now() - began == 7
    assert [entry.rule for entry in mock.journal.entries] == ["down", "up"]
