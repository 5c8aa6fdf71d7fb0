"""The full responses of the documentation, each asked over HTTP as a client would, whole and as a stream."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from gold import events

from openai_mock.config.load import load
from openai_mock.doors.serve import serve_in_thread
from openai_mock.mock import OpenAIMock

EXAMPLES = Path(__file__).parent / "cases" / "full-responses"
TEXTS = {path.stem: path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*.yaml"))}
ENTRIES = [(name, entry) for name, text in TEXTS.items() for entry in yaml.safe_load(text)["responses"]]
IDS = [f"{name}-{entry['id']}" for name, entry in ENTRIES]
FINISHES = ["stop", "length", "tool_calls", "content_filter", "function_call"]


@contextmanager
def served(config: str) -> Iterator[httpx.Client]:
    mock = OpenAIMock(load(config, name="given.yaml", env={}))
    headers = {"authorization": "Bearer sk-test"}
    with (
        serve_in_thread(mock.handle) as server,
        httpx.Client(base_url=f"{server.url}/v1", headers=headers, trust_env=False, verify=False) as http,
    ):
        yield http


def chat(http: httpx.Client, question: str, **fields: Any) -> httpx.Response:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}], **fields}
    return http.post("/chat/completions", json=body)


def streamed(http: httpx.Client, question: str, **fields: Any) -> list[Any]:
    response = chat(http, question, stream=True, **fields)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    *chunks, end = (data for _, data in events(response.content))
    assert end == "[DONE]"
    return chunks


def question_of(entry: Any) -> str:
    content: str = entry["matcher"]["messages"][0]["content"]
    return content


def one(choice: str) -> str:
    """A configuration of one full response with one choice, in YAML's flow style."""
    matcher = "{messages: [{role: user, content: hi}]}"
    return f"responses: [{{id: one, matcher: {matcher}, response: {{choices: [{choice}]}}}}]"


def contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(contains, whole, part))
    return bool(whole == part)


@pytest.mark.parametrize(("name", "entry"), ENTRIES, ids=IDS)
def test_what_is_written_is_what_comes(name: str, entry: Any) -> None:
    with served(TEXTS[name]) as http:
        before = int(time.time())
        completion = chat(http, question_of(entry)).json()
        after = int(time.time())
    written = entry["response"]
    assert contains(completion, written)
    assert completion["id"].startswith("chatcmpl-") or "id" in written
    assert completion["object"] == "chat.completion"
    assert completion["model"] == written.get("model", "gpt-4o")
    assert "created" in written or before <= completion["created"] <= after
    [choice] = completion["choices"]
    assert (choice["index"], choice["message"]["role"]) == (0, "assistant")
    assert choice["finish_reason"] in FINISHES
    usage = completion["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize(("name", "entry"), ENTRIES, ids=IDS)
def test_the_stream_carries_the_same(name: str, entry: Any) -> None:
    with served(TEXTS[name]) as http:
        completion = chat(http, question_of(entry)).json()
        first, *chunks, last, usage = streamed(http, question_of(entry), stream_options={"include_usage": True})
    [choice] = completion["choices"]
    text = "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert text == choice["message"]["content"]
    assert last["choices"][0]["finish_reason"] == choice["finish_reason"]
    assert (usage["choices"], usage["usage"]) == ([], completion["usage"])
    assert {chunk["model"] for chunk in (first, *chunks, last, usage)} == {completion["model"]}
    if "id" in entry["response"]:
        assert {chunk["id"] for chunk in (first, *chunks, last, usage)} == {entry["response"]["id"]}


@pytest.mark.parametrize("finish", FINISHES)
def test_each_finish_reason(finish: str) -> None:
    with served(one(f"{{message: {{content: Text}}, finish_reason: {finish}}}")) as http:
        assert chat(http, "hi").json()["choices"][0]["finish_reason"] == finish
        assert streamed(http, "hi")[-1]["choices"][0]["finish_reason"] == finish


def test_a_function_call_of_the_old_form_passes_as_it_stands() -> None:
    call = {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    written = 'message: {content: null, function_call: {name: get_weather, arguments: \'{"city": "Paris"}\'}}'
    with served(one(f"{{{written}, finish_reason: function_call}}")) as http:
        [choice] = chat(http, "hi").json()["choices"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("function_call", None)
    assert choice["message"]["function_call"] == call


def test_a_static_time_stays_and_one_left_out_is_now() -> None:
    with served(TEXTS["static-timestamp"]) as http:
        assert chat(http, "question 1").json()["created"] == 1677649420
        assert {chunk["created"] for chunk in streamed(http, "question 1")} == {1677649420}
    with served(TEXTS["token-usage"]) as http:
        assert abs(chat(http, "question 1").json()["created"] - time.time()) < 5


def test_model_variations_choose_by_what_is_said() -> None:
    with served(TEXTS["model-variations"]) as http:
        assert chat(http, "A QUICK question").json()["model"] == "gpt-3.5-turbo"
        assert chat(http, "Please analyze this").json()["model"] == "gpt-4"
        assert chat(http, "Please analyze this quickly").json()["model"] == "gpt-3.5-turbo"
        missed = chat(http, "Something else")
        assert (missed.status_code, missed.json()["error"]["code"]) == (400, "no_match")
        assert {near["id"] for near in missed.json()["error"]["nearest"]} == {"quick-answer", "complex-analysis"}
        assert {"gpt-3.5-turbo", "gpt-4"} <= {model["id"] for model in http.get("/models").json()["data"]}


def test_keys_of_ones_own_stay() -> None:
    with served(one("{message: {content: Hi, mood: {good: true}}, note: [1, 2]}")) as http:
        [choice] = chat(http, "hi").json()["choices"]
    assert (choice["message"]["mood"], choice["note"], choice["finish_reason"]) == ({"good": True}, [1, 2], "stop")


def test_several_choices_stay_several() -> None:
    with served(one("{message: {content: One}}, {message: {content: Two}, finish_reason: length}")) as http:
        choices = chat(http, "hi").json()["choices"]
        chunks = streamed(http, "hi")
    assert [(choice["index"], choice["message"]["content"], choice["finish_reason"]) for choice in choices] == [
        (0, "One", "stop"),
        (1, "Two", "length"),
    ]
    said = {0: "", 1: ""}
    for chunk in chunks:
        [choice] = chunk["choices"]
        said[choice["index"]] += choice["delta"].get("content", "")
    assert said == {0: "One", 1: "Two"}
