"""OpenAPI documents of every kind become operations, and mistakes in them become sentences."""

import json
import time

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from openai_mock.faces.catalogue.adding import merged
from openai_mock.faces.catalogue.document import SpecErrors
from openai_mock.faces.catalogue.naming import bare, derived
from openai_mock.faces.catalogue.openapi import read_file, read_openapi
from openai_mock.spec.example import Examples
from openai_mock.spec.operations import load
from openai_mock.spec.router import Router

PROVIDER = """\
openapi: 3.1.0
info: {title: Other, version: '2'}
servers: [{url: 'https://other.example/v1'}]
security: [{ApiKey: []}]
paths:
  /v1/rerank:
    post:
      operationId: rerank_v1_rerank_post
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/RerankRequest'}
      responses:
        '200':
          description: The documents, best first.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/RerankResponse'}
        '422': {description: No.}
  /tokenize:
    post:
      summary: Tokens of a text.
      requestBody: {$ref: '#/components/requestBodies/Text'}
      responses:
        201: {$ref: '#/components/responses/Tokens'}
  /models/{model_id}/adapters/{adapter}:
    parameters:
      - {name: model_id, in: path, required: true, schema: {type: string, minLength: 1}}
      - {name: dry, in: query, schema: {type: boolean}}
      - $ref: '#/components/parameters/Trace'
    delete:
      deprecated: true
      security: [{AdminKey: []}]
      parameters: [{name: dry, in: query, required: true, schema: {type: integer}}]
      responses: {204: {description: Gone.}}
    head: {responses: {}}
components:
  parameters:
    Trace: {name: X-Trace, in: header, schema: {type: string}}
  requestBodies:
    Text:
      content:
        application/json; charset=utf-8:
          schema: {type: object, required: [prompt], properties: {prompt: {type: string}}, additionalProperties: true}
  responses:
    Tokens:
      description: The tokens.
      content: {application/vnd.x+json: {schema: {type: array, items: {type: integer}}}}
  schemas:
    RerankRequest:
      type: object
      required: [query, documents, query]
      properties:
        query: {type: string}
        documents: {type: array, items: {type: string}}
        top_n: {type: integer, nullable: true}
    RerankResponse:
      type: object
      properties: {results: {type: array, items: {type: object, properties: {index: {type: integer}}}}}
    Unused: {type: string}
"""


def operations(text, name="spec.yaml"):
    return {record["name"]: record for record in read_openapi(text, name)["operations"]}


def spec(paths, **more):
    return json.dumps({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths, **more})


def only(operation, path="/things", **more):
    """The record of a document's one operation."""
    (record,) = read_openapi(spec({path: {"post": operation}}, **more), "spec.json")["operations"]
    return record


def content(**media):
    return {"content": {name.replace("_", "/"): value for name, value in media.items()}}


def test_another_provider_adds_its_operations():
    read = read_openapi(PROVIDER, "spec.yaml")
    assert read["sdk"] == "Other 2"
    assert [record["name"] for record in read["operations"]] == [
        "models.adapters.delete",
        "rerank.create",
        "tokenize.create",
    ]
    assert list(read["schemas"]) == ["RerankRequest", "RerankResponse"]
    rerank = operations(PROVIDER)["rerank.create"]
    assert rerank == {
        "name": "rerank.create",
        "method": "POST",
        "path": "/rerank",
        "path_params": {},
        "headers": {},
        "security": "user",
        "deprecated": False,
        "body_kind": "json",
        "body": {
            "type": "object",
            "required": ["query", "documents"],
            "properties": {
                "query": {"type": "string"},
                "documents": {"type": "array", "items": {"type": "string"}},
                "top_n": {"type": ["integer", "null"]},
            },
            "additionalProperties": False,
        },
        "status": 200,
        "response_kind": "json",
        "response": {"$ref": "#/$defs/RerankResponse"},
    }


