"""Bad requests and OpenAI's words for them, from the table in violations.jsonl; good requests pass."""

from typing import Any

import pytest
from violations import VIOLATIONS, unfold

from openai_mock.spec.operations import load
from openai_mock.spec.validate import Query, Validators
from openai_mock.spec.words import Violation

CHAT = load().operations["chat.completions.create"]
RESPONSES = load().operations["responses.create"]
MESSAGES = [{"role": "user", "content": "hi"}]


VALIDATORS = Validators(load())


def check(case: dict[str, Any], *, lenient: bool = False) -> Any:
    operation = load().operations[case["operation"]]
    if "query" in case:
        return VALIDATORS.check_query(operation, case["query"], lenient=lenient)
    body = unfold(case["body"]) if "body" in case else VALIDATORS.read_form(operation, unfold(case["form"]))
    return VALIDATORS.check_body(operation, body, lenient=lenient)


@pytest.mark.parametrize("case", VIOLATIONS, ids=lambda case: f"{case['operation']}: {case['message'][:60]}")
def test_a_bad_request_is_told_in_openai_s_words(case):
    assert check(case) == Violation(case["message"], case["param"], case["code"])


def test_the_table_is_broad():
    assert len(VIOLATIONS) >= 60
    assert len({case["operation"] for case in VIOLATIONS}) >= 20


@pytest.mark.parametrize(
    "case", [case for case in VIOLATIONS if "nknown" in case["message"] or "recogn" in case["message"]]
)
def test_leniency_passes_over_unknown_names_and_tells_them(case):
    found = check(case, lenient=True)
    ignored = found.ignored if isinstance(found, Query) else found
    named = case["param"].split(", ") if case["param"] else case["message"].partition(": ")[2].split(", ")
    assert list(ignored) == named


def test_leniency_still_refuses_what_is_wrong():
    body = {"model": "m", "messages": [{"role": "user", "content": 3, "mood": "good"}], "colour": "red"}
    found = VALIDATORS.check_body(CHAT, body, lenient=True)
    assert isinstance(found, Violation)
    assert found.param == "messages[0].content"


@pytest.mark.parametrize(
    "body",
    [
        {"model": "any-name", "messages": MESSAGES},
        {"model": "m", "messages": MESSAGES, "temperature": None, "tools": None, "stream": None, "metadata": None},
        {"model": "m", "messages": MESSAGES, "n": 1.0, "stop": ["a"], "logit_bias": {"50256": -100}},
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]},
        {"model": "m", "messages": [{"role": "assistant", "content": "a", "refusal": None, "annotations": [],
                                     "audio": None, "function_call": None, "tool_calls": None, "parsed": None}]},
        {"model": "m", "messages": [{"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "42"}]},
        {"model": "m", "messages": MESSAGES, "tools": [
            {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "x": {"y": [1, None]}}}}]},
        {"model": "m", "messages": MESSAGES, "response_format": {
            "type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True}}},
    ],
)  # fmt: skip
def test_a_good_chat_request_passes(body):
    assert VALIDATORS.check_body(CHAT, body) == ()


@pytest.mark.parametrize(
    "items",
    [
        "hi",
        [],
        [{"role": "user", "content": "hi"}],
        [{"role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}],
        [{"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
          "content": [{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}]}],
        [{"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": None, "status": None}],
        [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
         {"type": "function_call_output", "call_id": "c", "output": "42"}],
        [{"id": "msg_1"}],
        [{"type": "item_reference", "id": "msg_1"}],
    ],
)  # fmt: skip
def test_good_input_of_a_response_passes(items):
    assert VALIDATORS.check_body(RESPONSES, {"model": "m", "input": items}) == ()


def test_a_function_tool_of_responses_needs_no_more_than_a_name():
    body = {"model": "m", "input": "hi", "tools": [{"type": "function", "name": "f"}]}
    assert VALIDATORS.check_body(RESPONSES, body) == ()


def test_an_operation_without_a_body_takes_any():
    operation = load().operations["files.list"]
    assert VALIDATORS.check_body(operation, {"anything": 1}) == ()


def test_two_validators_of_one_catalogue_share_nothing():
    fresh = Validators(load())
    assert fresh.check_body(CHAT, {"model": "m", "messages": MESSAGES}) == ()
    assert fresh.check_body(CHAT, {"model": "m", "messages": MESSAGES}) == ()
    body = load().bundle(CHAT.body)
    assert "maximum" not in body["properties"]["temperature"]


def test_a_query_is_typed_and_nested():
    operation = load().operations["responses.retrieve"]
    query = "include=reasoning.encrypted_content&include[]=message.output_text.logprobs&stream=true&starting_after=3"
    assert VALIDATORS.check_query(operation, query) == Query(
        {
            "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
            "stream": True,
            "starting_after": 3,
        }
    )


def test_a_query_of_pairs_and_maps():
    operation = load().operations["chat.completions.list"]
    found = VALIDATORS.check_query(operation, [("metadata[team]", "7"), ("limit", "1"), ("api-version", "2024-10-21")])
    assert found == Query({"metadata": {"team": "7"}, "limit": 1})


def test_no_query_at_all():
    assert VALIDATORS.check_query(load().operations["files.list"], "") == Query({})


def test_path_parameters():
    operation = load().operations["files.retrieve"]
    assert VALIDATORS.check_params(operation, {"file_id": "file-1"}) is None
    assert VALIDATORS.check_params(operation, {}) is None


def test_a_form_becomes_a_typed_body():
    operation, upload = load().operations["audio.transcriptions.create"], object()
    body = VALIDATORS.read_form(
        operation,
        [
            ("file", upload),
            ("model", "whisper-1"),
            ("temperature", "0.5"),
            ("stream", "true"),
            ("include[]", "logprobs"),
            ("timestamp_granularities[]", "word"),
            ("timestamp_granularities[]", "segment"),
            ("chunking_strategy[type]", "server_vad"),
            ("chunking_strategy[threshold]", ".5"),
        ],
    )
    assert body == {
        "file": upload,
        "model": "whisper-1",
        "temperature": 0.5,
        "stream": True,
        "include": ["logprobs"],
        "timestamp_granularities": ["word", "segment"],
        "chunking_strategy": {"type": "server_vad", "threshold": 0.5},
    }
    assert VALIDATORS.check_body(operation, body) == ()


def test_one_file_or_many():
    operation = load().operations["images.edit"]
    for names in (["image"], ["image[]"], ["image[]", "image[]"], ["image", "image"]):
        fields = [(name, object()) for name in names]
        body = VALIDATORS.read_form(operation, [*fields, ("prompt", "a cat"), ("n", "2")])
        assert VALIDATORS.check_body(operation, body) == (), names
