"""No value and no nesting makes validation raise, contradict itself or run away."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.spec.operations import load
from openai_mock.spec.validate import Query, Validators
from openai_mock.spec.words import Violation

CATALOGUE = load()
VALIDATORS = Validators(CATALOGUE)
BODIES = sorted(name for name, operation in CATALOGUE.operations.items() if operation.body)
NAMES = ("model", "messages", "role", "content", "type", "input", "tools", "name", "metadata", "text", "function", "id")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(NAMES),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner),
    max_leaves=12,
)
SEEDS = [
    (case["operation"], case["body"])
    for case in map(json.loads, Path(__file__).with_name("violations.jsonl").read_text().splitlines())
    if "body" in case
]


def judge(name, body):
    """A verdict on any value is one of three, and a refusal names something better than "does not fit"."""
    operation = CATALOGUE.operations[name]
    found = VALIDATORS.check_body(operation, body)
    assert found == () or isinstance(found, Violation)
    if isinstance(found, Violation):
        assert found.message
        assert "does not fit" not in found.message
    lenient = VALIDATORS.check_body(operation, body, lenient=True)
    assert isinstance(lenient, tuple | Violation)
    if found == ():
        assert lenient == ()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(BODIES), JSON)
def test_any_json_value_is_judged(name, body):
    judge(name, body)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_a_body_changed_in_one_place_is_judged(seed, data):
    name, body = seed[0], copy.deepcopy(seed[1])
    node, steps = body, 0
    while isinstance(node, dict | list) and node and steps < 5:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if data.draw(st.booleans()):
            node[key] = data.draw(JSON)
            break
        node, steps = node[key], steps + 1
    judge(name, body)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(CATALOGUE.operations)),
    st.lists(st.tuples(st.text() | st.sampled_from(["limit", "include[]", "metadata[a]", "a[b][]"]), st.text())),
)
def test_any_query_is_judged(name, pairs):
    found = VALIDATORS.check_query(CATALOGUE.operations[name], pairs)
    assert isinstance(found, Query | Violation)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([name for name in BODIES if CATALOGUE.operations[name].body_kind == "multipart"]),
    st.lists(
        st.tuples(
            st.text(alphabet="file[]abc0.") | st.sampled_from(["file", "image[]", "model", "expires_after[seconds]"]),
            st.text() | st.binary(),
        )
    ),
)
def test_any_form_is_judged(name, fields):
    operation = CATALOGUE.operations[name]
    found = VALIDATORS.check_body(operation, VALIDATORS.read_form(operation, fields))
    assert isinstance(found, tuple | Violation)


def nested(depth, leaf, wrap):
    for _ in range(depth):
        leaf = wrap(leaf)
    return leaf


@pytest.mark.parametrize("depth", [10, 50, 200, 900])
def test_deep_nesting_ends(depth):
    filters = nested(depth, {"type": "eq", "key": "a"}, lambda inner: {"type": "and", "filters": [inner]})
    found = VALIDATORS.check_body(CATALOGUE.operations["vector_stores.search"], {"query": "q", "filters": filters})
    assert isinstance(found, tuple | Violation)
    lists = nested(depth, [], lambda inner: [inner])
    for name in BODIES:
        assert VALIDATORS.check_body(CATALOGUE.operations[name], lists)


def test_deep_json_in_a_form_ends():
    operation = CATALOGUE.operations["audio.transcriptions.create"]
    text = '{"type":' * 900 + "1" + "}" * 900
    body = VALIDATORS.read_form(operation, [("file", b"x"), ("model", "m"), ("chunking_strategy", text)])
    assert isinstance(VALIDATORS.check_body(operation, body), Violation)


def test_a_large_bad_body_is_judged_by_its_first_flaw():
    part = {"role": "user", "content": [{"type": "text", "text": "a" * 100}]}
    bad = {"role": "user", "content": [{"type": "telegram", "text": "a" * 100}]}
    body = {"model": "m", "messages": [*[part] * 2000, *[bad] * 2000]}
    found = VALIDATORS.check_body(CATALOGUE.operations["chat.completions.create"], body)
    assert isinstance(found, Violation)
    assert found.param == "messages[2000].content[0].type"


def test_a_body_too_large_to_explain_is_refused_all_the_same():
    items = [{"role": "user", "content": "a"}] * 100_000
    body = {"model": "m", "messages": [*items, {"role": "user"}]}
    found = VALIDATORS.check_body(CATALOGUE.operations["chat.completions.create"], body)
    assert found == Violation("Invalid request body: it does not fit the API's description.", None, "invalid_value")


def test_text_that_is_no_unicode_is_refused():
    body = {"model": "\ud800", "messages": []}
    found = VALIDATORS.check_body(CATALOGUE.operations["chat.completions.create"], body)
    assert isinstance(found, Violation)


def test_a_long_value_is_cut_in_the_message():
    body = {"model": "m", "messages": [{"role": "x" * 10_000}]}
    found = VALIDATORS.check_body(CATALOGUE.operations["chat.completions.create"], body)
    assert isinstance(found, Violation)
    assert len(found.message) < 500