def test_references_to_bodies_answers_and_parameters_are_followed():
    found = operations(PROVIDER)
    assert found["tokenize.create"]["body"]["additionalProperties"] is True
    assert found["tokenize.create"]["status"] == 201
    assert found["tokenize.create"]["response"] == {"type": "array", "items": {"type": "integer"}}
    adapters = found["models.adapters.delete"]
    assert adapters["path_params"] == {"model_id": {"type": "string", "minLength": 1}, "adapter": {"type": "string"}}
    assert adapters["query"] == {
        "type": "object",
        "properties": {"dry": {"type": "integer"}},
        "additionalProperties": False,
        "required": ["dry"],
    }
    assert adapters["headers"] == {"X-Trace": {"type": "string"}}
    assert (adapters["security"], adapters["deprecated"]) == ("admin", True)
    assert (adapters["status"], adapters["response_kind"]) == (204, "none")


def test_json_and_yaml_are_read_alike():
    as_json = json.dumps(yaml.safe_load(PROVIDER))
    expected = read_openapi(PROVIDER, "spec.yaml")
    assert read_openapi(as_json, "spec.json") == expected
    assert read_openapi(as_json, "spec") == expected
    assert read_openapi("\ufeff" + as_json, "spec.yaml") == expected
    flow = PROVIDER.partition("paths:")[0].replace("openapi: 3.1.0", "{openapi: 3.1.0, paths: {}}", 1)
    with pytest.raises(SpecErrors):
        read_openapi(flow, "spec.yaml")


# Answers


@pytest.mark.parametrize(
    ("responses", "expected"),
    [
        ({"200": content(application_json={"schema": {"type": "object"}})},
         {"status": 200, "response_kind": "json", "response": {"type": "object"}}),
        ({"400": {}, "202": content(application_json={}), "200": {}},
         {"status": 202, "response_kind": "json", "response": {}}),
        ({"2XX": content(text_plain={})}, {"status": 200, "response_kind": "text", "accept": "text/plain"}),
        ({"default": {}}, {"status": 200, "response_kind": "none"}),
        ({"404": {}}, {"response_kind": "none"}),
        ({"200": content(audio_mpeg={"schema": {"type": "string", "format": "binary"}})},
         {"status": 200, "response_kind": "binary", "accept": "audio/mpeg"}),
        ({"200": content(application_json={"schema": {"type": "string", "format": "binary"}})},
         {"status": 200, "response_kind": "binary"}),
        ({"200": {"content": {"text/event-stream": {"schema": {"type": "integer"}}}}},
         {"status": 200, "response_kind": "events", "events": {"type": "integer"}}),
        ({"200": {"content": {"text/event-stream": {"itemSchema": {"type": "integer"}},
                              "application/json": {"schema": {"type": "string"}}}}},
         {"status": 200, "response_kind": "json", "response": {"type": "string"}, "events": {"type": "integer"}}),
        ({"200": {"content": {"*/*": {"schema": {"type": "string"}}}}},
         {"status": 200, "response_kind": "json", "response": {"type": "string"}}),
    ],
)  # fmt: skip
def test_the_first_success_decides(responses, expected):
    record = only({"responses": responses})
    keys = ("status", "response_kind", "response", "events", "accept")
    assert {key: record[key] for key in keys if key in record} == expected


# Bodies and queries


def test_a_body_that_may_hold_files_is_multipart():
    schema = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
    body = {"content": {"application/json": {"schema": {}}, "multipart/form-data": {"schema": schema}}}
    record = only({"requestBody": body})
    assert record["body_kind"] == "multipart"
    assert record["body"] == {**schema, "additionalProperties": False}
    assert only({"requestBody": {"content": {"application/x-www-form-urlencoded": {}}}})["body_kind"] == "form"
    assert "body" not in only({"requestBody": {"content": {"application/octet-stream": {}}}})


