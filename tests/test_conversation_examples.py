"""The conversation flows of the documentation, each asked over HTTP as a client would, whole and as a stream."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from gold import events

from openai_mock.config.load import load
from openai_mock.doors.serve import serve_in_thread
from openai_mock.mock import OpenAIMock
from openai_mock.turns.tokens import encode

EXAMPLES = Path(__file__).parent / "cases" / "conversation-flows"
NO_MATCH = {
    "message": "No matching response found for the given conversation",
    "type": "invalid_request_error",
    "param": None,
    "code": "no_match",
}
GREETING = "Hello! How can I help you today?"
DETAILED = "Hello! I am doing well, thank you for asking."
TABLE = "Perfect! For 4 people. What time would you prefer?"
SUNNY = "The weather is sunny today!"
ASSIST = "I can help you! What do you need assistance with?"
QUESTION = "Thanks for your question! Let me help you with that."
SORRY = "I apologize, but I do not understand that request. Could you please rephrase it?"
HELP = """\
I'd be happy to help! Here are some things I can assist with:
1. General questions and information
2. Problem-solving and troubleshooting
3. Code examples and explanations
4. Creative writing and brainstorming
What specific help do you need?
"""
PYTHON = """\
Here's a Python example:
```python
def hello_world():
    print("Hello, World!")
hello_world()
```
This function prints a greeting message.
"""

CONVERSATIONS = [
    ("greeting", ["Hello"], GREETING),
    ("greeting", ["  Hello\n"], GREETING),
    ("greeting-detailed", ["Hello, how are you?"], DETAILED),
    ("help-guide", ["I need help"], HELP),
    ("help-guide", ["i  NEED help"], HELP),
    ("python-example", ["Show me some Python, please"], PYTHON),
    ("booking-flow", ["I want to book a table"], TABLE),
    ("booking-flow", ["I want to book a table", "For how many?", "4 people"], TABLE),
    ("multi-turn-flow", ["Start conversation"], SUNNY),
    ("multi-turn-flow", ["Start conversation", "Hello! How can I help you?"], SUNNY),
    (
        "multi-turn-flow",
        ["Start conversation", "Hello! How can I help you?", "Tell me about the weather", SUNNY],
        SUNNY,
    ),
    ("flexible-help", ["I need assistance"], ASSIST),
    ("flexible-help", ["I need some assistance"], ASSIST),
    ("flexible-help", ["Why is the sky blue?"], QUESTION),
    ("flexible-help", [""], QUESTION),
    ("fallback", ["Anything"], SORRY),
    ("fallback", ["Anything\n\nat all"], SORRY),
]
UNMATCHED = [
    ("greeting", ["hello"], "messages[0].content"),
    ("greeting", ["Hello", "Hi", "More?"], "messages"),
    ("greeting-detailed", ["Hello"], "messages[0].content"),
    ("help-guide", ["I need money"], "messages[0].content"),
    ("python-example", ["Show me some Ruby"], "messages[0].content"),
    ("booking-flow", ["I want to book a table", "How many?", "5 people"], "messages[2].content"),
]


@contextmanager
def served(config: str) -> Iterator[httpx.Client]:
    mock = OpenAIMock(load(config, name="given.yaml", env={}))
    headers = {"authorization": "Bearer sk-test"}
    with (
        serve_in_thread(mock.handle) as server,
        httpx.Client(base_url=f"{server.url}/v1", headers=headers, trust_env=False, verify=False) as http,
    ):
        yield http


def example(*names: str) -> str:
    """The entries of several examples in one file, in this order."""
    texts = [(EXAMPLES / f"{name}.yaml").read_text("utf-8") for name in names]
    return "responses:\n" + "\n".join(text.partition("responses:\n")[2] for text in texts)


def chat(http: httpx.Client, *messages: Any, **fields: Any) -> httpx.Response:
    """Plain texts are said in turn by the user and the assistant."""
    roles = ("user", "assistant")
    said = [
        {"role": roles[index % 2], "content": one} if isinstance(one, str) else one
        for index, one in enumerate(messages)
    ]
    return http.post("/chat/completions", json={"model": "gpt-3.5-turbo", "messages": said, **fields})


def answer(http: httpx.Client, *messages: Any) -> str:
    response = chat(http, *messages)
    assert response.status_code == 200, response.text
    content: str = response.json()["choices"][0]["message"]["content"]
    return content


def streamed(http: httpx.Client, *messages: Any) -> list[Any]:
    response = chat(http, *messages, stream=True)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    *chunks, end = (data for _, data in events(response.content))
    assert end == "[DONE]"
    return chunks


def prompt_tokens(texts: Sequence[str]) -> int:
    """The published formula: three for each message, its role and content, and three for the answer to come."""
    roles = ("user", "assistant")
    said = (
        len(encode(roles[index % 2], "cl100k_base")) + len(encode(text, "cl100k_base"))
        for index, text in enumerate(texts)
    )
    return 3 + sum(3 + cost for cost in said)


@pytest.mark.parametrize(("name", "asked", "expected"), CONVERSATIONS)
def test_every_generated_field(name: str, asked: list[str], expected: str) -> None:
    with served(example(name)) as http:
        before = int(time.time())
        completion = chat(http, *asked).json()
        after = int(time.time())
    assert completion["id"].startswith("chatcmpl-")
    assert completion["object"] == "chat.completion"
    assert before <= completion["created"] <= after
    assert completion["model"] == "gpt-3.5-turbo"
    [choice] = completion["choices"]
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    assert (choice["message"]["role"], choice["message"]["content"]) == ("assistant", expected)
    usage = completion["usage"]
    assert usage["prompt_tokens"] == prompt_tokens(asked)
    assert usage["completion_tokens"] == len(encode(expected, "cl100k_base"))
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize(("name", "asked", "expected"), CONVERSATIONS)
def test_the_stream_says_the_same(name: str, asked: list[str], expected: str) -> None:
    with served(example(name)) as http:
        first, *chunks, last = streamed(http, *asked)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    pieces = [chunk["choices"][0]["delta"]["content"] for chunk in chunks]
    assert "".join(pieces) == expected
    assert len(pieces) == len(encode(expected, "cl100k_base"))
    assert (last["choices"][0]["delta"], last["choices"][0]["finish_reason"]) == ({}, "stop")
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in (first, *chunks, last)}) == 1


def test_the_id_is_that_of_the_flow() -> None:
    with served(example("booking-flow")) as http:
        assert chat(http, "I want to book a table").json()["id"] == "chatcmpl-booking-flow"


@pytest.mark.parametrize(("name", "asked", "where"), UNMATCHED)
def test_what_matches_nothing_is_told_why(name: str, asked: list[str], where: str) -> None:
    with served(example(name)) as http:
        response = chat(http, *asked)
    assert response.status_code == 400
    error = response.json()["error"]
    [nearest] = error.pop("nearest")
    assert error == NO_MATCH
    assert nearest["reason"].startswith(where)
    assert nearest["where"] == "given.yaml:2"


def test_the_tool_flow_step_by_step() -> None:
    asked = {"role": "user", "content": "What is the Weather in San Francisco?"}
    call = {
        "id": "call_abc123",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"location": "San Francisco"}'},
    }
    result = {"role": "tool", "tool_call_id": "call_abc123", "content": '{"temperature": 72, "condition": "sunny"}'}
    said = "It's currently 72°F and sunny in San Francisco!"
    with served(example("weather-tool")) as http:
        [first] = chat(http, asked).json()["choices"]
        assert (first["finish_reason"], first["message"]["content"]) == ("tool_calls", None)
        assert first["message"]["tool_calls"] == [call]
        played = {"role": "assistant", "tool_calls": first["message"]["tool_calls"]}
        [second] = chat(http, asked, played, result).json()["choices"]
        assert (second["finish_reason"], second["message"]["content"]) == ("stop", said)
        assert answer(http, asked, played, result, {"role": "assistant", "content": said}) == said
        wrong = chat(http, asked, played, {**result, "content": "rain"}).json()["error"]
        assert wrong["nearest"][0]["reason"].startswith("messages[2].content")
        _, opening, *fragments, last = streamed(http, asked)
        assert opening["choices"][0]["delta"]["tool_calls"] == [
            {"index": 0, **call, "function": {"name": "get_weather", "arguments": ""}}
        ]
        deltas = [fragment["choices"][0]["delta"]["tool_calls"][0] for fragment in fragments]
        assert all(delta.keys() == {"index", "function"} for delta in deltas)
        arguments = "".join(delta["function"]["arguments"] for delta in deltas)
        assert json.loads(arguments) == {"location": "San Francisco"}
        assert last["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_fallback_hides_nothing(place: str) -> None:
    particular = ["greeting", "help-guide", "python-example", "booking-flow", "multi-turn-flow"]
    order = ["fallback", *particular] if place == "first" else [*particular, "fallback"]
    with served(example(*order)) as http:
        for name, asked, expected in CONVERSATIONS:
            if name in particular:
                assert answer(http, *asked) == expected
        assert answer(http, "Something else") == SORRY
        assert answer(http, "I need") == SORRY


def test_a_leading_instruction_is_no_obstacle() -> None:
    with served(example("greeting")) as http:
        for role in ("system", "developer"):
            assert (
                answer(http, {"role": role, "content": "Be brief."}, {"role": "user", "content": "Hello"}) == GREETING
            )


def test_the_model_is_whatever_was_asked_for() -> None:
    with served(example("greeting")) as http:
        for model in ("gpt-4", "gpt-4o-mini", "my-own-model"):
            assert chat(http, "Hello", model=model).json()["model"] == model
        assert [model["id"] for model in http.get("/models").json()["data"]] == ["gpt-3.5-turbo", "gpt-4"]


def test_health_needs_no_key() -> None:
    with served(example("greeting")) as http:
        response = httpx.get(f"{str(http.base_url).removesuffix('/v1/')}/health", trust_env=False, verify=False)
    assert (response.status_code, response.json()["status"]) == (200, "ok")
