"""Values for users' schemas: they conform, they repeat, they end."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from schemas import STRICT

from openai_mock.turns.conform import _judge, conforming


@settings(max_examples=200, deadline=None)
@given(STRICT, st.text(max_size=5))
def test_strict_schemas_conform(schema: Any, seed: str) -> None:
    made = conforming(schema, seed, "What is it?")
    Draft202012Validator(schema, validate_formats=True).validate(made)
    assert conforming(schema, seed, "What is it?") == made
    assert json.loads(json.dumps(made)) == made


HARD: dict[str, Any] = {
    "a list that holds itself": {
        "type": "object",
        "properties": {"value": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
        "required": ["value", "next"],
        "additionalProperties": False,
    },
    "a tree": {
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                },
                "required": ["name", "children"],
            }
        },
        "$ref": "#/$defs/node",
    },
    "branches that exclude": {"oneOf": [{"type": "integer", "minimum": 5}, {"type": "integer", "maximum": 9}]},
    "a condition": {
        "type": "object",
        "properties": {"kind": {"enum": ["a", "b"]}, "b": {"type": "integer"}},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "b"}}},
        "then": {"required": ["b"]},
    },
    "a negation": {"type": "string", "enum": ["a", "b"], "not": {"const": "a"}},
    "different items": {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
    "names of one pattern": {
        "type": "object", "patternProperties": {"^x-": {}}, "additionalProperties": False, "minProperties": 2
    },
    "a name that is taken": {"type": "object", "properties": {"key2": {}}, "required": ["key2"], "minProperties": 2},
    "a format and its pattern": {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "a reference with escapes": {"$ref": "#/$defs/a%20b", "$defs": {"a b": {"type": "integer"}}},
    "a tuple": {
        "type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "items": False
    },
    "a map": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2},
    "named by pattern": {"type": "object", "patternProperties": {"^x-\\d$": {"type": "null"}}, "minProperties": 1,
                         "additionalProperties": False},
    "names that are bounded": {"type": "object", "propertyNames": {"maxLength": 3}, "minProperties": 1},
    "cents": {"type": "number", "multipleOf": 0.01, "minimum": 0.005, "exclusiveMaximum": 1},
    "between": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "no type": {"properties": {"a": {"minimum": 3}}, "required": ["a"]},
    "older definitions": {
        "definitions": {"a": {"const": 4}}, "properties": {"a": {"$ref": "#/definitions/a"}}, "required": ["a"]
    },
    "two unions": {"allOf": [{"anyOf": [{"type": "integer"}, {"type": "string"}]}, {"anyOf": [{"type": "string"}]}]},
    "a long code": {"type": "string", "pattern": "^[a-f]+$", "minLength": 20},
    "a reference beside words": {
        "$defs": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/n", "minimum": 70}}
    },
    "anything": {},
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_hard_schemas_conform(name: str, seed: str) -> None:
    Draft202012Validator(HARD[name]).validate(conforming(HARD[name], seed))


FEW_NAMES: list[dict[str, Any]] = [
    {"patternProperties": {"^x$": {}}, "additionalProperties": False, "minProperties": 2},
    {"propertyNames": {"enum": ["a"]}, "minProperties": 2},
    {"properties": {"key2": {"type": "string"}}, "required": ["key2"], "minProperties": 2},
]


@pytest.mark.parametrize("schema", FEW_NAMES)
def test_an_object_with_too_few_names_ends(schema: dict[str, Any]) -> None:
    assert conforming({"type": "object", **schema}, "1"), "some properties are better than none"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "minItems": 10**9},
        {"type": "array", "minItems": 10**5, "items": {"type": "array", "minItems": 10**5}},
        {"type": "array", "minItems": 10**9, "uniqueItems": True, "items": {"type": "boolean"}},
        {"type": "object", "minProperties": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": "string", "minLength": 10**9, "pattern": "^a+$"},
    ],
)
def test_a_schema_that_wants_too_much_gets_some(schema: dict[str, Any]) -> None:
    assert 0 < len(str(conforming(schema, "1"))) < 1_000_000


def test_a_schema_that_must_hold_itself_ends() -> None:
    endless = {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}
    started = time.perf_counter()
    conforming(endless, "1")
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "schema", [True, False, {"type": "wat"}, {"$ref": "#/nowhere"}, {"enum": []}, {"type": 3}, {"$ref": 5}]
)
def test_no_schema_breaks_it(schema: Any) -> None:
    conforming(schema, "1")


def test_fields_read_plausibly() -> None:
    schema = {"properties": {"query": {"type": "string"}, "city": {"type": "string"}, "age": {"type": "integer"}}}
    assert conforming(schema, "1", "How warm is it in New York?") == {
        "query": "How warm is it in New York?",
        "city": "New York",
        "age": 36,
    }


def test_nothing_outside_the_schema_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"const": "secret"}')
    schema = {"type": "object", "properties": {"a": {"$ref": secret.as_uri()}}, "required": ["a"]}
    assert _judge(schema) is None, "a judge would have read it"
    conforming(schema, "1")