def test_each_object_of_a_union_is_closed_and_shared_schemas_stay_open():
    components = {"A": {"type": "object", "properties": {"a": {}}}, "B": {"type": "object"}}
    union = {"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}, {"type": "string"}]}
    body = {"content": {"application/json": {"schema": union}}}
    read = read_openapi(spec({"/t": {"post": {"requestBody": body}}}, components={"schemas": components}), "s.json")
    assert read["operations"][0]["body"] == {
        "anyOf": [
            {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
            {"type": "object"},
            {"type": "string"},
        ]
    }
    assert read["schemas"] == components


def test_brackets_in_names_of_query_parameters_are_what_they_stand_for():
    parameters = [
        {"name": "include[]", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
        {"name": "filter[a]", "in": "query", "schema": {"type": "string"}},
        {"name": "coded", "in": "query", "content": {"application/json": {}}},
        {"name": "session", "in": "cookie", "schema": {}},
        {"name": "Authorization", "in": "header", "schema": {}},
        {"name": "OpenAI-Beta", "in": "header", "schema": {"type": "string", "enum": ["things=v2"]}},
    ]
    record = only({"parameters": parameters})
    assert record["query"]["properties"] == {
        "include": {"type": "array", "items": {"type": "string"}},
        "filter": {"type": "object"},
        "coded": {"type": "string"},
    }
    assert (record["beta"], record["headers"]) == ("things=v2", {})


def test_keys_are_told_by_the_name_of_their_scheme():
    assert "security" not in only({})
    assert only({}, security=[{"AdminApiKeyAuth": []}])["security"] == "admin"
    assert only({"security": []}, security=[{"AdminApiKeyAuth": []}])["security"] == "user"
    assert only({"security": [{"admin": []}, {"ApiKeyAuth": []}]})["security"] == "user"


# Paths and names


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/files", "/files"),
        ("/openai/v1/files", "/files"),
        ("/openai/files", "/files"),
        ("/deployments/{deployment-id}/chat/completions", "/chat/completions"),
        ("/openai/deployments/{d}/embeddings", "/embeddings"),
        ("/v1beta/files", "/v1beta/files"),
        ("/v1", "/v1"),
        ("/files", "/files"),
    ],
)
def test_base_paths_are_no_part_of_a_path(path, expected):
    assert bare(path) == expected


@pytest.mark.parametrize(
    ("method", "path", "operation_id", "name"),
    [
        ("POST", "/rerank", "rerank", "rerank.create"),
        ("POST", "/rerank", "rerank_v1_rerank_post", "rerank.create"),
        ("POST", "/chat/completions", "createChatCompletion", "chat.completions.create"),
        ("GET", "/fine-tunes", "listFineTunes", "fine_tunes.list"),
        ("GET", "/models/{model}", "", "models.retrieve"),
        ("GET", "/models", "", "models.list"),
        ("PATCH", "/models/{model}", "", "models.update"),
        ("DELETE", "/models/{model}", "models_delete", "models.delete"),
        ("POST", "/batches/{id}/cancel", "cancelBatch", "batches.cancel.create"),
        ("POST", "/evals/{id}/archive", "evalsSoftArchive", "evals.archive.soft"),
        ("PUT", "/HTTPThings/{id}", "replaceHTTPThing", "http_things.replace"),
        ("GET", "/v2/über/{id}", "größe", "v2.ber.gr_e"),
        ("GET", "/{any}", "", "retrieve"),
    ],
)
def test_names(method, path, operation_id, name):
    assert derived(method, path, operation_id) == name


def test_names_are_unique_and_one_place_counts_once():
    paths = {
        "/things": {"get": {"operationId": "first"}},
        "/v1/things": {"get": {"operationId": "second"}},
        "/things/{a}": {"get": {}},
        "/v1/things/{b}": {"get": {}},
        "/things/{a}/{b}": {"get": {}},
        "x-private": {"get": {}},
    }
    assert {name: record["path"] for name, record in operations(spec(paths)).items()} == {
        "things.first": "/things",
        "things.retrieve": "/things/{a}",
        "things.retrieve_2": "/things/{a}/{b}",
    }


# Mistakes


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("", "s.yaml:1:1", "the document is empty"),
        ("just text", "s.yaml:1:1", "this is no OpenAPI document"),
        ("[1]", "s.yaml:1:1", "this is no OpenAPI document"),
        ("a: [1", "s.yaml:1", "expected ','"),
        ("swagger: '2.0'", "s.yaml:1:10", "convert the document to 3.1"),
        ("openapi: 4.0.0", "s.yaml:1:10", "only OpenAPI 3.0 and 3.1"),
        ("openapi: 3.1", "s.yaml:1:1", "there are no operations"),
        ("openapi: 3.1\npaths: 1", "s.yaml:2:8: /paths", "expected a mapping here (with paths such as '/files')"),
        ("openapi: 3.1\npaths:\n  files: {get: {}}", "s.yaml:3:3: /paths/files", "expected a path such as"),
        ("openapi: 3.1\npaths:\n  /a/: {get: {}}", "s.yaml:3:3: /paths/~1a~1", "without a slash at its end"),
        ("openapi: 3.1\npaths:\n  /a/{b}:c: {get: {}}", "s.yaml:3:3", "plain text or one parameter"),
        ("openapi: 3.1\npaths:\n  /{a}/{a}: {get: {}}", "s.yaml:3:3", "one parameter"),
        ("openapi: 3.1\npaths:\n  /a?b=c: {get: {}}", "s.yaml:3:3", "without a query"),
        ("openapi: 3.1\npaths:\n  /a: {get: 1}", "s.yaml:3:13: /paths/~1a/get", "an operation with 'responses'"),
        ("openapi: 3.1\npaths:\n  /a: {$ref: x.yaml}", "s.yaml:3:14: /paths/~1a/$ref", "not a place in this document"),
        ("openapi: 3.1\npaths:\n  /a: {$ref: '#/paths/~1a'}", "s.yaml:3:7", "leads back to itself"),
        ("openapi: 3.1\npaths:\n  /a: {get: {parameters: [{name: x}]}}", "s.yaml:3:27", "this parameter lacks 'in'"),
        ("openapi: 3.1\npaths: {/a: {get: {parameters: [{name: x, in: body}]}}}", "s.yaml:2:47", "one of path, query"),
        ("openapi: 3.1\nopenapi: 3.0\npaths: {/a: {get: {}}}", "s.yaml:2:1: /openapi", "already given above"),
        ("openapi: 3.1\npaths: {/a: {get: {operationId: [x]}}}", "s.yaml:2:33", "a name for the operation"),
        ("openapi: 3.1\npaths: {/a: {get: {security: admin}}}", "s.yaml:2:30", "of security requirements"),
    ],
)  # fmt: skip
def test_mistakes_are_sentences_with_a_place(text, place, sentence):
    with pytest.raises(SpecErrors) as caught:
        read_openapi(text, "s.yaml")
    assert str(caught.value).startswith(place)
    assert sentence in str(caught.value)
    assert len(caught.value.problems) == 1


