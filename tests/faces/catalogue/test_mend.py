"""Schemas as OpenAPI writes them become the JSON Schema that the catalogue speaks."""

import json

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_mock.faces.catalogue.document import SpecErrors
from openai_mock.faces.catalogue.openapi import read_openapi


def document(schema, components=None, version="3.1.0"):
    """A document in which one operation answers with the schema."""
    answer = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    return json.dumps(
        {
            "openapi": version,
            "info": {"title": "T", "version": "1"},
            "paths": {"/things": {"get": {"responses": answer}}},
            "components": {"schemas": components or {}},
        }
    )


def mended(schema, components=None):
    found = read_openapi(document(schema, components), "spec.json")
    return found["operations"][0]["response"], found["schemas"]


NULL = {"type": "null"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"type": ["string", "null"], "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a", "b"], "nullable": True}, {"enum": ["a", "b", None]}),
        ({"type": "string", "enum": ["a", "b", None], "nullable": True}, {"enum": ["a", "b", None]}),
        ({"type": "string", "enum": ["a"]}, {"const": "a"}),
        ({"enum": ["a", "a", "b"]}, {"enum": ["a", "b"]}),
        ({"const": None}, NULL),
        ({"type": "integer", "enum": ["1"]}, {"type": "integer", "enum": ["1"]}),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, {"type": "number", "exclusiveMinimum": 0}),
        ({"type": "number", "maximum": 2, "exclusiveMaximum": False}, {"type": "number", "maximum": 2}),
        ({"type": "number", "exclusiveMinimum": True}, {"type": "number"}),
        ({"type": "number", "exclusiveMinimum": 1.5}, {"type": "number", "exclusiveMinimum": 1.5}),
        ({"type": "string", "minLength": 1.0}, {"type": "string", "minLength": 1}),
        ({"type": "string", "description": "d", "example": 1, "examples": [1], "x-a": {}, "title": "t"},
         {"type": "string"}),
        ({"properties": {"a": True}, "required": ["a", "a"]},
         {"type": "object", "properties": {"a": {}}, "required": ["a"]}),
        ({"items": {"type": "string"}}, {"type": "array", "items": {"type": "string"}}),
        ({"type": "object", "additionalProperties": False}, {"type": "object", "additionalProperties": False}),
        ({"type": "object", "additionalProperties": {"nullable": True, "type": "string"}},
         {"type": "object", "additionalProperties": {"type": ["string", "null"]}}),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, {"type": ["string", "null"]}),
        ({"anyOf": [{"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "array"}]}]},
         {"anyOf": [{"type": "string"}, {"type": "array"}]}),
        ({"anyOf": [{"type": "string"}]}, {"type": "string"}),
        ({"type": "array", "items": {"type": "string", "contentMediaType": "application/octet-stream"}},
         {"type": "array", "items": {"type": "string", "format": "binary"}}),
        ({"type": "string", "default": "${HOME} and ${X:-y}", "pattern": "^a${1}"},
         {"type": "string", "pattern": "^a${1}", "default": "${HOME} and ${X:-y}"}),
        (True, {}),
    ],
)  # fmt: skip
def test_keywords(written, read):
    assert mended(written)[0] == read


def test_a_nullable_reference_is_a_union():
    components = {"Thing": {"type": "object", "properties": {}}}
    for written in (
        {"$ref": "#/components/schemas/Thing", "nullable": True},
        {"allOf": [{"$ref": "#/components/schemas/Thing"}], "nullable": True},
        {"oneOf": [{"$ref": "#/components/schemas/Thing"}, NULL]},
    ):
        schema, schemas = mended(written, components)
        assert schema == {"anyOf": [{"$ref": "#/$defs/Thing"}, NULL]}
        assert schemas == {"Thing": {"type": "object", "properties": {}}}


def test_words_beside_a_reference_change_nothing_and_keywords_are_merged():
    components = {"Name": {"type": "string", "maxLength": 9}}
    reference = {"$ref": "#/components/schemas/Name"}
    assert mended({**reference, "description": "d", "x-y": 1}, components)[0] == {"$ref": "#/$defs/Name"}
    assert mended({**reference, "maxLength": 5}, components)[0] == {"type": "string", "maxLength": 5}


def test_references_are_followed_to_what_they_mean_wherever_it_stands():
    components = {
        "A": {"$ref": "#/components/schemas/B"},
        "B": {"type": "object", "properties": {"of a/b": {"type": "integer"}}},
        "odd name/é": {"type": "boolean"},
    }
    parts = [
        {"$ref": "#/components/schemas/A"},
        {"$ref": "#/components/schemas/B/properties/of%20a~1b"},
        {"$ref": "#/components/schemas/odd name~1é"},
    ]
    schema, schemas = mended({"type": "array", "prefixItems": parts}, components)
    assert [part["$ref"] for part in schema["prefixItems"]] == [
        "#/$defs/B",
        "#/$defs/B.properties.of_a_b",
        "#/$defs/odd_name__",
    ]
    assert list(schemas) == ["B", "B.properties.of_a_b", "odd_name__"]


def test_a_recursive_reference_leads_to_its_own_schema():
    components = {
        "Filter": {
            "$recursiveAnchor": True,
            "type": "object",
            "properties": {
                "filters": {"type": "array", "items": {"oneOf": [{"$recursiveRef": "#"}, {"type": "string"}]}}
            },
        }
    }
    _, schemas = mended({"$ref": "#/components/schemas/Filter"}, components)
    items = schemas["Filter"]["properties"]["filters"]["items"]
    assert items == {"anyOf": [{"$ref": "#/$defs/Filter"}, {"type": "string"}]}
    inline, schemas = mended(
        {"$dynamicAnchor": "node", "type": "object", "properties": {"next": {"$dynamicRef": "#node"}}}
    )
    (name,) = schemas
    assert inline["properties"]["next"] == {"$ref": f"#/$defs/{name}"}
    assert schemas[name] == inline


def test_the_discriminator_is_kept_by_name():
    components = {
        kind: {"type": "object", "properties": {"type": {"type": "string", "enum": [kind]}}, "required": ["type"]}
        for kind in ("cat", "dog")
    }
    branches = [{"$ref": f"#/components/schemas/{kind}"} for kind in components]
    schema, schemas = mended(
        {"type": "object", "oneOf": branches, "discriminator": {"propertyName": "type", "mapping": {}}}, components
    )
    assert schema == {
        "anyOf": [{"$ref": "#/$defs/cat"}, {"$ref": "#/$defs/dog"}],
        "x-discriminator": "type",
    }
    assert schemas["cat"]["properties"]["type"] == {"const": "cat"}


# allOf


def test_all_of_becomes_one_object():
    components = {
        "Base": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "string"}, "kind": {"type": "string"}, "n": {"type": "number", "minimum": 1}},
        }
    }
    schema, _ = mended(
        {
            "description": "d",
            "allOf": [
                {"$ref": "#/components/schemas/Base"},
                {"properties": {"kind": {"enum": ["x"]}, "n": {"type": "integer", "minimum": 0}}, "required": ["kind"]},
                {"title": "says nothing"},
            ],
        },
        components,
    )
    assert schema == {
        "type": "object",
        "required": ["id", "kind"],
        "properties": {"id": {"type": "string"}, "kind": {"const": "x"}, "n": {"type": "integer", "minimum": 1}},
    }


