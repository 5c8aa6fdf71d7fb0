"""Builds the catalogue of operations from whatever `openai` package is installed."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from typing import Any, TypeAlias

import openai
import typing_extensions
from openai._legacy_response import HttpxBinaryResponseContent
from pydantic import BaseModel

from openai_mock.faces.catalogue.schemas import Definitions, Schema, any_of, convert, model, typed_dict
from openai_mock.faces.catalogue.sdk import Call, Fields, calls

_Record: TypeAlias = dict[str, Any]

_CREATED = frozenset({"evals.create", "evals.runs.create", "realtime.calls.create"})
"""The operations for which the API reference documents 201; the SDK's types do not say."""


_FORMER = {"evals.runs.cancel": ["/evals/{eval_id}/runs/{run_id}"]}
"""Paths under which earlier SDKs reach an operation that has another one now: 1.x and 2.x compared with 3.x."""


def build() -> dict[str, Any]:
    """The catalogue: `{"sdk": version, "operations": [...], "schemas": {name: JSON Schema}}`, sorted by name.

    Raises LookupError or TypeError where the installed SDK is written in a way that is not known here.
    """
    defs: Definitions = {}
    operations = [_operation(call, aliases, defs) for call, aliases in _distinct(calls())]
    return {
        "sdk": openai.__version__,
        "operations": sorted(operations, key=lambda record: str(record["name"])),
        "schemas": dict(sorted(defs.items())),
    }


def _distinct(found: Iterable[Call]) -> list[tuple[Call, list[str]]]:
    """One call for each (method, path, beta), with its other names: one that is not deprecated lends its own."""
    kept: dict[tuple[str, str, str | None], tuple[Call, list[str]]] = {}
    for call in sorted(found, key=lambda call: (call.deprecated, call.accessors)):
        first, aliases = kept.setdefault((call.method, call.path, call.beta), (call, []))
        aliases += call.accessors[1:] if first is call else call.accessors
    return list(kept.values())


def _operation(call: Call, aliases: list[str], defs: Definitions) -> _Record:
    name = call.accessors[0]
    elsewhere = frozenset(call.path_params) | {header.lower().replace("-", "_") for header in call.headers}
    query = _parameters(call.query, elsewhere, defs)
    if call.marker:
        query = query or {"type": "object", "properties": {}, "additionalProperties": False}
        query["properties"] |= {key: {"const": value} for key, value in call.marker.items()}
    return {
        "name": name,
        "aliases": aliases,
        "method": call.method,
        "path": call.path,
        "former": _FORMER.get(name, []),
        "marker": call.marker,
        "status": 201 if name in _CREATED else 200,
        "path_params": {key: convert(hint, defs) for key, hint in call.path_params.items()},
        "query": query,
        "body": _parameters(call.body, elsewhere, defs),
        "body_kind": None if call.body is None else "multipart" if call.multipart else "json",
        **_answer(call, defs),
        "events": None if call.event is None else convert(call.event, defs),
        "security": "admin" if call.admin else "user",
        "beta": call.beta,
        "deprecated": call.deprecated,
        "accept": call.accept,
        "headers": {key: convert(hint, defs) for key, hint in call.headers.items()},
    }


def _answer(call: Call, defs: Definitions) -> _Record:
    """Kind and schema of the answer; for a page also its item and its kind (`SyncCursorPage` is a CursorPage)."""
    if call.page is not None:
        page = typing.cast("Any", call.page)
        return {
            "response_kind": "page",
            "response": model(page[call.item], defs),
            "page": call.page.__name__.removeprefix("Sync"),
            "item": convert(call.item, defs),
        }
    kind, schema = _kind(call), None
    if kind == "json":
        schema = any_of(convert(part, defs) for part in _json_parts(call.answer))
    return {"response_kind": kind, "response": schema, "page": None, "item": None}


def _kind(call: Call) -> str:
    if call.streams_only:
        return "events"
    if call.accept == "application/sdp" or call.answer is str:
        return "text"
    if call.answer is HttpxBinaryResponseContent:
        return "binary"
    return "none" if call.answer is types.NoneType else "json"


def _json_parts(hint: Any) -> list[Any]:
    """The members of an answer's type that are JSON: neither the stream nor the plain text beside them."""
    if typing_extensions.get_origin(hint) not in (typing.Union, types.UnionType):
        return [hint]
    parts = typing_extensions.get_args(hint)
    return [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)] or [hint]


def _parameters(fields: Fields | None, elsewhere: frozenset[str], defs: Definitions) -> Schema | None:
    """The object schema of a body or query; `elsewhere` are the parameters that travel in the path or a header."""
    if fields is None:
        return None
    variants: list[Schema] = []
    for kind in (part for hint in fields.types for part in _alternatives(hint)):
        if typing_extensions.is_typeddict(kind):
            keys = fields.keys or frozenset(typing_extensions.get_type_hints(kind)) - elsewhere
            variants.append(typed_dict(kind, defs, keys))
        else:
            variants.append(convert(kind, defs))
    return _one_object(variants)


def _alternatives(hint: Any) -> tuple[Any, ...]:
    """The members of a union, or the one type there is."""
    if typing_extensions.get_origin(hint) in (typing.Union, types.UnionType):
        return typing_extensions.get_args(hint)
    return (hint,)


def _one_object(variants: list[Schema]) -> Schema:
    """The variants as one object where they differ only by `stream`, else their union."""
    bare = [_without_stream(variant) for variant in variants]
    if len(variants) == 1 or any(other != bare[0] for other in bare):
        return any_of(variants)
    merged = dict(variants[0])
    merged["properties"] = variants[0]["properties"] | {"stream": {"type": ["boolean", "null"]}}
    return merged


def _without_stream(variant: Schema) -> Schema:
    properties = {key: value for key, value in variant.get("properties", {}).items() if key != "stream"}
    return variant | {
        "properties": properties,
        "required": sorted(key for key in variant.get("required", ()) if key != "stream"),
    }
