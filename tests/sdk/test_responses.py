"""Responses and conversations as the real SDK sees them. An SDK without them skips."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import openai
import pytest
from jsonschema_rs import Draft202012Validator
from pydantic import BaseModel

from openai_mock.config.load import load as read_config
from openai_mock.mock import OpenAIMock
from openai_mock.spec.operations import load

if not hasattr(openai.OpenAI, "responses"):
    pytest.skip("This SDK has no Responses API.", allow_module_level=True)

CATALOGUE = load()
RESPONSE = Draft202012Validator(CATALOGUE.bundle(CATALOGUE.operations["responses.create"].response))
EVENT = Draft202012Validator(CATALOGUE.bundle(CATALOGUE.operations["responses.create"].events))
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOLS: Any = [
    {
        "type": "function",
        "name": "get_weather",
        "description": "The weather of a city.",
        "strict": True,
        "parameters": CITY,
    },
    {"type": "function", "name": "get_time", "description": "The local time.", "strict": True, "parameters": CITY},
]
TIME = {"type": "function", "name": "get_time"}
HOSTED: dict[str, dict[str, Any]] = {
    "web_search_call": {"type": "web_search"},
    "file_search_call": {"type": "file_search", "vector_store_ids": ["vs_1"]},
    "code_interpreter_call": {"type": "code_interpreter", "container": {"type": "auto"}},
    "image_generation_call": {"type": "image_generation", "partial_images": 2},
    "mcp_call": {
        "type": "mcp", "server_label": "wiki", "server_url": "https://example.com", "require_approval": "never"
    },
    "mcp_approval_request": {"type": "mcp", "server_label": "wiki", "server_url": "https://example.com"},
    "computer_call": {"type": "computer"},
    "shell_call": {"type": "shell", "environment": {"type": "local"}},
    "shell_call_output": {"type": "shell", "environment": {"type": "container_auto"}},
    "local_shell_call": {"type": "local_shell"},
    "apply_patch_call": {"type": "apply_patch"},
    "tool_search_output": {"type": "tool_search"},
    "custom_tool_call": {"type": "custom", "name": "write"},
}  # fmt: skip


class Person(BaseModel):
    name: str
    age: int


def client_of(mock: OpenAIMock) -> openai.OpenAI:
    library = importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")
    return openai.OpenAI(
        api_key="sk-test", http_client=library.Client(transport=mock.transport(library)), max_retries=0
    )


@pytest.fixture
def plain() -> Iterator[openai.OpenAI]:
    """A client of a mock without configuration."""
    mock = OpenAIMock(seed=1)
    mock.put("files", {"id": "file-go", "filename": "go.txt", "content": "Where to go."})
    mock.put("vector_stores", {"id": "vs_1"})
    mock.put("vector_stores.files", {"id": "file-go", "vector_store_id": "vs_1"})
    with client_of(mock) as client:
        yield client


def repeating(*texts: str, **options: Any) -> OpenAIMock:
    """A mock that says these texts in turn, always in a message of the same id."""
    mock = OpenAIMock(seed=1, **options)
    for text in texts:
        mock.responses.create.reply({"output": [{"type": "message", "id": "msg_1", "content": text}]}, times=1)
    return mock


def raw(client: openai.OpenAI, **body: Any) -> Any:
    """The bare JSON of a response, or the bare events of its stream."""
    text = client.post("/responses", body=body, cast_to=str, options={"headers": {"accept": "text/plain"}})
    if not body.get("stream"):
        return json.loads(text)
    blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in text.split("\n\n") if block]
    events = [json.loads(block["data"]) for block in blocks]
    assert [block["event"] for block in blocks] == [event["type"] for event in events]
    return events


def judge(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Check a stream as the documents describe it: numbers, order, and what joins to what. Returns its last event."""
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    for event in events:
        EVENT.validate(event)
    assert events[0]["type"] == "response.created"
    open_item: dict[str, Any] | None = None
    open_part: tuple[Any, ...] | None = None
    done: list[dict[str, Any]] = []
    texts: dict[tuple[Any, ...], str] = {}
    for event in events[1:-1]:
        kind = event["type"].removeprefix("response.")
        if kind in {"queued", "in_progress"}:
            assert open_item is None
            assert not done
        elif kind == "output_item.added":
            assert open_item is None
            assert event["output_index"] == len(done)
            open_item = event["item"]
        elif kind == "output_item.done":
            assert open_item is not None
            assert open_item["id"] == event["item"]["id"]
            assert open_part is None
            done.append(event["item"])
            open_item = None
        else:
            assert open_item is not None, kind
            assert event["output_index"] == len(done)
            assert event.get("item_id", open_item["id"]) == open_item["id"]
            place = (event.get("content_index"), event.get("summary_index"), event.get("command_index"))
            if kind.endswith("_part.added"):
                assert open_part is None
                open_part = place
            elif kind.endswith("_part.done"):
                assert open_part == place
                open_part = None
            elif kind.endswith(".delta") and isinstance(event["delta"], str):
                name = (*place, kind.removesuffix(".delta"))
                texts[name] = texts.get(name, "") + event["delta"]
            elif (*place, kind.removesuffix(".done")) in texts:
                said = next(
                    event[key] for key in ("text", "refusal", "arguments", "input", "code", "command") if key in event
                )
                assert texts.pop((*place, kind.removesuffix(".done"))) == said
    assert not texts
    last = events[-1]
    assert last["type"] in {"response.completed", "response.incomplete", "response.failed"}
    assert last["response"]["output"] == done
    RESPONSE.validate(last["response"])
    return last


