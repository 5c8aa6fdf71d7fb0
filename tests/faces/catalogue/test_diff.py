"""Catalogues are compared in lines for people and JSON for programs."""

import json

import pytest

from openai_mock.faces.catalogue.diff import compare, diff, diff_json
from openai_mock.spec.operations import load, pack


def operation(name="things.create", **fields):
    return {"name": name, "method": "POST", "path": "/things/{id}", "path_params": {"id": {"type": "string"}}, **fields}


def thing(**properties):
    return {"type": "object", "properties": properties, "required": ["id"]}


@pytest.fixture
def catalogue(tmp_path):
    def make(sdk, operations, schemas=None):
        path = tmp_path / f"{sdk}.json.gz"
        path.write_bytes(pack({"sdk": sdk, "operations": operations, "schemas": schemas or {}}))
        return load(path)

    return make


@pytest.fixture
def pair(catalogue):
    body = {
        "type": "object",
        "properties": {
            "model": {"anyOf": [{"type": "string"}, {"enum": ["a", "b"]}]},
            "old": {"type": "string"},
            "n": {"type": "integer"},
            "deep": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "boolean"}}}},
        },
        "required": ["n"],
    }
    later = {
        "type": "object",
        "properties": {
            "model": {"anyOf": [{"type": "string"}, {"enum": ["b", "c"]}]},
            "n": {"type": ["integer", "null"]},
            "deep": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "string"}}}},
            "new": {"$ref": "#/$defs/Thing"},
        },
        "additionalProperties": False,
    }
    reference = {"$ref": "#/$defs/Thing"}
    before = catalogue(
        "1.0",
        [operation(body=body, response=reference), operation("things.list"), operation("things.old")],
        {"Thing": thing(id={"type": "string"}, gone={"type": "number"}), "Same": {}},
    )
    after = catalogue(
        "2.0",
        [
            operation(body=later, response=reference, status=201, headers={"X-New": {"type": "string"}}),
            operation("things.list"),
            operation("things.new", path="/new", path_params={}),
        ],
        {"Thing": thing(id={"type": "string"}, created={"type": "integer"}), "Same": {}, "More": {}},
    )
    return before, after


def test_lines_for_people(pair):
    assert diff(*pair) == [
        "From 1.0 to 2.0: operations added: 1, removed: 1, changed: 1; shared schemas changed: 1.",
        "+ things.new (POST /new)",
        "- things.old (POST /things/{id})",
        "~ things.create",
        "    ~ operation status: 200 -> 201",
        "    + header X-New: string",
        "    ~ body: gained no other fields",
        '    ~ body model: "a" -> "c"',
        "    - body old: string",
        "    ~ body n: gained null; lost required",
        "    ~ body deep[].x: boolean -> string",
        "    + body new: Thing",
        "~ schema Thing",
        "    - field gone: number",
        "    + field created: integer",
    ]


def test_lines_are_the_same_each_time(pair):
    assert diff(*pair) == diff(*pair)
    assert diff(pair[0], pair[0]) == ["No operation differs between 1.0 and 1.0."]


def test_json_for_programs(pair):
    found = json.loads(diff_json(*pair))
    assert found.keys() == {"before", "after", "added", "removed", "changed", "schemas"}
    assert found["added"] == ["things.new (POST /new)"]
    assert {"kind": "changed", "part": "body", "name": "model", "lost": ['"a"'], "gained": ['"c"']} in found["changed"][
        "things.create"
    ]
    assert found["schemas"]["Thing"][0] == {"kind": "removed", "part": "field", "name": "gone", "lost": ["number"]}


def test_the_packaged_catalogue_is_its_own_equal():
    found = compare(load(), load())
    assert not (found.added or found.removed or found.changed or found.schemas)
