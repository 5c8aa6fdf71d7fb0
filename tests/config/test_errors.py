"""Mistakes: each text, and all the lines that its reader sees."""

from __future__ import annotations

import io
import sys

import pytest
import yaml

from openai_mock.config import yaml as located
from openai_mock.config.errors import ConfigErrors, nearest
from openai_mock.config.load import load, read
from openai_mock.config.settings import SETTINGS

FORMS = (
    "an entry is a conversation flow ('id' and 'messages'), a full response "
    "('id', 'matcher' and 'response') or a rule ('id' and 'then'), but this one has "
)
SAY = "{role: assistant, content: x}"
_KEYS = [f"'{key}'" for key in SETTINGS.keys]
HERE = f"{', '.join(_KEYS[:-1])} and {_KEYS[-1]}"


def lines_of(text, name="f", **env):
    with pytest.raises(ConfigErrors) as raised:
        load(text, name=name, env=env)
    assert len(str(raised.value).splitlines()) == len(raised.value.problems)
    return [str(problem).removeprefix(f"{name}:") for problem in raised.value.problems]


EMPTY = "1:1: the configuration is empty; write at least one entry below 'responses:'"
BAD = {
    # The whole text.
    "": [EMPTY],
    "\ufeff": [EMPTY],
    "# nothing\n": [EMPTY],
    "---\n...\n": [EMPTY],
    "~": [EMPTY],
    "word": ["1:1: expected a mapping (configuration), but got the string 'word'"],
    "responses:\n": ["1:11: responses: expected a list, but got nothing"],
    "responses: {id: a}": ["1:12: responses: expected a list, but got a mapping; start each item with '- '"],
    # Settings.
    "port: 70000": ["1:7: port: expected an integer from 0 to 65535, but got the integer 70000"],
    "port: '80'": ["1:7: port: expected an integer from 0 to 65535, but got the string '80'; write it without quotes"],
    "port: true": ["1:7: port: expected an integer from 0 to 65535, but got the boolean true"],
    "apiKey: 12": ["1:9: apiKey: expected a string or a list, but got the integer 12; put it in quotes"],
    "apiKey: []": ["1:9: apiKey: the list is empty; write at least 1 item"],
    "apiKey: ''": ["1:9: apiKey: expected a text, but it is empty; write one or remove the key"],
    "api_key: x": ["1:1: api_key: unknown key 'api_key'; did you mean 'apiKey'?"],
    "models: 3": ["1:9: models: expected 'strict' or a list, but got the integer 3"],
    "models: [a, 4]": ["1:13: models[1]: expected a string, but got the integer 4; put it in quotes"],
    "models: strickt": ["1:9: models: expected 'strict', but got the string 'strickt'; did you mean 'strict'?"],
    "reply: last": ["1:8: reply: expected 'final' or 'next', but got the string 'last'"],
    "zzz: 1": [
        f"1:1: zzz: unknown key 'zzz'; the keys here are {HERE}"
    ],
    # Entries.
    "- 4": ["1:3: responses[0]: expected a mapping (an entry), but got the integer 4"],
    "- id: a": [f"1:3: responses[0]: {FORMS}none of 'messages', 'matcher' and 'then'; add one"],
    "- {messages: [], matcher: {}}": [f"1:3: responses[0]: {FORMS}'messages' and 'matcher'; keep one"],
    f"- id: a\n  mesages: [{SAY}]": ["2:3: responses[0].mesages: unknown key 'mesages'; did you mean 'messages'?"],
    "- id: a\n  messages: []": ["2:13: responses[0].messages: the list is empty; write at least 1 item"],
    f"- messages: [{SAY}]": [
        "1:3: responses[0]: the key 'id' is missing: A name of your choice that no other entry has."
    ],
    f"- id: 4\n  messages: [{SAY}]": [
        "1:7: responses[0].id: expected a string, but got the integer 4; put it in quotes"
    ],
    f"- id: a\n  messages: &m [{SAY}]\n- messages: *m\n  id: a": [
        "4:7: responses[1].id: the id 'a' is already taken at f:1:7; choose another"
    ],
    f"- &e\n  id: a\n  messages: [{SAY}]\n- *e": [
        "1:3: responses[1].id: the id 'a' is already taken at f:2:7; choose another"
    ],
    f"- &e\n  id: a\n  messages: [{SAY}]\n- <<: *e\n  reply: next": [
        "4:3: responses[1].id: the id 'a' is already taken at f:2:7; choose another"
    ],
    f"- id: a\n  messages: [{SAY}]\n  response: {{}}": [
        (
            "3:3: responses[0].response: unknown key 'response'; the keys here are 'id', 'messages', "
            "'reply', 'pace', 'delay' and 'faults'"
        )
    ],
    "- id: a\n  matcher: {messages: [{role: user, content: x}]}": [
        "1:3: responses[0]: the key 'response' is missing: The response as it stands. What it leaves out is filled in."
    ],
    # Messages.
    "- id: a\n  messages:\n  - {role: user, content: x}": [
        ("3:3: responses[0].messages: the conversation has no assistant message to answer with; "
        "add one with role 'assistant'")
    ],
    "- id: a\n  messages: [{role: asistant, content: 4}]": [
        ("2:21: responses[0].messages[0].role: expected 'system', 'developer', 'user', 'assistant' or 'tool', "
        "but got the string 'asistant'; did you mean 'assistant'?"),
        ("2:40: responses[0].messages[0].content: expected a string or null or a list, but got the integer 4; "
        "put it in quotes"),
    ],
    f"- id: a\n  messages:\n  - role: user\n    content: x\n    machter: regex\n  - {SAY}": [
        "5:5: responses[0].messages[0].machter: unknown key 'machter'; did you mean 'matcher'?"
    ],
    f"- id: a\n  messages: [{{role: user, content: '(', matcher: regex, threshold: 1.5}}, {SAY}]": [
        ("2:36: responses[0].messages[0].content: '(' is not a valid regular expression: missing ) at position 1; "
        "put '\\' before a character that stands for itself"),
        "2:68: responses[0].messages[0].threshold: expected a number from 0 to 1, but got the number 1.5",
    ],
    f"- id: a\n  messages: [{{role: user, content: '', matcher: regex}}, {SAY}]": [
        "2:36: responses[0].messages[0].content: the regular expression is empty; write '.*' to match every text"
    ],
    f"- id: a\n  messages: [{{role: user}}, {SAY}]": [
        ("2:14: responses[0].messages[0]: a user message needs 'content' to compare with; "
        "write one, or 'any' as its matcher")
    ],
    "- id: a\n  messages: [{role: assistant, content: null}]": [
        ("2:14: responses[0].messages[0]: an assistant message needs something to say; "
        "add 'content', 'tool_calls' or 'refusal'")
    ],
    f"- id: a\n  messages: [{{role: user, content: x, tool_calls: [{{function: {{name: f}}}}]}}, {SAY}]": [
        ("2:51: responses[0].messages[0].tool_calls: only a message with role 'assistant' has 'tool_calls', "
        "but this one is 'user'")
    ],
    "- id: a\n  messages: [{role: assistant, tool_calls: [{id: c, function: {nam: f, arguments: 4}}]}]": [
        "2:64: responses[0].messages[0].tool_calls[0].function.nam: unknown key 'nam'; did you mean 'name'?",
        ("2:83: responses[0].messages[0].tool_calls[0].function.arguments: expected a string or a mapping or a list, "
        "but got the integer 4; put it in quotes"),
    ],
    # Full responses.
    "- id: a\n  matcher: {type: fuzy, messages: [{role: user, content: x}], invert: 'yes'}\n  response: 4": [
        ("2:19: responses[0].matcher.type: expected 'exact', 'fuzzy', 'regex', 'contains' or 'any', "
        "but got the string 'fuzy'; did you mean 'fuzzy'?"),
        "2:71: responses[0].matcher.invert: expected true or false, but got the string 'yes'",
        "3:13: responses[0].response: expected a mapping (response), but got the integer 4",
    ],
    "- id: a\n  matcher: {type: regex, messages: [{role: assistant, content: '['}]}\n  response: {x: .nan}": [
        ("2:64: responses[0].matcher.messages[0].content: '[' is not a valid regular expression: "
        "unterminated character set at position 1; put '\\' before a character that stands for itself"),
        ("3:17: responses[0].response.x: JSON has no infinite or undefined numbers; "
        "write another number, or a text in quotes"),
    ],
    # YAML.
    "port: 1\nport: 2": ["2:1: port: the key 'port' is already given above; keep one"],
    "port: 1\n---\nport: 2": ["2:1: a second document starts here; one document is expected, so put all into one"],
    "responses:\n\t- x": ["2:1: a tab cannot indent YAML; use spaces"],
    "port: a: b": ["1:8: a ':' cannot stand here; put the text in quotes, or correct the indentation"],
    "port: *x": ["1:7: the alias '*x' names no anchor above; write '&x' before the value it means"],
    "x-a: &a [*a]": ["1:10: the alias '*a' stands inside the value it means; such a value has no end"],
    "x-a: {<<: 4}": ["1:11: x-a.<<: '<<' merges mappings only; name a mapping, or a list of mappings"],
    "? [a]\n: b": ["1:3: a key must be text, not a list or mapping; put text with brackets in quotes"],
    "x-a: !thing 4": ["1:6: x-a: the tag '!thing' has no meaning here; remove it"],
    "port: !!int x": ["1:7: port: this text is no value for the tag '!!int'; correct it or remove the tag"],
    "port: 'a\0'": ["1:9: the character U+0000 is not allowed in YAML; write it as an escape in double quotes"],
    "port: \ud800": ["1:7: the character U+D800 is not allowed in YAML; write it as an escape in double quotes"],
    f"port: {'9' * 5000}": ["1:7: port: a number of 5000 digits is too long; put it in quotes"],
    "port: 1e999": ["1:7: port: the number is too large; put it in quotes"],
    f"- {'[' * 200}": ["1:102: lists and mappings lie more than 100 deep in one another; flatten them"],
    # Variables.
    "port: ${P}\napiKey: '${K}'": [
        "1:7: port: the environment variable P is not set; set it, write ${P:-default}, or $${P} for the text itself",
        "2:9: apiKey: the environment variable K is not set; set it, write ${K:-default}, or $${K} for the text itself",
    ],
    # JSON.
    '{"port": 1 "reply": 2}': ["1:12: expected ',' or '}' here"],
    '{"port": 1, "port": 2}': ["1:13: port: the key 'port' is already given above; keep one"],
    '{"apiKey": "\\ud800"}': ["1:12: U+D800 is half a character and cannot be written as UTF-8; remove it"],
    '{"port": 1} x': ["1:13: the JSON value has ended before this place; remove what follows"],
    '{"a\n': ['1:2: this text has no end on its line; close it with ", and write a line break as \\n'],
    '[{"id": "${X}"}]': [
        f"1:2: responses[0]: {FORMS}none of 'messages', 'matcher' and 'then'; add one",
        ("1:9: responses[0].id: the environment variable X is not set; set it, write ${X:-default}, "
        "or $${X} for the text itself"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", BAD, ids=lambda text: repr(text[:60]))
def test_mistakes(text):
    assert lines_of(text) == BAD[text]


JSON_NAMED = {
    '{"port": 1,}': ["1:11: the last ',' before '}' is one too many; remove it"],
    "{'port': 1}": ["1:2: expected a key in double quotes here"],
    '{"port" 1}': ["1:9: expected ':' between a key and its value here"],
    "{\"port\": 'a'}": ['1:10: JSON puts text in double quotes; write "..."'],
    '{"port": 1} // x': ["1:13: the JSON value has ended before this place; remove what follows"],
    "// x\n{}": ["1:1: JSON has no comments; remove it, or use YAML"],
    '{"apiKey": "\\x"}': ["1:13: this escape is not JSON; write a backslash as \\\\"],
    '{"port": NaN}': ["1:10: expected a JSON value here: an object, a list, a text in double quotes or a number"],
    f"{'[' * 200}": ["1:101: lists and objects lie more than 100 deep in one another; flatten them"],
    "\n\n": [EMPTY],
}


@pytest.mark.parametrize("text", JSON_NAMED)
def test_mistakes_in_json(text):
    assert lines_of(text, "x.json") == JSON_NAMED[text]


def test_mistakes_in_json_lines_are_told_for_every_line():
    text = '{"port": 1}\n{"id": "a",}\n{"port": 2, "reply": "x"}\n[]\n{"id": "b"}\n'
    assert lines_of(text, "x.jsonl") == [
        "2:11: the last ',' before '}' is one too many; remove it",
        "3:2: port: the key 'port' is already given above; keep one",
        "3:22: reply: expected 'final' or 'next', but got the string 'x'",
        "4:1: responses[0]: expected a mapping (an entry), but got a list",
        f"5:1: responses[1]: {FORMS}none of 'messages', 'matcher' and 'then'; add one",
    ]
    assert lines_of("\n\n", "x.jsonl") == [EMPTY]


def test_paths_in_json_lines_lead_to_entries_and_settings():
    settings, entry = '{"apiKey": "${K}"}', f'{{"id": "${{X}}", "messages": [{SAY}]}}'.replace("role", '"role"')
    entry = entry.replace("content", '"content"').replace(": assistant", ': "assistant"').replace(": x}", ': "x"}')
    (first, second) = lines_of(f"{settings}\n{entry}\n", "x.jsonl")
    assert first.startswith("1:12: apiKey: the environment variable K")
    assert second.startswith("2:8: responses[0].id: the environment variable X")


def test_yaml_in_flow_style_is_judged_as_what_its_name_says():
    assert lines_of("{port: [}", "x.yaml") == ["1:9: this is not valid YAML (did not find expected node content)"]
    assert lines_of("{port: [}", "x") == ["1:2: expected a key in double quotes here"]


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_both_yaml_parsers_agree_on_places(monkeypatch, loader):
    monkeypatch.setattr(located, "_LOADER", loader)
    text = "é: 😀\r\nresponses:\r\n- id: a\r\n  messages: [{rôle: user}]\r\n"
    assert lines_of(text)[:2] == [
        f"1:1: é: unknown key 'é'; the keys here are {HERE}",
        "4:15: responses[0].messages[0].rôle: unknown key 'rôle'; did you mean 'role'?",
    ]
    assert lines_of("a: b: c")[0].startswith("1:5: a ':' cannot stand here")
    assert lines_of("a:\n  - b\n c: d")[0].endswith("correct the indentation, or the quotes of the text before")
    assert len(lines_of('port: "\\ud800"')) == 1


def test_aliases_cannot_explode():
    text = "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 12):
        text += f"x-{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    (line,) = lines_of(text)
    assert line.endswith("the aliases make more than 1,000,000 values out of this text; use fewer")


def test_aliases_cannot_build_depth():
    text = "x-0: &a0 [x]\n" + "".join(f"x-{level}: &a{level} [*a{level - 1}]\n" for level in range(1, 200))
    assert lines_of(text)[0].endswith("lists and mappings lie more than 100 deep in one another; flatten them")


def test_a_great_depth_is_told_and_not_fatal():
    assert "100 deep" in lines_of("- " + "[" * 200_000)[0]


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "flows.yaml").write_bytes(b"port: 1\nx: \xff")

    def sentence(path):
        with pytest.raises(ConfigErrors) as raised:
            read(path, env={})
        return str(raised.value)

    missing = tmp_path / "flow.yml"
    assert sentence(missing) == f"{missing}: the file does not exist; did you mean '{tmp_path / 'flows.yaml'}'?"
    far = tmp_path / "none" / "f"
    assert sentence(far) == f"{far}: the file does not exist; check its path"
    assert sentence(tmp_path) == f"{tmp_path}: this is a directory; name a file in it"
    bad = tmp_path / "flows.yaml"
    assert sentence(bad) == f"{bad}:2:4: the byte 0xff is not UTF-8; save the file as UTF-8"
    assert sentence("a\0b") == "a\0b: the file cannot be read (embedded null byte)"


def test_standard_input_is_named(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"port: x")))
    with pytest.raises(ConfigErrors, match=r"^<stdin>:1:7: port: "):
        read("-", env={})


def test_nearest():
    assert nearest("API-KEY", ["port", "apiKey"]) == "apiKey"
    assert nearest("zzz", ["port"]) is None
