"""A document's operations take the place of the SDK's, or stand beside them, and all of the machine can use them."""

import json

import jsonschema_rs
import pytest

from openai_mock.faces.catalogue.adding import merged
from openai_mock.faces.catalogue.openapi import read_openapi
from openai_mock.spec.example import Examples
from openai_mock.spec.operations import load
from openai_mock.spec.router import Found, Router


def read(paths, schemas=None):
    document = {"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas or {}}}
    return read_openapi(json.dumps(document), "spec.json")


def answer(schema):
    return {"200": {"content": {"application/json": {"schema": schema}}}}


def body(schema):
    return {"content": {"application/json": {"schema": schema}}}


RERANK = {
    "/rerank": {
        "post": {
            "requestBody": body({"$ref": "#/components/schemas/Request"}),
            "responses": answer({"$ref": "#/components/schemas/Ranking"}),
        }
    }
}
SCHEMAS = {
    "Request": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    "Ranking": {
        "type": "object",
        "properties": {"best": {"$ref": "#/components/schemas/Place"}},
        "required": ["best"],
    },
    "Place": {"allOf": [{"type": "object", "properties": {"index": {"type": "integer"}}}, {"required": ["index"]}]},
}


def test_new_operations_are_routed_validated_and_answered():
    catalogue = merged(load(), read(RERANK, SCHEMAS))
    assert len(catalogue.operations) == len(load().operations) + 1
    found = Router(catalogue.operations.values()).find("POST", "/v1/rerank", {})
    assert isinstance(found, Found)
    assert found.operation.name == "rerank.create"
    validator = jsonschema_rs.Draft202012Validator(catalogue.bundle(found.operation.body))
    assert validator.is_valid({"query": "x"})
    assert not validator.is_valid({"query": "x", "unknown": 1})
    example = Examples(catalogue.bundle(found.operation.response)).make(seed=1, now=0)
    assert isinstance(example["best"]["index"], int)
    assert catalogue.sdk == load().sdk


def test_the_catalogue_it_was_made_from_stays_as_it_is():
    before = dict(load().operations), dict(load().definitions)
    merged(load(), read(RERANK, SCHEMAS))
    assert (load().operations, load().definitions) == before


def test_all_other_operations_keep_their_schemas():
    catalogue = merged(load(), read(RERANK, SCHEMAS))
    for name in ("chat.completions.create", "files.list"):
        known = load().operations[name]
        assert catalogue.bundle(catalogue.operations[name].response) == load().bundle(known.response)


def test_a_known_place_keeps_its_name_and_the_names_of_its_parameters():
    parameter = {"name": "id", "in": "path", "schema": {"type": "string", "minLength": 3}}
    paths = {"/v1/files/{id}": {"get": {"parameters": [parameter], "responses": answer({"type": "object"})}}}
    catalogue = merged(load(), read(paths))
    operation = catalogue.operations["files.retrieve"]
    assert len(catalogue.operations) == len(load().operations)
    assert operation.path == "/files/{file_id}"
    assert bytes(operation.path_params["file_id"]) == b'{"type":"string","minLength":3}'
    assert bytes(operation.response) == b'{"type":"object"}'


def test_what_the_document_does_not_speak_of_stays():
    paths = {
        "/threads": {"post": {}},
        "/chat/completions": {"post": {"requestBody": body({"type": "object"}), "responses": answer({})}},
        "/organization/projects": {"get": {"responses": answer({"$ref": "#/components/schemas/List"})}},
        "/files/{f}/content": {"get": {"responses": answer({"type": "string"})}},
    }
    schemas = {"List": {"properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}}},
               "Item": {"type": "object"}}  # fmt: skip
    catalogue = merged(load(), read(paths, schemas))
    chat = catalogue.operations["chat.completions.create"]
    assert (chat.aliases, bool(chat.events)) == (("beta.chat.completions.create",), True)
    assert catalogue.operations["beta.threads.create"].beta == "assistants=v2"
    projects = catalogue.operations["admin.organization.projects.list"]
    assert (projects.security, projects.response_kind, projects.page) == ("admin", "page", "ConversationCursorPage")
    assert bytes(projects.item) == b'{"$ref":"#/$defs/Item"}'
    assert catalogue.operations["files.content"].response_kind == "binary"


def test_what_the_document_does_speak_of_is_replaced():
    events = {"200": {"content": {"text/event-stream": {"schema": {"type": "integer"}}}}}
    paths = {"/organization/projects": {"get": {"security": [{"ApiKey": []}], "responses": answer({"type": "object"})}},
             "/chat/completions": {"post": {"responses": events}}}  # fmt: skip
    catalogue = merged(load(), read(paths))
    projects = catalogue.operations["admin.organization.projects.list"]
    assert (projects.security, projects.response_kind, projects.page) == ("user", "json", None)
    chat = catalogue.operations["chat.completions.create"]
    assert (chat.response_kind, bytes(chat.events), bytes(chat.body)) == ("events", b'{"type":"integer"}', b"")


def test_operations_that_differ_by_beta_are_told_apart():
    beta = {"name": "OpenAI-Beta", "in": "header", "schema": {"const": "other=v1"}}
    catalogue = merged(
        load(), read({"/responses": {"post": {"deprecated": True}}, "/files": {"get": {"parameters": [beta]}}})
    )
    assert catalogue.operations["responses.create"].deprecated
    assert not catalogue.operations["beta.responses.create"].deprecated
    assert catalogue.operations["files.list"].beta is None
    assert catalogue.operations["files.list_2"].beta == "other=v1"


def test_schemas_with_a_taken_name_get_another():
    document = read(RERANK, SCHEMAS)
    once = merged(load(), document)
    other = {**SCHEMAS, "Place": {"type": "string"}, "spec.Request": {"type": "null"}}
    twice = merged(once, read({"/v2/rerank": RERANK["/rerank"]}, other))
    assert {"Ranking", "Place", "spec.Ranking", "spec.Place"} <= twice.definitions.keys()
    assert json.loads(bytes(twice.definitions["spec.Ranking"]))["properties"]["best"] == {"$ref": "#/$defs/spec.Place"}
    assert json.loads(bytes(twice.definitions["Ranking"]))["properties"]["best"] == {"$ref": "#/$defs/Place"}
    assert bytes(twice.definitions["spec.Place"]) == b'{"type":"string"}'
    assert twice.bundle(twice.operations["v2.rerank.create"].response)["$defs"]["spec.Place"] == {"type": "string"}


def test_the_sdk_s_own_document_can_be_added():
    from openai_mock.faces.catalogue import build

    document = build()
    catalogue = merged(load(), document)
    if load().sdk != document["sdk"]:
        pytest.skip("the stored catalogue is of another SDK")
    assert catalogue.operations.keys() == load().operations.keys()
    for name in ("files.list", "beta.responses.create", "chat.completions.create"):
        ours, theirs = catalogue.operations[name], load().operations[name]
        assert (ours.beta, ours.page, ours.status) == (theirs.beta, theirs.page, theirs.status)


def test_new_names_are_never_given_twice():
    both = {"Place": {"type": "string"}, "spec.Place": {"type": "integer"}}
    references = [{"$ref": f"#/components/schemas/{name}"} for name in both]
    paths = {"/pairs": {"get": {"responses": answer({"type": "array", "prefixItems": references})}}}
    catalogue = load()
    for number in range(3):
        catalogue = merged(catalogue, read({f"/pairs_{number}": paths["/pairs"]}, both))
    for number in range(3):
        bundle = catalogue.bundle(catalogue.operations[f"pairs_{number}.list"].response)
        kinds = [bundle["$defs"][part["$ref"].removeprefix("#/$defs/")]["type"] for part in bundle["prefixItems"]]
        assert kinds == ["string", "integer"]
