"""Adds the operations of a document to a catalogue, in place of those they describe anew.

Theory. Two operations are the same where method, path (whatever its parameters are called) and beta are. One that
replaces another keeps its name and the names of its path parameters, since resources and rules know it by these, and
all that the document does not speak of: aliases, beta, pages, event streams, the kind of key. Schemas are looked at as
text: only their references to one another are changed, where a name is taken.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, structs

from openai_mock.faces.catalogue.naming import shape, unused
from openai_mock.spec.operations import Catalogue, Operation

_REFERENCE = re.compile(rb'"\$ref":"#/\$defs/([^"]+)"')
_TAKEN_PREFIX = "spec."


def merged(catalogue: Catalogue, document: Mapping[str, Any]) -> Catalogue:
    """The catalogue with the operations of the document (see `read_openapi`) in place of its own, or beside them."""
    names = _free_names(document["schemas"], catalogue.definitions)
    added = {names[name]: Raw(_renamed(schema, names)) for name, schema in document["schemas"].items()}
    definitions = {**catalogue.definitions, **added}
    operations = dict(catalogue.operations)
    for record in document["operations"]:
        said = {key: value for key, value in record.items() if value is not None}
        operation = msgspec.json.decode(_renamed(said, names), type=Operation)
        known = _same(catalogue, operation)
        if known is None:
            operation = structs.replace(operation, name=unused(operation.name, operations))
        else:
            response = _resolved(operation.response, definitions)
            operation = _in_place_of(known, operation, said, response)
        operations[operation.name] = operation
    schemas = msgspec.json.encode(definitions)
    return Catalogue(
        sdk=catalogue.sdk,
        operations=dict(sorted(operations.items())),
        # Stored rather than compressed: it is unpacked once, in the same process.
        packed=gzip.compress(schemas, compresslevel=0, mtime=0),
    )


def _free_names(schemas: Mapping[str, Any], taken: Mapping[str, Raw]) -> dict[str, str]:
    names: dict[str, str] = {}
    for name in schemas:
        free = name
        while free in taken or free in names.values() or (free != name and free in schemas):
            free = _TAKEN_PREFIX + free
        names[name] = free
    return names


def _renamed(value: Any, names: Mapping[str, str]) -> bytes:
    """The JSON text of a value, its references by the new names."""
    return _REFERENCE.sub(
        lambda found: b'"$ref":"#/$defs/%b"' % names[found[1].decode()].encode(), msgspec.json.encode(value)
    )


def _same(catalogue: Catalogue, operation: Operation) -> Operation | None:
    """The operation of the catalogue that this one describes; without a beta it may describe the only one there is."""
    place = operation.method, shape(operation.path)
    there = [other for other in catalogue.operations.values() if (other.method, shape(other.path)) == place]
    exact = next((other for other in there if other.beta == operation.beta), None)
    return exact or (there[0] if len(there) == 1 and operation.beta is None else None)


def _in_place_of(
    known: Operation, operation: Operation, said: Mapping[str, Any], response: Mapping[str, Any]
) -> Operation:
    kept: dict[str, Any] = {
        "name": known.name,
        "path": known.path,
        "path_params": dict(zip(known.path_params, operation.path_params.values(), strict=True)),
        "aliases": known.aliases,
        "marker": known.marker,
        "beta": known.beta,
    }
    if not said.get("security"):
        kept["security"] = known.security
    if not operation.events:
        kept["events"] = known.events
    if not operation.accept:
        kept["accept"] = known.accept
    if operation.response_kind == "json":
        kept |= _answered_like(known, response)
    return structs.replace(operation, **kept)


def _answered_like(known: Operation, response: Mapping[str, Any]) -> dict[str, Any]:
    """What the SDK knows about a JSON answer and a document cannot say: pages, and bytes described as a text."""
    items = response.get("properties", {}).get("data", {}).get("items")
    if known.response_kind == "page" and items is not None:
        return {"response_kind": "page", "page": known.page, "item": Raw(msgspec.json.encode(items))}
    if known.response_kind in ("binary", "text") and response.get("type") == "string":
        return {"response_kind": known.response_kind, "response": Raw()}
    return {}


def _resolved(schema: Raw, definitions: Mapping[str, Raw]) -> dict[str, Any]:
    """The decoded schema, or the definition that it merely names; empty where there is none."""
    found: dict[str, Any] = msgspec.json.decode(schema) if schema else {}
    while "$ref" in found:
        found = msgspec.json.decode(definitions[found["$ref"].removeprefix("#/$defs/")])
    return found