def test_what_stands_beside_a_union_is_laid_into_its_branches():
    schema, _ = mended(
        {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
        }
    )
    properties = {"a": {"type": "string"}, "b": {"type": "string"}}
    assert schema == {
        "anyOf": [
            {"type": "object", "properties": properties, "required": ["a"]},
            {"type": "object", "properties": properties, "required": ["b"]},
        ]
    }


def test_what_cannot_be_one_schema_stays_and_still_judges():
    schema, _ = mended({"allOf": [{"type": "string", "pattern": "a"}, {"type": "string", "pattern": "b"}]})
    validator = jsonschema_rs.Draft202012Validator(schema)
    assert validator.is_valid("ab")
    assert not validator.is_valid("a")


def test_objects_that_contain_one_another_are_merged_without_end():
    components = {
        "A": {
            "allOf": [
                {"$ref": "#/components/schemas/Base"},
                {"properties": {"next": {"$ref": "#/components/schemas/A"}}},
            ]
        },
        "B": {
            "allOf": [
                {"$ref": "#/components/schemas/Base"},
                {"properties": {"next": {"$ref": "#/components/schemas/B"}}},
            ]
        },
        "Base": {"type": "object", "properties": {"id": {"type": "string"}}},
    }
    schema, schemas = mended({"allOf": [{"$ref": f"#/components/schemas/{name}"} for name in "AB"]}, components)
    assert schema["properties"]["next"] == {"allOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}
    assert schemas["A"]["properties"] == {"id": {"type": "string"}, "next": {"$ref": "#/$defs/A"}}


def test_a_property_that_both_sides_describe_by_other_schemas_keeps_both():
    components = {"Thing": {"type": "object", "properties": {"x": {"type": "string"}}}}
    other = {"type": "object", "required": ["y"]}
    union = {"anyOf": [{"$ref": "#/components/schemas/Thing"}, other]}
    sized = {"type": "object", "minProperties": 1}
    schema, _ = mended({"allOf": [{"properties": {"p": union}}, {"properties": {"p": sized}}]}, components)
    assert schema["properties"]["p"] == {
        "allOf": [{"anyOf": [{"$ref": "#/$defs/Thing"}, other]}, sized],
    }


def test_merging_large_unions_ends_early():
    union = {"oneOf": [{"properties": {f"p{index}": {"type": "string"}}} for index in range(40)]}
    schema, _ = mended({"allOf": [union, {"oneOf": [*union["oneOf"], {"type": "object", "minProperties": 2}]}]})
    assert len(schema["allOf"]) == 2


REFERENCES = st.sampled_from("AB").map(lambda name: {"$ref": f"#/components/schemas/{name}"})
SCHEMAS = st.recursive(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": ["integer", "null"]},
            {"type": "number", "minimum": 2},
            {"enum": ["a", 1, None]},
            {"const": "b"},
            {"type": "string", "maxLength": 1},
            {"not": {"type": "string"}},
        ]
    )
    | REFERENCES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"allOf": parts})
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts})
        | st.fixed_dictionaries({"type": st.just("array"), "items": inner})
        | st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2)},
            optional={
                "required": st.lists(st.sampled_from("ab"), min_size=1, max_size=2, unique=True),
                "anyOf": st.lists(inner, min_size=1, max_size=2),
                "allOf": st.lists(inner, min_size=1, max_size=2),
            },
        )
        | st.tuples(inner, REFERENCES).map(lambda pair: pair[0] | pair[1])
    ),
    max_leaves=8,
)
INSTANCES = st.recursive(
    st.sampled_from([None, 1, 2, 3.5, "a", "b", "ab"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=5,
)


@settings(deadline=None)
@given(schema=SCHEMAS, components=st.fixed_dictionaries({"A": SCHEMAS, "B": SCHEMAS}), instances=st.lists(INSTANCES))
def test_a_mended_schema_judges_as_the_written_one_does(schema, components, instances):
    try:
        ours, definitions = mended(schema, components)
    except SpecErrors:
        return
    written = {"allOf": [schema], "components": {"schemas": components}}
    theirs = jsonschema_rs.Draft202012Validator(written)
    read = jsonschema_rs.Draft202012Validator({**ours, "$defs": definitions})
    for instance in instances:
        assert read.is_valid(instance) == theirs.is_valid(instance)


# Mistakes


@pytest.mark.parametrize(
    ("schema", "pointer", "sentence"),
    [
        (1, "", "expected a schema here, a mapping, but got 1"),
        ({"type": "strng"}, "/type", "expected one of array, boolean"),
        ({"type": ["string", 1]}, "/type/1", "but got 1"),
        ({"minimum": "1"}, "/minimum", "expected a number, but got the text '1'"),
        ({"multipleOf": 0}, "/multipleOf", "a number above 0"),
        ({"maxLength": -1}, "/maxLength", "whole number of 0 or more, but got -1"),
        ({"maxLength": True}, "/maxLength", "but got true"),
        ({"pattern": "("}, "/pattern", "not a regular expression"),
        ({"patternProperties": {"(": {}}}, "/patternProperties", "not a regular expression"),
        ({"required": True}, "/required", "expected a list here (of the names of properties), but got true"),
        ({"required": [{}]}, "/required/0", "the name of a property"),
        ({"enum": []}, "/enum", "the list of values is empty"),
        ({"anyOf": []}, "/anyOf", "the list of schemas is empty"),
        ({"properties": []}, "/properties", "expected a mapping here (of schemas by name), but got a list"),
        ({"nullable": "yes"}, "/nullable", "expected true or false"),
        ({"enum": [{"$ref": "x"}]}, "/enum/0/$ref", "a value cannot hold the key '$ref'"),
        ({"const": 2**70}, "/const", "more than 64 bits"),
        ({"oneOf": [{}], "discriminator": "type"}, "/discriminator", "with 'propertyName'"),
        ({"$ref": "other.yaml#/Thing"}, "/$ref", "'other.yaml#/Thing' is not a place in this document"),
        ({"$ref": "https://example.com/s.json"}, "/$ref", "refer to that with '#/components/...'"),
        ({"$ref": "#/components/schemas/No"}, "/$ref", "names nothing: there is no 'No'"),
        ({"$ref": 1}, "/$ref", "expected a text here (a reference"),
        ({"$dynamicRef": "#node"}, "/$dynamicRef", "no schema around this one has this anchor"),
        ({"properties": {"a": {"items": {"format": 1}}}}, "/properties/a/items/format", "expected a text here"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_place(schema, pointer, sentence):
    with pytest.raises(SpecErrors) as caught:
        mended(schema)
    (problem,) = caught.value.problems
    start = "/paths/~1things/get/responses/200/content/application~1json/schema"
    assert problem.key == start + pointer
    assert sentence in problem.message
    assert (problem.file, problem.line) == ("spec.json", 1)
    assert problem.column > 1


@pytest.mark.parametrize(
    "components",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
        {"A": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/A"}]}},
        {"A": {"allOf": [{"$ref": "#/components/schemas/B"}]}, "B": {"allOf": [{"$ref": "#/components/schemas/A"}]}},
        {"A": {"$recursiveRef": "#"}},
    ],
)
def test_schemas_that_are_only_references_to_themselves_are_refused(components):
    with pytest.raises(SpecErrors, match="itself"):
        mended({"$ref": "#/components/schemas/A"}, components)