def test_a_flow_answers(client: openai.OpenAI) -> None:
    answer = client.responses.create(model="gpt-4o", input="Hello")
    assert answer.output_text == "Hello! How can I help you today?"
    assert answer.id.startswith("resp_")
    assert answer.usage
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens) == (8, 9, 17)


async def test_async(async_client: openai.AsyncOpenAI) -> None:
    answer = await async_client.responses.create(model="gpt-4o", input="Hello")
    assert answer.output_text == "Hello! How can I help you today?"
    stream = await async_client.responses.create(model="gpt-4o", input="Hello", stream=True)
    events = [event async for event in stream]
    assert "".join(getattr(event, "delta", "") for event in events) == answer.output_text
    assert events[-1].type == "response.completed"


def test_every_field_the_api_sends_is_there(plain: openai.OpenAI) -> None:
    answer = raw(plain, model="gpt-4o", input="Hi")
    RESPONSE.validate(answer)
    assert set(answer) >= {
        "background", "completed_at", "created_at", "error", "id", "incomplete_details", "instructions",
        "max_output_tokens", "max_tool_calls", "metadata", "model", "object", "output", "parallel_tool_calls",
        "previous_response_id", "prompt_cache_key", "reasoning", "safety_identifier", "service_tier", "status",
        "store", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "usage", "user",
    }  # fmt: skip
    assert answer["text"] == {"format": {"type": "text"}, "verbosity": "medium"}


