"""The banner tells what is answered, gives a line that truly works, and never shows a key."""

from __future__ import annotations

import json
import shlex

import msgspec
import pytest

from openai_mock.config.load import load
from openai_mock.config.plan import Plan
from openai_mock.faces.cli.banner import answers, banner, meeting, try_it
from openai_mock.mock import OpenAIMock
from openai_mock.wire import Data, Request

URL = "http://127.0.0.1:12111"


def flow(name, *lines, **more):
    messages = [dict(zip(("role", "content", "matcher"), line, strict=False)) for line in lines]
    return {"id": name, "messages": [*messages, {"role": "assistant", "content": f"from {name}"}], **more}


def plan(*entries, **settings):
    return load(json.dumps({"responses": entries, **settings}), name="flows.json", env={})


def asked(plan_):
    """The answer to the line the banner offers, run against a mock of the same plan."""
    words = shlex.split(try_it(f"{URL}/v1", plan_))
    headers = dict(words[at + 1].lower().split(": ", 1) for at, word in enumerate(words) if word == "-H")
    key = plan_.api_keys[0] if plan_.api_keys else ""
    headers["authorization"] = headers["authorization"].replace("$openai_api_key", key)
    body = words[words.index("-d") + 1].encode()
    mock = OpenAIMock(plan_, seed=1)
    data = [
        step.chunk
        for step in mock.handle(Request("POST", "/v1/chat/completions", "", headers, body))
        if type(step) is Data
    ]
    return json.loads(b"".join(data))


@pytest.mark.parametrize(
    "entries",
    [
        [flow("wanted", ("user", 'it\'s "plain" $HOME `x`'))],
        [flow("regex", ("user", "^a+$", "regex")), flow("wanted", ("system", "be kind"), ("user", "Grüße\nzwei"))],
        [flow("loose", ("user", "anything", "contains")), flow("wanted", ("user", "exactly this"))],
        [flow("regex", ("user", "^b", "regex")), flow("wanted", ("user", "help", "contains"))],
        [flow("wanted", ("user", "", "any"))],
        [flow("wanted", ("user", "help me please", "fuzzy"))],
    ],
)
def test_the_line_to_try_meets_a_rule(entries):
    assert asked(plan(*entries))["choices"][0]["message"]["content"] == "from wanted"


def test_the_line_to_try_meets_a_full_response():
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    choices = [{"message": {"role": "assistant", "content": "whole"}}]
    entry = {"id": "full", "matcher": {"type": "exact", "messages": messages}, "response": {"choices": choices}}
    assert asked(plan(entry))["choices"][0]["message"]["content"] == "whole"


def test_without_rules_the_line_asks_for_the_default_text():
    assert asked(Plan())["choices"][0]["message"]["content"]
    assert meeting(plan(flow("r", ("user", "x+", "regex"))).scripts) == [{"role": "user", "content": "Hello"}]


def test_a_configured_key_is_never_shown_and_its_place_is():
    one = plan(flow("a", ("user", "hi")), apiKey="sk-configured")
    text = banner((URL,), one)
    assert "sk-configured" not in text
    assert "Bearer $OPENAI_API_KEY" in text
    assert "sk-mock" not in text
    assert "the configured key" in text
    assert "one of the 2 configured keys" in banner((URL,), msgspec.structs.replace(one, api_keys=("a1", "b2")))
    assert asked(one)["choices"][0]["message"]["content"] == "from a"


def test_without_a_key_the_lines_can_be_copied_as_they_stand():
    text = banner((URL,), Plan())
    assert f"export OPENAI_BASE_URL={URL}/v1 OPENAI_API_KEY=sk-mock" in text
    assert "chats with a default text" in text


def test_what_is_answered_is_counted_and_its_source_named():
    assert answers(plan(flow("a", ("user", "hi")), flow("b", ("user", "ho")))) == "2 flows from flows.json"
    assert answers(msgspec.structs.replace(Plan(), source="empty.yaml")).endswith("(empty.yaml has no rules)")


def test_the_line_names_a_model_that_answers():
    assert asked(plan(flow("a", ("user", "hi")), models=["my-model"]))["model"] == "my-model"
