"""Configurations that load, and the plan each becomes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.load import load, read
from openai_mock.config.schema import schema_text
from openai_mock.rules.script import Line
from openai_mock.turns.turn import ToolCall, Turn

ROOT = Path(__file__).parents[2]
WRITTEN = sorted((ROOT / "tests/cases").glob("conversation-flows/*.yaml")) + sorted(
    (ROOT / "tests/cases").glob("full-responses/*.yaml")
)
GREETING = {"id": "a", "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello"}]}
FULL = {"id": "b", "matcher": {"messages": [{"role": "user", "content": "x"}]}, "response": {"model": "m-1"}}


def plan(text, name="x.yaml", **env):
    return load(text, name=name, env=env)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_written_configurations_load(path):
    scripts = read(path, env={}).scripts
    assert scripts
    assert all(script.whole == (path.parent.name == "full-responses") for script in scripts)


def test_there_are_written_configurations_of_both_formats():
    assert len(WRITTEN) == 18


@pytest.mark.parametrize("name", ["flows.yaml", "responses.yaml"])
def test_examples_run_without_environment_and_name_the_schema(name):
    path = ROOT / "examples" / name
    assert read(path, env={}).scripts
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert (path.parent / first.removeprefix("# yaml-language-server: $schema=")).is_file()


def test_the_schema_beside_the_examples_is_current():
    assert (ROOT / "examples/openai-mock.schema.json").read_text(encoding="utf-8") == schema_text()


def test_a_flow_with_a_tool():
    (script,) = read(ROOT / "tests/cases/conversation-flows/weather-tool.yaml", env={}).scripts
    call = ToolCall("call_abc123", "get_weather", '{"location": "San Francisco"}')
    assert script.lines == (
        Line("user", "weather in San Francisco", "contains"),
        Line("assistant", turn=Turn(None, (call,))),
        Line("tool", '{"temperature": 72, "condition": "sunny"}', tool_call_id="call_abc123"),
        Line(
            "assistant",
            "It's currently 72°F and sunny in San Francisco!",
            turn=Turn("It's currently 72°F and sunny in San Francisco!"),
        ),
    )
    assert not script.whole
    assert script.reply is None


def test_a_full_response_stands_as_it_is():
    (script,) = read(ROOT / "tests/cases/full-responses/content-filter.yaml", env={}).scripts
    assert script.reply.id == "chatcmpl-error"
    assert script.reply.turns == (Turn("I'm sorry, I can't help with that request.", finish="content_filter"),)
    assert script.reply.fields["usage"] == {"prompt_tokens": 12, "completion_tokens": 10, "total_tokens": 22}
    assert list(script.reply.fields) == ["id", "object", "created", "model", "choices", "usage"]


def test_a_full_response_knows_matcher_threshold_and_invert():
    text = """
responses:
- id: a
  matcher: {type: fuzzy, threshold: 0.5, invert: true, messages: [{role: user, content: hi}, {role: assistant}]}
  response: {extra: {deep: [1, null]}, choices: [{}, {message: {tool_calls: [{function: {name: f}}]}}]}
"""
    (script,) = plan(text).scripts
    assert script.lines == (Line("user", "hi", "fuzzy", 0.5), Line("assistant", "", "fuzzy", 0.5))
    assert script.invert
    assert script.where == "x.yaml:3"
    assert script.reply.turns[0] == Turn()
    assert script.reply.turns[1].tool_calls[0].name == "f"
    assert script.reply.fields["extra"] == {"deep": [1, None]}
    assert script.reply.rule == "a"


def test_models_named_anywhere_are_collected_once():
    loaded = plan(json.dumps([FULL, {**FULL, "id": "c"}, {**FULL, "id": "d", "response": {"model": "m-2"}}]))
    assert loaded.named_models == ("m-1", "m-2")
    assert not loaded.strict_models


@pytest.mark.parametrize(
    ("text", "models", "strict"),
    [("models: [a, b]", ("a", "b"), True), ("models: strict", (), True), ("port: 1", (), False)],
)
def test_models(text, models, strict):
    assert (plan(text).models, plan(text).strict_models) == (models, strict)


def test_settings():
    loaded = plan("apiKey: [a, b]\nport: ${PORT:-8080}\nresponses: []\nx-mine: {any: thing}\n")
    assert (loaded.api_keys, loaded.port, loaded.source) == (("a", "b"), 8080, "x.yaml")
    assert plan("apiKey: one").api_keys == ("one",)
    assert plan("{}").port is None


def test_reply_of_a_flow_goes_before_the_reply_at_the_top():
    final = {**GREETING, "id": "f", "reply": "final"}
    loaded = plan(json.dumps({"reply": "next", "responses": [GREETING, final]}))
    assert [script.reply_with for script in loaded.scripts] == ["next", "final"]


def test_variables_anchors_and_yaml_12_words():
    text = """
