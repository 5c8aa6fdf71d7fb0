"""Reads OpenAPI 3.x documents into catalogues of operations.

Theory. Reading has two halves. First every operation becomes a record whose schemas are still as the document says
them, and whatever is wrong is noted with its place. Only a document without mistakes goes on to the second half, where
schemas are merged, the objects that clients send are closed, and names are given.

A body takes no unknown fields unless the document says `additionalProperties` about it. The methods HEAD, OPTIONS and
TRACE are the server's own, and cookies, callbacks, webhooks and the host of `servers` have no meaning here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from openai_mock.config.errors import Problem
from openai_mock.faces.catalogue.document import Document, SpecErrors
from openai_mock.faces.catalogue.exchange import Reader
from openai_mock.faces.catalogue.mend import Mender
from openai_mock.faces.catalogue.merging import Merger, circle
from openai_mock.faces.catalogue.naming import bare, derived, shape, unused
from openai_mock.faces.catalogue.unions import Schema

_METHODS: Final = ("get", "put", "post", "delete", "patch")
_VERSIONS: Final = ("3.0", "3.1", "3.2")
_SCHEMAS: Final = ("query", "response", "events")


def read_file(path: Path) -> dict[str, Any]:
    """`read_openapi` of a file. Raises `SpecErrors`, also where it cannot be read."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        sentence = f"byte {error.start} is not UTF-8; save the file as UTF-8"
    except (OSError, ValueError) as error:
        sentence = f"the file cannot be read ({getattr(error, 'strerror', None) or error}); check its path"
    else:
        return read_openapi(text, str(path))
    raise SpecErrors([Problem(str(path), 0, 0, "", sentence)])


def read_openapi(text: str, name: str) -> dict[str, Any]:
    """The operations of a YAML or JSON document as `{"sdk": title and version, "operations": [...], "schemas": {...}}`.

    The records are those of `build`, without the keys that the document says nothing about. `name` is the file, for
    messages. Raises `SpecErrors` with all mistakes at once.
    """
    document = Document(text, name)
    try:
        return _read(document)
    except RecursionError:
        document.fail(document.root.node.at, "its schemas lie too deep in one another; flatten them")


def _read(document: Document) -> dict[str, Any]:
    title = _title(document)
    mender = Mender(document)
    records = _records(document, Reader(document, mender))
    if not records and document.sound:
        document.add(document.root, "there are no operations; describe at least one under 'paths'")
    names = circle(mender.definitions)
    if names:
        sentence = "this schema is only a reference to itself, by way of others; say what it holds"
        document.add(mender.places[names[0]], sentence)
    document.close()
    merger = Merger(mender.definitions)
    schemas = merger.definitions()
    operations = [_finished(record, merger, schemas) for record in records]
    return {"sdk": title, "operations": _named(operations), "schemas": dict(sorted(schemas.items()))}


def _title(document: Document) -> str:
    """Title and version, after making sure that this is OpenAPI 3."""
    top = document.root.value
    if not isinstance(top, dict) or not ({"openapi", "swagger"} & top.keys()):
        document.fail(document.root.node.at, "this is no OpenAPI document; it begins with 'openapi: 3.1.0', or 3.0")
    version = "2.0" if "swagger" in top else str(top["openapi"].value)
    if not version.startswith(_VERSIONS):
        found = top["swagger" if "swagger" in top else "openapi"]
        document.fail(found.at, "only OpenAPI 3.0 and 3.1 are read; convert the document to 3.1 first")
    info = document.mapping(document.root.below("info"), "with title and version") if "info" in top else {}
    words = [str(info[key].value) for key in ("title", "version") if key in info]
    return " ".join(words)


def _records(document: Document, reader: Reader) -> list[dict[str, Any]]:
    """A record for each operation; the same place under two base paths counts once, as it first stands."""
    records: dict[tuple[str, str, str | None], dict[str, Any]] = {}
    top = document.root.value
    paths = document.mapping(document.root.below("paths"), "with paths such as '/files'") if "paths" in top else {}
    for path, item in paths.items():
        if path.startswith("x-") or not _sound(document, path):
            continue
        target = document.follow(item)
        members = document.mapping(target, "with methods such as 'get'") if target else {}
        for method in _METHODS:
            if method in members:
                record = reader.operation(method.upper(), bare(path), members[method], members.get("parameters"))
                records.setdefault((record["method"], shape(record["path"]), record.get("beta")), record)
    return list(records.values())


def _sound(document: Document, path: str) -> bool:
    """Whether requests can be routed by a path, after telling why not."""
    inner = bare(path).split("/")[1:]
    sound = path.startswith("/") and all(inner) and not {"?", "#"} & set(path)
    for segment in inner:
        whole = segment.startswith("{") and segment.endswith("}") and len(segment) > 2
        sound = sound and not {"{", "}"} & set(segment[1:-1] if whole else segment)
    names = [segment for segment in inner if segment.startswith("{")]
    if not sound or len(set(names)) < len(names):
        document.add(
            document.root.below("paths"),
            "expected a path such as '/files/{file_id}', where each segment is plain text or one parameter, "
            "without a query and without a slash at its end",
            key=path,
        )
        return False
    return True


def _finished(record: dict[str, Any], merger: Merger, schemas: dict[str, Schema]) -> dict[str, Any]:
    """The record with schemas as the catalogue has them."""
    finished = {key: merger.merged(value) if key in _SCHEMAS else value for key, value in record.items()}
    for key in ("path_params", "headers"):
        finished[key] = {name: merger.merged(schema) for name, schema in record[key].items()}
    if "body" in record:
        finished["body"] = _closed(merger.merged(record["body"]), schemas)
    return finished


def _closed(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """The object without room for unknown fields, or each object of a union."""
    if "$ref" in schema:
        return _closed(schemas[schema["$ref"].removeprefix("#/$defs/")], schemas)
    if "anyOf" in schema:
        return {**schema, "anyOf": [_closed(branch, schemas) for branch in schema["anyOf"]]}
    said = schema.keys() & {"additionalProperties", "patternProperties", "unevaluatedProperties"}
    if schema.get("type") != "object" or said or not schema.get("properties"):
        return schema
    return {**schema, "additionalProperties": False}


def _named(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records by name; those that would share one are numbered in the order of the document."""
    named: dict[str, dict[str, Any]] = {}
    for record in records:
        operation_id = record.pop("operation_id")
        name = unused(derived(record["method"], record["path"], operation_id), named)
        named[name] = {"name": name, **record}
    return [named[name] for name in sorted(named)]
