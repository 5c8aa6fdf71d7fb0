"""What holds for every text: mistakes are told and nothing else is raised, and a plan survives being written."""

from __future__ import annotations

import json
import re

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.formats.messages import MATCHERS, ROLES
from openai_mock.config.load import load

ENV = {"A": "1", "B": "x: y", "C": "\udcff"}
PIECES = st.sampled_from([
    "responses", "messages", "role", "user", "assistant", "content", "matcher", "regex", "response", "id", "port",
    "true", "null", "~", "1e999", "0x", ".nan", "${A}", "${B}", "${C}", "${D}", "$${A}", "${E:-4}",
    "{", "}", "[", "]", ",", '"', "'", ":", ": ", "-", "- ", "|", ">", "#", "%", "&a ", "*a ", "!!int ", "<<: ",
    "---", "...", "\\", "\\ud800", "\n", "\n  ", "\n- ", "\n    ", "\t", "😀", "\ufeff", "\x85", "\u2028", "\x00",
])  # fmt: skip
TEXTS = st.text(st.characters()) | st.lists(PIECES).map("".join)
NAMES = st.sampled_from(["x.yaml", "x.json", "x.jsonl", "<stdin>"])

CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="$")
# The writer knows YAML 1.1, where 1e100 and 0o7 are texts that need no quotes; in YAML 1.2 they are numbers.
NUMBERS = re.compile(r"[-+]?(0o|0x|\.?\d)[\w.+-]*")
WORDS = st.text(CHARACTERS, min_size=1, max_size=8).filter(lambda word: not NUMBERS.fullmatch(word))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
MATCHED = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "system", "developer", "tool"]), "content": WORDS},
    optional={
        "matcher": st.sampled_from([matcher for matcher in MATCHERS if matcher != "regex"]),
        "threshold": st.floats(0, 1),
        "name": WORDS,
    },
)
FUNCTIONS = st.fixed_dictionaries({"name": WORDS, "arguments": WORDS | st.dictionaries(WORDS, JSON)})
CALLS = st.lists(
    st.fixed_dictionaries({"id": WORDS, "function": FUNCTIONS}),
    min_size=1, max_size=2,
)  # fmt: skip
SAID = st.fixed_dictionaries({"role": st.just("assistant"), "content": WORDS}, optional={"tool_calls": CALLS})
FLOWS = st.fixed_dictionaries(
    {"messages": st.tuples(st.lists(MATCHED | SAID, max_size=3), SAID).map(lambda parts: [*parts[0], parts[1]])},
    optional={"reply": st.sampled_from(["final", "next"])},
)
WANTED = st.fixed_dictionaries({"role": st.sampled_from(ROLES), "content": WORDS})
FULL = st.fixed_dictionaries({
    "matcher": st.fixed_dictionaries(
        {"messages": st.lists(WANTED, min_size=1)},
        optional={"type": st.sampled_from(["exact", "fuzzy", "contains"]), "invert": st.booleans()},
    ),
    "response": st.dictionaries(WORDS.filter(lambda key: key not in ("id", "model", "choices", "usage")), JSON),
})  # fmt: skip
ENTRIES = st.lists(FLOWS | FULL, max_size=4).map(
    lambda entries: [{"id": f"entry {index}", **entry} for index, entry in enumerate(entries)]
)


def told(text, name, env):
    """The mistakes in a text, None if it loads."""
    try:
        load(text, name=name, env=env)
    except ConfigErrors as errors:
        return errors.problems
    return None


@given(TEXTS, NAMES)
@example("[" * 5000, "x.json")
@example("- " * 5000, "x.yaml")
@example("a: &a\n  b: *a", "x.yaml")
@example("%YAML 3.0\n---\na", "x.yaml")
@example("port: 0x" + "9" * 5000, "x.yaml")
@example('{"port": "${D}" x', "x.jsonl")
@example("!<tag:yaml.org,2002:float> .inf", "x.yaml")
def test_only_config_errors_are_raised(text, name):
    problems = told(text, name, ENV)
    assert problems is None or problems
    assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in problems or ())


@given(st.text(st.sampled_from("()[]{}|*+?\\^$.-:=!<>#PpRk0123456789,abc&~")))
@example("(" * 5000)
def test_no_expression_breaks_the_loader(pattern):
    message = {"role": "user", "matcher": "regex", "content": pattern.replace("${", "")}
    text = json.dumps([{"id": "a", "messages": [message, {"role": "assistant", "content": "x"}]}])
    keys = [problem.key for problem in told(text, "x.json", {}) or ()]
    assert keys in ([], ["responses[0].messages[0].content"])


@settings(max_examples=50)
@given(ENTRIES, st.integers(0, 65535))
def test_a_plan_survives_json_yaml_and_lines(entries, port):
    config = {"port": port, "responses": entries}
    lines = "\n".join([json.dumps({"port": port}), *map(json.dumps, entries)])
    texts = [
        (json.dumps(config), "x.json"),
        (json.dumps(config, ensure_ascii=False, indent="\t"), "x"),
        (yaml.safe_dump(config, allow_unicode=True, sort_keys=False), "x.yaml"),
        (yaml.safe_dump(config, default_flow_style=False, sort_keys=False), "x.yml"),
        (lines, "x.jsonl"),
    ]
    seen = {_essence(load(text, name=name, env={})) for text, name in texts}
    assert len(seen) == 1
    plan = load(texts[0][0], name="x.json", env={})
    assert [script.id for script in plan.scripts] == [entry["id"] for entry in entries]
    for script, entry in zip(plan.scripts, entries, strict=True):
        assert script.whole == ("matcher" in entry)
        if script.whole:
            assert script.reply.fields == entry["response"]
        else:
            assert [line.role for line in script.lines] == [message["role"] for message in entry["messages"]]
            assert script.lines[-1].turn.text == entry["messages"][-1]["content"]


def _essence(plan):
    return repr((plan.port, plan.named_models, [structs.replace(script, where="") for script in plan.scripts]))