@pytest.mark.parametrize("options", [{}, {"stream_options": {"include_obfuscation": False}}], ids=["padded", "plain"])
def test_a_stream_is_in_order(plain: openai.OpenAI, options: dict[str, Any]) -> None:
    events = raw(plain, model="gpt-4o", input="Hi", stream=True, **options)
    judge(events)
    deltas = [event for event in events if event["type"] == "response.output_text.delta"]
    assert len(deltas) > 10
    assert all(("obfuscation" in delta) is not bool(options) for delta in deltas)
    assert [event["type"].removeprefix("response.") for event in events if event not in deltas] == [
        "created", "in_progress", "output_item.added", "content_part.added", "output_text.done", "content_part.done",
        "output_item.done", "completed",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", HOSTED)
def test_built_in_tools(plain: openai.OpenAI, kind: str) -> None:
    body = {"model": "gpt-5", "input": "go", "tools": [HOSTED[kind]], "tool_choice": "required"}
    last = judge(raw(plain, **body, stream=True, reasoning={"effort": "high", "summary": "detailed"}))
    assert kind in [item["type"] for item in last["response"]["output"]]
    whole = raw(plain, **body)
    RESPONSE.validate(whole)
    assert kind in [item["type"] for item in whole["output"]]


def test_a_built_in_tool_is_used_where_the_user_asks_for_it(plain: openai.OpenAI) -> None:
    tools: Any = [HOSTED["web_search_call"], HOSTED["image_generation_call"]]
    answer = plain.responses.create(model="gpt-4o", input="Please draw a cat", tools=tools)
    assert [item.type for item in answer.output] == ["image_generation_call", "message"]
    assert [item.type for item in plain.responses.create(model="gpt-4o", input="Hi", tools=tools).output] == ["message"]


def test_include_adds(plain: openai.OpenAI) -> None:
    include = ["file_search_call.results", "message.output_text.logprobs", "reasoning.encrypted_content"]
    body = {"model": "o3", "input": "go", "tools": [HOSTED["file_search_call"]], "tool_choice": "required"}
    whole = raw(plain, **body, include=include, top_logprobs=2)
    RESPONSE.validate(whole)
    reasoning, search, message = whole["output"]
    assert reasoning["encrypted_content"]
    assert search["results"][0]["filename"]
    part = message["content"][0]
    assert "".join(each["token"] for each in part["logprobs"]) == part["text"]
    assert all(len(each["top_logprobs"]) == 2 for each in part["logprobs"])
    judge(raw(plain, **body, include=include, stream=True))
    bare = raw(plain, **body)
    assert bare["output"][1]["results"] is None
    later = plain.get(f"/responses/{bare['id']}?include[]=file_search_call.results", cast_to=object)
    assert later["output"][1]["results"][0]["filename"]  # type: ignore[index]


def test_the_stream_helper_ends_with_the_same_object() -> None:
    with client_of(OpenAIMock(seed=7)) as one, client_of(OpenAIMock(seed=7)) as other:
        with one.responses.stream(model="gpt-5", input="Hi", tools=TOOLS) as stream:
            for _ in stream:
                pass
            final = stream.get_final_response()
        whole = other.responses.create(model="gpt-5", input="Hi", tools=TOOLS)
    assert json.loads(final.to_json(exclude_unset=False)).keys() >= {"output", "usage"}
    assert [item.to_dict() for item in whole.output] == [
        {key: value for key, value in item.to_dict().items() if key != "parsed"} | _unparsed(item.to_dict())
        for item in final.output
    ]
    assert final.usage == whole.usage


def _unparsed(item: dict[str, Any]) -> dict[str, Any]:
    if "content" not in item:
        return {}
    parts = [{key: value for key, value in part.items() if key != "parsed"} for part in item["content"]]
    return {"content": parts}


def test_parse(plain: openai.OpenAI) -> None:
    parsed = plain.responses.parse(model="gpt-4o", input="Who is it?", text_format=Person)
    assert parsed.output_parsed == Person(name="Ada Lovelace", age=36)
    chat: Any = plain.chat.completions if hasattr(plain.chat.completions, "parse") else plain.beta.chat.completions
    same = chat.parse(model="gpt-4o", messages=[{"role": "user", "content": "Who?"}], response_format=Person)
    assert same.choices[0].message.parsed == Person(name="Ada Lovelace", age=36)


def test_an_agent_loop_with_two_parallel_tools_ends(plain: openai.OpenAI) -> None:
    items: Any = [{"role": "user", "content": "What are the weather and the time in New York?"}]
    for _turn in range(4):
        answer = plain.responses.create(model="gpt-4o", input=items, tools=TOOLS)
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            break
        assert [(call.name, json.loads(call.arguments)) for call in calls] == [
            ("get_weather", {"city": "New York"}),
            ("get_time", {"city": "New York"}),
        ]
        items += answer.output
        items += [
            {"type": "function_call_output", "call_id": call.call_id, "output": f"{call.name} is fine"}
            for call in calls
        ]
    assert answer.output_text == "Here is what I found. get_weather: get_weather is fine; get_time: get_time is fine"
    assert len(items) == 5


def test_an_agent_loop_by_previous_response(plain: openai.OpenAI) -> None:
    first = plain.responses.create(model="gpt-4o", input="weather in Rome?", tools=TOOLS)
    call: Any = first.output[0]
    outputs: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "18 degrees"}]
    second = plain.responses.create(model="gpt-4o", previous_response_id=first.id, input=outputs, tools=TOOLS)
    assert second.output_text == "Here is what I found. get_weather: 18 degrees"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("none", []),
        ("auto", []),
        ("required", ["get_weather"]),
        ({"type": "function", "name": "get_time"}, ["get_time"]),
        ({"type": "allowed_tools", "mode": "required", "tools": [TIME]}, ["get_time"]),
        ({"type": "allowed_tools", "mode": "auto", "tools": [TIME]}, []),
    ],
)  # fmt: skip
def test_tool_choice(plain: openai.OpenAI, choice: Any, names: list[str]) -> None:
    answer = plain.responses.create(model="gpt-4o", input="Hi", tools=TOOLS, tool_choice=choice)
    assert [item.name for item in answer.output if item.type == "function_call"] == names