def test_all_mistakes_are_told_at_once_in_their_order():
    text = "openapi: 3.1\npaths:\n  a: {}\n  /b: {get: {parameters: [{$ref: '#/x'}], responses: []}}\n"
    with pytest.raises(SpecErrors) as caught:
        read_openapi(text, "s.yaml")
    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (3, "/paths/a"),
        (4, "/paths/~1b/get/parameters/0/$ref"),
        (4, "/paths/~1b/get/responses"),
    ]


def test_a_file_is_read_and_an_unreadable_one_is_told(tmp_path):
    path = tmp_path / "spec.yaml"
    path.write_text(PROVIDER, "utf-8")
    assert read_file(path)["sdk"] == "Other 2"
    path.write_bytes(b"openapi: \xff")
    with pytest.raises(SpecErrors, match=r"spec\.yaml: byte 9 is not UTF-8"):
        read_file(path)
    for wrong in (tmp_path, tmp_path / "none.yaml", tmp_path / "a\0b"):
        with pytest.raises(SpecErrors, match="cannot be read"):
            read_file(wrong)


WORDS = """
#/components/schemas/A #/components/schemas/a #/paths/~1a/post # object string null array get /a /{b} path query
name in header application/json 200 multipart/form-data ${X} ( ^x$
"""
KEYS = """
$ref type properties items allOf anyOf oneOf enum const required nullable additionalProperties minimum pattern
exclusiveMinimum default discriminator propertyName name in schema content application/json parameters
requestBody responses 200 $recursiveRef $recursiveAnchor $dynamicRef $dynamicAnchor a b not if security
"""
NAMES = st.sampled_from(KEYS.split())
VALUES = st.recursive(
    st.sampled_from(WORDS.split()) | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


def refused_or_read(text):
    try:
        read = read_openapi(text, "s.yaml")
    except SpecErrors as errors:
        assert all(problem.message for problem in errors.problems)  # noqa: PT017
        return
    catalogue = merged(load(), read)
    Router(catalogue.operations.values())
    for record in read["operations"]:
        place = record["method"], record["path"]
        found = next(each for each in catalogue.operations.values() if (each.method, each.path) == place)
        for schema in (found.body, found.query, found.response):
            if schema:
                bundle = catalogue.bundle(schema)
                Draft202012Validator(bundle).is_valid({"a": 1})
                Examples(bundle).height(bundle)


SCHEMAS = st.recursive(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": ["integer", "null"]},
            {"enum": ["a", "b"]},
            {"const": 1},
            {"nullable": True},
            True,
        ]
    )
    | st.sampled_from("ABC").map(lambda name: {"$ref": f"#/components/schemas/{name}"}),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "allOf": st.lists(inner, min_size=1, max_size=3),
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "oneOf": st.lists(inner, min_size=1, max_size=3),
            "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            "required": st.lists(st.sampled_from("ab"), max_size=2),
            "additionalProperties": st.booleans() | inner,
            "items": inner,
            "nullable": st.booleans(),
            "type": st.sampled_from(["object", "array", ["object", "null"]]),
        },
    ),
    max_leaves=10,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.fixed_dictionaries({"A": SCHEMAS, "B": SCHEMAS, "C": SCHEMAS}))
