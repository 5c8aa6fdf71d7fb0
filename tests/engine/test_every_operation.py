"""Every operation answers through the whole pipeline, with a body of the right kind and type."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from violations import VIOLATIONS, unfold

from openai_mock.mock import OpenAIMock
from openai_mock.spec.bounds import lay
from openai_mock.spec.example import Examples
from openai_mock.spec.operations import Operation, load
from openai_mock.wire import Data, Head, Request

CATALOGUE = load()
OPERATIONS = CATALOGUE.operations
KEY = {"authorization": "Bearer sk-test"}


def ask(
    mock: OpenAIMock, operation: Operation, body: Any = None, *, query: str = "", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    path = "/v1" + re.sub(r"\{\w+\}", "an-id", operation.path)
    sent = {**KEY, **(headers or {})}
    if operation.beta:
        sent["openai-beta"] = operation.beta
    if body is not None:
        sent["content-type"] = "application/json"
    marked = "&".join([query, *(f"{key}={value}" for key, value in operation.marker.items())]).strip("&")
    request = Request(operation.method, path, marked, sent, b"" if body is None else json.dumps(body).encode())
    steps = list(mock.handle(request))
    assert isinstance(steps[0], Head)
    headers_sent = {name.decode(): value.decode() for name, value in steps[0].headers}
    return steps[0].status, headers_sent, b"".join(step.chunk for step in steps if isinstance(step, Data))


def body_of(operation: Operation, seed: int) -> Any:
    """A body that the operation takes; files of a form are left to the tests of forms."""
    if not operation.body:
        return None
    schema = CATALOGUE.bundle(operation.body)
    lay(schema, operation.name)
    made = Examples(schema).make(seed=seed, now=1_767_225_600)
    return {key: value for key, value in made.items() if key not in {"stream", "model"}} | (
        {"model": "gpt-4o"} if "model" in json.dumps(schema.get("properties", {})) and "model" in made else {}
    )


PLAIN = [name for name, each in OPERATIONS.items() if each.method == "GET" or not each.body]


@pytest.mark.parametrize("name", PLAIN)
def test_it_answers_with_the_right_kind(name: str) -> None:
    operation = OPERATIONS[name]
    required = CATALOGUE.bundle(operation.query).get("required", ()) if operation.query else ()
    query = "&".join(f"{key}=1" for key in required)
    status, headers, body = ask(OpenAIMock(seed=1, stateless=True), operation, query=query)
    assert status == operation.status, body
    match operation.response_kind:
        case "json" | "page":
            Draft202012Validator(CATALOGUE.bundle(operation.response)).validate(json.loads(body))
            assert headers["content-type"] == "application/json"
        case "events":
            assert headers["content-type"].startswith("text/event-stream")
            assert body.startswith(b"event: ")
        case "none":
            assert body == b""
        case _:
            assert body


@pytest.mark.parametrize("name", [name for name, each in OPERATIONS.items() if each.page])
def test_lists_end(name: str) -> None:
    operation = OPERATIONS[name]
    if operation.method != "GET":
        return
    required = CATALOGUE.bundle(operation.query).get("required", ()) if operation.query else ()
    _, _, body = ask(OpenAIMock(seed=1, stateless=True), operation, query="&".join(f"{key}=1" for key in required))
    assert json.loads(body).get("has_more", False) is False


@pytest.mark.parametrize("name", [name for name, each in OPERATIONS.items() if each.path.endswith("}")])
def test_path_ids_come_back(name: str) -> None:
    operation = OPERATIONS[name]
    if operation.method != "GET" or operation.response_kind != "json":
        return
    status, _, body = ask(OpenAIMock(seed=1, ids="lenient"), operation)
    assert status == 200
    answer = json.loads(body)
    assert answer.get("id", "an-id") == "an-id"


@pytest.mark.parametrize(
    "name", [name for name, each in OPERATIONS.items() if each.events and each.body_kind == "json"]
)
def test_streams_carry_every_event_and_end(name: str) -> None:
    operation = OPERATIONS[name]
    if name in {"chat.completions.create", "completions.create"}:
        return  # have turns to say, and chunks without a finish reason, which the SDK does not type
    status, headers, body = ask(
        OpenAIMock(seed=1, stateless=True), operation, {**MINIMAL.get(name, {}), "stream": True}
    )
    assert status == 200, body
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    judge = Draft202012Validator(CATALOGUE.bundle(operation.events))
    blocks = [block for block in body.decode().split("\n\n") if block]
    for block in blocks:
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        if lines["data"] == "[DONE]":
            continue
        value = json.loads(lines["data"])
        named = lines.get("event", value.get("type"))
        judge.validate(value if named == value.get("type") else {"event": named, "data": value})


MINIMAL: dict[str, dict[str, Any]] = {
    "beta.agents.sessions.create": {"agent_id": "agent_1", "environment": {"type": "none"}},
    "beta.responses.create": {"model": "gpt-4o", "input": "hi"},
    "beta.threads.create_and_run": {"assistant_id": "asst_1"},
    "beta.threads.runs.create": {"assistant_id": "asst_1"},
    "beta.threads.runs.submit_tool_outputs": {"tool_outputs": [{"tool_call_id": "call_1", "output": "18 degrees"}]},
    "completions.create": {"model": "gpt-3.5-turbo-instruct", "prompt": "hi"},
    "images.generate": {"prompt": "a cat"},
    "responses.create": {"model": "gpt-4o", "input": "hi"},
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("strictness", ["strict", "lenient"])
@settings(max_examples=2500, deadline=None)
@given(name=st.sampled_from(sorted(OPERATIONS)), data=st.data())
def test_nothing_a_client_sends_breaks_it(strictness: str, name: str, data: st.DataObject) -> None:
    """Bodies near the right one, with one field replaced, dropped or added: never a 5xx, always JSON that explains."""
    operation = OPERATIONS[name]
    body = body_of(operation, data.draw(st.integers(0, 3)))
    if isinstance(body, dict):
        key = (
            data.draw(st.sampled_from(sorted(body)) if body else st.text(max_size=8))
            if data.draw(st.booleans())
            else "zz"
        )
        if data.draw(st.booleans()):
            body[key] = data.draw(JSON)
        else:
            body.pop(key, None)
    elif data.draw(st.booleans()):
        body = data.draw(JSON)
    query = data.draw(
        st.sampled_from(["", "limit=abc", "limit=5", "zz=1", "order=asc", "include[]=a&include[]=b", "%ff"])
    )
    mock = STRICT if strictness == "strict" else LENIENT
    status, headers, answer = ask(mock, operation, body, query=query)
    assert status < 500, answer
    if status >= 400:
        assert headers["content-type"] == "application/json"
        assert set(json.loads(answer)["error"]) >= {"message", "type", "param", "code"}


STRICT, LENIENT = OpenAIMock(seed=1), OpenAIMock(seed=1, ids="lenient", lenient=True)


@pytest.mark.parametrize("case", [case for case in VIOLATIONS if "body" in case], ids=lambda case: case["message"][:60])
def test_a_bad_body_gets_exactly_openai_s_error(case: dict[str, Any]) -> None:
    operation = OPERATIONS[case["operation"]]
    if operation.body_kind != "json" or case.get("lenient"):
        return
    status, _, answer = ask(STRICT, operation, unfold(case["body"]))
    assert status == 400
    keys = ("message", "type", "param", "code")
    expected = (case["message"], "invalid_request_error", case["param"], case["code"])
    assert json.loads(answer) == {"error": dict(zip(keys, expected, strict=True))}