def test_parallel_calls_can_be_refused(plain: openai.OpenAI) -> None:
    asked: Any = {"model": "gpt-4o", "input": "weather and time in Rome", "tools": TOOLS}
    assert len(plain.responses.create(**asked).output) == 2
    assert len(plain.responses.create(**asked, parallel_tool_calls=False).output) == 1


def test_five_turns(plain: openai.OpenAI) -> None:
    previous, read = None, []
    for turn in range(5):
        answer = plain.responses.create(model="gpt-4o", input=f"Turn {turn}", previous_response_id=previous)
        previous = answer.id
        read.append(answer.usage.input_tokens if answer.usage else 0)
    assert read == sorted(set(read))
    assert previous
    items = plain.responses.input_items.list(previous, order="asc").data
    assert len(items) == 9
    assert [item.role for item in items[:3]] == ["user", "assistant", "user"]  # type: ignore[union-attr]
    with pytest.raises(openai.BadRequestError) as caught:
        plain.responses.create(model="gpt-4o", input="Hi", previous_response_id="resp_x")
    assert caught.value.code == "previous_response_not_found"
    assert caught.value.param == "previous_response_id"


def test_flows_follow_previous_responses() -> None:
    flow = """
responses:
  - id: talk
    reply: next
    messages:
      - {role: system, content: Be brief.}
      - {role: user, content: Hello}
      - {role: assistant, content: Who are you?}
      - {role: user, content: Ada, matcher: contains}
      - {role: assistant, content: "Hi, Ada."}
"""
    with client_of(OpenAIMock(read_config(flow, name="f.yaml", env={}), seed=1)) as client:
        first = client.responses.create(model="gpt-4o", instructions="Be brief.", input="Hello")
        assert first.output_text == "Who are you?"
        asked: Any = {"model": "gpt-4o", "instructions": "Be brief.", "input": "I am Ada"}
        assert client.responses.create(**asked, previous_response_id=first.id).output_text == "Hi, Ada."


def test_store(plain: openai.OpenAI) -> None:
    kept = plain.responses.create(model="gpt-4o", input="Hi", metadata={"a": "b"})
    assert plain.responses.retrieve(kept.id).to_dict() == kept.to_dict()
    plain.responses.delete(kept.id)
    with pytest.raises(openai.NotFoundError, match=f"Response with id '{kept.id}' not found"):
        plain.responses.retrieve(kept.id)
    gone = plain.responses.create(model="gpt-4o", input="Hi", store=False)
    with pytest.raises(openai.NotFoundError):
        plain.responses.retrieve(gone.id)