x-who: &who {role: user, matcher: contains}
responses:
- id: ${ID}
  messages:
  - {<<: *who, content: no}
  - role: assistant
    content: on $${HOME} ${EMPTY:-default} ${user.name} costs $5
- id: b
  messages:
  - {<<: [{matcher: any}, *who], content: 'yes'}
  - &said {role: assistant, content: 2024-01-01}
- {id: c, messages: [*said]}
"""
    one, two, three = plan(text, ID="flow-1", EMPTY="").scripts
    assert (one.id, one.lines[0]) == ("flow-1", Line("user", "no", "contains"))
    assert one.lines[1].content == "on ${HOME} default ${user.name} costs $5"
    assert two.lines[0] == Line("user", "yes", "any")
    assert three.lines[0].turn == Turn("2024-01-01")


@pytest.mark.parametrize(("text", "port"), [("port: ${P}", 80), ("port: 0x50", 80), ("port: !!int '80'", 80)])
def test_plain_text_is_typed_after_variables_are_put_in(text, port):
    assert plan(text, P="80").port == port


def test_quoted_variables_stay_text():
    assert plan("apiKey: '${KEY}'", KEY="123").api_keys == ("123",)
    with pytest.raises(ConfigErrors, match="expected a string or a list, but got the integer 123; put it in quotes"):
        plan("apiKey: ${KEY}", KEY="123")


def test_content_parts_are_joined_and_arguments_become_json():
    text = """
- id: a
  messages:
  - role: user
    content: [{type: text, text: "one "}, {type: image_url, image_url: {url: x}}, {type: text, text: two}]
  - role: assistant
    tool_calls:
    - {function: {name: f, arguments: {a: [1, "ä"]}}}
    - {function: {name: g}}
"""
    (script,) = plan(text).scripts
    first, second = script.lines[1].turn.tool_calls
    assert script.lines[0].content == "one two"
    assert (first.arguments, second.arguments) == ('{"a":[1,"ä"]}', "{}")
    assert first.id.startswith("call_")
    assert first.id != second.id
    assert plan(text).scripts == (script,)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.json", json.dumps({"responses": [GREETING, FULL]}, indent="\t")),
        ("x.json", json.dumps([GREETING, FULL]).replace("/", "\\/")),
        ("<stdin>", "\ufeff" + json.dumps([GREETING, FULL], indent=1).replace("\n", "\r\n")),
        ("x.jsonl", f"{json.dumps(GREETING)}\n\n{json.dumps(FULL)}"),
        ("<stdin>", f"{json.dumps(GREETING)}\r\n{json.dumps(FULL)}\r\n"),
        ("x.jsonl", f"{json.dumps({'port': 1})}\n{json.dumps({'responses': [GREETING]})}\n{json.dumps(FULL)}"),
        ("x.yaml", "{responses: [" + json.dumps(GREETING) + ", " + json.dumps(FULL) + "]}"),
    ],
)
def test_json_and_json_lines(name, text):
    assert [script.id for script in plan(text, name).scripts] == ["a", "b"]


def test_json_lines_take_settings():
    text = f'{{"apiKey": "k"}}\n{json.dumps(GREETING)}\n{{"reply": "next", "port": 5}}\n'
    loaded = plan(text, "x.ndjson")
    assert (loaded.api_keys, loaded.port, loaded.scripts[0].reply_with) == (("k",), 5, "next")
    assert loaded.scripts[0].where == "x.ndjson:2"


def test_json_text():
    said = 'quote " tab \t ä 😀 ${X}'
    text = json.dumps([{"id": "a", "messages": [{"role": "assistant", "content": said}]}])
    assert plan(text, "x.json", X="x").scripts[0].lines[0].content == 'quote " tab \t ä 😀 x'


def test_byte_order_mark_and_crlf(tmp_path):
    path = tmp_path / "x.yaml"
    text = "\ufeffresponses:\n- id: a\n  messages:\n  - role: assistant\n    content: |\n      1\n      2\n"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert read(path, env={}).scripts[0].lines[0].content == "1\n2\n"


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"port: ${P}")))
    loaded = read("-", env={"P": "7"})
    assert (loaded.port, loaded.source) == (7, "<stdin>")


def test_the_environment_of_the_process_is_the_default(monkeypatch, tmp_path):
    monkeypatch.setenv("SOME_PORT_FOR_THIS", "77")
    (tmp_path / "x.yaml").write_text("port: ${SOME_PORT_FOR_THIS}", encoding="utf-8")
    assert read(tmp_path / "x.yaml").port == 77
