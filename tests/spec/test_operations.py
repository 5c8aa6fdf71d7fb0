"""The catalogue reads back whole, quickly, and refuses what is no catalogue."""

import gzip
import json
import re
import time

import msgspec
import pytest

from openai_mock.spec.operations import Operation, load, pack

DOCUMENT = {
    "sdk": "9.9.9",
    "operations": [
        {
            "name": "things.create",
            "method": "POST",
            "path": "/things/{thing_id}",
            "path_params": {"thing_id": {"type": "string"}},
            "status": 201,
            "body": {"$ref": "#/$defs/a.Thing"},
            "body_kind": "json",
            "query": None,
            "item": {},
            "aliases": [],
            "deprecated": False,
            "response_kind": "json",
        },
    ],
    "schemas": {
        "a.Thing": {"type": "object", "properties": {"next": {"$ref": "#/$defs/a.Thing"}, "of": {"$ref": "#/$defs/b"}}},
        "b": {"type": "string"},
        "unused": {"type": "null"},
    },
}


@pytest.fixture
def document_file(tmp_path):
    path = tmp_path / "catalog.json.gz"
    path.write_bytes(pack(DOCUMENT))
    return path


def test_reads_back_what_was_packed(document_file):
    catalogue = load(document_file)
    operation = catalogue.operations["things.create"]
    assert catalogue.sdk == "9.9.9"
    assert (operation.method, operation.path, operation.status) == ("POST", "/things/{thing_id}", 201)
    assert list(operation.path_params) == ["thing_id"]
    assert catalogue.schemas == DOCUMENT["schemas"]


def test_an_absent_schema_is_falsy_and_an_empty_one_is_not(document_file):
    operation = load(document_file).operations["things.create"]
    assert not operation.query
    assert bytes(operation.item) == b"{}"


def test_the_file_is_one_json_document(document_file):
    whole = json.loads(gzip.decompress(document_file.read_bytes()))
    assert whole["schemas"] == DOCUMENT["schemas"]
    assert whole["operations"][0]["name"] == "things.create"


def test_equal_documents_give_equal_bytes():
    assert pack(DOCUMENT) == pack(json.loads(json.dumps(DOCUMENT)))


def test_a_bundle_holds_what_the_schema_reaches_and_no_more(document_file):
    catalogue = load(document_file)
    bundle = catalogue.bundle(catalogue.operations["things.create"].body)
    assert bundle == {
        "$ref": "#/$defs/a.Thing",
        "$defs": {"a.Thing": DOCUMENT["schemas"]["a.Thing"], "b": {"type": "string"}},
    }


def test_a_bundle_without_references_is_the_schema(document_file):
    assert load(document_file).bundle(msgspec.Raw(b'{"type":"string"}')) == {"type": "string"}


@pytest.mark.parametrize(
    "data",
    [b"", b"no gzip at all", gzip.compress(b'{"operations":'), gzip.compress(b"[")],
    ids=["nothing", "text", "cut", "a list"],
)
def test_a_file_that_is_no_catalogue_says_so(tmp_path, data):
    path = tmp_path / "mine.gz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"mine\.gz is not a catalogue of operations .*catalog refresh"):
        load(path)


def test_the_package_brings_one_catalogue_read_once():
    assert load() is load()
    assert len(load().operations) >= 388


def test_every_reference_of_every_operation_resolves():
    catalogue = load()
    text = b"".join(catalogue.definitions.values())
    for operation in catalogue.operations.values():
        fields = (getattr(operation, name) for name in ("query", "body", "response", "item", "events"))
        text += b"".join(bytes(schema) for schema in fields)
    names = {name.decode() for name in re.findall(rb'"#/\$defs/([^"]+)"', text)}
    assert names == set(catalogue.definitions)


def test_what_an_operation_carries_agrees_with_its_kinds():
    for operation in load().operations.values():
        assert bool(operation.body) == (operation.body_kind is not None), operation.name
        assert bool(operation.response) == (operation.response_kind in {"json", "page"}), operation.name
        assert bool(operation.item) == (operation.response_kind == "page") == (operation.page is not None)
        assert list(operation.path_params) == re.findall(r"{(\w+)}", operation.path), operation.name


def test_an_operation_is_frozen():
    with pytest.raises(AttributeError):
        Operation(name="a", method="GET", path="/a").name = "b"


def test_reading_costs_milliseconds(tmp_path):
    path = tmp_path / "copy.gz"
    document = json.loads(json.dumps(DOCUMENT))
    document["operations"] *= 400
    path.write_bytes(pack(document))
    best = min(_seconds(path) for _ in range(5))
    assert best < 0.010


def _seconds(path):
    start = time.process_time()
    load(path)
    return time.process_time() - start