def test_a_stored_response_replays(plain: openai.OpenAI) -> None:
    kept = plain.responses.create(model="gpt-4o", input="Hi")
    events = list(plain.responses.retrieve(kept.id, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    rest = list(plain.responses.retrieve(kept.id, stream=True, starting_after=4))
    assert [event.sequence_number for event in rest] == list(range(5, len(events)))


def test_what_a_replay_includes_does_not_hang_on_the_status(plain: openai.OpenAI) -> None:
    waiting = plain.responses.create(model="gpt-4o", input="Hi", background=True)
    *_, last = plain.responses.retrieve(waiting.id, stream=True, include=["message.output_text.logprobs"])
    assert last.type == "response.completed"
    assert last.response.output[0].content[0].logprobs  # type: ignore[union-attr]


def test_background(plain: openai.OpenAI) -> None:
    answer = plain.responses.create(model="gpt-4o", input="Hi", background=True)
    seen = [answer.status]
    while answer.status in {"queued", "in_progress"}:
        assert answer.output == []
        answer = plain.responses.retrieve(answer.id)
        seen.append(answer.status)
    assert seen == ["queued", "in_progress", "completed"]
    assert answer.output_text
    assert answer.usage
    events = raw(plain, model="gpt-4o", input="Hi", background=True, stream=True)
    judge(events)
    assert [event["type"] for event in events[:3]] == ["response.created", "response.queued", "response.in_progress"]


def test_cancel(plain: openai.OpenAI) -> None:
    waiting = plain.responses.create(model="gpt-4o", input="Hi", background=True)
    assert plain.responses.cancel(waiting.id).status == "cancelled"
    assert plain.responses.retrieve(waiting.id).status == "cancelled"
    assert plain.responses.cancel(waiting.id).status == "cancelled"
    done = plain.responses.create(model="gpt-4o", input="Hi")
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a synchronous response"):
        plain.responses.cancel(done.id)


@pytest.mark.skipif(not hasattr(openai.OpenAI, "conversations"), reason="This SDK has no conversations.")
def test_conversations(plain: openai.OpenAI) -> None:
    talk = plain.conversations.create(items=[{"role": "user", "content": "My name is Ada."}], metadata={"a": "1"})
    assert talk.id.startswith("conv_")
    answer = plain.responses.create(model="gpt-4o", input="Who am I?", conversation=talk.id)
    assert answer.conversation
    assert answer.conversation.id == talk.id
    items = plain.conversations.items.list(talk.id, order="asc").data
    assert [item.role for item in items] == ["user", "user", "assistant"]  # type: ignore[union-attr]
    added = plain.conversations.items.create(talk.id, items=[{"type": "message", "role": "user", "content": "More"}])
    assert added.data[0].content[0].text == "More"  # type: ignore[union-attr]
    assert added.first_id == added.last_id == added.data[0].id
    assert plain.conversations.items.retrieve(added.first_id, conversation_id=talk.id).id == added.first_id
    assert plain.conversations.items.delete(added.first_id, conversation_id=talk.id).id == talk.id
    assert len(plain.conversations.items.list(talk.id).data) == 3
    assert plain.conversations.update(talk.id, metadata={"b": "2"}).metadata == {"b": "2"}
    assert plain.conversations.retrieve(talk.id).metadata == {"b": "2"}
    assert plain.conversations.delete(talk.id).deleted is True
    with pytest.raises(openai.NotFoundError):
        plain.conversations.retrieve(talk.id)
    with pytest.raises(openai.NotFoundError):
        plain.responses.create(model="gpt-4o", input="Hi", conversation=talk.id)


@pytest.mark.skipif(not hasattr(openai.OpenAI, "conversations"), reason="This SDK has no conversations.")
def test_a_conversation_hears_of_the_background(plain: openai.OpenAI) -> None:
    talk = plain.conversations.create()
    answer = plain.responses.create(model="gpt-4o", input="Hi", conversation=talk.id, background=True)
    assert len(plain.conversations.items.list(talk.id).data) == 1
    while answer.status != "completed":
        answer = plain.responses.retrieve(answer.id)
    assert len(plain.conversations.items.list(talk.id).data) == 2


@pytest.mark.skipif(not hasattr(openai.OpenAI, "conversations"), reason="This SDK has no conversations.")
def test_a_conversation_that_is_gone_keeps_nothing_of_the_background() -> None:
    mock = OpenAIMock(seed=1)
    with client_of(mock) as client:
        talk = client.conversations.create()
        answer = client.responses.create(model="gpt-4o", input="Hi", conversation=talk.id, background=True)
        client.conversations.delete(talk.id)
        while answer.status != "completed":
            answer = client.responses.retrieve(answer.id)
    assert mock.state().list(f"/conversations/{talk.id}/items") == []


def test_an_id_that_is_written_into_each_answer_hides_none() -> None:
    with client_of(repeating("First", "Second", "Third")) as client:
        first = client.responses.create(model="gpt-4o", input="One")
        second = client.responses.create(model="gpt-4o", input="Two", previous_response_id=first.id)
        third = client.responses.create(model="gpt-4o", input="Three", previous_response_id=second.id)
        assert (first.output[0].id, third.output[0].id) == ("msg_1", "msg_1")
        pages = islice(client.responses.input_items.list(third.id, limit=1, order="asc"), 6)
        items = {item.id: item.content[0].text for item in pages}  # type: ignore[union-attr]
        assert list(items.values()) == ["One", "First", "Two", "Second", "Three"]
        assert items["msg_1"] == "First"


@pytest.mark.skipif(not hasattr(openai.OpenAI, "conversations"), reason="This SDK has no conversations.")
@pytest.mark.parametrize("background", [False, True])
def test_an_id_that_is_written_into_each_answer_replaces_nothing(*, background: bool) -> None:
    with client_of(repeating("First", "Second", lifecycle="instant")) as client:
        talk = client.conversations.create()
        for said in ("One", "Two"):
            client.responses.create(model="gpt-4o", input=said, conversation=talk.id, background=background)
        items = {item.id: item.content[0].text for item in client.conversations.items.list(talk.id, order="asc")}  # type: ignore[union-attr]
        assert list(items.values()) == ["One", "First", "Two", "Second"]
        assert items["msg_1"] == "First"


def test_limits(plain: openai.OpenAI) -> None:
    answer = plain.responses.create(model="gpt-4o", input="Hi", max_output_tokens=20)
    assert answer.status == "incomplete"
    assert answer.incomplete_details
    assert answer.incomplete_details.reason == "max_output_tokens"
    assert answer.usage
    assert answer.usage.output_tokens == 20
    last = judge(raw(plain, model="gpt-4o", input="Hi", max_output_tokens=20, stream=True))
    assert last["type"] == "response.incomplete"


def test_input_tokens_are_those_of_the_usage(plain: openai.OpenAI) -> None:
    if not hasattr(plain.responses, "input_tokens"):
        pytest.skip("This SDK cannot count.")
    asked: Any = {"model": "gpt-4o", "input": "What is the weather?", "instructions": "Be brief.", "tools": TOOLS}
    counted = plain.responses.input_tokens.count(**asked)
    usage = plain.responses.create(**asked).usage
    assert usage
    assert counted.input_tokens == usage.input_tokens


def test_reasoning(plain: openai.OpenAI) -> None:
    def asked(model: str, **more: Any) -> Any:
        return plain.responses.create(model=model, input="Hi", **more)

    assert [item.type for item in asked("gpt-4o").output] == ["message"]
    thought = asked("o4-mini", reasoning={"effort": "low", "summary": "auto"})
    assert [item.type for item in thought.output] == ["reasoning", "message"]
    assert thought.output[0].summary[0].text
    assert thought.usage.output_tokens_details.reasoning_tokens == 64
    assert asked("gpt-5").usage.output_tokens_details.reasoning_tokens == 128
    assert [item.type for item in asked("gpt-5.1").output] == ["message"]


WRITTEN = """
responses:
  - id: every item
    matcher: {messages: [{role: user, content: items}]}
    response:
      output:
        - {type: reasoning, content: [{type: reasoning_text, text: "Let me see."}], summary: []}
        - {type: compaction}
        - {type: mcp_list_tools, error: The server is away.}
        - {type: mcp_call, status: failed, error: {type: http_error, code: 500, message: no}}
        - {type: output_audio, data: aGk=, transcript: Hi there}
        - {type: message, content: [{type: refusal, refusal: I cannot.}]}
        - {type: message, content: Done.}
  - id: failed
    matcher: {messages: [{role: user, content: fail}]}
    response: {status: failed, error: {code: server_error, message: Out of order.}}
  - id: broken
    matcher: {messages: [{role: user, content: break}]}
    response:
      output:
        - {type: message, content: So far}
        - {type: error, code: context_length_exceeded, param: input, message: Too long.}
  - id: from chat
    matcher: {messages: [{role: user, content: chat}]}
    response:
      model: mine
      choices: [{message: {role: assistant, content: Cut}, finish_reason: length}]
      usage: {prompt_tokens: 5, completion_tokens: 7}
"""


def test_what_a_configuration_can_write() -> None:
    with client_of(OpenAIMock(read_config(WRITTEN, name="w.yaml", env={}), seed=1)) as client:
        events = raw(client, model="m", input="items", stream=True)
        for event in events:
            EVENT.validate(event)
        kinds = {event["type"].removeprefix("response.") for event in events}
        assert kinds >= {
            "reasoning_text.delta", "compaction.compacting", "mcp_list_tools.failed", "mcp_call.failed", "audio.delta",
            "audio.transcript.delta", "refusal.delta", "output_text.delta",
        }  # fmt: skip
        assert len(events[-1]["response"]["output"]) == 6
        assert judge(raw(client, model="m", input="fail", stream=True))["type"] == "response.failed"
        failed = client.responses.create(model="m", input="fail")
        assert failed.error
        assert (failed.status, failed.error.code, failed.output) == ("failed", "server_error", [])
        broken = raw(client, model="m", input="break", stream=True)
        assert broken[-1] | {"sequence_number": 0} == {
            "type": "error", "code": "context_length_exceeded", "message": "Too long.", "param": "input",
            "sequence_number": 0,
        }  # fmt: skip
        with pytest.raises(openai.BadRequestError, match="Too long"):
            client.responses.create(model="m", input="break")
        cut = client.responses.create(model="gpt-4o", input="chat")
        assert cut.usage
        assert (cut.model, cut.output_text, cut.status) == ("mine", "Cut", "incomplete")
        assert (cut.usage.input_tokens, cut.usage.output_tokens, cut.usage.total_tokens) == (5, 7, 12)


@pytest.mark.parametrize("stream", [False, True])
def test_a_null_in_place_of_a_list_or_an_object_leaves_it_out(*, stream: bool) -> None:
    output = (
        "{type: message, content: null}, {type: reasoning, summary: null}, {type: shell_call, action: null}, "
        "{type: shell_call_output, output: null}, {type: mcp_list_tools, tools: null}"
    )
    entry = f"{{id: nulls, matcher: {{messages: [{{role: user, content: Hi}}]}}, response: {{output: [{output}]}}}}"
    with client_of(OpenAIMock(read_config(f"responses: [{entry}]", name="n.yaml", env={}), seed=1)) as client:
        told = raw(client, model="gpt-4o", input="Hi", stream=stream)
        whole = judge(told)["response"] if stream else told
    RESPONSE.validate(whole)
    message, reasoning, shell, shown, tools = whole["output"]
    assert (message["content"], reasoning["summary"], shell["action"]) == ([], [], {"commands": []})
    assert (shown["output"], tools["tools"]) == ([], [])


@pytest.mark.parametrize("stream", [False, True])
def test_texts_and_arguments_are_written_as_people_do(*, stream: bool) -> None:
    mock = OpenAIMock(seed=1)
    items = [
        {"type": "reasoning", "summary": ["First", "Then"], "content": "Hm"},
        {"type": "message", "content": ["Half, ", {"text": "whole"}]},
        {"type": "function_call", "name": "f", "arguments": {"city": "Paris"}},
        {"type": "mcp_call", "arguments": {"a": 1}},
        {"type": "custom_tool_call", "name": "g", "input": {"b": 2}},
        {"type": "shell_call", "action": {"timeout_ms": 5}},
    ]
    mock.responses.create.reply({"output": items})
    with client_of(mock) as client:
        told = raw(client, model="gpt-4o", input="Hi", stream=stream)
    thought, message, call, remote, custom, shell = (judge(told)["response"] if stream else told)["output"]
    assert [part["text"] for part in thought["summary"]] == ["First", "Then"]
    assert thought["content"] == [{"type": "reasoning_text", "text": "Hm"}]
    assert [part["text"] for part in message["content"]] == ["Half, ", "whole"]
    assert (call["arguments"], remote["arguments"]) == ('{"city":"Paris"}', '{"a":1}')
    assert custom["input"] == '{"b":2}'
    assert shell["action"] == {"commands": [], "timeout_ms": 5}


def test_a_server_of_mcp_waits_for_approval(plain: openai.OpenAI) -> None:
    asked: Any = {"model": "gpt-4o", "tools": [HOSTED["mcp_approval_request"]]}
    first = plain.responses.create(**asked, input="Ask the wiki about Ada")
    assert [item.type for item in first.output] == ["mcp_list_tools", "mcp_approval_request"]
    answer = {"type": "mcp_approval_response", "approval_request_id": first.output[1].id}
    yes: Any = [{**answer, "approve": True}]
    second = plain.responses.create(**asked, input=yes, previous_response_id=first.id)
    assert [item.type for item in second.output] == ["mcp_call", "message"]
    no: Any = [{**answer, "approve": False}]
    refused = plain.responses.create(**asked, input=no, previous_response_id=first.id)
    assert [item.type for item in refused.output] == ["message"]


def test_a_compaction_can_be_asked_for(plain: openai.OpenAI) -> None:
    rule: Any = [{"type": "compaction", "compact_threshold": 1000}]
    asked: Any = {"model": "gpt-4o", "context_management": rule}
    assert [item["type"] for item in raw(plain, **asked, input="Hi")["output"]] == ["message"]
    assert raw(plain, **asked, input="Hi " * 1000)["output"][0]["type"] == "compaction"
    events = raw(plain, **asked, input="Hi " * 1000, stream=True)
    judge(events)
    assert "response.compaction.compacting" in [event["type"] for event in events]
    trigger = raw(plain, model="gpt-4o", input=[{"role": "user", "content": "Hi"}, {"type": "compaction_trigger"}])
    assert trigger["output"][0]["type"] == "compaction"


def test_every_event_of_the_union_is_reachable() -> None:
    seen: set[str] = set()
    with client_of(OpenAIMock(seed=1, lenient=True)) as client:
        for number, tool in enumerate([*HOSTED.values(), TOOLS[0]]):
            body: dict[str, Any] = {"model": "gpt-5", "tools": [tool], "tool_choice": "required", "stream": True}
            events = raw(client, **body, input="go", background=not number, reasoning={"summary": "auto"})
            seen |= {event["type"] for event in events}
        seen |= {event["type"] for event in raw(client, model="m", input="x", stream=True, max_output_tokens=16)}
    with client_of(OpenAIMock(read_config(WRITTEN, name="w.yaml", env={}), seed=1)) as client:
        for said in ("items", "fail", "break"):
            seen |= {event["type"] for event in raw(client, model="m", input=said, stream=True)}
    bundle = CATALOGUE.bundle(CATALOGUE.operations["responses.create"].events)
    assert seen == set(_kinds(bundle, bundle["$defs"]))


def _kinds(schema: Any, definitions: Any) -> Iterator[str]:
    schema = definitions[schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema
    for branch in schema.get("anyOf", ()):
        yield from _kinds(branch, definitions)
    if "properties" in schema:
        yield schema["properties"]["type"]["const"]


def test_compact(plain: openai.OpenAI) -> None:
    if not hasattr(plain.responses, "compact"):
        pytest.skip("This SDK cannot compact.")
    said: Any = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    compacted = plain.responses.compact(model="gpt-4o", input=said)
    assert compacted.object == "response.compaction"
    assert [item.type for item in compacted.output] == ["compaction"]
    items: Any = [compacted.output[0].to_dict(), {"role": "user", "content": "And?"}]
    again = plain.responses.input_tokens.count(model="gpt-4o", input=items)
    both = plain.responses.input_tokens.count(model="gpt-4o", input=[*said, items[1]])
    assert again.input_tokens == both.input_tokens


def test_items_can_be_referred_to(plain: openai.OpenAI) -> None:
    first = plain.responses.create(model="gpt-4o", input="Hi")
    referred: Any = [{"type": "item_reference", "id": first.output[0].id}, {"role": "user", "content": "And?"}]
    again = plain.responses.create(model="gpt-4o", input=referred)
    assert plain.responses.input_items.list(again.id, order="asc").data[0].id == first.output[0].id
    referred[0]["id"] = "msg_nothing"
    with pytest.raises(openai.NotFoundError, match="Item with id 'msg_nothing' not found"):
        plain.responses.create(model="gpt-4o", input=referred)


@pytest.mark.skipif(not hasattr(openai.OpenAI, "conversations"), reason="This SDK has no conversations.")
def test_what_is_referred_to_counts_for_the_window(plain: openai.OpenAI) -> None:
    talk = plain.conversations.create(items=[{"role": "user", "content": "word " * 20_000}])
    said: Any = plain.conversations.items.list(talk.id).data[0]
    with pytest.raises(openai.BadRequestError, match="exceeds the context window"):
        plain.responses.create(model="gpt-3.5-turbo", input=[{"type": "item_reference", "id": said.id}])
