"""The schema for editors refuses what the loader refuses, and takes what the loader takes."""

from __future__ import annotations

import copy
import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.load import load
from openai_mock.config.schema import schema
from openai_mock.config.settings import SETTINGS
from openai_mock.config.shapes import Each, Either, Fork, Keys

VALID = jsonschema_rs.Draft202012Validator(schema())
GOOD = {
    "apiKey": ["k"],
    "port": 1,
    "models": ["m"],
    "reply": "next",
    "x-mine": 1,
    "responses": [
        {
            "id": "a",
            "reply": "final",
            "messages": [
                {"role": "user", "content": "x", "matcher": "fuzzy", "threshold": 0.5, "name": "n"},
                {"role": "tool", "content": [{"type": "text", "text": "x"}], "tool_call_id": "c"},
                {
                    "role": "assistant",
                    "content": "x",
                    "refusal": None,
                    "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
                },
            ],
        },
        {
            "id": "b",
            "matcher": {
                "type": "exact",
                "threshold": 1,
                "invert": False,
                "messages": [{"role": "assistant", "content": "x", "name": "n", "tool_calls": []}],
            },
            "response": {
                "id": "c",
                "model": "m",
                "usage": {},
                "choices": [{"message": {"content": "x", "tool_calls": [{"id": "c", "function": {"name": "f"}}]}}],
            },
        },
    ],
}
OTHERS = [None, True, 4, -1.5, 70000, "", "word", [], {}, [None], ["x"], [{}], {"zz": 1}]


def takes(config):
    try:
        load(json.dumps(config), name="x.json", env={})
    except ConfigErrors:
        return False
    return True


def spots(value, path=()):
    """Every place in a JSON value."""
    yield path
    for key, held in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from spots(held, (*path, key))


def changed(path, value):
    config = copy.deepcopy(GOOD)
    spot = config
    for step in path[:-1]:
        spot = spot[step]
    if path:
        spot[path[-1]] = value
    return config if path else value


SPOTS = list(spots(GOOD))


def test_the_good_one_is_good():
    assert takes(GOOD)
    assert VALID.is_valid(GOOD)


@given(st.sampled_from(SPOTS), st.sampled_from(OTHERS))
def test_what_the_schema_refuses_the_loader_refuses(path, value):
    config = changed(path, value)
    assert VALID.is_valid(config) or not takes(config)


BEYOND_SCHEMA = ("needs", "conversation has no", "only a message")


@pytest.mark.parametrize("path", SPOTS, ids=lambda path: ".".join(map(str, path)) or "root")
def test_what_the_loader_refuses_the_schema_refuses(path):
    for value in OTHERS:
        config = changed(path, value)
        try:
            load(json.dumps(config), name="x.json", env={})
        except ConfigErrors as errors:
            told = [each.message for each in errors.problems if not any(part in each.message for part in BEYOND_SCHEMA)]
            assert VALID.is_valid(config) == (not told), (value, told)
        else:
            assert VALID.is_valid(config), value


def test_every_spot_may_lose_a_required_key_in_neither():
    for path in SPOTS:
        if path and isinstance(path[-1], str):
            config = changed(path, None)
            spot = config
            for step in path[:-1]:
                spot = spot[step]
            del spot[path[-1]]
            assert VALID.is_valid(config) or not takes(config), path


@pytest.mark.parametrize(
    "config", [{"port": "${PORT:-1}"}, {"reply": "${REPLY}"}, [{**GOOD["responses"][1], "id": "${ID}"}]]
)
def test_editors_see_variables_before_they_are_replaced(config):
    assert VALID.is_valid(config)


def test_top_level_list():
    assert VALID.is_valid(GOOD["responses"])
    assert takes(GOOD["responses"])


def test_every_key_is_explained():
    def keys(shape):
        match shape:
            case Keys():
                for name, key in shape.keys.items():
                    yield name, key.about
                    yield from keys(key.shape)
            case Each():
                yield from keys(shape.item)
            case Either():
                for each in shape.shapes:
                    yield from keys(each)
            case Fork():
                for form in shape.forms.values():
                    yield from keys(form)

    about = dict(keys(SETTINGS))
    assert len(about) > 20
    assert all(text.endswith(".") for text in about.values())