def test_any_sound_schemas_can_be_used_once_they_are_read(schemas):
    media = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
    operation = {"requestBody": {"content": media}, "responses": {"200": {"content": media}}}
    refused_or_read(spec({"/a": {"post": operation}}, components={"schemas": schemas}))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    operation=st.dictionaries(NAMES, VALUES, max_size=4),
    schemas=st.dictionaries(st.sampled_from(["A", "a", "b"]), VALUES, max_size=3),
    reference=st.booleans(),
)
def test_garbage_in_the_right_places_raises_nothing_else(operation, schemas, reference):
    if reference:
        media = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
        operation = {**operation, "requestBody": {"content": media}}
    paths = {"/a": {"post": operation, "parameters": [operation]}, "/{b}": {"get": {"responses": {"200": operation}}}}
    refused_or_read(json.dumps({"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}}))


@settings(deadline=None)
@given(st.text() | st.text("{}[]:,-#&*!|>'\"%@` \n\tabc$ref/openapi3.1paths"))
def test_garbage_raises_nothing_else(text):
    refused_or_read(text)
    refused_or_read(f"openapi: 3.1.0\npaths: {text}")


def test_deep_schemas_and_long_chains_end():
    deep: dict = {"type": "string"}
    for _ in range(20):
        deep = {"allOf": [{"properties": {"a": deep}}]}
    assert only({"requestBody": {"content": {"application/json": {"schema": deep}}}})
    chain = {f"C{n}": {"allOf": [{"$ref": f"#/components/schemas/C{n + 1}"}, {"minLength": n}]} for n in range(2_000)}
    chain["C2000"] = {"type": "string"}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/C0"}}}}
    assert only({"requestBody": body}, components={"schemas": chain})


def test_chains_of_deep_schemas_are_refused_in_a_sentence():
    chain = {}
    for number in range(40):
        inner: dict = {"allOf": [{"$ref": f"#/components/schemas/C{number + 1}"}, {"type": "object"}]}
        for _ in range(40):
            inner = {"properties": {"a": inner}}
        chain[f"C{number}"] = inner
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/C0"}}}}
    chain["C40"] = {"type": "object"}
    with pytest.raises(SpecErrors, match="too deep in one another"):
        only({"requestBody": body}, components={"schemas": chain})


def test_a_large_document_is_read_in_time():
    described = {"type": "string", "description": "What it is, at some length, as documents do. " * 6}
    fields = {f"field_{index}": described for index in range(8)}
    schemas = {f"Thing{index}": {"type": "object", "properties": fields} for index in range(1_200)}
    paths = {
        f"/things_{index}": {
            "get": {
                "responses": {
                    "200": content(application_json={"schema": {"$ref": f"#/components/schemas/Thing{index}"}})
                }
            }
        }
        for index in range(1_200)
    }
    text = spec(paths, components={"schemas": schemas})
    assert len(text) > 3_000_000
    start = time.perf_counter()
    assert len(read_openapi(text, "spec.json")["operations"]) == 1_200
    assert time.perf_counter() - start < 4
